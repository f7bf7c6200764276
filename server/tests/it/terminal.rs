//! What a person sees: the program at a pseudo-terminal.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;

use crate::command::command;
use crate::fixture::{ADMIN, Fixture};

/// What the program prints on a terminal of this width, and its exit code.
async fn at_a_terminal(fixture: &Fixture, arguments: &[&str], width: u16) -> (String, Option<i32>) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 0, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let screen = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let screen = File::options().read(true).write(true).open(screen).unwrap();
    let mut child = command(&fixture.environment, arguments).stdout(screen).stderr(Stdio::null()).spawn().unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let (mut terminal, mut seen) = (File::from(terminal), Vec::new());
        // Ends with an error when the program, the last at the other end, has ended.
        let _ended = terminal.read_to_end(&mut seen);
        String::from_utf8(seen).unwrap().replace("\r\n", "\n")
    });
    let code = child.wait().await.unwrap().code();
    (read.await.unwrap(), code)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}

/// An install whose first batch is not collected yet, at a terminal that shows colours.
async fn fixture() -> Fixture {
    Fixture::on(sample_data::Tables::Orgs, &[("TERM", "xterm")]).await
}

#[tokio::test]
async fn a_person_reads_sentences_and_tables_and_a_program_json() {
    let fixture = fixture().await;
    for (arguments, expected) in [
        (vec!["config"], vec!["variable", "REPLICATED_APP_SLUG", "openhands-enterprise", "default"]),
        (vec!["migrate"], vec!["The telemetry tables are up to date."]),
        (vec!["doctor"], vec!["ohe-schema", "generation orgs, revision 173", "answers 103 of 115 metrics"]),
        (
            vec!["collect", "--dry-run"],
            vec![
                "metrics collected, none stored. OHE's database: generation orgs",
                "system_metrics",
                "total_users",
                "users",
            ],
        ),
        (vec!["enqueue", "upload"], vec!["Nothing is due"]),
        (vec!["enqueue", "collect"], vec!["A job was put into its queue: "]),
        (vec!["collect"], vec!["A batch of ", "spend_metrics"]),
        (vec!["collect"], vec!["Nothing was collected. The last collection is not long enough ago"]),
        (vec!["status"], vec!["License state", "Oldest waiting", "Users see"]),
        (vec!["upload"], vec!["Delivered 1 batch."]),
        (vec!["upload"], vec!["No batch waits for delivery."]),
        (vec!["identity"], vec!["the vendor knows this install"]),
        (vec!["identity", "reregister"], vec!["Registered as a***@a***.example"]),
    ] {
        let (seen, code) = at_a_terminal(&fixture, &arguments, 200).await;
        assert!(!is_json(&seen) && !seen.contains('{'), "{arguments:?}: {seen}");
        assert_eq!(code, Some(0), "{arguments:?}: {seen}");
        for words in expected {
            assert!(seen.contains(words), "{arguments:?}: {words} is not in\n{seen}");
        }
        assert!(!seen.contains(ADMIN), "{seen}");
        let asked_for: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        let (json, _) = at_a_terminal(&fixture, &asked_for, 200).await;
        assert!(is_json(&json), "{asked_for:?}: {json}");
        let piped = command(&fixture.environment, &arguments).output().await.unwrap();
        assert!(is_json(&String::from_utf8(piped.stdout).unwrap()), "{arguments:?}");
    }
}

#[tokio::test]
async fn what_is_missing_is_told_with_the_reason() {
    let fixture = Fixture::new().await;
    sqlx::raw_sql("DROP TABLE slack_users; ALTER TABLE repos DROP COLUMN is_public")
        .execute(fixture.pool())
        .await
        .unwrap();
    let (seen, _) = at_a_terminal(&fixture, &["collect", "--dry-run"], 250).await;
    for words in
        ["generation orgs", "missing", "This release of OHE does not record this.", "slack_users", "repos.is_public"]
    {
        assert!(seen.contains(words), "{words} is not in\n{seen}");
    }
}

#[tokio::test]
async fn colour_helps_where_it_can_be_seen_and_is_wanted() {
    const ESCAPE: char = '\u{1b}';
    let mut fixture = fixture().await;
    for arguments in [["doctor"], ["status"], ["config"]] {
        let (seen, _) = at_a_terminal(&fixture, &arguments, 100).await;
        assert!(seen.contains(ESCAPE), "{arguments:?}: {seen}");
    }
    fixture.environment.insert("NO_COLOR".to_owned(), "1".to_owned());
    for arguments in [["doctor"], ["status"], ["config"]] {
        let (seen, _) = at_a_terminal(&fixture, &arguments, 100).await;
        assert!(!seen.contains(ESCAPE), "{arguments:?}: {seen}");
    }
}

#[tokio::test]
async fn a_table_keeps_to_the_width_of_the_terminal_and_survives_one_without() {
    let mut fixture = fixture().await;
    fixture.environment.insert("NO_COLOR".to_owned(), "1".to_owned());
    for (width, at_most) in [(100, 100), (0, 80)] {
        let (seen, _) = at_a_terminal(&fixture, &["doctor"], width).await;
        let longest = seen.lines().map(|line| line.chars().count()).max().unwrap();
        assert!((60..=at_most).contains(&longest), "{longest} at {width}:\n{seen}");
    }
}

#[tokio::test]
async fn a_failure_is_a_failure_at_a_terminal_too() {
    let mut fixture = fixture().await;
    fixture.environment.insert("REPLICATED_PUBLISHABLE_KEY".to_owned(), String::new());
    let (seen, code) = at_a_terminal(&fixture, &["doctor"], 120).await;
    assert_eq!(code, Some(1));
    assert!(seen.contains("failed") && seen.contains("1 failure"), "{seen}");
}
