//! Users: who they are, when they came, and when they left. The same for every generation of OHE's database.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::{
    Plan,
    calendar::{Calendar, seconds},
    random::{Stream, long_tailed, rarely, stream, uuid},
};

/// How far somebody with an account got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Accepted the terms of service, at this time.
    Accepted(DateTime<Utc>),
    /// Logged in, and went away when the terms of service were shown.
    TermsOpen,
    /// Never verified the e-mail address.
    AddressUnverified,
}

/// One user.
#[derive(Debug)]
pub(crate) struct User {
    /// The place in the order in which users came.
    pub(crate) number: u32,
    /// The Keycloak id.
    pub(crate) id: Uuid,
    /// When the account was made.
    pub(crate) joined: DateTime<Utc>,
    pub(crate) entry: Entry,
    /// Whether the user ever came back to begin a conversation.
    pub(crate) active: bool,
    /// When the user left the company.
    pub(crate) left: Option<DateTime<Utc>>,
}

impl User {
    /// When the user accepted the terms of service, by the clock that wrote it down.
    pub(crate) fn accepted(&self) -> Option<DateTime<Utc>> {
        match self.entry {
            Entry::Accepted(instant) => Some(instant),
            Entry::TermsOpen | Entry::AddressUnverified => None,
        }
    }

    /// Whether a script of the administrators made the account, and nobody has used it so far.
    pub(crate) fn is_provisioned(&self) -> bool {
        !self.active && self.accepted().is_some() && self.number % 3 == 1
    }

    /// Whether the user was there before an upgrade, and came back after it: OHE then moves the user to today's tables.
    pub(crate) fn was_migrated(&self, plan: &Plan) -> bool {
        let upgrade = plan.upgraded_at();
        upgrade.is_some_and(|upgrade| self.joined < upgrade && self.active && self.stays_until(upgrade))
    }

    /// Whether the user has a row in `user_settings`.
    pub(crate) fn has_settings(&self, plan: &Plan) -> bool {
        plan.is_before_organizations(self.joined)
    }

    /// Whether the user has a row in `"user"`.
    pub(crate) fn has_account(&self, plan: &Plan) -> bool {
        !self.has_settings(plan) || self.was_migrated(plan)
    }

    /// Whether the user is still around at `instant`.
    pub(crate) fn stays_until(&self, instant: DateTime<Utc>) -> bool {
        self.left.is_none_or(|left| instant < left)
    }
}

/// All users, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Users {
    users: Vec<User>,
    /// How active each user is, summed up.
    activity: Vec<f64>,
}

impl Users {
    /// Makes the users of a plan. A few do most of the work, one in eight has never come back, and one in eight leaves.
    pub(crate) fn new(plan: &Plan, calendar: &Calendar) -> Self {
        let mut numbers = stream(plan.seed, Stream::Users);
        let mut joined: Vec<_> = (1..plan.users).map(|_| calendar.instant(numbers.random())).collect();
        joined.sort_unstable();
        let first = (plan.users > 0).then(|| calendar.start());
        let mut users = Vec::new();
        let mut activity = Vec::new();
        let mut sum = 0.0;
        for (number, joined) in (0..).zip(first.into_iter().chain(joined)) {
            let user = user(&mut numbers, plan, number, joined);
            let share = long_tailed(&mut numbers, 1.0, 1.1);
            sum += if user.active { share } else { 0.0 };
            users.push(user);
            activity.push(sum);
        }
        Self { users, activity }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
    }

    /// The user with this number.
    pub(crate) fn get(&self, number: u32) -> Option<&User> {
        self.users.get(usize::try_from(number).ok()?)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.users.len()
    }

    /// One of those who are there at `instant`, the active ones more often; `None` when there is nobody.
    pub(crate) fn somebody(&self, numbers: &mut impl Rng, instant: DateTime<Utc>) -> Option<&User> {
        let there = self.users.partition_point(|user| user.joined <= instant);
        let all = self.activity.get(there.checked_sub(1)?)?;
        let found = (0..20).find_map(|_| {
            let target = numbers.random::<f64>() * all;
            let user = self.users.get(self.activity.partition_point(|sum| *sum <= target).min(there - 1))?;
            user.stays_until(instant).then_some(user)
        });
        // The first user never leaves.
        found.or_else(|| self.users.first())
    }
}

fn user(numbers: &mut ChaCha8Rng, plan: &Plan, number: u32, joined: DateTime<Utc>) -> User {
    let id = uuid(numbers);
    // Never accepted, accepted by a clock that goes ahead, or (as nearly all) when the user came.
    let entry = match number {
        _ if rarely(number, 82, 15) => Entry::AddressUnverified,
        _ if rarely(number, 82, 56) => Entry::TermsOpen,
        _ if rarely(number, 499, 13) => Entry::Accepted(plan.until + TimeDelta::hours(2)),
        _ => Entry::Accepted(joined),
    };
    let (comes_back, leaves) = (numbers.random_bool(0.875), numbers.random_bool(0.125));
    let leaving = moment_between(numbers, joined, plan.until);
    let active = number == 0 || comes_back && matches!(entry, Entry::Accepted(_));
    let left = (leaves && number > 0).then_some(leaving);
    User { number, id, joined, entry, active, left }
}

/// A moment somewhere between the two.
pub(crate) fn moment_between(numbers: &mut ChaCha8Rng, since: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    since + seconds((until - since).as_seconds_f64() * numbers.random::<f64>())
}
