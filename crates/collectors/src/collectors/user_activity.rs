//! Who works with this install, and how much.

use domain::metric::MetricDeclaration;

use crate::{
    Measure, MetricsCollector, Registration, Source,
    sources::{CONVERSATIONS, RECENT_CONVERSATIONS_BY_OWNER, USERS_BY_ID},
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

/// Accounts, of generation orgs alone.
const ACCOUNTS: Source = Source::of(&["user"]);

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
    RECENT_CONVERSATIONS_BY_OWNER.count_where(
        concat!(last_active!(), " >= {now} - interval '1 day'"),
        MetricDeclaration::int("active_users_1d", "users", "Users with a conversation active in the last day."),
    ),
    RECENT_CONVERSATIONS_BY_OWNER.count_where(
        concat!(last_active!(), " >= {now} - interval '7 days'"),
        MetricDeclaration::int("active_users_7d", "users", "Users with a conversation active in the last 7 days."),
    ),
    RECENT_CONVERSATIONS_BY_OWNER.count_where(
        concat!(last_active!(), " >= {now} - interval '30 days'"),
        MetricDeclaration::int("active_users_30d", "users", "Users with a conversation active in the last 30 days."),
    ),
    CONVERSATIONS.count_where(
        "{created_at} <= {now}",
        MetricDeclaration::int("conversations_created", "conversations", "Conversations created until now."),
    ),
    RECENT_CONVERSATIONS_BY_OWNER.count_where(
        concat!(created_30d!(), " > 0"),
        MetricDeclaration::int("users_creating_30d", "users", "Users that created a conversation in the last 30 days."),
    ),
    RECENT_CONVERSATIONS_BY_OWNER.count_where(
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
    RECENT_CONVERSATIONS_BY_OWNER.count_where(
        concat!(created_30d!(), " >= 10"),
        MetricDeclaration::int(
            "power_users_30d",
            "users",
            "Users that created 10 or more conversations in the last 30 days.",
        ),
    ),
    RECENT_CONVERSATIONS_BY_OWNER.max_of(
        created_30d!(),
        MetricDeclaration::int(
            "max_conversations_per_user_30d",
            "conversations",
            "The most conversations that one user created in the last 30 days.",
        ),
    ),
    RECENT_CONVERSATIONS_BY_OWNER.mean_of(
        concat!("nullif(", created_30d!(), ", 0)"),
        MetricDeclaration::average(
            "avg_conversations_per_user_30d",
            "conversations",
            "Conversations of the last 30 days per user that created any.",
        ),
    ),
    USERS_BY_ID.count_where(
        "bool_or({accepted_tos} BETWEEN {now} - interval '7 days' AND {now})",
        MetricDeclaration::int("new_users_7d", "users", "Users that accepted the terms of service in the last 7 days."),
    ),
    USERS_BY_ID.count_where(
        "bool_or({accepted_tos} BETWEEN {now} - interval '30 days' AND {now})",
        MetricDeclaration::int(
            "new_users_30d",
            "users",
            "Users that accepted the terms of service in the last 30 days.",
        ),
    ),
    USERS_BY_ID.count_where(
        "bool_or({consent} AND ({accepted_tos} IS NULL OR {accepted_tos} <= {now}))",
        MetricDeclaration::int("users_analytics_opt_in", "users", "Users that consented to product analytics."),
    ),
    Source::of(&["keys_of_users"]).count(MetricDeclaration::int("api_keys_total", "keys", "API keys that users made.")),
    Source::of(&["keys_of_people"]).aggregate(
        "count(DISTINCT nullif({user_id}, '')) \
         FILTER (WHERE {last_used_at} BETWEEN {now} - interval '30 days' AND {now})",
        MetricDeclaration::int("api_key_users_30d", "users", "Users that used an API key in the last 30 days."),
    ),
    ACCOUNTS
        .count_where(
            "{last_login_at} BETWEEN {now} - interval '7 days' AND {now}",
            MetricDeclaration::int("users_logged_in_7d", "users", "Users whose last login was in the last 7 days."),
        )
        .only_on_orgs(),
    ACCOUNTS
        .count_where(
            "{last_login_at} BETWEEN {now} - interval '30 days' AND {now}",
            MetricDeclaration::int("users_logged_in_30d", "users", "Users whose last login was in the last 30 days."),
        )
        .only_on_orgs(),
    ACCOUNTS
        .count_where(
            "{first_login_at} IS NULL AND {accepted_tos} IS NULL",
            MetricDeclaration::int(
                "users_never_logged_in",
                "users",
                "Accounts whose owner never got past the check of the e-mail address.",
            ),
        )
        .only_on_orgs(),
    Source::of(&["user", "role"])
        .filter("{user.role_id} = {role.id}")
        .count_where(
            "{role.name} = 'admin'",
            MetricDeclaration::int("superadmins", "users", "Users that may administer the whole install."),
        )
        .only_on_orgs(),
];
