//! An install that lives on a clock set by hand: what is due is asked at each tick, and run at once through the services, as
//! the workers do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::{Clock as _, ManualClock};
use domain::schedule::{Due, Ended, Work, runs_again};
use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use replicated::Timeouts;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// As often as the service asks.
pub(crate) const TICK: TimeDelta = TimeDelta::seconds(15);

pub(crate) struct Simulation {
    pub(crate) world: World,
    pub(crate) clock: ManualClock,
    pub(crate) install: Arc<Install>,
    /// As the queue keeps them: how the last run of each key ended, and when.
    jobs: BTreeMap<String, (DateTime<Utc>, Ended)>,
}

impl Simulation {
    pub(crate) async fn starting_at(now: &str) -> Self {
        Self::with(now, |_| ()).await
    }

    /// The same, with a changed configuration.
    pub(crate) async fn with(now: &str, change: impl FnOnce(&mut Config)) -> Self {
        let clock = ManualClock::new(now.parse().unwrap());
        let world = World::at(Arc::new(clock.clone())).await;
        let mut config = world.config();
        // Long enough for a machine that has other work, and short enough to wait for a vendor who hangs.
        config.vendor.timeouts = Timeouts { connect: Duration::from_secs(3), total: Duration::from_secs(3) };
        change(&mut config);
        let install = Install::new(&config, Arc::clone(&world.clock)).unwrap();
        Self { world, clock, install, jobs: BTreeMap::new() }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lives on until `end`.
    pub(crate) async fn run_until(&mut self, end: DateTime<Utc>) {
        while self.now() < end {
            self.tick().await;
            self.clock.advance(TICK);
        }
    }

    /// Lives on until nothing waits for delivery, or `limit` is over.
    pub(crate) async fn run_until_delivered(&mut self, limit: TimeDelta) {
        let end = self.now() + limit;
        while self.world.pending().await > 0 {
            assert!(self.now() < end, "not delivered within {limit}");
            self.tick().await;
            self.clock.advance(TICK);
        }
    }

    /// Runs what is due now. A collection makes its delivery due at once.
    pub(crate) async fn tick(&mut self) {
        let mut due = self.due().await;
        if due.iter().any(|due| matches!(due.work, Work::Collect { .. })) {
            self.run(due).await;
            due = self.due().await;
        }
        self.run(due).await;
    }

    async fn due(&self) -> Vec<Due> {
        self.install.services.scheduling.due(self.now()).await.unwrap()
    }

    async fn run(&mut self, due: Vec<Due>) {
        for due in due {
            let last = self.jobs.get(&due.key).copied();
            if last.is_some_and(|(ended_at, ended)| !runs_again(self.now(), ended_at, ended)) {
                continue;
            }
            let failures = last.map_or(0, |(_, ended)| if let Ended::Failed { times } = ended { times } else { 0 });
            let ended =
                if self.succeeds(&due.work).await { Ended::Done } else { Ended::Failed { times: failures + 1 } };
            self.jobs.insert(due.key, (self.now(), ended));
        }
    }

    async fn succeeds(&self, work: &Work) -> bool {
        let services = &self.install.services;
        match work {
            Work::Collect { slot } => services.collection.run_for_slot(*slot).await.is_ok(),
            Work::Upload => services.delivery.deliver_until(&CancellationToken::new()).await.is_ok(),
            Work::CheckIn => services.delivery.check_in().await.is_ok(),
        }
    }
}
