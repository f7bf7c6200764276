//! What is different on generation orgs: who users and owners are, what is silent, and the metrics that are new.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::Value;

use super::{Install, Row, Rows, of_settings, size, user};

type Metrics = BTreeMap<&'static str, Option<f64>>;

/// Users and conversations.
pub(super) fn building_blocks(install: &Install) -> (Rows, Rows) {
    let accounts = install.rows("user");
    let ids = accounts.distinct("id");
    let is_left_behind =
        |row: &&Row| row.text("keycloak_user_id").is_some_and(|id| !id.is_empty() && !ids.contains(&id.to_lowercase()));
    let left_behind = install.rows("user_settings").0.iter().filter(is_left_behind).map(of_settings);
    let users = accounts.0.iter().map(|row| user(row, row.text("id"))).chain(left_behind).collect();
    let made_for: BTreeMap<_, _> = install
        .rows("conversation_metadata_saas")
        .0
        .iter()
        .map(|row| (row.text("conversation_id").unwrap(), row.text("user_id").unwrap()))
        .collect();
    let owned = |row: &Row| {
        let by_column = || row.text("user_id").filter(|id| !id.is_empty());
        let owner = made_for.get(row.text("conversation_id").unwrap()).copied().or_else(by_column);
        row.with("owner", owner.into())
    };
    let is_there = |row: &&Row| row.0.get("deleted_at").is_none_or(Value::is_null);
    let conversations = install.rows("conversation_metadata").0.iter().filter(is_there).map(owned).collect();
    (Rows(users), Rows(conversations))
}

/// What `metrics` of both generations are on this one, and those that are new.
pub(super) fn change(metrics: &mut Metrics, install: &Install) {
    let accepted = |table: &str| install.rows(table).0.iter().filter_map(|row| row.time("accepted_tos")).min();
    let earliest = [accepted("user"), accepted("user_settings")].into_iter().flatten().min();
    let age = earliest.map_or(0, |earliest| (install.now - earliest).num_days().max(0));
    metrics.insert("install_age_days", Some(f64::from(i32::try_from(age).unwrap())));
    keys(metrics, install);
    silence(metrics, install);
    let secrets = install.rows("custom_secrets").only(|row| row.0.get("is_org_shared") != Some(&Value::Bool(true)));
    metrics.insert("users_with_custom_secrets", Some(size(&secrets.users("keycloak_user_id"))));
    for (key, value) in people(install).into_iter().chain(money(install)).chain(integrations(install)) {
        metrics.insert(key, Some(value));
    }
    let deleted = install.rows("conversation_metadata");
    let knows_deletion = deleted.0.first().is_none_or(|row| row.0.get("deleted_at").is_some());
    let deleted = knows_deletion.then(|| install.within(deleted, "deleted_at", 30).count());
    metrics.insert("conversations_deleted_30d", deleted);
}

fn keys(metrics: &mut Metrics, install: &Install) {
    let keys = install.rows("api_keys");
    let name = |row: &Row| row.text("name").unwrap_or_default().to_owned();
    let by_people = keys.only(|row| name(row) != "MCP_API_KEY" && !name(row).starts_with("__SYSTEM__:"));
    let by_users = by_people.only(|row| !name(row).starts_with("Device Link Access Key ("));
    metrics.insert("api_keys_total", Some(by_users.count()));
    metrics.insert("api_key_users_30d", Some(size(&install.within(&by_people, "last_used_at", 30).users("user_id"))));
    let automations = keys.only(|row| name(row) == "__SYSTEM__:automation");
    metrics.insert("automation_users", Some(size(&install.within(&automations, "last_used_at", 30).users("user_id"))));
}

fn silence(metrics: &mut Metrics, install: &Install) {
    let mut silent: Vec<&str> = Vec::new();
    let recent = install.within(&install.conversations, "created_at", 30).distinct("conversation_id");
    if !install.rows("conversation_work").0.iter().any(|row| recent.contains(row.text("conversation_id").unwrap())) {
        silent.push("agent_work_");
    }
    for (table, prefix) in [("conversation_callbacks", "callbacks_"), ("conversation_feedback", "feedback_")] {
        if install.within(install.rows(table), "created_at", 30).0.is_empty() {
            silent.push(prefix);
        }
    }
    if install.rows("openhands_prs").0.is_empty() {
        silent.push("prs_");
    }
    let oldest = |rows: &Rows| rows.0.iter().filter_map(|row| row.time("created_at")).min();
    let starts_are_young = oldest(install.rows("app_conversation_start_task"))
        .is_none_or(|oldest| oldest > install.now - TimeDelta::days(2));
    if starts_are_young
        && oldest(&install.conversations).is_some_and(|oldest| oldest < install.now - TimeDelta::days(7))
    {
        silent.push("v1_start");
    }
    if metrics["users_linked_enterprise_sso"] == Some(0.0) {
        silent.push("users_linked_enterprise_sso");
    }
    for (key, value) in metrics.iter_mut() {
        if silent.iter().any(|prefix| key.starts_with(prefix)) {
            *value = None;
        }
    }
}

fn people(install: &Install) -> Vec<(&'static str, f64)> {
    let accounts = install.rows("user");
    let logged_in = |days| install.within(accounts, "last_login_at", days).count();
    let never = |row: &Row| row.get("first_login_at").is_none() && row.get("accepted_tos").is_none();
    let ids = accounts.distinct("id");
    let teams = install.rows("org").only(|row| !ids.contains(row.text("id").unwrap())).distinct("id");
    let in_team = |row: &Row| teams.contains(row.text("org_id").unwrap());
    let members = install.rows("org_member").only(|row| in_team(row) && !row.is("status", "inactive"));
    let role = |names: &[&str]| -> BTreeSet<u64> {
        let rows = install.rows("role").only(|row| names.contains(&row.text("name").unwrap()));
        rows.0.iter().filter_map(|row| row.get("id")?.as_u64()).collect()
    };
    let has = |row: &Row, roles: &BTreeSet<u64>| {
        row.get("role_id").and_then(Value::as_u64).is_some_and(|id| roles.contains(&id))
    };
    let (leading, admin) = (role(&["owner", "admin"]), role(&["admin"]));
    let is_open = |row: &Row| row.is("status", "pending") && row.time("expires_at").is_some_and(|t| t >= install.now);
    vec![
        ("users_logged_in_7d", logged_in(7)),
        ("users_logged_in_30d", logged_in(30)),
        ("users_never_logged_in", accounts.count_where(never)),
        ("superadmins", accounts.count_where(|row| has(row, &admin))),
        ("team_orgs", size(&teams)),
        ("team_org_members", size(&members.users("user_id"))),
        ("team_org_admins", size(&members.only(|row| has(row, &leading)).users("user_id"))),
        ("invitations_open", install.rows("org_invitation").count_where(is_open)),
        (
            "team_orgs_with_budget",
            install.rows("org_budget_settings").count_where(|row| in_team(row) && row.flag("enabled")),
        ),
    ]
}

fn money(install: &Install) -> Vec<(&'static str, f64)> {
    let events = install.within(install.rows("conversation_cost_events"), "occurred_at", 30);
    let conversations = install.within(&install.conversations, "created_at", 30);
    let mut by_model = BTreeMap::<Option<&str>, f64>::new();
    for row in &events.0 {
        *by_model.entry(row.text("llm_model")).or_default() += row.number("cost_delta").unwrap_or_default();
    }
    let (all, largest) = (events.sum("cost_delta"), by_model.into_values().fold(f64::NEG_INFINITY, f64::max));
    vec![
        ("llm_spend_usd_7d", install.within(&events, "occurred_at", 7).sum("cost_delta")),
        ("llm_spend_usd_30d", all),
        ("llm_spend_top_model_share_30d", if all == 0.0 { 0.0 } else { largest / all }),
        ("llm_spend_usd_non_agent_30d", events.only(|row| !row.is("usage_id", "agent")).sum("cost_delta")),
        ("cache_read_tokens_30d", conversations.sum("cache_read_tokens")),
    ]
}

fn integrations(install: &Install) -> Vec<(&'static str, f64)> {
    let conversations = install.within(&install.conversations, "created_at", 30);
    let by = |column, value| conversations.count_where(|row| row.is(column, value));
    let linked = |provider| {
        size(&install.rows("auth_tokens").only(|row| row.is("identity_provider", provider)).users("keycloak_user_id"))
    };
    let hooked = |table: &str, of: &str| -> BTreeSet<(String, Option<String>)> {
        let repository = |row: &Row| (row.text(of).unwrap().to_owned(), row.text("repo_slug").map(str::to_owned));
        install.rows(table).0.iter().map(repository).collect()
    };
    vec![
        ("conversations_acp_30d", by("agent_kind", "acp")),
        ("conversations_failed_30d", by("execution_status", "error") + by("execution_status", "stuck")),
        ("conversations_trigger_automation_30d", by("trigger", "automation")),
        ("conversations_bitbucket_data_center_30d", by("git_provider", "bitbucket_data_center")),
        ("conversations_azure_devops_30d", by("git_provider", "azure_devops")),
        ("users_linked_bitbucket_data_center", linked("bitbucket_data_center")),
        ("users_linked_azure_devops", linked("azure_devops")),
        (
            "bitbucket_repos_with_webhook",
            size(&hooked("bitbucket_webhook", "workspace")) + size(&hooked("bitbucket_dc_webhook", "project_key")),
        ),
        ("device_logins_30d", install.within(install.rows("device_codes"), "authorized_at", 30).count()),
    ]
}
