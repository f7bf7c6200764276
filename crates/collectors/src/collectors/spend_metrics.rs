//! What language models cost, by OHE's ledger. Deleted conversations count: their money is spent.

use domain::metric::MetricDeclaration;

use crate::{Column, Groups, Measure, MetricsCollector, Registration, Source, sources::CONVERSATIONS_30D};

struct SpendMetrics;

inventory::submit! { Registration(&SpendMetrics) }

impl MetricsCollector for SpendMetrics {
    fn name(&self) -> &'static str {
        "spend_metrics"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

const COST_30D: Source = Source::of(&["conversation_cost_events"])
    .filter("{occurred_at} BETWEEN (({now} - interval '30 days') AT TIME ZONE 'UTC') AND ({now} AT TIME ZONE 'UTC')");

/// By model, in one pass. Events without a model are a group, too: a key of text that no model has.
const COST_30D_BY_MODEL: Groups = COST_30D.per("coalesce('model ' || {llm_model}, '')");

/// OHE added both columns at once. What an event was for, and by which model, is told only where both are known.
const DETAILS: &[Column] =
    &[Column::new("conversation_cost_events", "usage_id"), Column::new("conversation_cost_events", "llm_model")];

const MEASURES: &[Measure] = &[
    COST_30D
        .aggregate(
            "sum({cost_delta}) FILTER (WHERE {occurred_at} >= ({now} - interval '7 days') AT TIME ZONE 'UTC')",
            MetricDeclaration::float("llm_spend_usd_7d", "USD", "Cost of language models in the last 7 days."),
        )
        .only_on_orgs(),
    COST_30D
        .aggregate(
            "sum({cost_delta})",
            MetricDeclaration::float("llm_spend_usd_30d", "USD", "Cost of language models in the last 30 days."),
        )
        .only_on_orgs(),
    COST_30D_BY_MODEL
        .largest_share_of(
            "sum({cost_delta})",
            MetricDeclaration::float(
                "llm_spend_top_model_share_30d",
                "share",
                "Share of the most expensive language model in the cost of the last 30 days, from 0 to 1.",
            ),
        )
        .requires(DETAILS)
        .only_on_orgs(),
    COST_30D
        .aggregate(
            "sum({cost_delta}) FILTER (WHERE {usage_id} IS DISTINCT FROM 'agent')",
            MetricDeclaration::float(
                "llm_spend_usd_non_agent_30d",
                "USD",
                "Cost in the last 30 days for anything but the agent's own work, such as titles.",
            ),
        )
        .requires(DETAILS)
        .only_on_orgs(),
    CONVERSATIONS_30D
        .aggregate(
            "sum({cache_read_tokens})",
            MetricDeclaration::int(
                "cache_read_tokens_30d",
                "tokens",
                "Tokens that language models read from a cache in conversations of the last 30 days.",
            ),
        )
        .only_on_orgs(),
];
