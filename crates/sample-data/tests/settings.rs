//! What the generator leaves in the tables of November 2025.

mod install;

use chrono::TimeDelta;
use install::{Install, until};
use sample_data::{Plan, Tables};

fn plan() -> Plan {
    Plan { tables: Tables::Settings, ..Plan::half_a_year(until(), 400, 6000) }
}

#[tokio::test]
async fn costs_have_a_long_tail_and_few_users_do_most() {
    let install = Install::of(&plan()).await;
    let (median, top): (f64, f64) = sqlx::query_as(
        "select percentile_cont(0.5) within group (order by accumulated_cost), percentile_cont(0.99) within group (order by accumulated_cost)
           from conversation_metadata where accumulated_cost > 0",
    )
    .fetch_one(install.pool())
    .await
    .unwrap();
    assert!((0.2..0.6).contains(&median) && top > 10.0 * median, "{median} {top}");
    let busiest_tenth: i64 = sqlx::query_scalar(
        "select sum(conversations)::bigint from (select count(*) as conversations from conversation_metadata group by user_id order by 1 desc limit 40) as busiest",
    )
    .fetch_one(install.pool())
    .await
    .unwrap();
    assert!(busiest_tenth > 2000, "{busiest_tenth}");
}

#[tokio::test]
async fn both_kinds_of_conversation_are_as_ohe_writes_them() {
    let install = Install::of(&plan()).await;
    for never in [
        "conversation_metadata where conversation_version = 'V0' and (llm_model is not null or sandbox_id is not null or conversation_id like '%-%')",
        "conversation_metadata where conversation_version = 'V1' and (accumulated_cost > 0 or total_tokens > 0 or llm_model is null or conversation_id not like '%-%')",
        "conversation_work join conversation_metadata using (conversation_id) where conversation_version = 'V1'",
        "conversation_metadata where parent_conversation_id is not null and conversation_version = 'V0'",
        "conversation_metadata where last_updated_at < created_at",
        "app_conversation_start_task where status = 'READY' and updated_at < created_at",
    ] {
        assert_eq!(install.count(never).await, 0, "{never}");
    }
}

#[tokio::test]
async fn the_oddities_of_real_rows_are_there() {
    let install = Install::of(&plan()).await;
    let now = until().naive_utc();
    for odd in [
        "(select keycloak_user_id from user_settings where keycloak_user_id <> '' group by 1 having count(*) > 1) as twice",
        "user_settings where keycloak_user_id is null",
        "user_settings where keycloak_user_id = ''",
        "user_settings where accepted_tos is null",
        "user_settings where email = ''",
        &format!("user_settings where accepted_tos > '{now}'"),
        "auth_tokens where identity_provider not in ('github', 'gitlab', 'bitbucket', 'enterprise_sso')",
        "api_keys where name = 'MCP_API_KEY'",
        "api_keys where name is null",
        "api_keys where last_used_at is null",
        &format!("conversation_metadata where created_at > '{now}'"),
        "conversation_metadata where user_id = ''",
        "conversation_metadata where user_id is null and github_user_id is not null",
        "conversation_metadata where trigger = 'azure_devops'",
        "conversation_metadata where trigger is null and conversation_version = 'V0'",
        "conversation_metadata where git_provider = 'forgejo'",
        "conversation_metadata where git_provider is null and selected_repository is not null",
        "conversation_metadata where conversation_version not in ('V0', 'V1')",
        "conversation_metadata where pr_number is null",
        "conversation_metadata where pr_number::text = 'null'",
        "conversation_metadata where pr_number::text = '[]'",
        "conversation_metadata where pr_number::text like '[%,%]'",
        "conversation_metadata where accumulated_cost is null",
        "conversation_metadata where parent_conversation_id is not null",
        "conversation_feedback where rating not between 1 and 5",
        "conversation_feedback where conversation_id not in (select conversation_id from conversation_metadata)",
        "conversation_work where conversation_id not in (select conversation_id from conversation_metadata)",
        "conversation_callbacks where status = 'ERROR'",
        "app_conversation_start_task where status not in ('READY', 'ERROR')",
        "app_conversation_start_task where status = 'READY' and updated_at is null",
        "maintenance_tasks where status = 'WORKING'",
        "openhands_prs where openhands_helped_author is null",
    ] {
        assert!(install.count(odd).await > 0, "{odd}");
    }
}

#[tokio::test]
async fn everything_but_the_odd_rows_lies_in_the_days_of_the_plan() {
    let install = Install::of(&plan()).await;
    let (start, end) = ((until() - TimeDelta::days(182)).naive_utc(), until().naive_utc());
    let outside = format!("not between '{start}' and '{end}'");
    assert_eq!(
        install.count(&format!("conversation_metadata where created_at {outside} or last_updated_at {outside}")).await,
        1
    );
    assert_eq!(install.count(&format!("user_settings where accepted_tos {outside}")).await, 1);
    let at_the_end = format!("conversation_metadata where created_at = '{end}'");
    assert!(install.count(&at_the_end).await <= 1);
}

#[tokio::test]
async fn only_the_user_with_the_earliest_terms_of_service_has_an_address_and_only_if_asked_for() {
    let with = Install::of(&plan()).await;
    let without = Install::of(&Plan { admin_email: false, ..plan() }).await;
    let first = "(select email from user_settings where accepted_tos is not null order by accepted_tos, id limit 1) as first where email = 'admin@acme.example'";
    assert_eq!(with.count(first).await, 1);
    assert_eq!(with.count("user_settings where email <> ''").await, 1);
    assert_eq!(without.count("user_settings where email <> ''").await, 0);
}
