//! Logs go to standard error; results go to standard output.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Starts logging at `level` for our own crates and `warn` for the libraries below, unless `filter` says otherwise.
pub(crate) fn start(filter: Option<&str>) {
    // apalis reports a worker that lost its database itself; we log it once, where the worker is started again. Notices of
    // PostgreSQL are for whoever types SQL: at shutdown, a transaction that was not begun is rolled back.
    let default = "info,apalis=off,apalis_core=off,apalis_cron=off,apalis_postgres=off,sqlx=warn,\
                   sqlx::postgres::notice=off,hyper=warn,reqwest=warn";
    let filter = EnvFilter::try_new(filter.unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default));
    // Fails only where logging was started before, as tests may have done.
    let _already_started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
