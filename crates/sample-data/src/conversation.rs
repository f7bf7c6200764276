//! One conversation: who began it, when, why, on which code, and what it has cost. The same for every generation of OHE's
//! database; what a generation writes down of it is said in `older_conversations` and `today_conversations`.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::{
    Plan,
    calendar::{Calendar, seconds},
    made_up::MODELS,
    random::{long_tailed, pick, rarely, uuid, whole},
    repositories::{Repositories, Repository},
    users::{User, Users, moment_between},
};

/// What conversations are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) calendar: &'a Calendar,
    pub(crate) users: &'a Users,
    pub(crate) repositories: &'a Repositories,
}

/// The two kinds that OHE of generation settings has. Today it begins V1 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    V0,
    V1,
}

/// What has begun a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Browser,
    Resolver,
    Slack,
    Api,
    SuggestedTask,
    Microagents,
    Jira,
    JiraDc,
    Linear,
    /// A schedule or an event that the user has set up. OHE has them since 2026.
    Automation,
    /// A word that no release of OHE is known to write.
    Unknown,
}

impl Cause {
    /// The word in the column `trigger`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Browser => "gui",
            Self::Resolver => "resolver",
            Self::Slack => "slack",
            Self::Api => "openhands_api",
            Self::SuggestedTask => "suggested_task",
            Self::Microagents => "microagent_management",
            Self::Jira => "jira",
            Self::JiraDc => "jira_dc",
            Self::Linear => "linear",
            Self::Automation => "automation",
            Self::Unknown => "azure_devops",
        }
    }

    /// Whether an issue tracker is behind it: such conversations do not name the code host.
    fn is_tracker(self) -> bool {
        matches!(self, Self::Jira | Self::JiraDc | Self::Linear)
    }
}

/// The code that a conversation works on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code<'a> {
    pub(crate) repository: &'a str,
    pub(crate) branch: &'static str,
    /// The code host, where the conversation names it.
    pub(crate) provider: Option<&'static str>,
    /// The code host that it is in fact.
    pub(crate) host: &'static str,
}

/// One conversation.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    pub(crate) index: u32,
    pub(crate) id: Uuid,
    /// What the older OHE makes of it.
    pub(crate) kind: Kind,
    /// How far the install was on its way, from 0 to 1.
    pub(crate) progress: f64,
    pub(crate) user: Option<&'a User>,
    pub(crate) begun: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) deleted: Option<DateTime<Utc>>,
    pub(crate) cause: Cause,
    pub(crate) code: Option<Code<'a>>,
    /// Numbers of the pull requests that it has opened, as a JSON text.
    pub(crate) pull_requests: String,
    pub(crate) spent: Spent,
    pub(crate) model: &'static str,
    pub(crate) start: Start,
}

/// What a conversation has cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) usd: f64,
    pub(crate) prompt_tokens: i32,
    pub(crate) completion_tokens: i32,
}

/// How a conversation was brought up, where OHE keeps that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) latency: TimeDelta,
    /// The state of one that came to nothing before it.
    pub(crate) in_vain: Option<&'static str>,
}

impl<'a> Conversation<'a> {
    /// The conversation with this number, begun at `begun`.
    pub(crate) fn new(numbers: &mut ChaCha8Rng, world: World<'a>, index: u32, begun: DateTime<Utc>) -> Self {
        let progress = world.calendar.progress(begun);
        let kind = if numbers.random_bool(share_of_v1(progress)) { Kind::V1 } else { Kind::V0 };
        let (cause, user) = cause(numbers, world.users, progress, index, begun);
        let code = code(numbers, world, cause, index);
        let (begun, updated) = lifetime(numbers, world.plan, begun, index);
        Self {
            index,
            id: uuid(numbers),
            kind,
            progress,
            user,
            begun,
            updated,
            deleted: None,
            cause,
            code,
            pull_requests: pull_requests(numbers),
            spent: spent(numbers),
            model: pick(numbers, &MODELS),
            start: start(numbers),
        }
    }

    /// The same conversation, deleted some weeks after its end, or before the last instant of the plan.
    pub(crate) fn then_deleted(self, numbers: &mut ChaCha8Rng, plan: &Plan) -> Self {
        let latest = (self.updated + TimeDelta::days(40)).min(plan.until);
        let deleted = moment_between(numbers, self.updated.min(latest), latest);
        Self { deleted: Some(deleted), ..self }
    }
}

/// V1 is rolled out in the second half, and every third conversation is of it in the end.
fn share_of_v1(progress: f64) -> f64 {
    ((progress - 0.45) * 0.6).clamp(0.0, 1.0)
}

/// Automations come slowly, until they begin one conversation in eleven.
fn share_of_automations(progress: f64) -> f64 {
    ((progress - 0.1) * 0.1).clamp(0.0, 1.0)
}

fn cause<'a>(
    numbers: &mut ChaCha8Rng,
    users: &'a Users,
    progress: f64,
    index: u32,
    begun: DateTime<Utc>,
) -> (Cause, Option<&'a User>) {
    let by_hand = pick(
        numbers,
        &[
            (55, Cause::Browser),
            (19, Cause::Resolver),
            (8, Cause::Slack),
            (6, Cause::Api),
            (3, Cause::SuggestedTask),
            (2, Cause::Microagents),
            (4, Cause::Jira),
            (1, Cause::JiraDc),
            (2, Cause::Linear),
        ],
    );
    let user = users.somebody(numbers, begun);
    if numbers.random_bool(share_of_automations(progress)) {
        // Who has automations: one in eight, and whoever came just after them profits.
        let maker = user.and_then(|user| users.get(user.number - user.number % 8));
        if let Some(maker) = maker.filter(|user| user.has_automations() && user.stays_until(begun)) {
            return (Cause::Automation, Some(maker));
        }
    }
    (if rarely(index, 1999, 60) { Cause::Unknown } else { by_hand }, user)
}

impl User {
    /// Whether the user has set up automations.
    pub(crate) fn has_automations(&self) -> bool {
        self.active && self.number.is_multiple_of(8)
    }
}

fn code<'a>(numbers: &mut ChaCha8Rng, world: World<'a>, cause: Cause, index: u32) -> Option<Code<'a>> {
    let (named, repository) = (numbers.random_bool(0.8), world.repositories.somewhere(numbers));
    let branch = pick(numbers, &[(8, "main"), (1, "develop"), (1, "release/2.x")]);
    let repository: &Repository = repository.filter(|_| named || cause == Cause::Resolver)?;
    let provider = match repository.provider {
        _ if rarely(index, 2003, 61) => Some("forgejo"),
        _ if cause.is_tracker() => None,
        provider => Some(provider),
    };
    Some(Code { repository: &repository.name, branch, provider, host: repository.provider })
}

fn lifetime(numbers: &mut ChaCha8Rng, plan: &Plan, begun: DateTime<Utc>, index: u32) -> (DateTime<Utc>, DateTime<Utc>) {
    let span = long_tailed(numbers, 780.0, 1.5).min(30.0 * 86_400.0);
    let so_far = moment_between(numbers, begun, plan.until);
    if rarely(index, 9973, 40) {
        let ahead = plan.until + TimeDelta::minutes(numbers.random_range(5..180));
        return (ahead, ahead);
    }
    let ended = begun + seconds(span);
    (begun, if ended > plan.until { so_far } else { ended })
}

fn pull_requests(numbers: &mut ChaCha8Rng) -> String {
    let opened = pick(numbers, &[(80, 0), (18, 1), (2, 2)]);
    let opened: Vec<String> = (0..opened).map(|_| numbers.random_range(1..4000).to_string()).collect();
    format!("[{}]", opened.join(", "))
}

fn spent(numbers: &mut ChaCha8Rng) -> Spent {
    let usd = long_tailed(numbers, 0.38, 1.35);
    let prompt = usd * 260_000.0 * numbers.random_range(0.7..1.3);
    let completion = prompt * numbers.random_range(0.008..0.03);
    // A conversation that was never answered has cost nothing.
    if numbers.random_bool(0.06) {
        return Spent::default();
    }
    Spent { usd: (usd * 1e6).round() / 1e6, prompt_tokens: whole(prompt), completion_tokens: whole(completion) }
}

fn start(numbers: &mut ChaCha8Rng) -> Start {
    let latency = seconds(long_tailed(numbers, 19.0, 0.6));
    let in_vain =
        pick(numbers, &[(940, None), (45, Some("ERROR")), (10, Some("WAITING_FOR_SANDBOX")), (5, Some("WORKING"))]);
    Start { latency, in_vain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, stream};

    #[test]
    fn v1_is_absent_at_first_and_a_third_of_all_in_the_end() {
        for (progress, expected) in [(0.0, 0.0), (0.45, 0.0), (1.0, 0.33)] {
            assert!((share_of_v1(progress) - expected).abs() < 1e-9, "{progress}");
        }
    }

    #[test]
    fn nearly_every_conversation_costs_something() {
        let mut numbers = stream(1, Stream::Conversations);
        let billed = (0..1000).filter(|_| spent(&mut numbers).usd > 0.0).count();
        assert!((900..980).contains(&billed), "{billed}");
    }
}
