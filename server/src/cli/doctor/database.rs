//! Is the database there, are our tables in it, and does its clock agree?

use super::{Check, Verdict, check, failed};
use crate::install::Install;

pub(super) async fn answers(install: &Install) -> Check {
    match install.services.store.ping().await {
        Ok(()) => check("database", Verdict::Ok, "the database answers"),
        Err(error) => failed("database", error),
    }
}

pub(super) async fn tables(install: &Install) -> Check {
    let store = &install.services.store;
    let found = match store.require_current().await {
        Ok(()) => store.require_rights().await,
        missing => missing,
    };
    match found {
        Ok(()) => check("tables", Verdict::Ok, "our tables are up to date, and this role may use them"),
        Err(error) => failed("tables", error),
    }
}

pub(super) async fn queue(install: &Install) -> Check {
    let found = match install.queue.require_current().await {
        Ok(()) => install.queue.require_rights().await,
        missing => missing,
    };
    match found {
        Ok(()) => check("job_queue", Verdict::Ok, "the job queue's tables are up to date, and this role may use them"),
        Err(error) => failed("job_queue", error),
    }
}

pub(super) async fn clocks(install: &Install) -> Check {
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
