//! `ohe-telemetry doctor`.

use std::sync::Arc;

use domain::clock::SystemClock;
use domain::masked_email::masked_email;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use store::{LookupRecord, LookupResult};

use super::{Reported, print};
use crate::config::Config;
use crate::install::Install;
use crate::services::{AdministratorAddress, CollectionOutcome};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warning,
    Failed,
}

/// Checks everything this install needs. Calls nobody but the database and Keycloak, and changes nothing but the record of
/// the latest look-up of the administrator, so that a refused password is not tried again at each call.
pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_process()?;
    let install = Install::new(&config, Arc::new(SystemClock))?;
    let mut checks = vec![is_ohe(&config), publishable_key(&config), database(&install).await];
    if checks.iter().all(|check| check.name != "database" || check.verdict == Verdict::Ok) {
        checks.extend([tables(&install).await, administrator(&install).await, clocks(&install).await]);
        checks.push(collectors(&install).await);
    }
    let failed = checks.iter().any(|check| check.verdict == Verdict::Failed);
    print(&serde_json::json!({ "status": if failed { "failed" } else { "completed" }, "checks": checks }))?;
    if failed { Err(Reported.into()) } else { Ok(()) }
}

fn check(name: &'static str, verdict: Verdict, detail: impl Into<String>) -> Check {
    Check { name, verdict, detail: detail.into() }
}

fn failed(name: &'static str, error: impl Into<anyhow::Error>) -> Check {
    check(name, Verdict::Failed, format!("{:#}", error.into()))
}

fn is_ohe(config: &Config) -> Check {
    if config.ohe.is_ohe {
        return check(
            "openhands_enterprise",
            Verdict::Ok,
            "OHE's own variables say that this is OpenHands Enterprise: the license rule applies",
        );
    }
    let detail = "this is not taken for OpenHands Enterprise, so users are never warned; pass OHE's OH_DEPLOYMENT_MODE \
                  (self_hosted) and OH_APP_MODE (saas) on to this program, or its KEYCLOAK_SERVER_URL, \
                  KEYCLOAK_REALM_NAME and the client id of a git provider";
    check("openhands_enterprise", Verdict::Warning, detail)
}

fn publishable_key(config: &Config) -> Check {
    match config.vendor.publishable_key {
        Some(_) => check("publishable_key", Verdict::Ok, "REPLICATED_PUBLISHABLE_KEY is set"),
        None => {
            check("publishable_key", Verdict::Failed, "REPLICATED_PUBLISHABLE_KEY is not set; nothing can be delivered")
        }
    }
}

async fn database(install: &Install) -> Check {
    match install.services.store.ping().await {
        Ok(()) => check("database", Verdict::Ok, "the database answers"),
        Err(error) => failed("database", error),
    }
}

async fn tables(install: &Install) -> Check {
    match install.services.store.schema_state().await {
        Ok(state) if state.is_current() => check("tables", Verdict::Ok, "our tables are up to date"),
        Ok(_) => check(
            "tables",
            Verdict::Warning,
            "our tables are missing or out of date; `ohe-telemetry migrate`, or the next start, changes that",
        ),
        Err(error) => failed("tables", error),
    }
}

async fn clocks(install: &Install) -> Check {
    match install.services.clocks.offsets().await {
        Ok(offsets) => {
            let detail = match offsets.vendor {
                Some(vendor) => format!(
                    "the database's clock is {} s ahead, the vendor's {} s",
                    offsets.database.num_seconds(),
                    vendor.num_seconds()
                ),
                None => format!("the database's clock is {} s ahead", offsets.database.num_seconds()),
            };
            let verdict = if offsets.off().next().is_some() { Verdict::Warning } else { Verdict::Ok };
            check("clocks", verdict, detail)
        }
        Err(error) => failed("clocks", error),
    }
}

async fn administrator(install: &Install) -> Check {
    // Nobody is asked once the vendor knows this install: a broken Keycloak is no fault of it then.
    match install.services.store.identity().await {
        Ok(identity) if identity.customer_id.is_some() => registered_administrator(install).await,
        _ => look_administrator_up(install).await,
    }
}

async fn registered_administrator(install: &Install) -> Check {
    let found = match install.services.admin_email.latest().await {
        Ok(Some(LookupRecord { result: LookupResult::Found(step), .. })) => {
            format!(". When it was last looked up, step {} answered. {}", step.number(), step.sentence())
        }
        _ => ", so the administrator's address is not looked up any more".to_owned(),
    };
    check("administrator", Verdict::Ok, format!("the vendor knows this install{found}"))
}

async fn look_administrator_up(install: &Install) -> Check {
    let admin_email = &install.services.admin_email;
    match admin_email.find_by_hand().await {
        Ok(AdministratorAddress::Found { email, step }) => {
            let address = masked_email(email.expose_secret());
            check("administrator", Verdict::Ok, format!("{address} (step {}). {}", step.number(), step.sentence()))
        }
        Ok(AdministratorAddress::Nobody) => check(
            "administrator",
            Verdict::Warning,
            format!(
                "no administrator's e-mail address is known, so this install cannot be registered; {}",
                admin_email.nobody_remedy()
            ),
        ),
        Err(error) => {
            let remedy = error.remedy().to_owned();
            check("administrator", Verdict::Failed, format!("{:#}; {remedy}", anyhow::Error::from(error)))
        }
    }
}

async fn collectors(install: &Install) -> Check {
    match install.services.collection.dry_run(install.services.clock.now(), None).await {
        Ok(CollectionOutcome::Completed { metrics_collected, collectors_run, .. }) => {
            let lacking = collectors_run.iter().filter(|(_, result)| !result.is_number());
            let lacking = lacking
                .map(|(name, result)| format!("{name}: {}", result.as_str().unwrap_or_default()))
                .collect::<Vec<_>>();
            let verdict = if lacking.is_empty() { Verdict::Ok } else { Verdict::Warning };
            check(
                "collectors",
                verdict,
                format!("{metrics_collected} metrics can be collected. {}", lacking.join("; ")).trim_end().to_owned(),
            )
        }
        Ok(CollectionOutcome::NothingCollected { .. } | CollectionOutcome::Skipped { .. }) => {
            check("collectors", Verdict::Warning, "nothing was collected")
        }
        Err(error) => failed("collectors", error),
    }
}
