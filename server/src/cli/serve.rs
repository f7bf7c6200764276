//! `ohe-telemetry serve` and `ohe-telemetry worker`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use clap::Args;
use domain::clock::SystemClock;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::http::{self, Access, Limits};
use crate::install::Install;
use crate::jobs::{self, JobLimits};

/// After a signal, jobs in hand have this long to finish; what is left is handed to another worker.
const GRACE: Duration = Duration::from_secs(25);
/// The wait before the database is tried again at start; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Run the web server and the jobs.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The web server alone; jobs are run by `ohe-telemetry worker` elsewhere.
    #[arg(long)]
    no_jobs: bool,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let config = Config::from_process()?;
        let install = Install::new(&config, Arc::new(SystemClock))?;
        let listener = bind(config.web.bind).await?;
        let routes = http::router(Arc::clone(&install), &Access::of(&config.web));
        let web = Web { listener, routes, limits: Limits::of(&config.web) };
        serve(install, web, !self.no_jobs, shutdown_on_signal()?).await;
        Ok(())
    }
}

/// Runs the jobs alone.
pub(super) async fn worker() -> anyhow::Result<()> {
    let install = Install::new(&Config::from_process()?, Arc::new(SystemClock))?;
    let shutdown = shutdown_on_signal()?;
    prepare(&install, &shutdown).await;
    finish(jobs::run(install, JobLimits::default(), shutdown.clone()), &shutdown).await;
    Ok(())
}

/// A web server that is to run.
pub(super) struct Web {
    /// Where it listens.
    pub(super) listener: TcpListener,
    /// What it answers.
    pub(super) routes: Router,
    /// What its clients may take up.
    pub(super) limits: Limits,
}

/// Serves `web` at once, and runs jobs as soon as the database is prepared, until `shutdown`.
pub(super) async fn serve(install: Arc<Install>, web: Web, with_jobs: bool, shutdown: CancellationToken) {
    let Web { listener, routes, limits } = web;
    if let Ok(address) = listener.local_addr() {
        info!(%address, jobs = with_jobs, "listening");
    }
    let tasks = TaskTracker::new();
    tasks.spawn({
        let (install, shutdown) = (Arc::clone(&install), shutdown.clone());
        let tasks = tasks.clone();
        async move {
            let prepared = install.prepare().await;
            // What users see can be told as soon as the tables are there, even where they cannot be written.
            let license = install.services.license.clone();
            let told = shutdown.clone();
            tasks.spawn(async move { license.keep_fresh(told).await });
            if prepared.is_err() {
                prepare(&install, &shutdown).await;
            }
            if with_jobs {
                jobs::run(install, JobLimits::default(), shutdown).await;
            }
        }
    });
    tasks.close();
    let web = http::serve(listener, routes, limits, shutdown.clone().cancelled_owned());
    finish(async { tokio::join!(web, tasks.wait()) }, &shutdown).await;
}

/// Prepares the database, however long that takes: the web server answers meanwhile.
async fn prepare(install: &Install, shutdown: &CancellationToken) {
    let mut wait = FIRST_WAIT;
    while let Err(cause) = install.prepare().await {
        warn!(
            error = format!("{:#}", anyhow::Error::from(cause)),
            "the database cannot be prepared; trying again in {wait:?}"
        );
        if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Awaits `work`, but once `shutdown` has begun no longer than [`GRACE`].
async fn finish<T>(work: impl Future<Output = T>, shutdown: &CancellationToken) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => {
            error!("not everything ended in time; what is left is done by another process or after the next start");
            None
        }
    }
}

/// Listens at `address`.
pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is taken by another program; stop that one, or choose another address and port")
        }
        io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("this user may not listen at {address}; choose a port of 1024 or above")
        }
        io::ErrorKind::AddrNotAvailable => anyhow::anyhow!("{address} is no address of this machine"),
        _ => anyhow::Error::new(error).context(format!("cannot listen at {address}")),
    })
}

/// A token that is cancelled at the first SIGTERM or SIGINT. The second one ends the program at once.
pub(super) fn shutdown_on_signal() -> io::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = shutdown.clone();
    tokio::spawn(async move {
        let mut next = async || tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () };
        next().await;
        info!("stopping; jobs in hand are finished first");
        token.cancel();
        next().await;
        warn!("stopping at once");
        std::process::exit(130);
    });
    Ok(shutdown)
}
