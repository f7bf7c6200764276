//! Rows about the starts of V1 conversations and what was called back: the same in every generation that has V1.
//!
//! They go back as far as the install: the job that deletes them after a day does not run in OHE.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Summary,
    conversation::Conversation,
    copy::Rows,
    random::{pick, rarely, uuid},
};

#[derive(Debug)]
pub(crate) struct StartRows {
    until: DateTime<Utc>,
    starts: Rows,
    results: Rows,
}

impl StartRows {
    /// None yet, of an install whose last instant is `until`.
    pub(crate) fn new(until: DateTime<Utc>) -> Self {
        Self {
            until,
            starts: Rows::new(
                "app_conversation_start_task",
                "id, created_by_user_id, status, detail, app_conversation_id, sandbox_id, request, created_at, updated_at",
            ),
            results: Rows::new(
                "event_callback_result",
                "id, status, event_callback_id, conversation_id, detail, created_at, event_id",
            ),
        }
    }

    pub(crate) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.starts.flush(connection).await?;
        self.results.flush(connection).await
    }

    pub(crate) fn add_to(&self, summary: &mut Summary) {
        summary.add(self.starts.count());
        summary.add(self.results.count());
    }

    /// Adds the rows of one conversation. Those of one that was deleted have gone with it.
    pub(crate) fn push(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>) {
        if conversation.deleted.is_some() {
            return;
        }
        let ready = (!rarely(conversation.index, 211, 44)).then_some(conversation.begun.min(self.until));
        self.start(numbers, conversation, "READY", Some(conversation.id), ready);
        // Starts that came to nothing have no conversation.
        if let Some(status) = conversation.start.in_vain {
            let ended = ready.filter(|_| status == "ERROR");
            self.start(numbers, conversation, status, None, ended);
        }
        self.result(numbers, conversation);
    }

    fn start(
        &mut self,
        numbers: &mut ChaCha8Rng,
        conversation: &Conversation<'_>,
        status: &str,
        made: Option<Uuid>,
        ended: Option<DateTime<Utc>>,
    ) {
        let begun = conversation.begun - conversation.start.latency;
        let user = conversation.user.map(|user| user.id.to_string()).unwrap_or_default();
        let detail = (status == "ERROR").then_some("Sandbox failed to start");
        let sandbox = made.map(|_| uuid(numbers).simple().to_string());
        self.starts.push(&[&uuid(numbers), &user, &status, &detail, &made, &sandbox, &"{}", &begun, &ended]);
    }

    fn result(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>) {
        if !numbers.random_bool(0.3) {
            return;
        }
        let status = pick(numbers, &[(97, "SUCCESS"), (3, "ERROR")]);
        let detail = (status == "ERROR").then_some("Title could not be set");
        let created = conversation.begun + TimeDelta::seconds(numbers.random_range(1..90));
        let event = uuid(numbers).to_string();
        self.results.push(&[&uuid(numbers), &status, &uuid(numbers), &conversation.id, &detail, &created, &event]);
    }
}
