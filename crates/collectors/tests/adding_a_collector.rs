//! Adding a file is the whole change: the examples of `docs/adding-a-collector.md` are put into a copy of this crate, which
//! then has two collectors more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ohe::Ohe;
use sample_data::Tables;
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("../../../docs/adding-a-collector.md");

/// What is run in the copy: it collects from the database of its argument.
const PROGRAM: &str = r#"//! Prints what a collection came to.
use collectors::{CollectionOptions, Registry, collect, connect};

#[tokio::main]
async fn main() {
    let pool = connect(std::env::args().nth(1).unwrap().parse().unwrap());
    let registry = Registry::load().unwrap();
    let options = CollectionOptions::at("2025-06-15T12:00:00.123456Z".parse().unwrap());
    let collection = collect(&pool, &registry, &options).await.unwrap();
    let runs: Vec<_> = collection.runs.iter().map(|run| (&run.collector, run.status.to_string())).collect();
    println!("{}", serde_json::json!({"names": registry.names(), "metrics": collection.metrics, "runs": runs}));
}
"#;

/// A copy of this crate in a workspace of its own, which shares the build directory, and so has its dependencies built.
struct Copy {
    workspace: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let original = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = original.join("../..").canonicalize().unwrap();
        let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adding-a-collector");
        let crate_copy = workspace.join("collectors");
        if workspace.exists() {
            fs::remove_dir_all(&workspace).unwrap();
        }
        for part in ["src", "benches"] {
            copy_directory(&original.join(part), &crate_copy.join(part));
        }
        for file in ["Cargo.toml", "build.rs"] {
            fs::copy(original.join(file), crate_copy.join(file)).unwrap();
        }
        fs::create_dir(crate_copy.join("examples")).unwrap();
        fs::write(crate_copy.join("examples/collected.rs"), PROGRAM).unwrap();
        fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock")).unwrap();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let manifest = manifest.replace("path = \"", &format!("path = \"{}/", root.display()));
        let lists = |line: &&str| !line.starts_with("members =") && !line.starts_with("default-members =");
        let manifest: String = manifest.lines().filter(lists).map(|line| line.to_owned() + "\n").collect();
        let manifest = manifest.replacen("[workspace]\n", "[workspace]\nmembers = [\"collectors\"]\n", 1);
        fs::write(workspace.join("Cargo.toml"), manifest).unwrap();
        Self { workspace }
    }

    fn add(&self, file: &str, text: &str) {
        fs::write(self.workspace.join("collectors/src/collectors").join(file), text).unwrap();
    }

    /// Builds the copy as it is, and collects.
    fn collect(&self, url: &str) -> Value {
        let build_directory = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--example", "collected", "--", url])
            .current_dir(&self.workspace)
            .env("CARGO_TARGET_DIR", build_directory)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The files that the document shows in full, by name.
fn examples() -> BTreeMap<&'static str, &'static str> {
    let shown = DOCUMENT.split("crates/collectors/src/collectors/").skip(1);
    shown
        .map(|rest| {
            let (name, rest) = rest.split_once('`').unwrap();
            let (_, rest) = rest.split_once("```rust\n").unwrap();
            (name, rest.split_once("```").unwrap().0)
        })
        .collect()
}

#[tokio::test]
async fn a_file_more_is_a_collector_more() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(
        "INSERT INTO user_settings (keycloak_user_id, language) VALUES ('a', 'en'), ('b', 'de'), ('b', 'fr'), ('c', NULL);
         INSERT INTO conversation_metadata (created_at, selected_branch) VALUES ({now}, 'main'), ({now}, NULL);
         INSERT INTO alembic_version VALUES ('081') ON CONFLICT DO NOTHING",
    )
    .await;
    let copy = Copy::new();
    let before = copy.collect(&ohe.url());
    assert_eq!(before["names"], json!(ohe.registry.names()));

    let examples = examples();
    assert_eq!(examples.keys().copied().collect::<Vec<_>>(), ["database_health.rs", "language_usage.rs"]);
    for (file, text) in examples {
        copy.add(file, text);
    }
    let after = copy.collect(&ohe.url());
    let mut names = ohe.registry.names();
    names.extend(["database_health", "language_usage"]);
    names.sort_unstable();
    assert_eq!(after["names"], json!(names));
    for run in after["runs"].as_array().unwrap() {
        let is_of_2026 = ["organization_metrics", "spend_metrics"].map(Value::from).contains(&run[0]);
        assert_eq!(run[1], if is_of_2026 { "not available" } else { "ok" }, "{run}");
    }
    for (key, value) in [
        ("users_not_english", 1),
        ("distinct_languages", 3),
        ("conversations_with_branch_30d", 1),
        ("ohe_revision", 81),
    ] {
        assert_eq!(after["metrics"][key], json!(value), "{key}");
    }
    assert!(after["metrics"]["database_version"].as_i64().unwrap() >= 120_000);
    assert_eq!(after["metrics"]["total_conversations"], before["metrics"]["total_conversations"]);
}
