//! Values that make no sense, told by the program itself.

use std::collections::BTreeMap;

use crate::command::command;

/// Each variable with a value that is none, and a part of it that must not show where it is a secret.
const MALFORMED: [(&str, &str, Option<&str>); 26] = [
    ("DATABASE_URL", "mysql://user:geheim@host/database", Some("geheim")),
    ("DB_PORT", "65536", None),
    ("DB_SSL_MODE", "on", None),
    ("KEYCLOAK_SERVER_URL", "auth.example", None),
    ("OPENHANDS_ADMIN_EMAIL", "geheim", Some("geheim")),
    ("REPLICATED_BASE_URL", "https://replicated.app/?x", None),
    ("REPLICATED_PUBLISHABLE_KEY", "ge heim", Some("ge heim")),
    ("REPLICATED_APP_SLUG", "Open Hands", None),
    ("HTTPS_PROXY", "socks5://geheim:1080", Some("geheim")),
    ("HTTP_PROXY", "://geheim", Some("geheim")),
    ("SSL_CERT_FILE", "/does/not/exist", None),
    ("SSL_CERT_DIR", "/does/not/exist", None),
    ("TELEMETRY_COLLECTION_SCHEDULE", "weekly", None),
    ("TELEMETRY_UPLOAD_SCHEDULE", "0 0 30 2 *", None),
    ("TELEMETRY_COLLECTION_INTERVAL_DAYS", "7.5", None),
    ("TELEMETRY_WARNING_THRESHOLD_DAYS", "0", None),
    ("TELEMETRY_COLLECTOR_TIMEOUT_SECONDS", "3601", None),
    ("TELEMETRY_BIND", "localhost:3000", None),
    ("TELEMETRY_CORS_ORIGINS", "https://ohe.example/path", None),
    ("TELEMETRY_LOG", "debug=loud", None),
    ("DATABASE_URL_FILE", "/does/not/exist/1", None),
    ("DB_PASS_FILE", "/does/not/exist/2", None),
    ("OPENHANDS_ADMIN_EMAIL_FILE", "/does/not/exist/3", None),
    ("REPLICATED_PUBLISHABLE_KEY_FILE", "/does/not/exist/4", None),
    ("KEYCLOAK_ADMIN_PASSWORD_FILE", "/does/not/exist/5", None),
    ("HTTPS_PROXY_FILE", "/does/not/exist/6", None),
];

/// What `serve` says to this environment before it ends.
async fn refusal(environment: &BTreeMap<String, String>) -> String {
    let output = command(environment, &["serve"]).output().await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{environment:?}: {text}");
    assert!(output.stdout.is_empty(), "{environment:?}");
    text
}

#[tokio::test]
async fn each_malformed_value_stops_the_start_and_is_named() {
    for (name, value, secret) in MALFORMED {
        let mut environment = BTreeMap::from([("DATABASE_URL".to_owned(), "postgres://u@127.0.0.1:1/d".to_owned())]);
        if name == "DATABASE_URL_FILE" {
            environment.clear();
        }
        environment.insert(name.to_owned(), value.to_owned());
        let text = refusal(&environment).await;
        assert!(text.contains(&format!("- {name} ")), "{name}: {text}");
        assert_eq!(text.matches("\n  - ").count(), 1, "nothing else is wrong: {text}");
        assert!(secret.is_none_or(|secret| !text.contains(secret)), "{name}: {text}");
    }
}

#[tokio::test]
async fn one_message_names_all_malformed_values() {
    // A variable and its file together are another fault.
    let both = |name: &str| MALFORMED.iter().any(|(other, ..)| name.strip_suffix("_FILE") == Some(other));
    let malformed = MALFORMED.iter().filter(|(name, ..)| !both(name)).collect::<Vec<_>>();
    let environment = malformed.iter().map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect();
    let text = refusal(&environment).await;
    assert_eq!(text.matches("\n  - ").count(), malformed.len(), "{text}");
    for (name, _, secret) in malformed {
        assert!(text.contains(&format!("- {name} ")), "{name}: {text}");
        assert!(secret.is_none_or(|secret| !text.contains(secret)), "{name}: {text}");
    }
}
