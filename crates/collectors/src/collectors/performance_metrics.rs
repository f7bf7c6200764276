//! How long things take, and how often they fail.

use domain::metric::MetricDeclaration;

use crate::{
    Measure, MetricsCollector, Registration, Silence, Source,
    sources::{CONVERSATIONS, CONVERSATIONS_30D},
};

struct PerformanceMetrics;

inventory::submit! { Registration(&PerformanceMetrics) }

impl MetricsCollector for PerformanceMetrics {
    fn name(&self) -> &'static str {
        "performance_metrics"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

/// The agent's work on the conversations created within the last 30 days; its own times are texts of several kinds.
const WORK_30D: Source = Source::of(&["conversation_work", "conversations"]).filter(
    "{conversation_work.conversation_id} = {conversations.conversation_id} \
     AND {conversations.created_at} BETWEEN {now} - interval '30 days' AND {now}",
);

/// Nothing in today's OHE writes the agent's work.
const NO_WORK: Silence = Silence::when(
    &[WORK_30D.formula("count(*) = 0")],
    "OHE no longer records how long the agent works since its 2026 releases.",
);

const V1_STARTS_30D: Source = Source::of(&["app_conversation_start_task"]).filter(
    "{created_at} BETWEEN (({now} - interval '30 days') AT TIME ZONE 'UTC') AND ({now} AT TIME ZONE 'UTC')",
);

/// A cleaner that comes with OHE deletes starts after a day. Where it runs, 30 days cannot be counted: then no start is 2 days
/// old, although there are conversations from before.
const STARTS_ARE_DELETED: Silence = Silence::when(
    &[
        Source::of(&["app_conversation_start_task"])
            .lookup("coalesce(min({created_at}) > ({now} - interval '2 days') AT TIME ZONE 'UTC', true)"),
        CONVERSATIONS.formula("coalesce(min({created_at}) < {now} - interval '7 days', false)"),
    ],
    "OHE on this install deletes starts after a day, so those of 30 days cannot be counted.",
);

const CALLBACKS_30D: Source = Source::of(&["conversation_callbacks"])
    .filter("{created_at} BETWEEN {now} - interval '30 days' AND {now}");

/// Nothing in today's OHE writes callbacks of the older kind.
const NO_CALLBACKS: Silence = Silence::when(
    &[CALLBACKS_30D.formula("count(*) = 0")],
    "OHE no longer records callbacks of this kind since its 2026 releases.",
);

const V1_CALLBACK_RESULTS_30D: Source = Source::of(&["event_callback_result"]).filter(
    "{created_at} BETWEEN (({now} - interval '30 days') AT TIME ZONE 'UTC') AND ({now} AT TIME ZONE 'UTC')",
);

// A status is compared as text: to compare an enumeration with a value it does not have would be an error.
const MEASURES: &[Measure] = &[
    WORK_30D.aggregate(
        "sum({conversation_work.seconds})",
        MetricDeclaration::float(
            "agent_work_seconds_30d",
            "seconds",
            "Time the agent worked on conversations of the last 30 days.",
        ),
    ).silent(NO_WORK),
    WORK_30D.aggregate(
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY {conversation_work.seconds})",
        MetricDeclaration::float(
            "agent_work_seconds_p50_30d",
            "seconds",
            "Median time the agent worked on a conversation of the last 30 days.",
        ),
    ).silent(NO_WORK),
    WORK_30D.aggregate(
        "percentile_cont(0.95) WITHIN GROUP (ORDER BY {conversation_work.seconds})",
        MetricDeclaration::float(
            "agent_work_seconds_p95_30d",
            "seconds",
            "The 95th percentile of the time the agent worked on a conversation of the last 30 days.",
        ),
    ).silent(NO_WORK),
    CONVERSATIONS_30D.aggregate(
        "percentile_cont(0.95) WITHIN GROUP (ORDER BY {accumulated_cost}) FILTER (WHERE {accumulated_cost} > 0)",
        MetricDeclaration::float(
            "conversation_cost_usd_p95_30d",
            "USD",
            "The 95th percentile of the recorded cost of a conversation of the last 30 days.",
        ),
    ),
    CONVERSATIONS_30D.aggregate(
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', {last_updated_at} - {created_at})) \
         FILTER (WHERE isfinite({last_updated_at}))",
        MetricDeclaration::float(
            "conversation_span_seconds_p50_30d",
            "seconds",
            "Median time from creation to last activity of a conversation of the last 30 days.",
        ),
    ),
    V1_STARTS_30D.count(MetricDeclaration::int(
        "v1_starts_30d",
        "starts",
        "Starts of conversations of version 1 in the last 30 days.",
    )).silent(STARTS_ARE_DELETED),
    V1_STARTS_30D.count_where(
        "{status}::text = 'READY'",
        MetricDeclaration::int("v1_starts_ready_30d", "starts", "Starts in the last 30 days that succeeded."),
    ).silent(STARTS_ARE_DELETED),
    V1_STARTS_30D.count_where(
        "{status}::text = 'ERROR'",
        MetricDeclaration::int("v1_starts_error_30d", "starts", "Starts in the last 30 days that failed."),
    ).silent(STARTS_ARE_DELETED),
    V1_STARTS_30D.count_where(
        "coalesce({status}::text, '') NOT IN ('READY', 'ERROR') \
         AND {created_at} < ({now} - interval '1 hour') AT TIME ZONE 'UTC'",
        MetricDeclaration::int(
            "v1_starts_stuck_30d",
            "starts",
            "Starts in the last 30 days that neither succeeded nor failed within an hour.",
        ),
    ).silent(STARTS_ARE_DELETED),
    V1_STARTS_30D.aggregate(
        "percentile_cont(0.95) WITHIN GROUP (ORDER BY date_part('epoch', {updated_at} - {created_at})) \
         FILTER (WHERE {status}::text = 'READY' AND isfinite({updated_at}))",
        MetricDeclaration::float(
            "v1_start_seconds_p95_30d",
            "seconds",
            "The 95th percentile of the time of a successful start in the last 30 days.",
        ),
    ).silent(STARTS_ARE_DELETED),
    CALLBACKS_30D.count(MetricDeclaration::int(
        "callbacks_30d",
        "callbacks",
        "Callbacks of conversations registered in the last 30 days.",
    )).silent(NO_CALLBACKS),
    CALLBACKS_30D.count_where(
        "{status}::text = 'ERROR'",
        MetricDeclaration::int(
            "callbacks_error_30d",
            "callbacks",
            "Callbacks of conversations registered in the last 30 days that failed.",
        ),
    ).silent(NO_CALLBACKS),
    V1_CALLBACK_RESULTS_30D.count(MetricDeclaration::int(
        "v1_callback_results_30d",
        "results",
        "Callbacks of conversations of version 1 run in the last 30 days.",
    )),
    V1_CALLBACK_RESULTS_30D.count_where(
        "{status}::text = 'ERROR'",
        MetricDeclaration::int(
            "v1_callback_results_error_30d",
            "results",
            "Callbacks of conversations of version 1 run in the last 30 days that failed.",
        ),
    ),
];
