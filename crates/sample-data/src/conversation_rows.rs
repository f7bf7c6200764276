//! Rows about conversations, with the oddities that real ones have.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Summary,
    calendar::seconds,
    conversation::{Conversation, Kind, World},
    copy::Rows,
    random::{Stream, long_tailed, pick, rarely, stream, uuid},
};

/// Rows wait until there are so many bytes of them.
const CHUNK: usize = 4 << 20;

#[derive(Debug)]
struct ConversationRows {
    /// The parent of a sub-conversation.
    latest_v1: Option<Uuid>,
    metadata: Rows,
    work: Rows,
    callbacks: Rows,
    feedback: Rows,
    starts: Rows,
    results: Rows,
}

/// Writes the rows of all conversations, in the order in which they began.
pub(crate) async fn write(
    connection: &mut PgConnection,
    world: World<'_>,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(world.plan.seed, Stream::Conversations);
    let mut shares: Vec<f64> = (0..world.plan.conversations).map(|_| numbers.random()).collect();
    shares.sort_unstable_by(f64::total_cmp);
    let mut rows = ConversationRows::new();
    for (index, share) in (0..).zip(shares) {
        let conversation = Conversation::new(&mut numbers, world, index, world.calendar.instant(share));
        rows.push(&mut numbers, world, &conversation);
        if rows.metadata.waiting() > CHUNK {
            rows.flush(connection).await?;
        }
    }
    rows.flush(connection).await?;
    rows.tables().into_iter().for_each(|table| summary.add(table.count()));
    Ok(())
}

impl ConversationRows {
    fn new() -> Self {
        Self {
            latest_v1: None,
            metadata: Rows::new(
                "conversation_metadata",
                "conversation_id, github_user_id, selected_repository, title, last_updated_at, created_at, selected_branch, user_id, \
                 accumulated_cost, prompt_tokens, completion_tokens, total_tokens, trigger, pr_number, git_provider, llm_model, \
                 conversation_version, sandbox_id, parent_conversation_id",
            ),
            work: Rows::new("conversation_work", "conversation_id, user_id, seconds, created_at, updated_at"),
            callbacks: Rows::new(
                "conversation_callbacks",
                "conversation_id, status, processor_type, processor_json, created_at, updated_at",
            ),
            feedback: Rows::new("conversation_feedback", "conversation_id, event_id, rating, created_at"),
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

    /// In an order that the foreign key allows.
    fn tables(&mut self) -> [&mut Rows; 6] {
        [
            &mut self.metadata,
            &mut self.work,
            &mut self.callbacks,
            &mut self.feedback,
            &mut self.starts,
            &mut self.results,
        ]
    }

    async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        for table in self.tables() {
            table.flush(connection).await?;
        }
        Ok(())
    }

    fn push(&mut self, numbers: &mut ChaCha8Rng, world: World<'_>, conversation: &Conversation) {
        let id = conversation.id_text();
        self.metadata(numbers, conversation, &id);
        self.feedback(numbers, conversation, &id);
        match conversation.kind {
            Kind::V0 => {
                self.work(numbers, conversation, &id);
                self.callbacks(numbers, conversation, &id);
            }
            Kind::V1 => {
                self.starts(numbers, world, conversation);
                self.results(numbers, conversation);
                self.latest_v1 = Some(conversation.id);
            }
        }
    }

    fn metadata(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation, id: &str) {
        let index = conversation.index;
        let is_v1 = conversation.kind == Kind::V1;
        let before_keycloak = !is_v1 && rarely(index, 701, 20);
        let user = match conversation.user {
            _ if before_keycloak => None,
            Some(user) if !(is_v1 && numbers.random_bool(0.02)) => Some(user.to_string()),
            _ => is_v1.then(String::new),
        };
        let version = match conversation.kind {
            _ if rarely(index, 2503, 66) => "V2",
            Kind::V0 => "V0",
            Kind::V1 => "V1",
        };
        let parent = self.latest_v1.filter(|_| is_v1 && numbers.random_bool(0.03));
        let spent = conversation.spent;
        self.metadata.push(&[
            &id,
            &before_keycloak.then(|| (10_000_000 + index).to_string()),
            &conversation.repository,
            &title(numbers),
            &conversation.updated,
            &conversation.created,
            &conversation
                .repository
                .is_some()
                .then(|| pick(numbers, &[(8, "main"), (1, "develop"), (1, "release/2.x")])),
            &user,
            &spent.map(|spent| spent.usd),
            &spent.map(|spent| spent.prompt_tokens),
            &spent.map(|spent| spent.completion_tokens),
            &spent.map(|spent| i64::from(spent.prompt_tokens) + i64::from(spent.completion_tokens)),
            &conversation.trigger,
            &conversation.pull_requests,
            &conversation.provider,
            &conversation.model,
            &version,
            &is_v1.then(|| uuid(numbers).simple().to_string()),
            &parent,
        ]);
    }

    fn work(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation, id: &str) {
        let (Some(user), true) = (conversation.user, numbers.random_bool(0.93)) else { return };
        let worked = (conversation.updated - conversation.created).as_seconds_f64() * numbers.random_range(0.1..0.7);
        // The first with its offset, the second without: so OHE writes them.
        let (created, updated) = (conversation.created.to_rfc3339(), conversation.updated.naive_utc());
        let updated = updated.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        self.work.push(&[&id, &user, &((worked * 1e3).round() / 1e3), &created, &updated]);
        if rarely(conversation.index, 307, 21) {
            // Its conversation was deleted.
            self.work.push(&[&uuid(numbers).simple().to_string(), &user, &41.5, &created, &updated]);
        }
    }

    fn callbacks(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation, id: &str) {
        let (processor, completes) = match (conversation.trigger, conversation.provider) {
            (Some("resolver"), Some("gitlab")) => ("gitlab_callback_processor.GitlabCallbackProcessor", true),
            (Some("resolver"), _) => ("github_callback_processor.GithubCallbackProcessor", true),
            (Some("slack"), _) => ("slack_callback_processor.SlackCallbackProcessor", false),
            (Some("jira"), _) => ("jira_callback_processor.JiraCallbackProcessor", false),
            (Some("jira_dc"), _) => ("jira_dc_callback_processor.JiraDcCallbackProcessor", false),
            (Some("linear"), _) => ("linear_callback_processor.LinearCallbackProcessor", false),
            _ => return,
        };
        let done = if completes { "COMPLETED" } else { "ACTIVE" };
        let status = pick(numbers, &[(92, done), (5, "ACTIVE"), (3, "ERROR")]);
        let processor = format!("server.conversation_callback_processor.{processor}");
        self.callbacks.push(&[&id, &status, &processor, &"{}", &conversation.created, &conversation.updated]);
    }

    fn feedback(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation, id: &str) {
        let created = conversation.updated;
        if numbers.random_bool(0.04) {
            let event = numbers.random_bool(0.6).then(|| numbers.random_range(2..400));
            let rating = pick(numbers, &[(46, 5), (27, 4), (12, 3), (6, 2), (9, 1)]);
            self.feedback.push(&[&id, &event, &rating, &created]);
        }
        // Anybody may rate: a conversation that does not exist, and beyond the scale.
        if rarely(conversation.index, 1511, 43) {
            let rating = pick(numbers, &[(1, 0), (1, 9), (1, -1)]);
            self.feedback.push(&[&uuid(numbers).simple().to_string(), &None::<i32>, &rating, &created]);
        }
    }

    fn starts(&mut self, numbers: &mut ChaCha8Rng, world: World<'_>, conversation: &Conversation) {
        let latency = seconds(long_tailed(numbers, 19.0, 0.6));
        let begun = conversation.created - latency;
        let user = conversation.user.map(|user| user.to_string()).unwrap_or_default();
        let mut push =
            |numbers: &mut ChaCha8Rng, status: &str, conversation: Option<Uuid>, ended: Option<DateTime<Utc>>| {
                let detail = (status == "ERROR").then_some("Sandbox failed to start");
                let sandbox = conversation.map(|_| uuid(numbers).simple().to_string());
                self.starts.push(&[
                    &uuid(numbers),
                    &user,
                    &status,
                    &detail,
                    &conversation,
                    &sandbox,
                    &"{}",
                    &begun,
                    &ended,
                ]);
            };
        let ended = (!rarely(conversation.index, 1013, 44)).then_some(conversation.created.min(world.plan.until));
        push(numbers, "READY", Some(conversation.id), ended);
        // Starts that came to nothing have no conversation.
        match pick(
            numbers,
            &[(940, None), (45, Some("ERROR")), (10, Some("WAITING_FOR_SANDBOX")), (5, Some("WORKING"))],
        ) {
            Some("ERROR") => push(numbers, "ERROR", None, ended),
            Some(stuck) => push(numbers, stuck, None, None),
            None => {}
        }
    }

    fn results(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation) {
        if !numbers.random_bool(0.3) {
            return;
        }
        let status = pick(numbers, &[(97, "SUCCESS"), (3, "ERROR")]);
        let detail = (status == "ERROR").then_some("Title could not be set");
        let created = conversation.created + TimeDelta::seconds(numbers.random_range(1..90));
        let event = uuid(numbers).to_string();
        self.results.push(&[&uuid(numbers), &status, &uuid(numbers), &conversation.id, &detail, &created, &event]);
    }
}

fn title(numbers: &mut ChaCha8Rng) -> String {
    let task = pick(
        numbers,
        &[(4, "Fix"), (3, "Add tests for"), (2, "Refactor"), (2, "Explain"), (1, "Speed up"), (1, "Document")],
    );
    let subject = pick(
        numbers,
        &[(3, "checkout"), (3, "login"), (2, "the report export"), (2, "invoice parsing"), (1, "search"), (1, "CI")],
    );
    format!("{task} {subject}")
}
