//! Orchestration: what the product does, over the crates that know how. Knows neither axum nor apalis.

mod admin_email;
mod clocks;
mod collection;
mod delivery;
mod keycloak_admin;
mod license;
mod scheduling;

use std::sync::Arc;

use collectors::Registry;
use domain::clock::Clock;
use domain::metric::DictionaryError;
use store::Store;

use crate::config::{Config, ConfigError};

pub use admin_email::AdminEmail;
pub use clocks::{ClockOffsets, ClockService};
pub use collection::{CollectionError, CollectionOutcome, CollectionService, SkipReason};
pub use delivery::{
    DeliveryError, DeliveryOutcome, DeliveryService, IdentityStatus, IdentitySummary, ReregistrationOutcome,
};
pub use keycloak_admin::{KeycloakAdmin, KeycloakError};
pub use license::{LicenseService, ReadyStatus};
pub use scheduling::SchedulingService;

/// All services of one install.
#[derive(Debug)]
pub struct Services {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether other clocks agree.
    pub clocks: ClockService,
    /// Our tables.
    pub store: Store,
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

/// Connections to our tables; collectors have a pool of their own.
const STORE_CONNECTIONS: u32 = 6;

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
    #[error(transparent)]
    Keycloak(#[from] KeycloakError),
}

impl Services {
    /// Sets everything up. Connects to nothing yet: pools connect when they are first used.
    ///
    /// # Errors
    /// [`StartError`]: the configuration does not suffice, or the collectors contradict each other.
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let database = config.database()?;
        let store = Store::new(store::connect(database.clone(), STORE_CONNECTIONS));
        let ohe = collectors::connect(database.clone());
        let registry = Arc::new(Registry::load()?);
        let roots = config.vendor.extra_root_certificates.as_deref();
        let keycloak =
            config.ohe.keycloak.as_ref().map(|keycloak| KeycloakAdmin::new(keycloak, roots)).transpose()?.flatten();
        let admin_email = AdminEmail::new(config.ohe.admin_email.clone(), ohe.clone(), keycloak);
        let scheduling = SchedulingService::new(store.clone(), config.schedule.clone());
        let license =
            LicenseService::new(store.clone(), config.ohe.is_ohe, config.schedule.threshold_days, Arc::clone(&clock));
        Ok(Self {
            collection: CollectionService {
                store: store.clone(),
                ohe,
                registry: Arc::clone(&registry),
                admin_email: admin_email.clone(),
                config: config.schedule.clone(),
                clock: Arc::clone(&clock),
            },
            delivery: DeliveryService::new(store.clone(), &config.vendor, admin_email.clone(), Arc::clone(&clock))?,
            admin_email,
            registry,
            clocks: ClockService::new(store.clone(), Arc::clone(&clock)),
            license,
            scheduling,
            store,
            clock,
        })
    }
}
