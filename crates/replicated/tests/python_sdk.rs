//! The vendor's real SDK, from `PyPI`, works against the simulator.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use replicated::simulator::Endpoint;
use serde_json::json;
use support::Vendor;

/// With the HTTP library that its wire was recorded with.
const SDK: [&str; 2] = ["replicated==0.1.0a2", "httpx==0.28.1"];

/// Python in an environment that has the SDK, made under the target directory when it is missing.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-sdk-0.1.0a2");
    let python = folder.join("bin/python");
    let has_sdk = |python: &Path| {
        python.exists() && Command::new(python).args(["-c", "import replicated"]).output().unwrap().status.success()
    };
    if !has_sdk(&python) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(SDK));
    }
    python
}

fn run(command: &mut Command) -> Output {
    let needs =
        "this test needs Python 3.9 or newer with venv and access to PyPI (Debian: apt-get install python3-venv)";
    let output = command.output().map_err(|error| format!("{needs}: {command:?}: {error}")).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{needs}: {command:?}: {said}");
    output
}

#[tokio::test]
async fn the_published_python_sdk_completes_its_whole_course() {
    let vendor = Vendor::start().await;
    let url = vendor.url.clone();
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python_sdk.py");
        // A proxy of the machine must not come between it and loopback.
        run(Command::new(python()).arg(script).arg(url).arg(folder).env("NO_PROXY", "127.0.0.1"))
    })
    .await
    .unwrap();

    let seen = vendor.simulator.snapshot();
    let (customer, instance) = (&seen.customers[0], &seen.instances[0]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), format!("{} {}", customer.id, instance.id));
    assert_eq!(customer.email, "a***@corp.example");
    let value = |key: &str| instance.metrics[key].value.clone();
    assert_eq!(
        (value("total_users"), value("conversations_30d"), value("plan")),
        (json!(42), json!(7.5), json!("free"))
    );
    assert_eq!((instance.app_status.as_deref(), instance.version_label.as_deref()), (Some("ready"), Some("1.2.3")));
    assert!(instance.is_active(seen.now));
    assert_eq!(seen.counts.by_endpoint[Endpoint::Metrics.word()], 3, "one request per metric, as the SDK does");
}
