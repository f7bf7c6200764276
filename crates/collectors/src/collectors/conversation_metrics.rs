//! What the conversations of the last 30 days were like.

use domain::metric::MetricDeclaration;

use crate::{Measure, MetricsCollector, Registration, Silence, Source, sources::CONVERSATIONS_30D};

struct ConversationMetrics;

inventory::submit! { Registration(&ConversationMetrics) }

impl MetricsCollector for ConversationMetrics {
    fn name(&self) -> &'static str {
        "conversation_metrics"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

const FEEDBACK_30D: Source = Source::of(&["conversation_feedback"])
    .filter("{created_at} BETWEEN {now} - interval '30 days' AND {now}");

/// Nothing in today's OHE writes ratings. An empty window cannot be told from a table that nobody writes.
const NO_FEEDBACK: Silence =
    Silence::when(&[FEEDBACK_30D.formula("count(*) = 0")], "OHE no longer records ratings since its 2026 releases.");

// Distinct texts are told apart byte by byte (COLLATE "C"), as any collation of OHE's would in the end, but much
// faster.
const MEASURES: &[Measure] = &[
    CONVERSATIONS_30D.count_where(
        "{created_at} >= {now} - interval '1 day'",
        MetricDeclaration::int("conversations_1d", "conversations", "Conversations created in the last day."),
    ),
    CONVERSATIONS_30D.count_where(
        "{created_at} >= {now} - interval '7 days'",
        MetricDeclaration::int("conversations_7d", "conversations", "Conversations created in the last 7 days."),
    ),
    CONVERSATIONS_30D.count_where(
        "{conversation_version} = 'V1'",
        MetricDeclaration::int(
            "conversations_v1_30d",
            "conversations",
            "Conversations of version 1 created in the last 30 days.",
        ),
    ),
    CONVERSATIONS_30D.count_where(
        "{parent_conversation_id} IS NOT NULL",
        MetricDeclaration::int(
            "sub_conversations_30d",
            "conversations",
            "Conversations of the last 30 days started by another one.",
        ),
    ),
    CONVERSATIONS_30D.count_where(
        "{selected_repository} IS NOT NULL",
        MetricDeclaration::int(
            "conversations_with_repo_30d",
            "conversations",
            "Conversations of the last 30 days about a repository.",
        ),
    ),
    CONVERSATIONS_30D.aggregate(
        r#"count(DISTINCT {selected_repository} COLLATE "C")"#,
        MetricDeclaration::int(
            "distinct_repos_30d",
            "repositories",
            "Repositories that conversations of the last 30 days were about.",
        ),
    ),
    CONVERSATIONS_30D.count_where(
        "CASE json_typeof({pr_number}) WHEN 'array' THEN json_array_length({pr_number}) > 0 END",
        MetricDeclaration::int(
            "conversations_with_pr_30d",
            "conversations",
            "Conversations of the last 30 days with a pull request.",
        ),
    ),
    CONVERSATIONS_30D.aggregate(
        "sum({accumulated_cost})",
        MetricDeclaration::float(
            "llm_cost_usd_30d",
            "USD",
            "Recorded cost of language models in conversations of the last 30 days.",
        ),
    ),
    CONVERSATIONS_30D.count_where(
        "{accumulated_cost} > 0",
        MetricDeclaration::int(
            "conversations_with_cost_30d",
            "conversations",
            "Conversations of the last 30 days with a recorded cost.",
        ),
    ),
    CONVERSATIONS_30D.aggregate(
        "sum({prompt_tokens})",
        MetricDeclaration::int(
            "prompt_tokens_30d",
            "tokens",
            "Tokens sent to language models in conversations of the last 30 days.",
        ),
    ),
    CONVERSATIONS_30D.aggregate(
        "sum({completion_tokens})",
        MetricDeclaration::int(
            "completion_tokens_30d",
            "tokens",
            "Tokens received from language models in conversations of the last 30 days.",
        ),
    ),
    CONVERSATIONS_30D.aggregate(
        r#"count(DISTINCT {llm_model} COLLATE "C")"#,
        MetricDeclaration::int(
            "distinct_llm_models_30d",
            "models",
            "Language models that conversations of the last 30 days named.",
        ),
    ),
    FEEDBACK_30D
        .count(MetricDeclaration::int(
            "feedback_count_30d",
            "ratings",
            "Ratings of conversations given in the last 30 days.",
        ))
        .silent(NO_FEEDBACK),
    FEEDBACK_30D
        .aggregate(
            "round(avg({rating}), 4)",
            MetricDeclaration::average(
                "feedback_avg_rating_30d",
                "rating (1-5)",
                "Mean rating of conversations given in the last 30 days.",
            ),
        )
        .silent(NO_FEEDBACK),
    FEEDBACK_30D
        .count_where(
            "{rating} <= 2",
            MetricDeclaration::int("feedback_negative_30d", "ratings", "Ratings of 2 or less in the last 30 days."),
        )
        .silent(NO_FEEDBACK),
    CONVERSATIONS_30D
        .count_where(
            "{agent_kind} = 'acp'",
            MetricDeclaration::int(
                "conversations_acp_30d",
                "conversations",
                "Conversations of the last 30 days with another vendor's agent, by the agent client protocol.",
            ),
        )
        .only_on_orgs(),
    CONVERSATIONS_30D
        .count_where(
            "{execution_status} IN ('error', 'stuck')",
            MetricDeclaration::int(
                "conversations_failed_30d",
                "conversations",
                "Conversations of the last 30 days whose agent failed or got stuck.",
            ),
        )
        .only_on_orgs(),
    Source::of(&["conversation_metadata"])
        .filter("{deleted_at} BETWEEN (({now} - interval '30 days') AT TIME ZONE 'UTC') AND ({now} AT TIME ZONE 'UTC')")
        .count(MetricDeclaration::int(
            "conversations_deleted_30d",
            "conversations",
            "Conversations that users deleted in the last 30 days.",
        ))
        .only_on_orgs(),
];
