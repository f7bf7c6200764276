//! Orchestration: what the product does, over the crates that know how. Knows neither axum nor apalis.

mod admin_email;
mod clocks;
mod collection;
mod delivery;
mod license;
mod scheduling;

use std::sync::Arc;

use collectors::Registry;
use domain::clock::Clock;
use domain::metric::DictionaryError;
use store::Store;

use crate::config::{Config, ConfigError};

pub use admin_email::{AdminEmail, AdminEmailError, AdministratorAddress, KeycloakClientError};
pub use clocks::{ClockOffsets, ClockService};
pub use collection::{CollectionError, CollectionOutcome, CollectionService, SkipReason};
pub use delivery::{
    DeliveryError, DeliveryOutcome, DeliveryService, IdentityStatus, IdentitySummary, ReregistrationOutcome,
};
pub use license::{LicenseService, ReadyStatus, UNKNOWN_LICENSE_STATUS};
pub use scheduling::SchedulingService;

/// All services of one install.
#[derive(Debug)]
pub struct Services {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether other clocks agree.
    pub clocks: ClockService,
    /// Our tables, for what people ask for.
    pub store: Store,
    /// The same, for what jobs do: pages that wait for the database hold up no job, and jobs no page.
    pub job_store: Store,
    /// What is due.
    pub scheduling: SchedulingService,
    /// Collecting batches.
    pub collection: CollectionService,
    /// Whose install this is.
    pub admin_email: AdminEmail,
    /// Delivering them.
    pub delivery: DeliveryService,
    /// What users see.
    pub license: LicenseService,
    /// The collectors and their dictionary.
    pub registry: Arc<Registry>,
}

/// Connections to our tables, of which each part of the program has its own; collectors have a pool of their own, too.
const WEB_CONNECTIONS: u32 = 4;
const JOB_CONNECTIONS: u32 = 6;
const LICENSE_CONNECTIONS: u32 = 1;

/// Why the services cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration lacks something.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Collectors contradict each other.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// The vendor's client cannot be built from the configuration.
    #[error("the client of the vendor's portal cannot be set up")]
    Vendor(#[from] replicated::SettingsError),
    /// Keycloak's client cannot be built from the configuration.
    #[error("the client of Keycloak cannot be set up")]
    Keycloak(#[from] KeycloakClientError),
}

impl Services {
    /// Sets everything up. Connects to nothing yet: pools connect when they are first used.
    ///
    /// # Errors
    /// [`StartError`]: the configuration does not suffice, or the collectors contradict each other.
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let database = config.database()?;
        outbound::install_default_cryptography();
        let connect = |connections| Store::new(store::connect(database.clone(), connections));
        let (store, job_store) = (connect(WEB_CONNECTIONS), connect(JOB_CONNECTIONS));
        let ohe = collectors::connect(database.clone());
        let registry = Arc::new(Registry::load()?);
        let admin_email = AdminEmail::new(config, ohe.clone(), job_store.clone(), Arc::clone(&clock))?;
        let scheduling = SchedulingService::new(job_store.clone(), config.schedule.clone());
        let license = LicenseService::new(
            connect(LICENSE_CONNECTIONS),
            config.ohe.is_ohe,
            config.schedule.threshold_days,
            Arc::clone(&clock),
        );
        Ok(Self {
            collection: CollectionService {
                store: job_store.clone(),
                ohe,
                registry: Arc::clone(&registry),
                admin_email: admin_email.clone(),
                config: config.schedule.clone(),
                clock: Arc::clone(&clock),
            },
            delivery: DeliveryService::new(job_store.clone(), config, admin_email.clone(), Arc::clone(&clock))?,
            admin_email,
            registry,
            clocks: ClockService::new(store.clone(), Arc::clone(&clock)),
            license,
            scheduling,
            store,
            job_store,
            clock,
        })
    }

    /// Closes all connections to our tables, and waits until they are.
    pub async fn close(&self) {
        for store in [&self.store, &self.job_store, self.license.store()] {
            store.pool().close().await;
        }
    }
}
