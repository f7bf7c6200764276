//! A Keycloak that never comes to the end of its answer is an error, not a wait without end.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise, and so do the functions it shares")]

use std::time::Duration;

use keycloak::{Admin, Error, Settings, Step};
use reqwest::ClientBuilder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const BEGUN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
const TOKEN: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"t\"}";

/// Serves each of `answers` to a connection of its own, and keeps all of them open.
async fn server(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::<TcpStream>::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            open.push(stream);
        }
        std::future::pending::<()>().await;
    });
    format!("http://{address}/auth/")
}

async fn failure(answers: &'static [&'static str]) -> Error {
    let settings = Settings {
        server_url: server(answers).await.parse().unwrap(),
        realm: "openhands".to_owned(),
        password: "geheim".into(),
        limit: Duration::from_millis(300),
    };
    // A connection for each request, so that the server can count them.
    let http = ClientBuilder::new().no_proxy().pool_max_idle_per_host(0);
    Admin::new(&settings, http).unwrap().email_of("first").await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_hangs_at_any_point_does_not_answer() {
    for (answers, expected) in [
        (&[""][..], Step::SignIn),
        (&["HTTP/1.1 200 OK\r\n"], Step::SignIn),
        (&[BEGUN], Step::SignIn),
        (&[TOKEN, ""], Step::Account),
        (&[TOKEN, BEGUN], Step::Account),
    ] {
        let error = failure(answers).await;
        assert!(matches!(&error, Error::Unreachable { step, .. } if *step == expected), "{answers:?}: {error:?}");
        assert!(error.remedy().contains("KEYCLOAK_SERVER_URL"));
        assert!(!format!("{error} {error:?}").contains("geheim"));
    }
}
