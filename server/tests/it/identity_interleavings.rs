//! Random interleavings of everything that can befall a registration. At every moment the row holds the values of one
//! registration, and once the vendor answers again deliveries succeed.

use std::sync::Arc;
use std::time::Duration;

use ohe_telemetry::config::Config;
use ohe_telemetry::install::Install;
use ohe_telemetry::services::{DeliveryOutcome, SkipReason};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use replicated::simulator::{Endpoint, Fault, Rule, When};
use secrecy::ExposeSecret;

use crate::fixture::Fixture;

const ADDRESSES: [&str; 3] = ["ann@acme.example", "bob@acme.example", "cyd@acme.example"];

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(5);

#[derive(Debug, Clone)]
enum Event {
    /// The administrator is another one from now on.
    AddressBecomes(&'static str),
    /// The vendor fails the next request to this endpoint.
    Fails(Endpoint, Fault),
    /// The vendor leaves the instance out of its next answer to a registration.
    LeavesInstanceOut,
    /// The vendor refuses the token of the next request to this endpoint.
    Revokes(Endpoint),
    /// A batch is delivered, or the try fails.
    Delivers,
    /// The install checks in, or the try fails.
    ChecksIn,
    /// A delivery is killed while it waits for the answer of this endpoint, which may have done as asked.
    IsKilledAt(Endpoint, bool),
    /// The administrator registers the install anew.
    Reregisters,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let endpoint = || prop::sample::select(&Endpoint::ALL[..]);
    let status = |status| Fault::Status { status, message: None, retry_after: None };
    let fault =
        prop::sample::select(vec![status(500), status(401), status(403), Fault::Truncated, Fault::Html, Fault::Close]);
    let event = prop_oneof![
        2 => prop::sample::select(&ADDRESSES[..]).prop_map(Event::AddressBecomes),
        3 => (endpoint(), fault).prop_map(|(endpoint, fault)| Event::Fails(endpoint, fault)),
        3 => Just(Event::LeavesInstanceOut),
        2 => endpoint().prop_map(Event::Revokes),
        6 => Just(Event::Delivers),
        2 => Just(Event::ChecksIn),
        3 => (endpoint(), any::<bool>()).prop_map(|(endpoint, is_done)| Event::IsKilledAt(endpoint, is_done)),
        1 => Just(Event::Reregisters),
    ];
    prop::collection::vec(event, 4..16)
}

/// One life of an install. All lives share a database and a vendor, who forgets nothing; each begins without an identity.
struct Life<'a> {
    fixture: &'a Fixture,
    install: Arc<Install>,
}

impl<'a> Life<'a> {
    async fn begin(fixture: &'a Fixture) -> Self {
        sqlx::raw_sql(
            "DELETE FROM telemetry_identity; DELETE FROM telemetry_metrics; DELETE FROM telemetry_delivery_attempts",
        )
        .execute(fixture.pool())
        .await
        .unwrap();
        fixture.vendor.heal();
        fixture.collect_at("2025-11-09T02:00:00Z").await;
        Self { fixture, install: install_of(fixture, ADDRESSES[0]) }
    }

    async fn befall(&mut self, event: &Event) {
        let vendor = &self.fixture.vendor;
        let once = |endpoint, fault| Rule { fault, endpoint: Some(endpoint), when: When::Requests(1) };
        match event {
            Event::AddressBecomes(address) => self.install = install_of(self.fixture, address),
            Event::Fails(endpoint, fault) => vendor.fail(once(*endpoint, fault.clone())),
            Event::LeavesInstanceOut => vendor.fail(once(Endpoint::Customer, Fault::NoInstance)),
            Event::Revokes(endpoint) => vendor.fail(once(*endpoint, Fault::RevokedToken)),
            Event::Delivers => {
                self.fixture.collect_at("2025-11-09T02:00:00Z").await;
                self.deliver().await;
            }
            Event::ChecksIn => drop(self.install.services.delivery.check_in().await),
            Event::IsKilledAt(endpoint, is_done) => self.deliver_and_be_killed(*endpoint, *is_done).await,
            Event::Reregisters => drop(self.install.services.delivery.reregister("test").await),
        }
    }

    /// Delivers, as soon as a killed sender's right has come back.
    async fn deliver(&self) -> Option<DeliveryOutcome> {
        loop {
            match self.install.services.delivery.deliver().await {
                Ok(DeliveryOutcome::Skipped { reason: SkipReason::AnotherSender, .. }) => {
                    tokio::time::sleep(POLL).await;
                }
                outcome => return outcome.ok(),
            }
        }
    }

    /// The delivery is dropped while the vendor keeps it waiting at `endpoint`; one that never gets there ends by itself.
    async fn deliver_and_be_killed(&self, endpoint: Endpoint, is_done: bool) {
        let vendor = &self.fixture.vendor;
        let fault = if is_done { Fault::SlowHead { milliseconds: 3_600_000 } } else { Fault::Hang };
        vendor.fail(Rule { fault: fault.clone(), endpoint: Some(endpoint), when: When::Requests(1) });
        self.fixture.collect_at("2025-11-09T02:00:00Z").await;
        let held_up =
            || vendor.snapshot().requests.iter().filter(|request| request.fault.as_ref() == Some(&fault)).count();
        let before = held_up();
        tokio::select! {
            _ended = self.deliver() => {}
            () = async { while held_up() == before { tokio::time::sleep(POLL).await } } => {}
        }
        // What kept no delivery waiting must not hold up a later one.
        vendor.heal();
    }

    async fn check(&self) -> Result<(), TestCaseError> {
        let known = self.install.services.store.identity().await.unwrap();
        let seen = self.fixture.vendor.snapshot();
        let Some(customer_id) = &known.customer_id else {
            prop_assert!(
                known.instance_id.is_none() && known.service_token.is_none() && known.customer_email.is_none()
            );
            return Ok(());
        };
        let email = known.customer_email.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        let customer = seen.customers.iter().find(|customer| customer.id == *customer_id).unwrap();
        prop_assert_eq!(&customer.email, &format!("{}***@acme.example", &email[..1]));
        let token = known.service_token.as_ref().unwrap().expose_secret();
        let owner = self.fixture.vendor.owner_of_token(token);
        prop_assert_eq!(owner.as_ref(), Some(customer_id));
        if let Some(instance_id) = &known.instance_id {
            let instance = seen.instances.iter().find(|instance| instance.id == *instance_id).unwrap();
            prop_assert_eq!(&instance.customer_id, customer_id);
        }
        Ok(())
    }

    /// The vendor is well again.
    async fn ends_well(&self) -> Result<(), TestCaseError> {
        self.fixture.vendor.heal();
        self.fixture.collect_at("2025-11-09T02:00:00Z").await;
        let outcome = self.deliver().await;
        let is_delivered = matches!(outcome, Some(DeliveryOutcome::Completed { uploaded: 1.., failed: 0, .. }));
        prop_assert!(is_delivered, "{:?}", outcome);
        self.check().await
    }
}

fn install_of(fixture: &Fixture, address: &str) -> Arc<Install> {
    let mut environment = fixture.environment.clone();
    environment.insert("OPENHANDS_ADMIN_EMAIL".to_owned(), address.to_owned());
    Install::new(&Config::read(&environment).unwrap(), Arc::new(fixture.clock.clone())).unwrap()
}

#[test]
fn the_row_holds_one_registration_at_every_moment_and_deliveries_succeed_in_the_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let cases = Cases { cases: 16, failure_persistence: None, ..Cases::default() };
    let lived = TestRunner::new(cases).run(&events(), |events| {
        runtime.block_on(async {
            let mut life = Life::begin(&fixture).await;
            for event in &events {
                life.befall(event).await;
                life.check().await?;
            }
            life.ends_well().await
        })
    });
    if let Err(failure) = lived {
        panic!("{failure}");
    }
}
