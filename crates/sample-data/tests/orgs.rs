//! What the generator leaves in the tables of 2026: each of the traps in which a reader of such a database may fall.

mod install;

use install::{Install, until};
use sample_data::{Plan, Tables};

fn plan(tables: Tables) -> Plan {
    Plan { tables, ..Plan::half_a_year(until(), 400, 6000) }
}

/// `{now}` is the last instant.
const TRAPS: [&str; 60] = [
    "\"user\" where first_login_at is null and accepted_tos is null and not email_verified",
    "\"user\" where first_login_at is not null and accepted_tos is null",
    "\"user\" where first_login_at is null and accepted_tos is not null",
    "\"user\" where email is null",
    "\"user\" where email = ''",
    "\"user\" where email <> lower(email)",
    "\"user\" where accepted_tos > '{now}'",
    "\"user\" where user_consents_to_analytics is null",
    "\"user\" where current_org_id <> id",
    "\"user\" where current_org_id = id",
    "\"user\" join role on role.id = role_id where role.name = 'admin'",
    "org where is_default",
    "org where not is_default and id not in (select id from \"user\")",
    "org_member join role on role.id = role_id where role.name = 'admin'",
    "org_member join role on role.id = role_id where role.name = 'member'",
    "org_invitation where status = 'pending' and expires_at >= '{now}'",
    "org_invitation where status = 'pending' and expires_at < '{now}'",
    "org_invitation where status = 'accepted' and accepted_by_user_id is not null",
    "org_invitation where status = 'revoked'",
    "org_invitation where status = 'expired'",
    "org_budget_settings where enabled",
    "org_budget_settings where not enabled",
    "conversation_metadata where conversation_id not in (select conversation_id from conversation_metadata_saas)",
    "conversation_metadata where created_at > '{now}'",
    "conversation_metadata where trigger = 'automation' and tags::text like '%automationid%'",
    "conversation_metadata where trigger is null",
    "conversation_metadata where trigger = 'azure_devops'",
    "conversation_metadata where git_provider = 'bitbucket_data_center'",
    "conversation_metadata where git_provider = 'azure_devops'",
    "conversation_metadata where git_provider = 'forgejo'",
    "conversation_metadata where git_provider is null and selected_repository is not null",
    "conversation_metadata where pr_number::text = '[]'",
    "conversation_metadata where pr_number::text like '[%,%]'",
    "conversation_metadata where agent_kind = 'acp' and llm_model is null",
    "conversation_metadata where execution_status = 'running' and last_updated_at < created_at + interval '1 day'",
    "conversation_metadata where execution_status in ('error', 'stuck')",
    "conversation_metadata where parent_conversation_id is not null",
    "conversation_metadata where public",
    "conversation_cost_events where usage_id = 'acp-managed'",
    "conversation_cost_events where usage_id like 'profile:%'",
    "conversation_cost_events where usage_id = 'condenser'",
    "conversation_cost_events where llm_model is null",
    "app_conversation_start_task where status not in ('READY', 'ERROR')",
    "app_conversation_start_task where status = 'READY' and updated_at is null",
    "api_keys where name = 'MCP_API_KEY'",
    "api_keys where name is null",
    "api_keys where name = '__SYSTEM__:automation' and expires_at is null",
    "api_keys where name ~ '^Device Link Access Key \\([A-Z0-9]{4}-[A-Z0-9]{4}\\)$' and expires_at is not null",
    "device_codes where status = 'authorized' and authorized_at is not null and keycloak_user_id is not null",
    "device_codes where status = 'pending' and expires_at < '{now}Z'",
    "device_codes where status = 'denied'",
    "auth_tokens where identity_provider = 'bitbucket_data_center'",
    "auth_tokens where identity_provider = 'azure_devops'",
    "(select workspace, repo_slug from bitbucket_webhook group by 1, 2 having count(*) > 1) as twice",
    "bitbucket_webhook where repo_slug is null",
    "bitbucket_dc_webhook",
    "maintenance_tasks where status = 'WORKING'",
    "repos",
    "slack_users",
    "jira_users where status = 'inactive'",
];

#[tokio::test]
async fn the_traps_of_real_rows_are_there() {
    let now = until().naive_utc();
    for tables in [Tables::Orgs154, Tables::Orgs] {
        let install = Install::of(&plan(tables)).await;
        for odd in TRAPS {
            let odd = odd.replace("{now}", &now.to_string());
            assert!(install.count(&odd).await > 0, "{tables:?}: {odd}");
        }
    }
}

#[tokio::test]
async fn no_row_is_as_no_release_writes_it() {
    for tables in [Tables::Orgs154, Tables::Orgs] {
        let install = Install::of(&plan(tables)).await;
        for never in [
            "\"user\" where id not in (select id from org)",
            "\"user\" left join org_member on org_id = id and user_id = id left join role on role.id = org_member.role_id
              where role.name is distinct from 'owner'",
            "org join \"user\" using (id) where name <> 'user_' || id || '_org'",
            "\"user\" where user_consents_to_analytics is distinct from (case when accepted_tos is not null then true end)",
            "\"user\" where last_login_at < first_login_at or (last_login_at is null) <> (first_login_at is null)",
            "\"user\" where first_login_at is null and id in (select user_id from conversation_metadata_saas)",
            "conversation_metadata where user_id is not null or github_user_id is not null",
            "conversation_metadata where conversation_version <> 'V1' or total_tokens <> 0 or last_updated_at < created_at",
            "(select org_id from org_invitation where status = 'accepted' and not exists
                (select from org_member where org_member.org_id = org_invitation.org_id and user_id = accepted_by_user_id)) as strangers",
            "org_invitation where expires_at <> created_at + interval '7 days' or email <> lower(email)",
            "org_budget_settings where org_id in (select id from \"user\")",
            "api_keys where user_id not in (select id::text from \"user\")",
            "device_codes where authorized_at is not null and status <> 'authorized'",
            "conversation_cost_events where cost_delta < 0",
        ] {
            assert_eq!(install.count(never).await, 0, "{tables:?}: {never}");
        }
    }
}

#[tokio::test]
async fn the_ledger_adds_up_to_what_conversations_have_accumulated() {
    let install = Install::of(&plan(Tables::Orgs)).await;
    let (accumulated, ledger, prompt, prompt_ledger): (f64, f64, i64, i64) = sqlx::query_as(
        "select (select sum(accumulated_cost) from conversation_metadata), (select sum(cost_delta) from conversation_cost_events),
                (select sum(prompt_tokens)::int8 from conversation_metadata),
                (select sum(prompt_tokens)::int8 from conversation_cost_events)",
    )
    .fetch_one(install.pool())
    .await
    .unwrap();
    assert!(ledger > 1000.0 && (0.99..1.0).contains(&(ledger / accumulated)), "{ledger} {accumulated}");
    assert!((prompt - prompt_ledger).abs() < 20_000, "{prompt} {prompt_ledger}");
    let events = install.count("conversation_cost_events").await;
    assert!((8000..10_500).contains(&events), "{events} entries for 6000 conversations");
}

#[tokio::test]
async fn a_deletion_is_soft_today_and_left_an_orphan_before() {
    let (newest, release) = (Install::of(&plan(Tables::Orgs)).await, Install::of(&plan(Tables::Orgs154)).await);
    let deleted = newest.count("conversation_metadata where deleted_at is not null").await;
    assert!((150..200).contains(&deleted), "{deleted}");
    let orphans =
        "conversation_metadata_saas where conversation_id not in (select conversation_id from conversation_metadata)";
    assert_eq!((newest.count(orphans).await, release.count(orphans).await), (0, deleted));
    let their_costs =
        "conversation_cost_events join conversation_metadata using (conversation_id) where deleted_at is not null";
    assert!(newest.count(their_costs).await > 100);
    let shared = "custom_secrets where is_org_shared and org_id is not null";
    assert!(newest.count(shared).await > 0);
}

#[tokio::test]
async fn the_first_user_is_superadmin_and_nobody_has_an_address_if_that_one_has_none() {
    let with = Install::of(&plan(Tables::Orgs)).await;
    let without = Install::of(&Plan { admin_email: false, ..plan(Tables::Orgs) }).await;
    let superadmin = "(select * from \"user\" order by accepted_tos limit 1) as first
        join role on role.id = role_id and role.name = 'admin' where email = 'admin@acme.example'";
    assert_eq!(with.count(superadmin).await, 1);
    assert_eq!(with.count("\"user\" where role_id is not null").await, 1);
    assert!(with.count("\"user\" where email <> ''").await > 350);
    assert_eq!(without.count("\"user\" where email <> ''").await, 0);
}
