//! What this install is connected to, and what of it is used.

use domain::metric::MetricDeclaration;

use crate::{Groups, Measure, MetricsCollector, Registration, Source, sources::CONVERSATIONS_30D};

struct IntegrationUsage;

inventory::submit! { Registration(&IntegrationUsage) }

impl MetricsCollector for IntegrationUsage {
    fn name(&self) -> &'static str {
        "integration_usage"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

/// One row for each user and identity provider.
const LINKED_BY_USER: Groups = Source::of(&["auth_tokens"]).per("nullif({keycloak_user_id}, '')");
const PULL_REQUESTS_30D: Source =
    Source::of(&["openhands_prs"]).filter("{closed_at} BETWEEN {now} - interval '30 days' AND {now}");

const fn triggered(trigger: &'static str, key: &'static str, description: &'static str) -> Measure {
    CONVERSATIONS_30D.count_where(trigger, MetricDeclaration::int(key, "conversations", description))
}

const fn linked(provider: &'static str, key: &'static str, description: &'static str) -> Measure {
    LINKED_BY_USER.count_where(provider, MetricDeclaration::int(key, "users", description))
}

/// Distinct users of a table; of some of its rows only, by a `FILTER`.
const fn users(table: Source, aggregate: &'static str, key: &'static str, description: &'static str) -> Measure {
    table.aggregate(aggregate, MetricDeclaration::int(key, "users", description))
}

const fn active(workspaces: Source, key: &'static str, description: &'static str) -> Measure {
    workspaces.count_where("{status} = 'active'", MetricDeclaration::int(key, "workspaces", description))
}

const USERS: &str = "count(DISTINCT nullif({keycloak_user_id}, ''))";
const ACTIVE_USERS: &str = "count(DISTINCT nullif({keycloak_user_id}, '')) FILTER (WHERE {status} = 'active')";

const MEASURES: &[Measure] = &[
    triggered(
        "{trigger} = 'gui'",
        "conversations_trigger_gui_30d",
        "Conversations of the last 30 days started from the web interface.",
    ),
    triggered(
        "{trigger} = 'resolver'",
        "conversations_trigger_resolver_30d",
        "Conversations of the last 30 days started from a mention or label at a Git provider.",
    ),
    triggered(
        "{trigger} = 'slack'",
        "conversations_trigger_slack_30d",
        "Conversations of the last 30 days started from Slack.",
    ),
    triggered(
        "{trigger} = 'suggested_task'",
        "conversations_trigger_suggested_task_30d",
        "Conversations of the last 30 days started from a suggested task.",
    ),
    triggered(
        "{trigger} = 'openhands_api'",
        "conversations_trigger_openhands_api_30d",
        "Conversations of the last 30 days started from the API.",
    ),
    triggered(
        "{trigger} = 'microagent_management'",
        "conversations_trigger_microagent_management_30d",
        "Conversations of the last 30 days started from microagent management.",
    ),
    triggered(
        "{trigger} = 'jira'",
        "conversations_trigger_jira_30d",
        "Conversations of the last 30 days started from Jira Cloud.",
    ),
    triggered(
        "{trigger} = 'jira_dc'",
        "conversations_trigger_jira_dc_30d",
        "Conversations of the last 30 days started from Jira Data Center.",
    ),
    triggered(
        "{trigger} = 'linear'",
        "conversations_trigger_linear_30d",
        "Conversations of the last 30 days started from Linear.",
    ),
    triggered(
        "{trigger} IS NULL",
        "conversations_trigger_unknown_30d",
        "Conversations of the last 30 days whose start is not recorded.",
    ),
    triggered(
        "{git_provider} = 'github'",
        "conversations_github_30d",
        "Conversations of the last 30 days about a repository at GitHub.",
    ),
    triggered(
        "{git_provider} = 'gitlab'",
        "conversations_gitlab_30d",
        "Conversations of the last 30 days about a repository at GitLab.",
    ),
    triggered(
        "{git_provider} = 'bitbucket'",
        "conversations_bitbucket_30d",
        "Conversations of the last 30 days about a repository at Bitbucket.",
    ),
    triggered(
        "{git_provider} IS NULL",
        "conversations_no_provider_30d",
        "Conversations of the last 30 days without a Git provider.",
    ),
    linked("bool_or({identity_provider} = 'github')", "users_linked_github", "Users that signed in through GitHub."),
    linked("bool_or({identity_provider} = 'gitlab')", "users_linked_gitlab", "Users that signed in through GitLab."),
    linked(
        "bool_or({identity_provider} = 'bitbucket')",
        "users_linked_bitbucket",
        "Users that signed in through Bitbucket.",
    ),
    linked(
        "bool_or({identity_provider} = 'enterprise_sso')",
        "users_linked_enterprise_sso",
        "Users that signed in through the company's single sign-on.",
    ),
    // The id stands for the row: a right to it suffices.
    Source::of(&["github_app_installations"]).aggregate(
        "count({id})",
        MetricDeclaration::int("github_app_installations", "installations", "Installations of the GitHub app."),
    ),
    Source::of(&["slack_teams"])
        .aggregate("count({id})", MetricDeclaration::int("slack_teams", "teams", "Slack workspaces with the bot.")),
    Source::of(&["gitlab_webhook"]).count_where(
        "{webhook_exists}",
        MetricDeclaration::int("gitlab_webhooks_installed", "webhooks", "GitLab groups and projects with a webhook."),
    ),
    users(Source::of(&["slack_users"]), USERS, "slack_users", "Users linked to Slack."),
    users(
        Source::of(&["custom_secrets"]),
        USERS,
        "users_with_custom_secrets",
        "Users that stored secrets of their own.",
    ),
    active(Source::of(&["jira_workspaces"]), "jira_workspaces_active", "Active workspaces of Jira Cloud."),
    active(Source::of(&["jira_dc_workspaces"]), "jira_dc_workspaces_active", "Active workspaces of Jira Data Center."),
    active(Source::of(&["linear_workspaces"]), "linear_workspaces_active", "Active workspaces of Linear."),
    users(Source::of(&["jira_users"]), ACTIVE_USERS, "jira_users_active", "Users actively linked to Jira Cloud."),
    users(
        Source::of(&["jira_dc_users"]),
        ACTIVE_USERS,
        "jira_dc_users_active",
        "Users actively linked to Jira Data Center.",
    ),
    users(Source::of(&["linear_users"]), ACTIVE_USERS, "linear_users_active", "Users actively linked to Linear."),
    PULL_REQUESTS_30D.count_where(
        "{status}::text = 'MERGED'",
        MetricDeclaration::int("prs_merged_30d", "pull requests", "Pull requests merged in the last 30 days."),
    ),
    PULL_REQUESTS_30D.count_where(
        "{status}::text = 'CLOSED'",
        MetricDeclaration::int(
            "prs_closed_unmerged_30d",
            "pull requests",
            "Pull requests closed without a merge in the last 30 days.",
        ),
    ),
    PULL_REQUESTS_30D.count_where(
        "{openhands_helped_author}",
        MetricDeclaration::int(
            "prs_helped_30d",
            "pull requests",
            "Pull requests closed in the last 30 days whose author OpenHands helped.",
        ),
    ),
];
