//! The way to Keycloak: through a proxy or past it, and whose certificates are trusted.

use domain::administrator::AdministratorStep;
use ohe_telemetry::services::AdminEmailError;
use store::LookupResult;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::stand_in::{Keycloak, PASSWORD};
use super::{add_user, answer, found};
use crate::authority::Authority;
use crate::fixture::Fixture;

/// An install beside a Keycloak at this address, with these variables besides.
async fn beside(server_url: &str, changes: &[(&str, &str)]) -> Fixture {
    let ours =
        [("OPENHANDS_ADMIN_EMAIL", ""), ("KEYCLOAK_SERVER_URL", server_url), ("KEYCLOAK_ADMIN_PASSWORD", PASSWORD)];
    let fixture = Fixture::on(sample_data::Tables::Settings, &[&ours, changes].concat()).await;
    add_user(fixture.pool(), "first", Some("2025-02-01"), None).await;
    fixture
}

/// `host:port` of a stand-in.
fn address_of(keycloak: &Keycloak) -> String {
    keycloak.url.trim_start_matches("http://").trim_end_matches("/auth/").to_owned()
}

async fn reads_anns_address(fixture: &Fixture) {
    assert_eq!(found(fixture).await, Some(answer(AdministratorStep::Keycloak, "ann@acme.example")));
}

/// The look-up fails since Keycloak is not reached; what is recorded about it.
async fn is_not_reached(fixture: &Fixture) -> String {
    match fixture.services().admin_email.find().await {
        Err(AdminEmailError::Keycloak(keycloak::Error::Unreachable { .. })) => {}
        other => panic!("{other:?}"),
    }
    match fixture.services().admin_email.latest().await.unwrap().unwrap().result {
        LookupResult::Failed { error, remedy, .. } => format!("{error}; {remedy}"),
        other => panic!("{other:?}"),
    }
}

/// A proxy that connects every tunnel to `target`; reports the head of each CONNECT.
async fn tunnelling_proxy(target: String) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            heads.send(String::from_utf8(head).unwrap().to_lowercase()).unwrap();
            let mut server = TcpStream::connect(&target).await.unwrap();
            tokio::spawn(async move {
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, seen)
}

#[tokio::test]
async fn a_proxy_is_used_with_and_without_a_scheme() {
    let keycloak = Keycloak::start().await;
    // The stand-in stands in for the proxy too, and answers what it was to pass on.
    let proxy = address_of(&keycloak);
    for proxy in [proxy.clone(), format!("user:p%40ss@{proxy}"), format!("http://user:p%40ss@{proxy}/")] {
        let fixture = beside("http://keycloak.invalid/auth", &[("HTTP_PROXY", &proxy)]).await;
        reads_anns_address(&fixture).await;
        assert_eq!(keycloak.take_asked(), ["token", "openhands/first"], "{proxy}");
    }
}

#[tokio::test]
async fn no_proxy_leads_past_it() {
    let keycloak = Keycloak::start().await;
    let proxy = address_of(&keycloak);
    for no_proxy in ["keycloak.invalid", ".invalid", "*.invalid", "10.0.0.0/8, keycloak.invalid", "*"] {
        let changes = [("HTTP_PROXY", proxy.as_str()), ("NO_PROXY", no_proxy)];
        let fixture = beside("http://keycloak.invalid/auth", &changes).await;
        is_not_reached(&fixture).await;
        assert!(keycloak.take_asked().is_empty(), "{no_proxy}");
    }
    let other = [("HTTP_PROXY", proxy.as_str()), ("NO_PROXY", "ohe.invalid,10.0.0.0/8")];
    reads_anns_address(&beside("http://keycloak.invalid/auth", &other).await).await;
}

#[tokio::test]
async fn tls_through_a_proxy_ends_at_keycloak_and_trusts_the_named_authority() {
    let keycloak = Keycloak::start().await;
    let (authority, directory) = (Authority::new(), tempfile::tempdir().unwrap());
    let tls = authority.issue("keycloak.invalid").before(address_of(&keycloak)).await;
    let (proxy, mut heads) = tunnelling_proxy(tls).await;
    let proxy = format!("user:p%40ss@{proxy}");
    let file = authority.file_in(directory.path(), "authority.pem");
    for (name, value) in [("SSL_CERT_FILE", &*file), ("SSL_CERT_DIR", directory.path())] {
        let changes = [("HTTPS_PROXY", proxy.as_str()), (name, value.to_str().unwrap())];
        let fixture = beside("https://keycloak.invalid/auth/", &changes).await;
        reads_anns_address(&fixture).await;
        assert_eq!(keycloak.take_asked(), ["token", "openhands/first"], "{name}");
        let head = heads.recv().await.unwrap();
        assert!(head.starts_with("connect keycloak.invalid:443 http/1.1"), "{head}");
        // user:p@ss
        assert!(head.contains("proxy-authorization: basic dxnlcjpwqhnz"), "{head}");
    }
    let fixture = beside("https://keycloak.invalid/auth/", &[("HTTPS_PROXY", &proxy)]).await;
    let told = is_not_reached(&fixture).await;
    assert!(told.contains("UnknownIssuer") && told.contains("SSL_CERT_FILE"), "{told}");
    assert!(!told.contains("p%40ss") && keycloak.take_asked().is_empty(), "{told}");
}
