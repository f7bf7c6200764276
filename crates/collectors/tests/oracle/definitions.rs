//! The definitions, collector by collector.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::Value;

use super::{Install, Row, Rows, mean, size};

type Metrics = BTreeMap<&'static str, f64>;

pub(super) fn all(install: &Install) -> Metrics {
    [system_metrics, user_activity, conversation_metrics, integration_usage, performance_metrics]
        .into_iter()
        .flat_map(|collector| collector(install))
        .collect()
}

fn system_metrics(install: &Install) -> Metrics {
    let (users, conversations) = (&install.users, &install.conversations);
    let (tasks, repos) = (install.rows("maintenance_tasks"), install.rows("repos"));
    let has_email = |row: &Row| row.text("email").is_some_and(|email| !email.is_empty());
    let domains: BTreeSet<_> = users
        .distinct("email")
        .iter()
        .filter_map(|email| email.rsplit_once('@'))
        .filter(|(name, domain)| !name.is_empty() && !domain.is_empty())
        .map(|(_, domain)| domain.to_lowercase())
        .collect();
    let earliest = install.rows("user_settings").0.iter().filter_map(|row| row.time("accepted_tos")).min();
    let age = earliest.map_or(0, |earliest| (install.now - earliest).num_days().max(0));
    let hour_ago = install.now - TimeDelta::hours(1);
    Metrics::from([
        ("total_users", size(&users.users("id"))),
        ("user_settings_rows", install.rows("user_settings").count()),
        ("users_tos_accepted", size(&users.only(|row| row.get("accepted_tos").is_some()).users("id"))),
        ("users_with_email", size(&users.only(has_email).users("id"))),
        ("email_domains", size(&domains)),
        ("install_age_days", f64::from(i32::try_from(age).unwrap())),
        ("total_conversations", conversations.count()),
        ("total_conversations_v1", conversations.count_where(|row| row.is("conversation_version", "V1"))),
        ("conversations_in_future", conversations.count_where(|row| row.time("created_at") > Some(install.now))),
        ("conversations_30d", install.within(conversations, "created_at", 30).count()),
        ("maintenance_tasks_pending", tasks.count_where(|row| row.is("status", "PENDING"))),
        ("maintenance_tasks_error", tasks.count_where(|row| row.is("status", "ERROR"))),
        (
            "maintenance_tasks_stale",
            tasks
                .count_where(|row| row.is("status", "WORKING") && row.time("started_at").is_some_and(|t| t < hour_ago)),
        ),
        ("repos_known", repos.count()),
        ("repos_private", repos.count_where(|row| !row.flag("is_public"))),
    ])
}

fn user_activity(install: &Install) -> Metrics {
    let (users, conversations) = (&install.users, &install.conversations);
    let active = |days| size(&install.within(conversations, "last_updated_at", days).users("owner"));
    let recent = install.within(conversations, "created_at", 30);
    let (month, two_months) = (install.now - TimeDelta::days(30), install.now - TimeDelta::days(60));
    let before = conversations.only(|row| row.time("created_at").is_some_and(|t| t >= two_months && t < month));
    let mut counts = BTreeMap::<_, f64>::new();
    for row in &recent.0 {
        if let Some(user) = row.text("owner").filter(|user| !user.is_empty()) {
            *counts.entry(user).or_default() += 1.0;
        }
    }
    let counts: Vec<_> = counts.into_values().collect();
    let creating = recent.users("owner");
    let new = |days| size(&install.within(users, "accepted_tos", days).users("id"));
    let consents = |row: &Row| row.flag("consent") && row.time("accepted_tos").is_none_or(|t| t <= install.now);
    let keys = install.rows("api_keys").only(|row| !row.is("name", "MCP_API_KEY"));
    Metrics::from([
        ("active_users_1d", active(1)),
        ("active_users_7d", active(7)),
        ("active_users_30d", active(30)),
        (
            "conversations_created",
            conversations.count_where(|row| row.time("created_at").is_some_and(|t| t <= install.now)),
        ),
        ("users_creating_30d", size(&creating)),
        ("returning_users_30d", size(&creating.intersection(&before.users("owner")).collect())),
        ("power_users_30d", size(&counts.iter().enumerate().filter(|(_, n)| **n >= 10.0).map(|(i, _)| i).collect())),
        ("max_conversations_per_user_30d", counts.iter().copied().fold(0.0, f64::max)),
        ("avg_conversations_per_user_30d", mean(&counts)),
        ("new_users_7d", new(7)),
        ("new_users_30d", new(30)),
        ("users_analytics_opt_in", size(&users.only(consents).users("id"))),
        ("api_keys_total", keys.count()),
        ("api_key_users_30d", size(&install.within(&keys, "last_used_at", 30).users("user_id"))),
    ])
}

fn conversation_metrics(install: &Install) -> Metrics {
    let conversations = install.within(&install.conversations, "created_at", 30);
    let feedback = install.within(install.rows("conversation_feedback"), "created_at", 30);
    let has_pull_request =
        |row: &Row| row.get("pr_number").and_then(Value::as_array).is_some_and(|numbers| !numbers.is_empty());
    let ratings: Vec<_> = feedback.0.iter().filter_map(|row| row.number("rating")).collect();
    Metrics::from([
        ("conversations_1d", install.within(&conversations, "created_at", 1).count()),
        ("conversations_7d", install.within(&conversations, "created_at", 7).count()),
        ("conversations_v1_30d", conversations.count_where(|row| row.is("conversation_version", "V1"))),
        ("sub_conversations_30d", conversations.count_where(|row| row.get("parent_conversation_id").is_some())),
        ("conversations_with_repo_30d", conversations.count_where(|row| row.get("selected_repository").is_some())),
        ("distinct_repos_30d", size(&conversations.distinct("selected_repository"))),
        ("conversations_with_pr_30d", conversations.count_where(has_pull_request)),
        ("llm_cost_usd_30d", conversations.sum("accumulated_cost")),
        ("conversations_with_cost_30d", conversations.count_where(|row| row.number("accumulated_cost") > Some(0.0))),
        ("prompt_tokens_30d", conversations.sum("prompt_tokens")),
        ("completion_tokens_30d", conversations.sum("completion_tokens")),
        ("distinct_llm_models_30d", size(&conversations.distinct("llm_model"))),
        ("feedback_count_30d", feedback.count()),
        ("feedback_avg_rating_30d", mean(&ratings)),
        ("feedback_negative_30d", feedback.count_where(|row| row.number("rating") <= Some(2.0))),
    ])
}

fn integration_usage(install: &Install) -> Metrics {
    let conversations = install.within(&install.conversations, "created_at", 30);
    let by = |column, value| conversations.count_where(|row| row.is(column, value));
    let linked = |provider| {
        size(&install.rows("auth_tokens").only(|row| row.is("identity_provider", provider)).users("keycloak_user_id"))
    };
    let active = |table| install.rows(table).only(|row| row.is("status", "active"));
    let pull_requests = install.within(install.rows("openhands_prs"), "closed_at", 30);
    Metrics::from([
        ("conversations_trigger_gui_30d", by("trigger", "gui")),
        ("conversations_trigger_resolver_30d", by("trigger", "resolver")),
        ("conversations_trigger_slack_30d", by("trigger", "slack")),
        ("conversations_trigger_suggested_task_30d", by("trigger", "suggested_task")),
        ("conversations_trigger_openhands_api_30d", by("trigger", "openhands_api")),
        ("conversations_trigger_microagent_management_30d", by("trigger", "microagent_management")),
        ("conversations_trigger_jira_30d", by("trigger", "jira")),
        ("conversations_trigger_jira_dc_30d", by("trigger", "jira_dc")),
        ("conversations_trigger_linear_30d", by("trigger", "linear")),
        ("conversations_trigger_unknown_30d", conversations.count_where(|row| row.get("trigger").is_none())),
        ("conversations_github_30d", by("git_provider", "github")),
        ("conversations_gitlab_30d", by("git_provider", "gitlab")),
        ("conversations_bitbucket_30d", by("git_provider", "bitbucket")),
        ("conversations_no_provider_30d", conversations.count_where(|row| row.get("git_provider").is_none())),
        ("users_linked_github", linked("github")),
        ("users_linked_gitlab", linked("gitlab")),
        ("users_linked_bitbucket", linked("bitbucket")),
        ("users_linked_enterprise_sso", linked("enterprise_sso")),
        ("github_app_installations", install.rows("github_app_installations").count()),
        ("slack_teams", install.rows("slack_teams").count()),
        ("gitlab_webhooks_installed", install.rows("gitlab_webhook").count_where(|row| row.flag("webhook_exists"))),
        ("slack_users", size(&install.rows("slack_users").users("keycloak_user_id"))),
        ("users_with_custom_secrets", size(&install.rows("custom_secrets").users("keycloak_user_id"))),
        ("jira_workspaces_active", active("jira_workspaces").count()),
        ("jira_dc_workspaces_active", active("jira_dc_workspaces").count()),
        ("linear_workspaces_active", active("linear_workspaces").count()),
        ("jira_users_active", size(&active("jira_users").users("keycloak_user_id"))),
        ("jira_dc_users_active", size(&active("jira_dc_users").users("keycloak_user_id"))),
        ("linear_users_active", size(&active("linear_users").users("keycloak_user_id"))),
        ("prs_merged_30d", pull_requests.count_where(|row| row.is("status", "MERGED"))),
        ("prs_closed_unmerged_30d", pull_requests.count_where(|row| row.is("status", "CLOSED"))),
        ("prs_helped_30d", pull_requests.count_where(|row| row.flag("openhands_helped_author"))),
    ])
}

fn performance_metrics(install: &Install) -> Metrics {
    let conversations = install.within(&install.conversations, "created_at", 30);
    let ids = conversations.distinct("conversation_id");
    let work = install.rows("conversation_work").only(|row| ids.contains(row.text("conversation_id").unwrap()));
    let seconds = |row: &Row| row.number("seconds");
    let starts = install.within(install.rows("app_conversation_start_task"), "created_at", 30);
    let hour_ago = install.now - TimeDelta::hours(1);
    let ready = starts.only(|row| row.is("status", "READY"));
    let undecided = |row: &Row| !row.is("status", "READY") && !row.is("status", "ERROR");
    let failures = |rows: &Rows| rows.count_where(|row| row.is("status", "ERROR"));
    let callbacks = install.within(install.rows("conversation_callbacks"), "created_at", 30);
    let results = install.within(install.rows("event_callback_result"), "created_at", 30);
    Metrics::from([
        ("agent_work_seconds_30d", work.sum("seconds")),
        ("agent_work_seconds_p50_30d", work.percentile(0.5, seconds)),
        ("agent_work_seconds_p95_30d", work.percentile(0.95, seconds)),
        (
            "conversation_cost_usd_p95_30d",
            conversations.percentile(0.95, |row| row.number("accumulated_cost").filter(|cost| *cost > 0.0)),
        ),
        (
            "conversation_span_seconds_p50_30d",
            conversations.percentile(0.5, |row| row.seconds_between("created_at", "last_updated_at")),
        ),
        ("v1_starts_30d", starts.count()),
        ("v1_starts_ready_30d", ready.count()),
        ("v1_starts_error_30d", failures(&starts)),
        ("v1_starts_stuck_30d", starts.count_where(|row| undecided(row) && row.time("created_at").unwrap() < hour_ago)),
        ("v1_start_seconds_p95_30d", ready.percentile(0.95, |row| row.seconds_between("created_at", "updated_at"))),
        ("callbacks_30d", callbacks.count()),
        ("callbacks_error_30d", failures(&callbacks)),
        ("v1_callback_results_30d", results.count()),
        ("v1_callback_results_error_30d", failures(&results)),
    ])
}
