//! Is this OpenHands Enterprise (OHE), and what does its database answer?

use std::collections::BTreeMap;

use collectors::{Collection, NOT_READABLE};
use domain::collector::{CollectorRun, CollectorStatus, MissingMetrics};
use domain::ohe::OheDatabase;

use super::{Check, Verdict, check, failed};
use crate::cli::output::count;
use crate::config::Config;
use crate::install::Install;

pub(super) fn is_ohe(config: &Config) -> Check {
    if config.ohe.is_ohe {
        return check(
            "openhands_enterprise",
            Verdict::Ok,
            "OHE's own variables say that this is OpenHands Enterprise: the license rule applies",
        );
    }
    let detail = "this is not taken for OpenHands Enterprise, so users are never warned; pass OHE's own variables on to \
                  this program: OH_DEPLOYMENT_MODE (self_hosted) and OH_APP_MODE (saas); or, where OH_DEPLOYMENT_MODE is \
                  not cloud, KEYCLOAK_SERVER_URL and KEYCLOAK_REALM_NAME with one of GITHUB_APP_CLIENT_ID, \
                  GITLAB_APP_CLIENT_ID, BITBUCKET_APP_CLIENT_ID, BITBUCKET_DATA_CENTER_CLIENT_ID, \
                  AZURE_DEVOPS_CLIENT_ID, ENABLE_ENTERPRISE_SSO (true) or OH_WEB_CLIENT_PROVIDERS_CONFIGURED";
    check("openhands_enterprise", Verdict::Warning, detail)
}

/// What OHE's database answers, and whether the collectors work on it: a collection that is not stored.
pub(super) async fn database(install: &Install) -> [Check; 2] {
    match install.services.collection.collect(install.services.clock.now(), None).await {
        Ok(Collection { database, metrics, runs }) => {
            [schema_check(&database, &by_reason(&runs)), collectors_check(metrics.len(), &runs)]
        }
        Err(error) => {
            let unknown = check("ohe-schema", Verdict::Failed, "what OHE's database answers is not known without it");
            [unknown, failed("collectors", error)]
        }
    }
}

/// What is missing of all collectors, a line for each reason.
fn by_reason(runs: &[CollectorRun]) -> Vec<MissingMetrics> {
    let mut by_reason = BTreeMap::<&str, MissingMetrics>::new();
    for missing in runs.iter().flat_map(|run| &run.missing) {
        let all = by_reason.entry(&missing.reason).or_insert_with(|| MissingMetrics {
            reason: missing.reason.clone(),
            keys: Vec::new(),
            columns: Vec::new(),
        });
        all.keys.extend(missing.keys.iter().cloned());
        all.columns.extend(missing.columns.iter().cloned());
        all.columns.sort_unstable();
        all.columns.dedup();
    }
    by_reason.into_values().collect()
}

/// A line for the database, and one for each reason why metrics are missing. What this release of OHE does not record is
/// no fault; a column that may not be read is one, and so is a database that answers nothing.
fn schema_check(database: &OheDatabase, missing: &[MissingMetrics]) -> Check {
    let reasons = missing.iter().map(|missing| {
        let columns = match missing.columns.as_slice() {
            // What a release does not have is many tables; what may not be read is to be mended.
            columns if missing.reason == NOT_READABLE => format!(" ({})", columns.join(", ")),
            _ => String::new(),
        };
        format!("{}: {}{columns}", count(missing.keys.len(), "metric"), missing.reason)
    });
    let detail = [database.to_string()].into_iter().chain(reasons).collect::<Vec<_>>().join("\n");
    let is_forbidden = missing.iter().any(|missing| missing.reason == NOT_READABLE);
    let verdict = if is_forbidden || database.answerable == 0 { Verdict::Warning } else { Verdict::Ok };
    check("ohe-schema", verdict, detail)
}

/// Whether the collectors work on what is there.
fn collectors_check(metrics: usize, runs: &[CollectorRun]) -> Check {
    let is_fault = |run: &&CollectorRun| !matches!(run.status, CollectorStatus::Ok | CollectorStatus::NotAvailable);
    let faults: Vec<_> = runs.iter().filter(is_fault).map(|run| format!("{}: {}", run.collector, run.status)).collect();
    let verdict = if faults.is_empty() && metrics > 0 { Verdict::Ok } else { Verdict::Warning };
    let sum = format!("{} can be collected", count(metrics, "metric"));
    check("collectors", verdict, [sum].into_iter().chain(faults).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::ohe::Generation;

    use super::*;

    fn missing(reason: &str, keys: &[&str], columns: &[&str]) -> MissingMetrics {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        MissingMetrics { reason: reason.to_owned(), keys: owned(keys), columns: owned(columns) }
    }

    #[test]
    fn only_what_can_be_mended_is_a_warning() {
        let orgs = |answerable| OheDatabase {
            generation: Generation::Orgs,
            revision: Some("173".to_owned()),
            answerable,
            known: 115,
        };
        let not_recorded = missing("This release of OHE does not record this.", &["a"], &["x.a"]);
        let forbidden = missing(NOT_READABLE, &["b", "c"], &["y.b"]);
        for (database, missing, verdict, detail) in [
            (orgs(115), vec![], Verdict::Ok, "generation orgs, revision 173, answers 115 of 115 metrics"),
            (
                orgs(114),
                vec![not_recorded.clone()],
                Verdict::Ok,
                "generation orgs, revision 173, answers 114 of 115 metrics\n\
                 1 metric: This release of OHE does not record this.",
            ),
            (
                orgs(112),
                vec![forbidden, not_recorded],
                Verdict::Warning,
                "generation orgs, revision 173, answers 112 of 115 metrics\n\
                 2 metrics: The service may not read this; run grants.sql again. (y.b)\n\
                 1 metric: This release of OHE does not record this.",
            ),
            (orgs(0), vec![], Verdict::Warning, "generation orgs, revision 173, answers 0 of 115 metrics"),
        ] {
            let found = schema_check(&database, &missing);
            assert_eq!((found.verdict, found.detail.as_str()), (verdict, detail));
        }
    }

    #[test]
    fn reasons_of_several_collectors_are_told_once() {
        let run = |keys: &[&str], columns: &[&str]| CollectorRun {
            collector: "any".to_owned(),
            status: CollectorStatus::Ok,
            metric_count: 1,
            missing: vec![missing(NOT_READABLE, keys, columns)],
            duration: Duration::ZERO,
        };
        let told = by_reason(&[run(&["a", "b"], &["x.a"]), run(&["c"], &["w.c", "x.a"])]);
        assert_eq!(told, [missing(NOT_READABLE, &["a", "b", "c"], &["w.c", "x.a"])]);
    }

    #[test]
    fn a_collector_that_gave_a_part_is_no_fault_and_one_that_failed_is() {
        let run = |status| CollectorRun {
            collector: "spend_metrics".to_owned(),
            status,
            metric_count: 3,
            missing: vec![missing("It is not there.", &["a"], &[])],
            duration: Duration::ZERO,
        };
        let found = collectors_check(3, &[run(CollectorStatus::Ok)]);
        assert_eq!((found.verdict, found.detail.as_str()), (Verdict::Ok, "3 metrics can be collected"));
        let found = collectors_check(1, &[run(CollectorStatus::Error { message: "no".to_owned() })]);
        let detail = "1 metric can be collected\nspend_metrics: error: no";
        assert_eq!((found.verdict, found.detail.as_str()), (Verdict::Warning, detail));
    }
}
