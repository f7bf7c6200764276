//! Runs a server until Ctrl-C or the end of standard input, and prints the URL of its database `postgres`. The one argument,
//! where given, is a directory that keeps the data between runs.

use std::{env, io::Write};

use private_postgres::{Options, PrivatePostgres};
use tokio::{
    io::AsyncReadExt,
    signal::unix::{SignalKind, signal},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = env::args_os().nth(1).map_or_else(Options::temporary, Options::kept_in);
    // Listened for before the URL is out, as whoever reads it may interrupt us at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = PrivatePostgres::start(options).await?;
    writeln!(std::io::stdout(), "{}", server.url("postgres"))?;
    let (mut input, mut nothing) = (tokio::io::stdin(), Vec::new());
    tokio::select! {
        end = input.read_to_end(&mut nothing) => drop(end?),
        _ = interrupt.recv() => {}
    }
    server.stop().await?;
    // Reading standard input blocks a thread that nothing can interrupt.
    std::process::exit(0)
}
