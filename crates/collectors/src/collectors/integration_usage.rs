//! What this install is connected to, and what of it is used.

use domain::metric::MetricDeclaration;

use crate::{Groups, Measure, MetricsCollector, Registration, Silence, Source, sources::CONVERSATIONS_30D};

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
const PULL_REQUESTS: Source = Source::of(&["openhands_prs"]);

/// OHE fills the table under a setting alone.
const NO_PULL_REQUESTS: Silence = Silence::when(
    &[PULL_REQUESTS.formula("count(*) = 0")],
    "OHE records pull requests only where the collection of GitHub interactions is switched on.",
);

/// Pull requests closed in the last 30 days.
macro_rules! closed_30d {
    ($condition:literal) => {
        concat!("{closed_at} BETWEEN {now} - interval '30 days' AND {now} AND ", $condition)
    };
}

/// A login by SAML writes no row.
const SSO_UNKNOWN: Silence =
    Silence::when_zero("OHE records no single sign-on by SAML, so nobody and somebody cannot be told apart.");

/// Repositories of both kinds of Bitbucket with a webhook. One may have several.
const BITBUCKET_HOOKED: Source = Source::of(&["bitbucket_hooks"]);

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
    )
    .silent(SSO_UNKNOWN),
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
        // A secret shared in an organization carries its maker's id.
        Source::of(&["custom_secrets"]).filter_where_there_is("is_org_shared", "{is_org_shared} IS NOT TRUE"),
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
    PULL_REQUESTS
        .count_where(
            closed_30d!("{status}::text = 'MERGED'"),
            MetricDeclaration::int("prs_merged_30d", "pull requests", "Pull requests merged in the last 30 days."),
        )
        .silent(NO_PULL_REQUESTS),
    PULL_REQUESTS
        .count_where(
            closed_30d!("{status}::text = 'CLOSED'"),
            MetricDeclaration::int(
                "prs_closed_unmerged_30d",
                "pull requests",
                "Pull requests closed without a merge in the last 30 days.",
            ),
        )
        .silent(NO_PULL_REQUESTS),
    PULL_REQUESTS
        .count_where(
            closed_30d!("{openhands_helped_author}"),
            MetricDeclaration::int(
                "prs_helped_30d",
                "pull requests",
                "Pull requests closed in the last 30 days whose author OpenHands helped.",
            ),
        )
        .silent(NO_PULL_REQUESTS),
    triggered(
        "{trigger} = 'automation'",
        "conversations_trigger_automation_30d",
        "Conversations of the last 30 days started by an automation.",
    )
    .only_on_orgs(),
    triggered(
        "{git_provider} = 'bitbucket_data_center'",
        "conversations_bitbucket_data_center_30d",
        "Conversations of the last 30 days about a repository at Bitbucket Data Center.",
    )
    .only_on_orgs(),
    triggered(
        "{git_provider} = 'azure_devops'",
        "conversations_azure_devops_30d",
        "Conversations of the last 30 days about a repository at Azure DevOps.",
    )
    .only_on_orgs(),
    linked(
        "bool_or({identity_provider} = 'bitbucket_data_center')",
        "users_linked_bitbucket_data_center",
        "Users that signed in through Bitbucket Data Center.",
    )
    .only_on_orgs(),
    linked(
        "bool_or({identity_provider} = 'azure_devops')",
        "users_linked_azure_devops",
        "Users that signed in through Azure DevOps.",
    )
    .only_on_orgs(),
    BITBUCKET_HOOKED
        .aggregate(
            "count(DISTINCT ({product}, {owner}, {repo_slug}))",
            MetricDeclaration::int(
                "bitbucket_repos_with_webhook",
                "repositories",
                "Repositories at Bitbucket with a webhook; a webhook of a whole workspace is one more.",
            ),
        )
        .only_on_orgs(),
    users(
        Source::of(&["api_keys"]).filter("{name} = '__SYSTEM__:automation'"),
        "count(DISTINCT nullif({user_id}, '')) FILTER (WHERE {last_used_at} BETWEEN {now} - interval '30 days' AND {now})",
        "automation_users",
        "Users for whom an automation ran in the last 30 days.",
    )
    .only_on_orgs(),
    Source::of(&["device_codes"])
        .count_where(
            "{authorized_at} BETWEEN (({now} - interval '30 days') AT TIME ZONE 'UTC') AND ({now} AT TIME ZONE 'UTC')",
            MetricDeclaration::int(
                "device_logins_30d",
                "logins",
                "Logins of a command line by a device code in the last 30 days.",
            ),
        )
        .only_on_orgs(),
];
