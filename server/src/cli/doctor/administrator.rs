//! Under whose name is this install, or will it be, registered?

use domain::masked_email::masked_email;
use secrecy::ExposeSecret as _;
use store::{LookupRecord, LookupResult};

use super::{Check, Verdict};
use crate::install::Install;
use crate::services::AdministratorAddress;

const NAME: &str = "administrator";

pub(super) async fn check(install: &Install) -> Check {
    // Nobody is asked once the vendor knows this install: a broken Keycloak is no fault of it then.
    match install.services.store.identity().await {
        Ok(identity) if identity.customer_id.is_some() => registered(install).await,
        _ => look_up(install).await,
    }
}

async fn registered(install: &Install) -> Check {
    let found = match install.services.admin_email.latest().await {
        Ok(Some(LookupRecord { result: LookupResult::Found(step), .. })) => {
            format!(". When it was last looked up, step {} answered. {}", step.number(), step.sentence())
        }
        _ => ", so the administrator's address is not looked up any more".to_owned(),
    };
    super::check(NAME, Verdict::Ok, format!("the vendor knows this install{found}"))
}

async fn look_up(install: &Install) -> Check {
    let admin_email = &install.services.admin_email;
    match admin_email.find_by_hand().await {
        Ok(AdministratorAddress::Found { email, step }) => {
            let address = masked_email(email.expose_secret());
            let detail = format!("{address} (step {}). {}", step.number(), step.sentence());
            super::check(NAME, Verdict::Ok, detail)
        }
        Ok(AdministratorAddress::Nobody) => super::check(
            NAME,
            Verdict::Warning,
            format!(
                "no administrator's e-mail address is known, so this install cannot be registered; {}",
                admin_email.nobody_remedy()
            ),
        ),
        Err(error) => {
            let remedy = error.remedy().to_owned();
            super::check(NAME, Verdict::Failed, format!("{:#}; {remedy}", anyhow::Error::from(error)))
        }
    }
}
