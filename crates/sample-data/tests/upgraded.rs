//! What an install holds that began on generation settings and was upgraded.

mod install;

use chrono::TimeDelta;
use install::{Install, until};
use sample_data::{History, Plan, Tables};

async fn upgraded(tables: Tables) -> Install {
    let plan = Plan::half_a_year(until(), 400, 6000);
    Install::of(&Plan { tables, history: History::Upgraded, ..plan }).await
}

#[tokio::test]
async fn rows_of_both_generations_stand_beside_each_other() {
    let upgrade = (until() - TimeDelta::days(91)).naive_utc();
    for tables in [Tables::Orgs154, Tables::Orgs] {
        let install = upgraded(tables).await;
        let account = "\"user\" where lower(keycloak_user_id) = \"user\".id::text";
        for odd in [
            format!("user_settings where already_migrated and exists (select from {account})"),
            format!("user_settings where not already_migrated and keycloak_user_id <> '' and not exists (select from {account})"),
            "user_settings join \"user\" on keycloak_user_id = upper(\"user\".id::text) and keycloak_user_id <> \"user\".id::text".to_owned(),
            "user_settings where keycloak_user_id is null".to_owned(),
            "user_settings where keycloak_user_id = ''".to_owned(),
            "(select from user_settings where keycloak_user_id <> '' group by keycloak_user_id having count(*) > 1) as twice"
                .to_owned(),
            "\"user\" where first_login_at is null and accepted_tos is not null and onboarding_completed is null".to_owned(),
            "conversation_metadata where conversation_version = 'V0' and user_id <> '' and conversation_id in
                (select conversation_id from conversation_metadata_saas)"
                .to_owned(),
            "conversation_metadata where conversation_version = 'V0' and user_id <> '' and conversation_id not in
                (select conversation_id from conversation_metadata_saas)"
                .to_owned(),
            "conversation_metadata where conversation_version = 'V1' and user_id is null".to_owned(),
            "conversation_metadata_saas where conversation_id not in (select conversation_id from conversation_metadata)"
                .to_owned(),
            "conversation_feedback".to_owned(),
            "conversation_callbacks".to_owned(),
            "openhands_prs".to_owned(),
        ] {
            assert!(install.count(&odd).await > 0, "{tables:?}: {odd}");
        }
        for never in [
            format!("user_settings where not already_migrated and exists (select from {account})"),
            format!("user_settings where already_migrated and not exists (select from {account})"),
            format!(
                "user_settings where accepted_tos >= '{upgrade}' and not already_migrated and keycloak_user_id <> ''
                      and accepted_tos < '{}'",
                until().naive_utc()
            ),
            format!("conversation_work where created_at::timestamp >= '{upgrade}'"),
            format!("conversation_callbacks where created_at >= '{upgrade}'"),
            format!("openhands_prs where closed_at >= '{upgrade}'"),
            format!("conversation_cost_events where occurred_at < '{upgrade}Z'"),
            format!(
                "conversation_metadata where created_at < '{upgrade}' and (agent_kind is not null or execution_status is not null)"
            ),
            format!(
                "conversation_metadata where created_at >= '{upgrade}' and user_id is not null and conversation_version = 'V0'"
            ),
            format!("\"user\" where last_login_at < '{upgrade}'"),
        ] {
            assert_eq!(install.count(&never).await, 0, "{tables:?}: {never}");
        }
    }
}
