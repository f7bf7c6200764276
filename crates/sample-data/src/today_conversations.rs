//! What today's OHE writes down of a conversation: its owner in a table of its own, and what it costs as it goes on.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Plan, Summary, Tables,
    conversation::{Cause, Conversation},
    copy::Rows,
    cost_rows::CostRows,
    made_up::title,
    organizations::Organizations,
    random::{pick, rarely, uuid},
    start_rows::StartRows,
    users::User,
};

#[derive(Debug)]
pub(crate) struct TodayRows<'a> {
    plan: &'a Plan,
    organizations: &'a Organizations,
    /// The parent of a sub-conversation.
    latest: Option<Uuid>,
    metadata: Rows,
    owners: Rows,
    costs: CostRows,
}

/// What the older OHE has not told about a conversation.
struct Run {
    agent: &'static str,
    status: &'static str,
    tags: String,
}

impl<'a> TodayRows<'a> {
    pub(crate) fn new(plan: &'a Plan, organizations: &'a Organizations) -> Self {
        let columns = match plan.tables {
            Tables::Orgs => {
                "conversation_id, selected_repository, title, last_updated_at, created_at, selected_branch, accumulated_cost, \
                 prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, context_window, \
                 per_turn_token, trigger, pr_number, git_provider, llm_model, conversation_version, sandbox_id, \
                 parent_conversation_id, public, tags, agent_kind, execution_status, deleted_at"
            }
            Tables::Orgs154 | Tables::Settings => {
                "conversation_id, selected_repository, title, last_updated_at, created_at, selected_branch, accumulated_cost, \
                 prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, context_window, \
                 per_turn_token, trigger, pr_number, git_provider, llm_model, conversation_version, sandbox_id, \
                 parent_conversation_id, public, tags, agent_kind, execution_status"
            }
        };
        Self {
            plan,
            organizations,
            latest: None,
            metadata: Rows::new("conversation_metadata", columns),
            owners: Rows::new("conversation_metadata_saas", "conversation_id, user_id, org_id"),
            costs: CostRows::new(),
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.metadata.waiting()
    }

    pub(crate) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.metadata.flush(connection).await?;
        self.owners.flush(connection).await?;
        self.costs.flush(connection).await
    }

    pub(crate) fn add_to(&self, summary: &mut Summary) {
        summary.add(self.metadata.count());
        summary.add(self.owners.count());
        self.costs.add_to(summary);
    }

    /// Adds the rows of one conversation.
    pub(crate) fn push(&mut self, numbers: &mut ChaCha8Rng, starts: &mut StartRows, conversation: &Conversation<'_>) {
        let id = conversation.id.hyphenated().to_string();
        let run = run(numbers, self.plan, conversation);
        // Release 1.54.0 deletes the row, and with it what it has cost. Its owner's row has no foreign key, and stays.
        if conversation.deleted.is_none() || self.plan.tables == Tables::Orgs {
            let billed = self.costs.push(numbers, conversation, &id, run.agent);
            self.metadata(numbers, conversation, &id, &run, billed);
        }
        // A conversation has no owner until OHE's second transaction has ended.
        if !rarely(conversation.index, 2999, 70) {
            self.owner(conversation, &id);
        }
        starts.push(numbers, conversation);
        self.latest = Some(conversation.id);
    }

    /// Adds the owner of a conversation that the older OHE has written: those get theirs when the user is migrated.
    pub(crate) fn migrate(&mut self, conversation: &Conversation<'_>, id: &str) {
        self.owner(conversation, id);
    }

    fn owner(&mut self, conversation: &Conversation<'_>, id: &str) {
        if let Some(user) = conversation.user {
            let organization = self.organizations.current(user);
            // One in seven conversations is begun in the user's own organization.
            let organization = if conversation.index % 7 == 3 { user.id } else { organization };
            self.owners.push(&[&id, &user.id, &organization]);
        }
    }

    fn metadata(
        &mut self,
        numbers: &mut ChaCha8Rng,
        conversation: &Conversation<'_>,
        id: &str,
        run: &Run,
        accumulated: f64,
    ) {
        let spent = conversation.spent;
        let code = conversation.code;
        let cached = spent.prompt_tokens / 100 * numbers.random_range(55..90);
        let parent = self.latest.filter(|_| numbers.random_bool(0.03)).map(|parent| parent.to_string());
        let model = (run.agent != "acp" || numbers.random_bool(0.5)).then_some(conversation.model);
        let mut values: Vec<&dyn crate::copy::Value> = Vec::with_capacity(26);
        let title = title(numbers);
        let repository = code.map(|code| code.repository);
        let branch = code.map(|code| code.branch);
        let provider = code.and_then(|code| code.provider);
        let trigger = trigger(numbers, conversation);
        let sandbox = uuid(numbers).simple().to_string();
        let public = numbers.random_bool(0.01).then_some(true);
        let (written, reasoned, turn) = (cached / 20, spent.completion_tokens / 5, spent.prompt_tokens % 60_000);
        values.extend::<[&dyn crate::copy::Value; 25]>([
            &id,
            &repository,
            &title,
            &conversation.updated,
            &conversation.begun,
            &branch,
            &accumulated,
            &spent.prompt_tokens,
            &spent.completion_tokens,
            &cached,
            &written,
            &reasoned,
            &200_000,
            &turn,
            &trigger,
            &conversation.pull_requests,
            &provider,
            &model,
            &"V1",
            &sandbox,
            &parent,
            &public,
            &run.tags,
            &run.agent,
            &run.status,
        ]);
        if self.plan.tables == Tables::Orgs {
            values.push(&conversation.deleted);
        }
        self.metadata.push(&values);
    }
}

fn trigger(numbers: &mut ChaCha8Rng, conversation: &Conversation<'_>) -> Option<&'static str> {
    // The browser does not always say that it is one.
    let named = conversation.cause != Cause::Browser || numbers.random_bool(0.7);
    named.then(|| conversation.cause.word())
}

fn run(numbers: &mut ChaCha8Rng, plan: &Plan, conversation: &Conversation<'_>) -> Run {
    let agent = pick(numbers, &[(93, "openhands"), (7, "acp")]);
    let ended =
        pick(numbers, &[(58, "finished"), (18, "idle"), (17, "paused"), (4, "error"), (2, "stuck"), (1, "running")]);
    let runs = plan.until - conversation.updated < TimeDelta::minutes(10);
    let status = match conversation.deleted {
        Some(_) => "deleting",
        None if runs => "running",
        None => ended,
    };
    let (automation, run) = (uuid(numbers), uuid(numbers));
    let tags = match conversation.cause {
        Cause::Automation => {
            format!(r#"{{"automationid": "{automation}", "automationrunid": "{run}", "automationtrigger": "cron"}}"#)
        }
        _ if agent == "acp" => r#"{"acpserver": "sample-agent"}"#.to_owned(),
        _ => "{}".to_owned(),
    };
    Run { agent, status, tags }
}

/// When each user has last begun a conversation by hand.
#[derive(Debug)]
pub(crate) struct LatestUse(Vec<Option<DateTime<Utc>>>);

impl LatestUse {
    pub(crate) fn new(users: usize) -> Self {
        Self(vec![None; users])
    }

    /// Notes a conversation. What an automation begins is no use by its maker.
    pub(crate) fn note(&mut self, conversation: &Conversation<'_>) {
        let Some(user) = conversation.user.filter(|_| conversation.cause != Cause::Automation) else { return };
        let place = usize::try_from(user.number).ok().and_then(|number| self.0.get_mut(number));
        if let Some(latest) = place {
            *latest = (*latest).max(Some(conversation.begun));
        }
    }

    /// Of one user.
    pub(crate) fn of(&self, user: &User) -> Option<DateTime<Utc>> {
        usize::try_from(user.number).ok().and_then(|number| self.0.get(number).copied()).flatten()
    }
}
