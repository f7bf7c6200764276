//! `cargo xtask bench`.

mod banner;
mod development;
mod figure;
mod http;
mod programs;
mod server;
mod sizes;

use std::fs;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use self::figure::{Figure, print};
use crate::prerequisites::{POSTGRESQL, WRK, ensure};
use crate::workspace;

/// Measure what the product promises, into one table and target/bench.json.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only these measurements.
    #[arg(value_enum)]
    measurements: Vec<Measurement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// A collection on 50,000 users and 1,000,000 conversations of each generation, against the plain way.
    Collection,
    /// A delivery of 200 batches, against one request per metric.
    Delivery,
    /// The license status under load, against a bare handler.
    LicenseStatus,
    /// Workers that are killed during a delivery.
    Kills,
    /// The start and the memory of the server.
    Server,
    /// The license banner, against an equal React component.
    Banner,
    /// What a browser loads, and the program.
    Sizes,
    /// What a developer waits for.
    Development,
}

impl Bench {
    /// # Errors
    ///
    /// Where a measurement fails or misses its aim.
    pub(crate) fn run(&self) -> Result<()> {
        ensure(&[&POSTGRESQL, &WRK])?;
        let mut figures = Vec::new();
        for measurement in Measurement::value_variants() {
            if self.measurements.is_empty() || self.measurements.contains(measurement) {
                figures.extend(measurement.measure()?);
            }
        }
        print(&figures);
        let file = workspace::target()?.join("bench.json");
        fs::write(&file, serde_json::to_vec_pretty(&figures)?).with_context(|| file.display().to_string())?;
        let missed = figures.iter().filter(|figure| !figure.is_met()).count();
        if missed > 0 {
            bail!("{missed} of the figures miss their aim");
        }
        Ok(())
    }
}

impl Measurement {
    fn measure(self) -> Result<Vec<Figure>> {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        println!("▸ {name}");
        match self {
            Self::Collection => Ok([programs::COLLECTION.run()?, programs::COLLECTION_BEFORE_2026.run()?].concat()),
            Self::Delivery => programs::DELIVERY.run(),
            Self::LicenseStatus => programs::LICENSE_STATUS.run(),
            Self::Kills => programs::KILLS.run(),
            Self::Server => server::measure(),
            Self::Banner => banner::measure(),
            Self::Sizes => sizes::measure(),
            Self::Development => development::measure(),
        }
    }
}
