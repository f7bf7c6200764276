//! What the generator promises for every plan.

mod install;

use chrono::TimeDelta;
use install::{Install, until};
use sample_data::{History, Plan, Tables, generate};

const ALL: [(Tables, History); 4] = [
    (Tables::Settings, History::Fresh),
    (Tables::Orgs154, History::Fresh),
    (Tables::Orgs, History::Fresh),
    (Tables::Orgs, History::Upgraded),
];

fn plan(tables: Tables, history: History) -> Plan {
    Plan { tables, history, ..Plan::half_a_year(until(), 400, 6000) }
}

/// Tables that nothing writes on an install of 2026 that was never upgraded.
const SILENT: [&str; 5] =
    ["user_settings", "conversation_work", "conversation_callbacks", "conversation_feedback", "openhands_prs"];
/// Tables of 2026 that no metric is made from.
const UNUSED: [&str; 11] = [
    "daily_conversation_usage",
    "event_callback",
    "feature_flags",
    "offline_tokens",
    "org_budget_threshold",
    "org_git_claim",
    "org_user_budget_override",
    "pending_messages",
    "quota_increase_request",
    "user_authorizations",
    "v1_remote_sandbox",
];

#[tokio::test]
async fn the_same_plan_makes_the_same_rows_in_every_table() {
    for (tables, history) in ALL {
        let plan = plan(tables, history);
        let (first, second) = (Install::of(&plan).await, Install::of(&plan).await);
        assert_eq!(first.summary, second.summary);
        let sums = first.checksums().await;
        assert_eq!(sums, second.checksums().await);
        let empty: Vec<_> = sums.iter().filter(|(_, sum)| sum.is_none()).map(|(table, _)| table.as_str()).collect();
        let mut expected = if tables == Tables::Settings { vec![] } else { UNUSED.to_vec() };
        expected.retain(|table| tables == Tables::Orgs || *table != "feature_flags");
        if tables != Tables::Settings && history == History::Fresh {
            expected.extend(SILENT);
        }
        expected.sort_unstable();
        assert_eq!(empty, expected, "{tables:?} {history:?}");
    }
}

#[tokio::test]
async fn another_seed_makes_other_rows() {
    for tables in [Tables::Settings, Tables::Orgs] {
        let plan = plan(tables, History::Fresh);
        let first = Install::of(&plan).await.checksums().await;
        let second = Install::of(&Plan { seed: 2, ..plan }).await.checksums().await;
        let equal: Vec<_> = first.iter().filter(|sum| sum.1.is_some() && second.contains(sum)).collect();
        let equal: Vec<_> = equal.into_iter().map(|(table, _)| table.as_str()).collect();
        // The few housekeeping tasks hardly differ.
        let same = ["alembic_version", "maintenance_tasks", "role"];
        assert!(equal.iter().all(|table| same.contains(table)), "{equal:?}");
    }
}

#[tokio::test]
async fn more_conversations_leave_the_users_as_they_were() {
    let plan = Plan::half_a_year(until(), 400, 3000);
    let (first, second) = (Install::of(&plan).await, Install::of(&Plan { conversations: 4000, ..plan.clone() }).await);
    let (first, second) = (first.checksums().await, second.checksums().await);
    for table in ["org", "org_member", "org_invitation", "api_keys", "auth_tokens", "device_codes"] {
        let sum = first.iter().find(|(name, _)| name == table).unwrap();
        assert!(second.contains(sum), "{table}");
    }
}

#[tokio::test]
async fn the_summary_counts_the_rows_that_are_there() {
    for (tables, history) in ALL {
        let install = Install::of(&plan(tables, history)).await;
        for (table, rows) in &install.summary.tables {
            assert_eq!(install.count(&format!("\"{table}\"")).await, i64::try_from(*rows).unwrap(), "{table}");
        }
        let people = match tables {
            Tables::Settings => "select keycloak_user_id from user_settings where keycloak_user_id <> ''",
            Tables::Orgs154 | Tables::Orgs => {
                "select id::text from \"user\" union select lower(keycloak_user_id) from user_settings where keycloak_user_id <> ''"
            }
        };
        assert_eq!(install.count(&format!("(select distinct * from ({people}) as people) as ids")).await, 400);
        let living = if tables == Tables::Orgs { "where deleted_at is null" } else { "" };
        assert_eq!(install.count(&format!("conversation_metadata {living}")).await, 6000, "{tables:?} {history:?}");
    }
}

#[tokio::test]
async fn every_reference_leads_to_a_row() {
    for (tables, history) in ALL {
        let install = Install::of(&plan(tables, history)).await;
        let references: Vec<(String, String, String, String)> = sqlx::query_as(
            "select conrelid::regclass::text, child.attname::text, confrelid::regclass::text, parent.attname::text
               from pg_constraint
               join pg_attribute as child on child.attrelid = conrelid and child.attnum = conkey[1]
               join pg_attribute as parent on parent.attrelid = confrelid and parent.attnum = confkey[1]
              where contype = 'f' and cardinality(conkey) = 1",
        )
        .fetch_all(install.pool())
        .await
        .unwrap();
        assert!(!references.is_empty());
        for (table, column, of, key) in references {
            let lost = format!(
                "{table} as child where {column} is not null
                 and not exists (select from {of} as parent where parent.{key} = child.{column})"
            );
            assert_eq!(install.count(&lost).await, 0, "{tables:?} {history:?}: {lost}");
        }
    }
}

#[tokio::test]
async fn the_install_grows_and_rests_at_weekends_and_at_night() {
    for tables in [Tables::Settings, Tables::Orgs] {
        let install = Install::of(&plan(tables, History::Fresh)).await;
        let month = |days: i64| {
            format!(
                "conversation_metadata where created_at between '{0}'::timestamp and '{0}'::timestamp + interval '30 days'",
                (until() - TimeDelta::days(days)).naive_utc()
            )
        };
        assert!(install.count(&month(30)).await > 2 * install.count(&month(182)).await);
        let on = |field: &str, value: &str| {
            format!("conversation_metadata where extract({field} from created_at) in ({value})")
        };
        assert!(install.count(&on("isodow", "6, 7")).await * 4 < install.count(&on("isodow", "2, 3")).await);
        assert!(install.count(&on("hour", "2, 3, 4")).await * 5 < install.count(&on("hour", "14, 15, 16")).await);
    }
}

#[tokio::test]
async fn nobody_and_nothing_can_be_asked_for() {
    for (tables, history) in ALL {
        let plan = |users, conversations| Plan { users, conversations, ..plan(tables, history) };
        assert_eq!(Install::of(&plan(0, 0)).await.summary.rows(), 0);
        let conversations_alone = Install::of(&plan(0, 50)).await;
        let living = if tables == Tables::Orgs { "where deleted_at is null" } else { "" };
        assert_eq!(conversations_alone.count(&format!("conversation_metadata {living}")).await, 50);
        let one = Install::of(&plan(1, 1)).await;
        let users = if tables == Tables::Settings { "user_settings" } else { "user" };
        assert_eq!(one.summary.tables[users], 1);
    }
}

#[tokio::test]
async fn a_failed_run_leaves_no_row() {
    for tables in [Tables::Settings, Tables::Orgs] {
        let install = Install::of(&plan(tables, History::Fresh)).await;
        let before = install.checksums().await;
        generate(install.pool(), &plan(tables, History::Fresh)).await.unwrap_err();
        assert_eq!(install.checksums().await, before);
    }
}
