//! A proxy that counts the requests on their way to Keycloak.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};

/// A running proxy.
pub(crate) struct Recorder {
    /// Its address, to be used instead of Keycloak's.
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
}

impl Recorder {
    pub(crate) async fn before(url: &str) -> Self {
        let upstream = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, upstream.clone(), Arc::clone(&counter)));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn forward(client: TcpStream, upstream: String, counter: Arc<AtomicUsize>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = TcpStream::connect(upstream).await?.into_split();
    tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 65536];
    loop {
        let length = from_client.read(&mut buffer).await?;
        if length == 0 {
            return to_server.shutdown().await;
        }
        let request = &buffer[..length];
        // Every head is written at once; what else the client writes is a body.
        if request.starts_with(b"GET ") || request.starts_with(b"POST ") {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        to_server.write_all(request).await?;
    }
}
