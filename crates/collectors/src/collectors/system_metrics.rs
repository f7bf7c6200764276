//! How large this install is.

use domain::{metric::MetricDeclaration, ohe::Generation};

use crate::{
    Measure, MetricsCollector, Registration, Source,
    sources::{CONVERSATIONS, CONVERSATIONS_30D, USERS, USERS_BY_ID},
};

struct SystemMetrics;

inventory::submit! { Registration(&SystemMetrics) }

impl MetricsCollector for SystemMetrics {
    fn name(&self) -> &'static str {
        "system_metrics"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

/// Rows of their own, as OHE's index of versions answers for them on generation settings. The version is at the end of a row
/// of many columns: to unpack it in the pass over the whole table costs more than all that this pass counts besides. On
/// generation orgs that pass unpacks the whole row in any case, to tell what was deleted.
const CONVERSATIONS_V1: Source = CONVERSATIONS.filter("{conversation_version} = 'V1'");
const MAINTENANCE_TASKS: Source = Source::of(&["maintenance_tasks"]);
const REPOS: Source = Source::of(&["repos"]);

// A status is compared as text: to compare an enumeration with a value it does not have would be an error.
const MEASURES: &[Measure] = &[
    USERS_BY_ID.count_where("true", MetricDeclaration::int("total_users", "users", "Users of this install.")),
    Source::of(&["user_settings"]).count(MetricDeclaration::int(
        "user_settings_rows",
        "rows",
        "Rows of user settings, where OHE kept its users before 2026.",
    )),
    USERS_BY_ID.count_where(
        "bool_or({accepted_tos} IS NOT NULL)",
        MetricDeclaration::int("users_tos_accepted", "users", "Users that accepted the terms of service."),
    ),
    USERS_BY_ID.count_where(
        "bool_or({email} <> '')",
        MetricDeclaration::int("users_with_email", "users", "Users with an e-mail address in OHE's database."),
    ),
    USERS.aggregate(
        "count(DISTINCT nullif(lower(reverse(split_part(reverse({email}), '@', 1))), '')) \
         FILTER (WHERE {email} LIKE '%_@_%')",
        MetricDeclaration::int("email_domains", "domains", "Different domains among the users' e-mail addresses."),
    ),
    Source::of(&["terms_accepted"]).aggregate(
        "greatest(0, floor(extract(epoch FROM {now} - min({accepted_tos}) FILTER (WHERE isfinite({accepted_tos}))) \
         / 86400))",
        MetricDeclaration::int(
            "install_age_days",
            "days",
            "Whole days since a user first accepted the terms of service.",
        ),
    ),
    CONVERSATIONS.count(MetricDeclaration::int("total_conversations", "conversations", "All conversations.")),
    CONVERSATIONS_V1
        .count(MetricDeclaration::int("total_conversations_v1", "conversations", "All conversations of version 1."))
        .on(Generation::Orgs, CONVERSATIONS.formula("count(*) FILTER (WHERE {conversation_version} = 'V1')")),
    CONVERSATIONS.count_where(
        "{created_at} > {now}",
        MetricDeclaration::int(
            "conversations_in_future",
            "conversations",
            "Conversations created in the future: clocks of this install disagree.",
        ),
    ),
    CONVERSATIONS_30D.count(MetricDeclaration::int(
        "conversations_30d",
        "conversations",
        "Conversations created in the last 30 days.",
    )),
    MAINTENANCE_TASKS.count_where(
        "{status}::text = 'PENDING'",
        MetricDeclaration::int("maintenance_tasks_pending", "tasks", "Maintenance tasks that wait."),
    ),
    MAINTENANCE_TASKS.count_where(
        "{status}::text = 'ERROR'",
        MetricDeclaration::int("maintenance_tasks_error", "tasks", "Maintenance tasks that failed."),
    ),
    MAINTENANCE_TASKS.count_where(
        "{status}::text = 'WORKING' AND {started_at} < {now} - interval '1 hour'",
        MetricDeclaration::int("maintenance_tasks_stale", "tasks", "Maintenance tasks at work for more than an hour."),
    ),
    // The id stands for the row: a right to it suffices.
    REPOS.aggregate(
        "count({id})",
        MetricDeclaration::int("repos_known", "repositories", "Repositories seen in listings of users."),
    ),
    REPOS.count_where(
        "NOT {is_public}",
        MetricDeclaration::int("repos_private", "repositories", "Private repositories among the known ones."),
    ),
];
