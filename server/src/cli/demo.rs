//! `ohe-telemetry demo`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::ohe::Generation;

use super::output::print_text;
use super::serve::{Web, bind, serve, shutdown_on_signal};
use crate::demo::{self, Demo as RunningDemo, Options, Scenario};
use crate::http::{self, Access, Limits};

/// See it all on this machine alone: a private database with sample data, a vendor, the dashboard.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// The story to tell. Each keeps its own data.
    #[arg(long, value_enum, default_value_t = Scenario::Healthy)]
    scenario: Scenario,
    /// Which of OHE's databases the sample data are in: today's (`orgs`), or that of November 2025 (`settings`).
    #[arg(long, value_name = "settings|orgs", default_value_t = Generation::Orgs)]
    generation: Generation,
    /// The dashboard's port; the vendor's portal listens on the next one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Where the data are kept between runs.
    #[arg(long, value_name = "DIR", default_value = "/var/tmp/ohe-telemetry-demo")]
    data_dir: PathBuf,
    /// Throw away the data of this scenario and generation, and start it over.
    #[arg(long)]
    reset: bool,
}

impl Demo {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let shutdown = shutdown_on_signal()?;
        let options = Options {
            scenario: self.scenario,
            generation: self.generation,
            dashboard: bind(([127, 0, 0, 1], self.port).into()).await?,
            vendor: bind(([127, 0, 0, 1], self.port.checked_add(1).unwrap_or_default()).into()).await?,
            data_dir: self.data_dir,
            reset: self.reset,
        };
        let started = shutdown.run_until_cancelled(Box::pin(RunningDemo::start(options, &print_progress))).await;
        let Some(demo) = started.transpose()? else { return Ok(()) };
        print_text(demo.welcome())?;
        let RunningDemo { install, dashboard, config, vendor, postgres, .. } = demo;
        let routes = demo::with_sample_page(http::router(Arc::clone(&install), &Access::of(&config.web)));
        let web = Web { listener: dashboard, routes, limits: Limits::of(&config.web) };
        serve(install, web, true, shutdown).await;
        vendor.stop().await;
        Ok(postgres.stop().await?)
    }
}

fn print_progress(step: &str) {
    // Progress is a courtesy; a closed standard output ends the program at the welcome, not here.
    let _closed = print_text(step);
}
