//! A portal to run the client against: it answers as the recorded wire does, fails on demand in every way a vendor and
//! a network can, and shows on a page what the vendor sees.
//!
//! | path | what |
//! | --- | --- |
//! | `/` | the page for people |
//! | `/simulator/state` | everything as JSON ([`Snapshot`]) |
//! | `/simulator/script` | `POST` adds a failure (JSON of a [`Rule`]), `DELETE` heals |
//! | the four endpoints of the vendor | as the published SDK calls them |

mod api;
mod connection;
mod control;
mod failing;
mod instance;
mod page;
mod portal;
mod request_log;
mod script;
mod state_file;
mod tls;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use chrono::{DateTime, Utc};
use domain::clock::Clock;
use serde::Serialize;
use tokio::net::TcpListener;

use connection::{Connection, CuttableListener};
use portal::Portal;
use request_log::RequestLog;
use script::Script;
use state_file::StateFile;

pub use instance::{Change, Instance, Metric};
pub use portal::PortalCustomer;
pub use request_log::{Counts, LoggedRequest};
pub use script::{ArmedRule, Endpoint, Fault, RetryAfter, Rule, When};
pub use state_file::StateFileError;
pub use tls::{CertificateError, ServerCertificate};

/// The simulated portal. Cheap to clone; clones share their state.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    publishable_key: Option<String>,
    state: Mutex<State>,
    file: Option<StateFile>,
}

#[derive(Default)]
struct State {
    portal: Portal,
    script: Script,
    log: RequestLog,
}

/// All that the simulator knows, as `/simulator/state` gives it. E-mail addresses are masked, tokens left out.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// The simulator's time.
    pub now: DateTime<Utc>,
    /// The customers, oldest first.
    pub customers: Vec<PortalCustomer>,
    /// Their instances, oldest first.
    pub instances: Vec<Instance>,
    /// The failures in force, with how often each was consulted.
    pub script: Vec<ArmedRule>,
    /// How many requests came, in all.
    pub counts: Counts,
    /// The latest requests (at most 5,000), oldest first.
    pub requests: Vec<LoggedRequest>,
}

impl Simulator {
    /// An empty portal that accepts any publishable key and takes its time from `clock`. Its state lives in memory.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, None, Portal::default(), None)
    }

    /// A portal that keeps customers, instances and metrics in the file at `path`, created when it is missing.
    ///
    /// # Errors
    /// When the file exists and cannot be read or understood.
    pub fn with_state_file(clock: Arc<dyn Clock>, path: impl Into<PathBuf>) -> Result<Self, StateFileError> {
        let file = StateFile::new(path.into());
        let portal = file.load()?;
        Ok(Self::with(clock, None, portal, Some(file)))
    }

    /// The same portal, accepting `key` alone as publishable key. To be called before it is shared.
    #[must_use]
    pub fn accepting_only(self, key: impl Into<String>) -> Self {
        let portal = std::mem::take(&mut self.state().portal);
        Self::with(self.shared.clock.clone(), Some(key.into()), portal, self.shared.file.clone())
    }

    fn with(clock: Arc<dyn Clock>, publishable_key: Option<String>, portal: Portal, file: Option<StateFile>) -> Self {
        let state = Mutex::new(State { portal, ..State::default() });
        Self { shared: Arc::new(Shared { clock, publishable_key, state, file }) }
    }

    /// Every route of the simulator. Failures that cut connections need [`Self::serve`].
    pub fn router(&self) -> Router {
        Router::new().merge(api::routes()).merge(control::routes()).merge(page::routes()).with_state(self.clone())
    }

    /// Serves on `listener` until `shutdown` completes.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let listener = CuttableListener::new(listener);
        let stop = listener.stop();
        let service = self.router().into_make_service_with_connect_info::<Connection>();
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                shutdown.await;
                stop.cancel();
            })
            .await
    }

    /// Serves HTTPS on `listener` with `certificate` until `shutdown` completes. With a certificate that the client does
    /// not trust, or for another name, this is the failure "wrong TLS".
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve_tls(
        &self,
        listener: TcpListener,
        certificate: &ServerCertificate,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let listener = tls::TlsListener::new(CuttableListener::new(listener), certificate);
        let stop = listener.stop();
        let service = self.router().into_make_service_with_connect_info::<Connection>();
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                shutdown.await;
                stop.cancel();
            })
            .await
    }

    /// Adds a failure. Rules are consulted in the order in which they were added; the first that strikes wins.
    pub fn fail(&self, rule: Rule) {
        self.state().script.add(rule);
    }

    /// Removes every failure. Tokens that were revoked stay revoked.
    pub fn heal(&self) {
        self.state().script.clear();
    }

    /// The id of the customer to whom this service token was given, even if it was revoked since; none for a token that
    /// nobody was given. A snapshot holds no tokens.
    pub fn owner_of_token(&self, token: &str) -> Option<String> {
        self.state().portal.owner_of_token(token).map(|customer| customer.id.clone())
    }

    /// All that the simulator knows.
    pub fn snapshot(&self) -> Snapshot {
        let now = self.now();
        let state = self.state();
        Snapshot {
            now,
            customers: state.portal.customers(),
            instances: state.portal.instances().to_vec(),
            script: state.script.rules().to_vec(),
            counts: state.log.counts(),
            requests: state.log.requests().cloned().collect(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the portal to its file, where it has one. Returns when it is on disk.
    async fn save(&self) -> Result<(), StateFileError> {
        match &self.shared.file {
            Some(file) => file.save(|| self.state().portal.clone()).await,
            None => Ok(()),
        }
    }
}
