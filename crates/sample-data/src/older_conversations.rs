//! What OHE of generation settings writes down of a conversation, with the oddities that real rows have. An upgraded install
//! keeps these rows.

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Summary,
    conversation::{Cause, Code, Conversation, Kind, Spent},
    copy::Rows,
    made_up::title,
    random::{pick, rarely, uuid},
    start_rows::StartRows,
    users::moment_between,
};

#[derive(Debug)]
pub(crate) struct OlderRows {
    /// The parent of a sub-conversation.
    latest_v1: Option<Uuid>,
    metadata: Rows,
    work: Rows,
    callbacks: Rows,
    feedback: Rows,
}

impl OlderRows {
    pub(crate) fn new() -> Self {
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
        }
    }

    /// In an order that the foreign key allows.
    fn tables(&mut self) -> [&mut Rows; 4] {
        [&mut self.metadata, &mut self.work, &mut self.callbacks, &mut self.feedback]
    }

    pub(crate) fn waiting(&self) -> usize {
        self.metadata.waiting()
    }

    pub(crate) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        for table in self.tables() {
            table.flush(connection).await?;
        }
        Ok(())
    }

    pub(crate) fn add_to(&mut self, summary: &mut Summary) {
        self.tables().into_iter().for_each(|table| summary.add(table.count()));
    }

    /// Adds the rows of one conversation. What was deleted has left its table, and the others keep what hung on it.
    pub(crate) fn push(&mut self, numbers: &mut ChaCha8Rng, starts: &mut StartRows, conversation: &Conversation<'_>) {
        let id = id_text(conversation);
        // V1 rewrites the start of a conversation each time it is paused or resumed.
        let rewritten = conversation.kind == Kind::V1 && numbers.random_bool(0.4);
        let later = moment_between(numbers, conversation.begun, conversation.updated);
        let created = if rewritten { later } else { conversation.begun };
        if conversation.deleted.is_none() {
            self.metadata(numbers, conversation, &id, created);
        }
        self.feedback(numbers, conversation, &id);
        match conversation.kind {
            Kind::V0 => {
                self.work(numbers, conversation, &id);
                self.callbacks(numbers, conversation, &id);
            }
            Kind::V1 => {
                starts.push(numbers, conversation);
                self.latest_v1 = Some(conversation.id);
            }
        }
    }

    fn metadata(
        &mut self,
        numbers: &mut ChaCha8Rng,
        conversation: &Conversation<'_>,
        id: &str,
        created: DateTime<Utc>,
    ) {
        let index = conversation.index;
        let is_v1 = conversation.kind == Kind::V1;
        let before_keycloak = !is_v1 && rarely(index, 701, 20);
        let user = match conversation.user {
            _ if before_keycloak => None,
            Some(user) if !(is_v1 && numbers.random_bool(0.02)) => Some(user.id.to_string()),
            _ => is_v1.then(String::new),
        };
        let version = match conversation.kind {
            _ if rarely(index, 2503, 66) => "V2",
            Kind::V0 => "V0",
            Kind::V1 => "V1",
        };
        let parent = self.latest_v1.filter(|_| is_v1 && numbers.random_bool(0.03));
        // V1 never fills these columns; rows from before OHE counted have nothing in them.
        let spent = (!rarely(index, 503, 63)).then(|| if is_v1 { Spent::default() } else { conversation.spent });
        let code = code(conversation);
        self.metadata.push(&[
            &id,
            &before_keycloak.then(|| (10_000_000 + index).to_string()),
            &code.map(|code| code.repository),
            &title(numbers),
            &conversation.updated,
            &created,
            &code.map(|code| code.branch),
            &user,
            &spent.map(|spent| spent.usd),
            &spent.map(|spent| spent.prompt_tokens),
            &spent.map(|spent| spent.completion_tokens),
            &spent.map(|spent| i64::from(spent.prompt_tokens) + i64::from(spent.completion_tokens)),
            &trigger(numbers, conversation),
            &pull_requests(numbers, conversation),
            &code.and_then(|code| code.provider).filter(|_| !is_legacy(conversation)),
            &is_v1.then_some(conversation.model),
            &version,
            &is_v1.then(|| uuid(numbers).simple().to_string()),
            &parent,
        ]);
    }

    fn work(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>, id: &str) {
        let (Some(user), true) = (conversation.user, numbers.random_bool(0.93)) else { return };
        let worked = (conversation.updated - conversation.begun).as_seconds_f64() * numbers.random_range(0.1..0.7);
        // The first with its offset, the second without: so OHE writes them.
        let (created, updated) = (conversation.begun.to_rfc3339(), conversation.updated.naive_utc());
        let updated = updated.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        self.work.push(&[&id, &user.id, &((worked * 1e3).round() / 1e3), &created, &updated]);
    }

    fn callbacks(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>, id: &str) {
        if conversation.deleted.is_some() {
            return;
        }
        let (processor, completes) = match (conversation.cause, conversation.code.and_then(|code| code.provider)) {
            (Cause::Resolver, Some("gitlab")) => ("gitlab_callback_processor.GitlabCallbackProcessor", true),
            (Cause::Resolver, _) => ("github_callback_processor.GithubCallbackProcessor", true),
            (Cause::Slack, _) => ("slack_callback_processor.SlackCallbackProcessor", false),
            (Cause::Jira, _) => ("jira_callback_processor.JiraCallbackProcessor", false),
            (Cause::JiraDc, _) => ("jira_dc_callback_processor.JiraDcCallbackProcessor", false),
            (Cause::Linear, _) => ("linear_callback_processor.LinearCallbackProcessor", false),
            _ => return,
        };
        let done = if completes { "COMPLETED" } else { "ACTIVE" };
        let status = pick(numbers, &[(92, done), (5, "ACTIVE"), (3, "ERROR")]);
        let processor = format!("server.conversation_callback_processor.{processor}");
        self.callbacks.push(&[&id, &status, &processor, &"{}", &conversation.begun, &conversation.updated]);
    }

    fn feedback(&mut self, numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>, id: &str) {
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
}

/// The id as its kind writes it: without dashes in V0.
pub(crate) fn id_text(conversation: &Conversation<'_>) -> String {
    match conversation.kind {
        Kind::V0 => conversation.id.simple().to_string(),
        Kind::V1 => conversation.id.hyphenated().to_string(),
    }
}

/// Rows from before OHE filled a column: the first few per cent of the time.
fn is_legacy(conversation: &Conversation<'_>) -> bool {
    conversation.progress < 0.06
}

/// The code, where its host is one that OHE of that time works with.
fn code<'a>(conversation: &Conversation<'a>) -> Option<Code<'a>> {
    conversation.code.filter(|code| !matches!(code.host, "bitbucket_data_center" | "azure_devops"))
}

fn trigger(numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>) -> Option<&'static str> {
    match (conversation.kind, conversation.cause) {
        (_, Cause::Unknown) => Some(Cause::Unknown.word()),
        (Kind::V0, _) if is_legacy(conversation) => None,
        // What an automation does today, a script did by the API.
        (Kind::V0, Cause::Automation) => Some(Cause::Api.word()),
        (Kind::V0, Cause::Resolver) if code(conversation).is_none() => Some(Cause::Browser.word()),
        (Kind::V0, cause) => Some(cause.word()),
        // The frontend sends none.
        (Kind::V1, _) => pick(numbers, &[(85, None), (12, Some("openhands_api")), (3, Some("gui"))]),
    }
}

fn pull_requests(numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>) -> Option<String> {
    if rarely(conversation.index, 1009, 62) {
        return Some("null".to_owned());
    }
    if is_legacy(conversation) {
        return None;
    }
    // V1 seldom finds out.
    let known = conversation.kind == Kind::V0 || numbers.random_bool(0.15);
    Some(if known { conversation.pull_requests.clone() } else { "[]".to_owned() })
}
