//! Lets a story's half year pass: the real collectors, the real delivery and the vendor, on a clock set by hand.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use collectors::CollectionOptions;
use domain::clock::{Clock as _, ManualClock, SystemClock};
use domain::ohe::Generation;
use domain::schedule::Schedule;
use private_postgres::PrivatePostgres;
use replicated::simulator::Simulator;
use sample_data::{Plan, Tables};
use sqlx::PgPool;
use store::NewBatch;
use tokio::net::TcpListener;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::{Scenario, Vendor, drop_database, environment, remove_if_there};
use crate::config::Config;
use crate::install::Install;

/// The same install at every first run.
const SEED: u64 = 2025;

/// What to tell, and where to keep it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) scenario: Scenario,
    pub(super) generation: Generation,
    pub(super) database: &'a str,
    pub(super) state_file: &'a Path,
}

/// Fills the database and the vendor's state file with the story up to now. A run that is interrupted starts over: both get
/// their names only when all is told.
pub(super) async fn tell(
    telling: &Telling<'_>,
    postgres: &PrivatePostgres,
    progress: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<()> {
    let Telling { scenario, generation, database, state_file } = *telling;
    let draft = format!("{database}_draft");
    let draft_file = state_file.with_extension("draft.json");
    drop_database(postgres, &draft).await?;
    remove_if_there(&draft_file)?;
    postgres.create_database(&draft).await?;
    let now = SystemClock.now();
    progress("Making sample data");
    let pool = PgPool::connect_with(postgres.connect_options(&draft)).await?;
    let (users, conversations, days) = scenario.size();
    let tables = match generation {
        Generation::Settings => Tables::Settings,
        Generation::Orgs => Tables::Orgs,
    };
    sample_data::create_tables(&pool, tables).await?;
    let plan = Plan::half_a_year(now, users, conversations);
    sample_data::generate(&pool, &Plan { seed: SEED, days, tables, ..plan }).await?;
    if scenario != Scenario::Fresh {
        progress("Letting half a year pass");
        sample_data::create_past(&pool).await?;
        // Half a year of log lines would say what the pages say better; a failure still ends it with an error.
        let story = Story::new(scenario, postgres, &draft, &draft_file, now).await?;
        story.pass().with_subscriber(NoSubscriber::new()).await.context("the demo's half year could not be told")?;
    }
    pool.close().await;
    let admin = PgPool::connect_with(postgres.connect_options("postgres")).await?;
    let rename = format!("ALTER DATABASE {draft} RENAME TO {database}");
    sqlx::query(sqlx::AssertSqlSafe(rename)).execute(&admin).await?;
    admin.close().await;
    if draft_file.exists() {
        fs::rename(&draft_file, state_file)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Run {
    Collection,
    Delivery,
}

/// The slots that were acted on after `from` and until `until`, at most a day later, in the order of time. A day may begin
/// at any hour: between the slots, too.
fn slots_of_a_day(schedule: &Schedule, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, Run)> {
    let (from, until) = (from - schedule.spread, until - schedule.spread);
    let collection = schedule.latest_collection_slot(until).map(|slot| (slot, Run::Collection));
    let delivery = schedule.latest_upload_slot(until).map(|slot| (slot, Run::Delivery));
    let mut slots: Vec<_> = [collection, delivery].into_iter().flatten().filter(|(slot, _)| *slot > from).collect();
    slots.sort_unstable();
    slots
}

/// A half year under way.
struct Story<'a> {
    scenario: Scenario,
    postgres: &'a PrivatePostgres,
    database: &'a str,
    now: DateTime<Utc>,
    clock: ManualClock,
    simulator: Simulator,
    vendor: Vendor,
    install: Arc<Install>,
    schedule: Schedule,
}

impl<'a> Story<'a> {
    async fn new(
        scenario: Scenario,
        postgres: &'a PrivatePostgres,
        database: &'a str,
        state_file: &Path,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let clock = ManualClock::new(now);
        let simulator = Simulator::with_state_file(Arc::new(clock.clone()), state_file)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let vendor = Vendor::start(&simulator, listener)?;
        let unused = TcpListener::bind(("127.0.0.1", 0)).await?;
        let config = Config::read(&environment(&postgres.url(database), &vendor.url, &unused)?)?;
        let install = Install::new(&config, Arc::new(clock.clone()))?;
        install.prepare().await?;
        let schedule = install.services.scheduling.schedule().await?;
        Ok(Self { scenario, postgres, database, now, clock, simulator, vendor, install, schedule })
    }

    async fn pass(self) -> anyhow::Result<()> {
        let outage = self.scenario.outage_began(self.now).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let mut at = self.now - TimeDelta::days(182);
        while at < self.now {
            // A day is as fine as the story is told.
            let day_ends = (at + TimeDelta::days(1)).min(self.now);
            for (slot, run) in slots_of_a_day(&self.schedule, at, day_ends) {
                match run {
                    Run::Collection => self.collect(slot).await?,
                    Run::Delivery => self.deliver(slot, outage).await?,
                }
            }
            at = day_ends;
        }
        self.vendor.stop().await;
        self.install.services.close().await;
        Ok(())
    }

    /// Collects as the slot's job did: of the rows of today, those that were there then.
    async fn collect(&self, slot: DateTime<Utc>) -> anyhow::Result<()> {
        let now = slot + self.schedule.spread + TimeDelta::seconds(4);
        let past = sample_data::as_of(self.postgres.connect_options(self.database), now);
        let pool = collectors::connect(past);
        let collection =
            collectors::collect(&pool, &self.install.services.registry, &CollectionOptions::at(now)).await?;
        pool.close().await;
        let batch = NewBatch {
            collected_at: now,
            slot: Some(slot),
            database: collection.database,
            by_hand: false,
            metrics: collection.metrics,
            runs: collection.runs,
        };
        self.install.services.store.insert_batch(&batch).await?;
        Ok(())
    }

    /// Delivers as the upload job did; once the outage has begun, in vain.
    async fn deliver(&self, slot: DateTime<Utc>, outage: DateTime<Utc>) -> anyhow::Result<()> {
        self.clock.set(slot + self.schedule.spread + TimeDelta::seconds(2));
        if slot >= outage && self.simulator.snapshot().script.is_empty() {
            self.scenario.arm(&self.simulator);
        }
        self.install.services.delivery.deliver().await?;
        // The day's last check-in stands for all of them.
        if slot < outage {
            self.clock.set((slot + TimeDelta::hours(20)).min(self.now - TimeDelta::hours(1)));
            self.install.services.delivery.check_in().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn runs_come_in_the_order_of_time_whenever_the_day_begins() {
        let schedule = Config::read(&[].into()).unwrap().schedule.schedule(0);
        let (collection, delivery) = (Run::Collection, Run::Delivery);
        for (from, expected) in [
            ("2026-11-21T01:00:00Z", vec![("2026-11-21T03:00:00Z", delivery)]),
            ("2026-11-21T02:33:00Z", vec![("2026-11-21T03:00:00Z", delivery), ("2026-11-22T02:00:00Z", collection)]),
            ("2026-11-21T12:00:00Z", vec![("2026-11-22T02:00:00Z", collection), ("2026-11-22T03:00:00Z", delivery)]),
            ("2026-11-22T02:00:00Z", vec![("2026-11-22T03:00:00Z", delivery)]),
        ] {
            let slots = slots_of_a_day(&schedule, at(from), at(from) + TimeDelta::days(1));
            let expected: Vec<_> = expected.into_iter().map(|(slot, run)| (at(slot), run)).collect();
            assert_eq!(slots, expected, "{from}");
        }
    }
}
