//! A Keycloak of our own, with the accounts of an install of OHE.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub(crate) const REALM: &str = "openhands";
/// With characters that forms and URLs escape.
pub(crate) const PASSWORD: &str = "p@ss/wörd & more";

pub(crate) const WITH_EMAIL: &str = "11111111-0000-4000-8000-000000000001";
pub(crate) const DISABLED: &str = "11111111-0000-4000-8000-000000000002";
pub(crate) const WITHOUT_EMAIL: &str = "11111111-0000-4000-8000-000000000003";
pub(crate) const GONE: &str = "11111111-0000-4000-8000-000000000004";

/// As xtask fetches and prepares it.
const DISTRIBUTION: &str = "keycloak/keycloak-26.7.3";

/// It takes a quarter of a minute where nothing else runs.
const START_LIMIT: Duration = Duration::from_mins(5);

/// A running Keycloak, which is killed when this is dropped.
pub(crate) struct Keycloak {
    pub(crate) url: String,
    process: Child,
    log: TempDir,
}

impl Keycloak {
    /// Starts one with its database in memory, and makes the realm of OHE.
    pub(crate) async fn start() -> Self {
        let log = TempDir::new().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let output = File::create(log.path().join("log")).unwrap();
        let program = target().join(DISTRIBUTION).join("bin/kc.sh");
        assert!(program.is_file(), "Keycloak is missing; run `cargo xtask test keycloak`, which fetches it");
        let process = Command::new(program)
            .args(["start", "--optimized", "--cache=local", "--http-enabled=true", "--hostname-strict=false"])
            .args(["--http-host=127.0.0.1", &format!("--http-port={port}")])
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", "admin")
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", PASSWORD)
            .env("JAVA_OPTS_KC_HEAP", "-Xmx512m")
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            // The script becomes the server, by `exec`.
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut keycloak = Self { url: format!("http://127.0.0.1:{port}"), process, log };
        keycloak.wait_until_it_answers().await;
        keycloak.create_realm().await;
        keycloak
    }

    async fn wait_until_it_answers(&mut self) {
        let realm = format!("{}/realms/master", self.url);
        let started = Instant::now();
        loop {
            if reqwest::get(&realm).await.is_ok_and(|reply| reply.status().is_success()) {
                return;
            }
            let ended = self.process.try_wait().unwrap();
            if ended.is_some() || started.elapsed() > START_LIMIT {
                let log = std::fs::read_to_string(self.log.path().join("log")).unwrap_or_default();
                panic!("Keycloak does not start ({ended:?}):\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn create_realm(&self) {
        let http = Client::new();
        let form =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", PASSWORD)];
        let token = http.post(format!("{}/realms/master/protocol/openid-connect/token", self.url)).form(&form);
        let token: Value = token.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        let realm = json!({"realm": REALM, "enabled": true, "users": [
            {"id": WITH_EMAIL, "username": "ann", "enabled": true, "email": "ann@acme.example"},
            {"id": DISABLED, "username": "bob", "enabled": false, "email": "bob@acme.example"},
            {"id": WITHOUT_EMAIL, "username": "cleo", "enabled": true},
        ]});
        let request = http.post(format!("{}/admin/realms", self.url)).json(&realm);
        let request = request.bearer_auth(token["access_token"].as_str().unwrap());
        request.send().await.unwrap().error_for_status().unwrap();
    }
}

/// The target directory that this test was built into.
fn target() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}
