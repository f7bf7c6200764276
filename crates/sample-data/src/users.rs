//! Users: who they are, when they came, and what OHE keeps of them.

use chrono::{DateTime, Utc};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::{
    Plan,
    calendar::{Calendar, seconds},
    random::{Stream, long_tailed, stream, uuid},
};

/// One user.
#[derive(Debug)]
pub(crate) struct User {
    /// The Keycloak id.
    pub(crate) id: Uuid,
    /// When the user accepted the terms of service.
    pub(crate) joined: DateTime<Utc>,
}

/// All users, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Users {
    users: Vec<User>,
    /// How active each user is, summed up.
    activity: Vec<f64>,
}

impl Users {
    /// Makes the users of a plan. A few do most of the work, and one in eight has never come back.
    pub(crate) fn new(plan: &Plan, calendar: &Calendar) -> Self {
        let mut numbers = stream(plan.seed, Stream::Users);
        let mut joined: Vec<_> = (1..plan.users).map(|_| calendar.instant(numbers.random())).collect();
        joined.sort_unstable();
        let first = (plan.users > 0).then(|| calendar.start());
        let users: Vec<User> =
            first.into_iter().chain(joined).map(|joined| User { id: uuid(&mut numbers), joined }).collect();
        let mut sum = 0.0;
        let activity = (0..users.len()).map(|index| {
            let active = index == 0 || numbers.random_bool(0.875);
            sum += if active { long_tailed(&mut numbers, 1.0, 1.1) } else { 0.0 };
            sum
        });
        let activity = activity.collect();
        Self { users, activity }
    }

    /// All of them, numbered.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, &User)> {
        (0..).zip(&self.users)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.users.len()
    }

    /// One of those who had come by `instant`, the active ones more often; `None` where there is none.
    pub(crate) fn somebody(&self, numbers: &mut impl Rng, instant: DateTime<Utc>) -> Option<&User> {
        let there = self.users.partition_point(|user| user.joined <= instant);
        let all = self.activity.get(there.checked_sub(1)?)?;
        let target = numbers.random::<f64>() * all;
        self.users.get(self.activity.partition_point(|sum| *sum <= target).min(there - 1))
    }
}

/// A moment somewhere between the two.
pub(crate) fn moment_between(numbers: &mut ChaCha8Rng, since: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    since + seconds((until - since).as_seconds_f64() * numbers.random::<f64>())
}
