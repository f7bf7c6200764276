//! Who works with this install, and how much.

use domain::metric::MetricDeclaration;

use crate::{
    Measure, MetricsCollector, Registration, Source,
    sources::{CONVERSATIONS, CONVERSATIONS_BY_USER, USER_SETTINGS_BY_USER},
};

struct UserActivity;

inventory::submit! { Registration(&UserActivity) }

impl MetricsCollector for UserActivity {
    fn name(&self) -> &'static str {
        "user_activity"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

/// The API keys that users made; OHE makes one of this name for every user.
const API_KEYS: Source = Source::of(&["api_keys"]).filter("{name} IS DISTINCT FROM 'MCP_API_KEY'");

/// When a user was last active. One aggregate for windows of any length.
macro_rules! last_active {
    () => {
        "max({last_updated_at}) FILTER (WHERE {last_updated_at} <= {now})"
    };
}

/// How many conversations a user created in the last 30 days.
macro_rules! created_30d {
    () => {
        "count(*) FILTER (WHERE {created_at} BETWEEN {now} - interval '30 days' AND {now})"
    };
}

const MEASURES: &[Measure] = &[
    CONVERSATIONS_BY_USER.count_where(
        concat!(last_active!(), " >= {now} - interval '1 day'"),
        MetricDeclaration::int("active_users_1d", "users", "Users with a conversation active in the last day."),
    ),
    CONVERSATIONS_BY_USER.count_where(
        concat!(last_active!(), " >= {now} - interval '7 days'"),
        MetricDeclaration::int("active_users_7d", "users", "Users with a conversation active in the last 7 days."),
    ),
    CONVERSATIONS_BY_USER.count_where(
        concat!(last_active!(), " >= {now} - interval '30 days'"),
        MetricDeclaration::int("active_users_30d", "users", "Users with a conversation active in the last 30 days."),
    ),
    CONVERSATIONS.count_where(
        "{created_at} <= {now}",
        MetricDeclaration::int("conversations_created", "conversations", "Conversations created until now."),
    ),
    CONVERSATIONS_BY_USER.count_where(
        concat!(created_30d!(), " > 0"),
        MetricDeclaration::int("users_creating_30d", "users", "Users that created a conversation in the last 30 days."),
    ),
    CONVERSATIONS_BY_USER.count_where(
        concat!(
            created_30d!(),
            " > 0 AND bool_or({created_at} >= {now} - interval '60 days' AND {created_at} < {now} - interval '30 days')"
        ),
        MetricDeclaration::int(
            "returning_users_30d",
            "users",
            "Users that created a conversation in the last 30 days, and in the 30 days before.",
        ),
    ),
    CONVERSATIONS_BY_USER.count_where(
        concat!(created_30d!(), " >= 10"),
        MetricDeclaration::int(
            "power_users_30d",
            "users",
            "Users that created 10 or more conversations in the last 30 days.",
        ),
    ),
    CONVERSATIONS_BY_USER.max_of(
        created_30d!(),
        MetricDeclaration::int(
            "max_conversations_per_user_30d",
            "conversations",
            "The most conversations that one user created in the last 30 days.",
        ),
    ),
    CONVERSATIONS_BY_USER.mean_of(
        concat!("nullif(", created_30d!(), ", 0)"),
        MetricDeclaration::average(
            "avg_conversations_per_user_30d",
            "conversations",
            "Conversations of the last 30 days per user that created any.",
        ),
    ),
    USER_SETTINGS_BY_USER.count_where(
        "bool_or({accepted_tos} BETWEEN {now} - interval '7 days' AND {now})",
        MetricDeclaration::int("new_users_7d", "users", "Users that accepted the terms of service in the last 7 days."),
    ),
    USER_SETTINGS_BY_USER.count_where(
        "bool_or({accepted_tos} BETWEEN {now} - interval '30 days' AND {now})",
        MetricDeclaration::int(
            "new_users_30d",
            "users",
            "Users that accepted the terms of service in the last 30 days.",
        ),
    ),
    USER_SETTINGS_BY_USER.count_where(
        "bool_or({user_consents_to_analytics} AND ({accepted_tos} IS NULL OR {accepted_tos} <= {now}))",
        MetricDeclaration::int("users_analytics_opt_in", "users", "Users that consented to product analytics."),
    ),
    API_KEYS.count(MetricDeclaration::int("api_keys_total", "keys", "API keys that users made.")),
    API_KEYS.aggregate(
        "count(DISTINCT nullif({user_id}, '')) \
         FILTER (WHERE {last_used_at} BETWEEN {now} - interval '30 days' AND {now})",
        MetricDeclaration::int("api_key_users_30d", "users", "Users that used an API key in the last 30 days."),
    ),
];
