//! The ledger of what conversations cost: about three entries for two conversations.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Summary,
    conversation::Conversation,
    copy::Rows,
    random::{pick, rarely, whole},
    users::moment_between,
};

#[derive(Debug)]
pub(crate) struct CostRows(Rows);

impl CostRows {
    pub(crate) fn new() -> Self {
        Self(Rows::new(
            "conversation_cost_events",
            "conversation_id, cost_delta, occurred_at, usage_id, llm_model, prompt_tokens, completion_tokens",
        ))
    }

    pub(crate) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.0.flush(connection).await
    }

    pub(crate) fn add_to(&self, summary: &mut Summary) {
        summary.add(self.0.count());
    }

    /// Adds the entries of one conversation, and says what the conversation itself has accumulated.
    pub(crate) fn push(
        &mut self,
        numbers: &mut ChaCha8Rng,
        conversation: &Conversation<'_>,
        id: &str,
        agent: &str,
    ) -> f64 {
        let spent = conversation.spent;
        if spent.usd <= 0.0 {
            return 0.0;
        }
        let entries = pick(numbers, &[(60, 1), (25, 2), (11, 3), (4, 4)]);
        let mut rest = 1.0;
        for entry in 1..=entries {
            // The agent's own comes last, and is most of it.
            let is_last = entry == entries;
            let share = if is_last { rest } else { rest * numbers.random_range(0.02..0.25) };
            rest -= share;
            let usage = match agent {
                "acp" => "acp-managed",
                _ if is_last => "agent",
                _ => pick(numbers, &[(4, "agent"), (4, "condenser"), (1, "title"), (1, "profile:fast:1f0c9a")]),
            };
            let model = (usage == "agent" || numbers.random_bool(0.5)).then_some(conversation.model);
            let occurred = if is_last {
                conversation.updated
            } else {
                moment_between(numbers, conversation.begun, conversation.updated)
            };
            self.0.push(&[
                &id,
                &(spent.usd * share),
                &occurred,
                &usage,
                &model,
                &whole(f64::from(spent.prompt_tokens) * share),
                &whole(f64::from(spent.completion_tokens) * share),
            ]);
        }
        // A report of the sandbox's whole cost sets the sum past the ledger.
        if rarely(conversation.index, 23, 11) { spent.usd * 1.02 } else { spent.usd }
    }
}
