//! The way to the vendor: proxies and certificates.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

mod support;

use domain::delivery::ErrorClass;
use outbound::{Outbound, Proxies, ProxyAddress, Roots};
use replicated::simulator::ServerCertificate;
use replicated::{Client, Error, Settings};
use support::{Vendor, client_with, closed_port, email, listener, raw_server, read_request, settings, silent_server};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

async fn failure(client: &Client) -> Error {
    client.register_customer(&email()).await.unwrap_err()
}

/// Serves `vendor` over TLS with a certificate for `name`; gives the address.
async fn serve_tls(vendor: &Vendor, certificate: &ServerCertificate) -> String {
    let (listener, address) = listener().await;
    let (simulator, certificate) = (vendor.simulator.clone(), certificate.clone());
    tokio::spawn(async move { simulator.serve_tls(listener, &certificate, std::future::pending()).await });
    address
}

fn trusting(base_url: &str, certificate: &ServerCertificate) -> Settings {
    let mut roots = Roots::default();
    roots.trust(certificate.authority_pem.as_bytes()).unwrap();
    Settings { outbound: Outbound { roots, ..Outbound::default() }, ..settings(base_url) }
}

fn through(proxy: &str, settings: Settings) -> Settings {
    let address: ProxyAddress = proxy.parse().unwrap();
    let proxies = Proxies { https: Some(address.clone()), http: Some(address), no_proxy: String::new() };
    Settings { outbound: Outbound { proxies, ..settings.outbound }, ..settings }
}

/// A proxy that connects every tunnel to `target`; reports the head of each CONNECT.
async fn tunnelling_proxy(target: String) -> (String, mpsc::UnboundedReceiver<String>) {
    let (listener, address) = listener().await;
    let (heads, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            heads.send(read_request(&mut client).await).unwrap();
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
async fn an_extra_root_certificate_is_trusted() {
    let vendor = Vendor::start().await;
    let certificate = ServerCertificate::for_names(&["127.0.0.1"]).unwrap();
    let address = serve_tls(&vendor, &certificate).await;
    client_with(&trusting(&format!("https://{address}"), &certificate)).register_customer(&email()).await.unwrap();
    assert_eq!(vendor.simulator.snapshot().customers.len(), 1);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_issuer_is_tls() {
    let vendor = Vendor::start().await;
    let address = serve_tls(&vendor, &ServerCertificate::for_names(&["127.0.0.1"]).unwrap()).await;
    let error = failure(&client_with(&settings(&format!("https://{address}")))).await;
    assert_eq!((error.class, error.http_status), (ErrorClass::Tls, None));
    assert!(error.message.contains("does not trust") && error.message.contains("SSL_CERT_FILE"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_tls() {
    let vendor = Vendor::start().await;
    let certificate = ServerCertificate::for_names(&["other.example"]).unwrap();
    let address = serve_tls(&vendor, &certificate).await;
    let error = failure(&client_with(&trusting(&format!("https://{address}"), &certificate))).await;
    assert_eq!(error.class, ErrorClass::Tls);
    assert!(error.message.contains("belongs to another name"), "{error}");
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_tls() {
    for reply in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let (listener, address) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The greeting must be read first, or closing would reset the connection.
            let mut greeting = [0; 4096];
            let _greeted = tokio::io::AsyncReadExt::read(&mut stream, &mut greeting).await.unwrap();
            stream.write_all(reply.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let error = failure(&client_with(&settings(&format!("https://{address}")))).await;
        assert_eq!(error.class, ErrorClass::Tls, "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn https_goes_through_the_proxy_with_its_password_and_ends_at_the_vendor() {
    let vendor = Vendor::start().await;
    let certificate = ServerCertificate::for_names(&["vendor.example"]).unwrap();
    let (proxy, mut heads) = tunnelling_proxy(serve_tls(&vendor, &certificate).await).await;
    let settings = through(&format!("user:p%40ss@{proxy}"), trusting("https://vendor.example", &certificate));
    client_with(&settings).register_customer(&email()).await.unwrap();
    let head = heads.recv().await.unwrap().to_lowercase();
    assert!(head.starts_with("connect vendor.example:443 http/1.1"), "{head}");
    // user:p@ss
    assert!(head.contains("proxy-authorization: basic dxnlcjpwqhnz"), "{head}");
    assert!(!head.contains(&support::KEY.to_lowercase()), "the key is for the vendor alone: {head}");
}

#[tokio::test]
async fn a_wrong_certificate_behind_a_proxy_is_tls() {
    let vendor = Vendor::start().await;
    let certificate = ServerCertificate::for_names(&["vendor.example"]).unwrap();
    let (proxy, _heads) = tunnelling_proxy(serve_tls(&vendor, &certificate).await).await;
    let error = failure(&client_with(&through(&proxy, settings("https://vendor.example")))).await;
    assert_eq!(error.class, ErrorClass::Tls, "{error}");
}

#[tokio::test]
async fn http_goes_through_the_proxy_too() {
    let vendor = Vendor::start().await;
    // The simulator stands in for the proxy, and answers what it was to pass on.
    client_with(&through(&vendor.url, settings("http://vendor.example"))).register_customer(&email()).await.unwrap();
    let request = vendor.simulator.snapshot().requests.remove(0);
    assert!(request.headers.contains(&("host".to_owned(), "vendor.example".to_owned())), "{:?}", request.headers);
}

#[tokio::test]
async fn a_proxy_that_refuses_or_cannot_be_reached_is_proxy() {
    let closed = closed_port().await;
    let refusing = raw_server("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let asking = raw_server("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
    let mute = raw_server("").await;
    for (base, proxy, words) in [
        ("https://vendor.example", closed.as_str(), "could not be reached (connection refused)"),
        ("http://vendor.example", closed.as_str(), "could not be reached (connection refused)"),
        ("https://vendor.example", "proxy.invalid:3128", "proxy.invalid:3128 did not resolve"),
        ("http://vendor.example", "proxy.invalid:3128", "proxy.invalid:3128 did not resolve"),
        ("https://vendor.example", refusing.as_str(), "refused to connect to the vendor"),
        ("https://vendor.example", mute.as_str(), "refused to connect to the vendor"),
        ("https://vendor.example", asking.as_str(), "asks for a user name and password (HTTP 407)"),
        ("http://vendor.example", asking.as_str(), "asks for a user name and password"),
    ] {
        let proxy = format!("http://user:hunter2@{proxy}");
        let error = failure(&client_with(&through(&proxy, settings(base)))).await;
        assert_eq!(error.class, ErrorClass::Proxy, "{base} {proxy}: {error}");
        assert!(error.message.contains(words), "{base} {proxy}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_whose_own_certificate_is_unknown_is_proxy() {
    let vendor = Vendor::start().await;
    let address = serve_tls(&vendor, &ServerCertificate::for_names(&["127.0.0.1"]).unwrap()).await;
    let proxy = format!("https://{address}");
    let error = failure(&client_with(&through(&proxy, settings("https://vendor.example")))).await;
    assert_eq!(error.class, ErrorClass::Proxy, "{error}");
    assert!(error.message.contains("(TLS)"), "{error}");
}

#[tokio::test]
async fn a_proxy_that_keeps_silent_is_a_timeout() {
    let limit = std::time::Duration::from_millis(300);
    let settings = Settings {
        timeouts: replicated::Timeouts { connect: limit, total: limit * 100 },
        ..settings("https://vendor.example")
    };
    let error = failure(&client_with(&through(&silent_server().await, settings))).await;
    assert_eq!(error.class, ErrorClass::Timeout, "{error}");
    assert!(error.message.contains("through the proxy"), "{error}");
}
