//! One conversation, in either of the two kinds that OHE has: V0, and V1, which is rolled out from the middle of the time on.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::{
    Plan,
    calendar::{Calendar, seconds},
    integrations::Repositories,
    random::{long_tailed, pick, rarely, uuid, whole},
    user_rows::MODELS,
    users::{Users, moment_between},
};

/// What conversations are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) calendar: &'a Calendar,
    pub(crate) users: &'a Users,
    pub(crate) repositories: &'a Repositories,
}

/// Which of the two kinds a conversation is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    V0,
    V1,
}

/// One conversation.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) index: u32,
    pub(crate) kind: Kind,
    pub(crate) id: Uuid,
    pub(crate) user: Option<Uuid>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) trigger: Option<&'static str>,
    pub(crate) provider: Option<&'static str>,
    pub(crate) repository: Option<String>,
    /// A JSON text, where the column is not null.
    pub(crate) pull_requests: Option<String>,
    /// USD, and the tokens that it was paid for; `None` in rows from before OHE counted.
    pub(crate) spent: Option<Spent>,
    pub(crate) model: Option<&'static str>,
}

/// What a conversation has cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) usd: f64,
    pub(crate) prompt_tokens: i32,
    pub(crate) completion_tokens: i32,
}

impl Conversation {
    /// The conversation with this number, begun at `begun`.
    pub(crate) fn new(numbers: &mut ChaCha8Rng, world: World<'_>, index: u32, begun: DateTime<Utc>) -> Self {
        let progress = world.calendar.progress(begun);
        let kind = if numbers.random_bool(share_of_v1(progress)) { Kind::V1 } else { Kind::V0 };
        let trigger = trigger(numbers, kind, progress, index);
        let (provider, repository) = code(numbers, world, trigger, progress, index);
        let (created, updated) = lifetime(numbers, world.plan, kind, begun, index);
        Self {
            index,
            kind,
            id: uuid(numbers),
            user: world.users.somebody(numbers, begun).map(|user| user.id),
            created,
            updated,
            trigger,
            provider,
            repository,
            pull_requests: pull_requests(numbers, kind, progress, index),
            spent: spent(numbers, kind, index),
            model: (kind == Kind::V1).then(|| pick(numbers, &MODELS)),
        }
    }

    /// The id as its kind writes it: without dashes in V0.
    pub(crate) fn id_text(&self) -> String {
        match self.kind {
            Kind::V0 => self.id.simple().to_string(),
            Kind::V1 => self.id.hyphenated().to_string(),
        }
    }
}

/// V1 is rolled out in the second half, and every third conversation is of it in the end.
fn share_of_v1(progress: f64) -> f64 {
    ((progress - 0.45) * 0.6).clamp(0.0, 1.0)
}

/// Rows from before OHE filled a column: the first few per cent of the time.
fn legacy(progress: f64) -> bool {
    progress < 0.06
}

fn trigger(numbers: &mut ChaCha8Rng, kind: Kind, progress: f64, index: u32) -> Option<&'static str> {
    if rarely(index, 1999, 60) {
        return Some("azure_devops");
    }
    match kind {
        Kind::V0 if legacy(progress) => None,
        Kind::V0 => Some(pick(
            numbers,
            &[
                (55, "gui"),
                (19, "resolver"),
                (8, "slack"),
                (6, "openhands_api"),
                (3, "suggested_task"),
                (2, "microagent_management"),
                (4, "jira"),
                (1, "jira_dc"),
                (2, "linear"),
            ],
        )),
        // The frontend sends none.
        Kind::V1 => pick(numbers, &[(85, None), (12, Some("openhands_api")), (3, Some("gui"))]),
    }
}

fn code(
    numbers: &mut ChaCha8Rng,
    world: World<'_>,
    trigger: Option<&str>,
    progress: f64,
    index: u32,
) -> (Option<&'static str>, Option<String>) {
    let needed = trigger == Some("resolver");
    let Some(repository) = world.repositories.somewhere(numbers).filter(|_| needed || numbers.random_bool(0.8)) else {
        return (None, None);
    };
    let from_a_tracker = matches!(trigger, Some("jira" | "jira_dc" | "linear"));
    let provider = match repository.provider {
        _ if rarely(index, 2003, 61) => Some("forgejo"),
        _ if from_a_tracker || legacy(progress) => None,
        provider => Some(provider),
    };
    (provider, Some(repository.name.clone()))
}

fn lifetime(
    numbers: &mut ChaCha8Rng,
    plan: &Plan,
    kind: Kind,
    begun: DateTime<Utc>,
    index: u32,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let span = long_tailed(numbers, 780.0, 1.5).min(30.0 * 86_400.0);
    if rarely(index, 9973, 40) {
        let ahead = plan.until + TimeDelta::minutes(numbers.random_range(5..180));
        return (ahead, ahead);
    }
    let ended = begun + seconds(span);
    let updated = if ended > plan.until { moment_between(numbers, begun, plan.until) } else { ended };
    // V1 rewrites the start of a conversation each time it is paused or resumed.
    let rewritten = kind == Kind::V1 && numbers.random_bool(0.4);
    (if rewritten { moment_between(numbers, begun, updated) } else { begun }, updated)
}

fn pull_requests(numbers: &mut ChaCha8Rng, kind: Kind, progress: f64, index: u32) -> Option<String> {
    if rarely(index, 1009, 62) {
        return Some("null".to_owned());
    }
    if legacy(progress) {
        return None;
    }
    let opened = match kind {
        Kind::V0 => pick(numbers, &[(80, 0), (18, 1), (2, 2)]),
        Kind::V1 => pick(numbers, &[(97, 0), (3, 1)]),
    };
    let opened: Vec<String> = (0..opened).map(|_| numbers.random_range(1..4000).to_string()).collect();
    Some(format!("[{}]", opened.join(", ")))
}

fn spent(numbers: &mut ChaCha8Rng, kind: Kind, index: u32) -> Option<Spent> {
    if rarely(index, 503, 63) {
        return None;
    }
    // V1 never fills these columns; a V0 conversation that was never answered has cost nothing.
    if kind == Kind::V1 || numbers.random_bool(0.06) {
        return Some(Spent::default());
    }
    let usd = long_tailed(numbers, 0.38, 1.35);
    let prompt = usd * 260_000.0 * numbers.random_range(0.7..1.3);
    let completion = prompt * numbers.random_range(0.008..0.03);
    Some(Spent { usd: (usd * 1e6).round() / 1e6, prompt_tokens: whole(prompt), completion_tokens: whole(completion) })
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
    fn v1_is_never_billed_and_v0_nearly_always() {
        let mut numbers = stream(1, Stream::Conversations);
        let billed = |numbers: &mut ChaCha8Rng, kind| spent(numbers, kind, 0).is_some_and(|spent| spent.usd > 0.0);
        assert_eq!((0..1000).filter(|_| billed(&mut numbers, Kind::V1)).count(), 0);
        assert!((0..1000).filter(|_| billed(&mut numbers, Kind::V0)).count() > 900);
    }
}
