//! A vendor that treats each batch in its own way: it stands before the simulator, and passes on what it has nothing
//! against.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use ohe_telemetry::config::Config;
use replicated::simulator::Endpoint;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What becomes of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Treatment {
    /// It is answered with this status.
    Status(u16),
    /// It is never answered.
    Hang,
}

#[derive(Default)]
struct Shared {
    simulator: OnceLock<Url>,
    treatments: Mutex<BTreeMap<u64, Treatment>>,
    seen: Mutex<Vec<u64>>,
    stop_after: Mutex<Option<(usize, CancellationToken)>>,
}

#[derive(Clone)]
pub(crate) struct PickyVendor {
    address: Url,
    shared: Arc<Shared>,
}

impl PickyVendor {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// Takes the place of the vendor of `config`, and passes on to that one.
    pub(crate) fn stand_before(&self, config: &mut Config) {
        let simulator = std::mem::replace(&mut config.vendor.base_url, self.address.clone());
        self.shared.simulator.set(simulator).unwrap();
    }

    /// From now on the batch with this number is treated so, or passed on.
    pub(crate) fn treat(&self, batch: u64, treatment: Option<Treatment>) {
        let mut treatments = self.shared.treatments.lock().unwrap();
        match treatment {
            Some(treatment) => treatments.insert(batch, treatment),
            None => treatments.remove(&batch),
        };
    }

    /// From now on every batch is passed on.
    pub(crate) fn heal(&self) {
        self.shared.treatments.lock().unwrap().clear();
    }

    /// The numbers of the batches that came since this was last asked, in order.
    pub(crate) fn take_seen(&self) -> Vec<u64> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }

    /// Cancels the token that is returned while the `batches`-th batch from now on is answered.
    pub(crate) fn stop_after(&self, batches: usize) -> CancellationToken {
        let stop = CancellationToken::new();
        *self.shared.stop_after.lock().unwrap() = Some((batches, stop.clone()));
        stop
    }
}

impl Shared {
    fn count(&self, number: u64) {
        self.seen.lock().unwrap().push(number);
        let mut stop_after = self.stop_after.lock().unwrap();
        if let Some((left, stop)) = stop_after.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                stop.cancel();
            }
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, mut headers: HeaderMap, body: Bytes) -> Response {
    if uri.path() == Endpoint::Metrics.path() {
        let set: Value = serde_json::from_slice(&body).unwrap();
        let number = set.pointer("/data/total_users").and_then(Value::as_u64).unwrap();
        shared.count(number);
        let treatment = shared.treatments.lock().unwrap().get(&number).copied();
        match treatment {
            Some(Treatment::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
            Some(Treatment::Hang) => return std::future::pending().await,
            None => {}
        }
    }
    for name in [header::HOST, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    let simulator = shared.simulator.get().unwrap().join(uri.path()).unwrap();
    let reply = reqwest::Client::new().post(simulator).headers(headers).body(body).send().await.unwrap();
    (reply.status(), reply.bytes().await.unwrap()).into_response()
}
