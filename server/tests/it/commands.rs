//! The program itself: results on standard output, logs on standard error, exit codes.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::command::command;
use crate::fixture::{ADMIN, Fixture};

async fn run(fixture: &Fixture, arguments: &[&str]) -> Output {
    command(&fixture.environment, arguments).output().await.unwrap()
}

fn result(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let logs = String::from_utf8_lossy(&output.stderr);
    assert!(!logs.contains(ADMIN) && !text.contains(ADMIN), "an e-mail address shows: {logs}{text}");
    assert!(!logs.contains("replicated_pk_test"), "a key shows: {logs}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}, logs: {logs}"))
}

#[tokio::test]
async fn a_batch_is_collected_and_uploaded_from_the_command_line() {
    let fixture = Fixture::new().await;
    let dry =
        run(&fixture, &["collect", "--dry-run", "--collector", "system_metrics", "--now", "2025-11-10T12:00:00Z"])
            .await;
    let dry = result(&dry);
    assert_eq!((&dry["status"], &dry["metrics"]["total_users"]), (&json!("completed"), &json!(0)));
    assert_eq!(dry["metrics_collected"], dry["collectors_run"]["system_metrics"]);
    let collected = run(&fixture, &["collect"]).await;
    assert_eq!((collected.status.code(), &result(&collected)["status"]), (Some(0), &json!("completed")));
    let again = run(&fixture, &["collect"]).await;
    assert_eq!((again.status.code(), result(&again)), (Some(0), json!({"status": "skipped", "reason": "too_recent"})));
    let uploaded = run(&fixture, &["upload"]).await;
    let expected = json!({"status": "completed", "uploaded": 1, "failed": 0, "total_processed": 1});
    assert_eq!((uploaded.status.code(), result(&uploaded)), (Some(0), expected));
    let nothing = run(&fixture, &["upload"]).await;
    assert_eq!((nothing.status.code(), result(&nothing)), (Some(0), json!({"status": "no_pending_metrics"})));
}

#[tokio::test]
async fn an_upload_that_fails_says_so_and_exits_with_1() {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.vendor.fail(
        serde_json::from_value(json!({"fault": {"kind": "status", "status": 500}, "endpoint": "metrics"})).unwrap(),
    );
    let output = run(&fixture, &["upload"]).await;
    let expected = json!({"status": "completed", "uploaded": 0, "failed": 1, "total_processed": 1});
    assert_eq!((output.status.code(), result(&output)), (Some(1), expected));
}

#[tokio::test]
async fn wrong_use_and_bad_configuration_exit_with_2_and_say_what_was_expected() {
    let fixture = Fixture::new().await;
    let error = async |arguments: &[&str], changes: &[(&str, &str)]| {
        let mut environment = fixture.environment.clone();
        environment.extend(changes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        let output = command(&environment, arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error(&["collect", "--collector", "x"], &[]).await.contains("--dry-run"));
    assert!(error(&["enqueue", "everything"], &[]).await.contains("collect"));
    let text = error(
        &["serve"],
        &[("TELEMETRY_BIND", "nowhere"), ("DATABASE_URL", "geheim"), ("TELEMETRY_UPLOAD_SCHEDULE", "x")],
    )
    .await;
    assert!(
        text.contains("TELEMETRY_BIND") && text.contains("DATABASE_URL") && text.contains("TELEMETRY_UPLOAD_SCHEDULE"),
        "{text}"
    );
    assert!(!text.contains("geheim"), "{text}");
    assert!(error(&["collect"], &[("DATABASE_URL", "")]).await.contains("DATABASE_URL is not set"));
}

#[tokio::test]
async fn an_unknown_collector_is_an_error_that_names_those_there_are() {
    let fixture = Fixture::new().await;
    let output = run(&fixture, &["collect", "--dry-run", "--collector", "nonsense"]).await;
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("nonsense") && text.contains("system_metrics"), "{text}");
}

#[tokio::test]
async fn the_identity_is_shown_masked_and_registered_anew_on_demand() {
    let mut fixture = Fixture::new().await;
    let unknown = result(&run(&fixture, &["identity"]).await);
    assert_eq!((&unknown["status"], &unknown["customer_id"]), (&json!("unregistered"), &json!(null)));
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.services().delivery.deliver().await.unwrap();
    let first = result(&run(&fixture, &["identity", "--json"]).await);
    assert_eq!((&first["status"], &first["customer_email"]), (&json!("registered"), &json!("a***@a***.example")));
    assert_eq!(first["registered_at"], "2025-11-09T02:00:00Z");

    fixture.environment.insert("OPENHANDS_ADMIN_EMAIL".to_owned(), "boss@acme.example".to_owned());
    fixture.vendor.fail(serde_json::from_value(json!({"fault": {"kind": "status", "status": 500}})).unwrap());
    let failed = run(&fixture, &["identity", "reregister"]).await;
    assert_eq!((failed.status.code(), failed.stdout.len()), (Some(1), 0));
    fixture.vendor.heal();
    let anew = run(&fixture, &["identity", "reregister"]).await;
    let said = result(&anew);
    assert_eq!((anew.status.code(), &said["status"]), (Some(0), &json!("completed")));
    let second = result(&run(&fixture, &["identity"]).await);
    assert_eq!((&second["customer_id"], &second["instance_id"]), (&said["customer_id"], &said["instance_id"]));
    assert_ne!(second["customer_id"], first["customer_id"]);
    assert_eq!(second["customer_email"], "b***@a***.example");
    fixture.environment.insert("OPENHANDS_ADMIN_EMAIL".to_owned(), String::new());
    let nobody = run(&fixture, &["identity", "reregister"]).await;
    let expected = json!({"status": "skipped", "reason": "no_admin_email"});
    assert_eq!((nobody.status.code(), result(&nobody)), (Some(0), expected));
    assert_eq!(run(&fixture, &["identity", "forget"]).await.status.code(), Some(2));
    let empty = private_postgres::testing::TestDatabase::empty().await;
    fixture.environment.insert("DATABASE_URL".to_owned(), empty.url());
    let missing = run(&fixture, &["identity"]).await;
    let text = String::from_utf8(missing.stderr).unwrap();
    assert!(missing.status.code() == Some(1) && text.contains("run `ohe-telemetry migrate`"), "{text}");
}

#[tokio::test]
async fn status_says_what_users_see_now_and_would_see_later() {
    let fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    let status = result(&run(&fixture, &["status", "--json", "--now", "2025-11-20T02:00:00Z"]).await);
    assert_eq!(
        (&status["warn"], &status["state"], &status["days_until_expiration"]),
        (&json!(true), &json!("pending"), &json!(23))
    );
    assert_eq!(status["facts"]["overdue_since"], "2025-11-09T02:00:00Z");
    let earlier = result(&run(&fixture, &["status", "--now", "2025-11-10T00:00:00Z"]).await);
    assert_eq!((&earlier["state"], &earlier["now"]), (&json!("ok"), &json!("2025-11-10T00:00:00Z")));
    let facts =
        json!({"is_ohe": true, "last_upload": null, "overdue_since": "2025-11-09T02:00:00Z", "threshold_days": 4});
    let expected = json!({
        "warn": false, "message": "", "state": "ok", "expires_at": null, "days_until_expiration": null,
        "now": "2025-11-10T00:00:00Z", "facts": facts
    });
    assert_eq!(earlier, expected);
}

#[tokio::test]
async fn only_migrate_changes_the_schema_and_the_others_say_what_to_run() {
    let mut fixture = Fixture::new().await;
    let database = private_postgres::testing::TestDatabase::empty().await;
    sample_data::create_tables(database.pool(), sample_data::Tables::Orgs).await.unwrap();
    fixture.environment.insert("DATABASE_URL".to_owned(), database.url());
    let tables = async || -> i64 {
        let ours =
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'telemetry%' OR relnamespace = to_regnamespace('apalis')";
        sqlx::query_scalar(ours).fetch_one(database.pool()).await.unwrap()
    };
    let commands: [&[&str]; 8] = [
        &["status"],
        &["doctor"],
        &["identity"],
        &["identity", "reregister"],
        &["collect"],
        &["upload"],
        &["enqueue", "collect"],
        &["enqueue", "upload"],
    ];
    let refused = async |why: &str| {
        for arguments in commands {
            let output = run(&fixture, arguments).await;
            assert_eq!(output.status.code(), Some(1), "{arguments:?} where {why}");
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
            assert!(said.contains("run `ohe-telemetry migrate`"), "{arguments:?} where {why}: {said}");
        }
    };
    refused("the tables are missing").await;
    let dry = run(&fixture, &["collect", "--dry-run"]).await;
    assert_eq!(
        (dry.status.code(), &result(&dry)["status"]),
        (Some(0), &json!("completed")),
        "it needs no table of ours"
    );
    assert_eq!(tables().await, 0);

    assert_eq!(result(&run(&fixture, &["migrate"]).await), json!({"status": "completed"}));
    assert_eq!(run(&fixture, &["status"]).await.status.code(), Some(0));
    let old = "DELETE FROM telemetry_schema_migrations WHERE version = (SELECT max(version) FROM telemetry_schema_migrations)";
    sqlx::query(old).execute(database.pool()).await.unwrap();
    refused("the tables are old").await;
}

#[tokio::test]
async fn a_role_that_may_only_read_can_ask_for_the_status() {
    let mut fixture = Fixture::new().await;
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    let rights = "CREATE ROLE only_reads LOGIN; ALTER ROLE only_reads SET default_transaction_read_only = on;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_reads";
    sqlx::raw_sql(rights).execute(fixture.pool()).await.unwrap();
    let options = fixture.database.connect_options().username("only_reads");
    fixture.environment.insert("DATABASE_URL".to_owned(), options.to_url_lossy().to_string());
    let status = run(&fixture, &["status"]).await;
    assert_eq!(status.status.code(), Some(0), "{}", String::from_utf8_lossy(&status.stderr));
    assert_eq!(result(&status)["facts"]["overdue_since"], "2025-11-09T02:00:00Z");
}

#[tokio::test]
async fn enqueueing_twenty_times_makes_one_job() {
    let fixture = Fixture::new().await;
    let first = result(&run(&fixture, &["enqueue", "collect"]).await);
    assert_eq!((&first["status"], &first["job"]), (&json!("enqueued"), &json!("new")));
    for _ in 0..3 {
        let again = result(&run(&fixture, &["enqueue", "collect"]).await);
        assert!(again["status"] == "enqueued", "{again}");
    }
    let nothing = result(&run(&fixture, &["enqueue", "upload"]).await);
    assert_eq!(nothing, json!({"status": "skipped", "reason": "not_due"}));
}

#[tokio::test]
async fn doctor_names_what_is_missing_and_config_masks_secrets() {
    let mut fixture = Fixture::new().await;
    let healthy = run(&fixture, &["doctor"]).await;
    assert_eq!((healthy.status.code(), &result(&healthy)["status"]), (Some(0), &json!("completed")));
    let settings = result(&run(&fixture, &["config"]).await);
    let key = settings.as_array().unwrap().iter().find(|setting| setting["name"] == "REPLICATED_PUBLISHABLE_KEY");
    assert_eq!(key.unwrap()["value"], "***");
    fixture.environment.insert("REPLICATED_PUBLISHABLE_KEY".to_owned(), String::new());
    let ill = run(&fixture, &["doctor"]).await;
    assert_eq!((ill.status.code(), &result(&ill)["status"]), (Some(1), &json!("failed")));
    fixture.environment.insert("DATABASE_URL".to_owned(), "postgres://nobody@127.0.0.1:1/none".to_owned());
    let away = result(&run(&fixture, &["doctor"]).await);
    let database =
        away["checks"].as_array().unwrap().iter().find(|check| check["name"] == "database").cloned().unwrap();
    assert_eq!(database["verdict"], "failed");
}

#[tokio::test]
async fn doctor_says_which_step_gave_the_administrator_or_what_helps() {
    let mut fixture = Fixture::new().await;
    let administrator = async |fixture: &Fixture| {
        let report = result(&run(fixture, &["doctor"]).await);
        let checks = report["checks"].as_array().unwrap().clone();
        let check = checks.into_iter().find(|check| check["name"] == "administrator").unwrap();
        (check["verdict"].as_str().unwrap().to_owned(), check["detail"].as_str().unwrap().to_owned())
    };
    let (verdict, detail) = administrator(&fixture).await;
    assert_eq!(
        (verdict.as_str(), detail.as_str()),
        ("ok", "a***@a***.example (step 1). The address is the one in OPENHANDS_ADMIN_EMAIL.")
    );
    fixture.environment.insert("OPENHANDS_ADMIN_EMAIL".to_owned(), String::new());
    let (verdict, detail) = administrator(&fixture).await;
    assert!(verdict == "warning" && detail.contains("set OPENHANDS_ADMIN_EMAIL"), "{detail}");
    // Nothing listens at the Keycloak of the fixture.
    fixture.environment.insert("KEYCLOAK_ADMIN_PASSWORD".to_owned(), "secret".to_owned());
    sqlx::raw_sql("INSERT INTO user_settings (keycloak_user_id, accepted_tos, agent_settings, conversation_settings) VALUES ('first', '2025-02-01', '{}', '{}')")
        .execute(fixture.pool())
        .await
        .unwrap();
    let (verdict, detail) = administrator(&fixture).await;
    assert!(verdict == "failed" && detail.contains("reached at KEYCLOAK_SERVER_URL"), "{detail}");
    fixture.is_known_to_the_vendor().await;
    let (verdict, detail) = administrator(&fixture).await;
    assert!(verdict == "ok" && detail.starts_with("the vendor knows this install"), "{detail}");
}

#[tokio::test]
async fn serve_starts_without_its_database_and_stops_at_sigterm() {
    let mut fixture = Fixture::new().await;
    fixture.environment.insert("DATABASE_URL".to_owned(), "postgres://nobody@127.0.0.1:1/none".to_owned());
    fixture.environment.insert("TELEMETRY_BIND".to_owned(), "127.0.0.1:0".to_owned());
    let mut child = command(&fixture.environment, &["serve"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut logs = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = logs.next_line().await.unwrap().expect("it logs where it listens before it ends");
        if let Some((_, rest)) = line.split_once("address=") {
            break rest.split_whitespace().next().unwrap().to_owned();
        }
    };
    let reply = reqwest::get(format!("http://{address}/api/license-status")).await.unwrap();
    assert_eq!(reply.status(), 200);
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_mins(1), child.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_so() {
    let mut fixture = Fixture::new().await;
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    fixture.environment.insert("TELEMETRY_BIND".to_owned(), taken.local_addr().unwrap().to_string());
    let output = run(&fixture, &["serve"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("is taken by another program"));
}
