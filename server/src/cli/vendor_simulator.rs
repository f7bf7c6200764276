//! `ohe-telemetry vendor-simulator`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::clock::SystemClock;
use replicated::simulator::{ServerCertificate, Simulator};

use super::output::print_text;
use super::serve::{bind, shutdown_on_signal};

/// Run a portal that answers like the vendor's, to try things against.
#[derive(Debug, Args)]
pub(super) struct VendorSimulator {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3001", value_name = "ADDRESS:PORT")]
    bind: SocketAddr,
    /// Keep what the vendor knows in this file.
    #[arg(long, value_name = "FILE")]
    state_file: Option<PathBuf>,
    /// Speak HTTPS, with a certificate that nobody trusts, to see how that fails.
    #[arg(long)]
    tls: bool,
}

impl VendorSimulator {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let clock = Arc::new(SystemClock);
        let simulator = match self.state_file {
            Some(file) => Simulator::with_state_file(clock, file)?,
            None => Simulator::new(clock),
        };
        let listener = bind(self.bind).await?;
        let scheme = if self.tls { "https" } else { "http" };
        print_text(format_args!("The vendor simulator listens at {scheme}://{}/", listener.local_addr()?))?;
        let shutdown = shutdown_on_signal()?.cancelled_owned();
        if self.tls {
            let certificate = ServerCertificate::for_names(&["localhost", "127.0.0.1"])?;
            simulator.serve_tls(listener, &certificate, shutdown).await?;
        } else {
            simulator.serve(listener, shutdown).await?;
        }
        Ok(())
    }
}
