//! Choices that the seed decides.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use uuid::Uuid;

/// What draws from the seed on its own, so that more of the one changes nothing of the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Users = 1,
    Conversations,
    Integrations,
    DeletedConversations,
    Organizations,
    Repositories,
    SettingsRows,
    UserRows,
    KeyRows,
    LoginRows,
    ConversationRows,
}

/// The numbers of one stream.
pub(crate) fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut numbers = ChaCha8Rng::seed_from_u64(seed);
    numbers.set_stream(stream as u64);
    numbers
}

/// One of the choices, each as likely as its weight says.
pub(crate) fn pick<T: Copy, const N: usize>(numbers: &mut impl Rng, choices: &[(u32, T); N]) -> T {
    const { assert!(N > 0, "there must be something to choose") };
    let total = choices.iter().map(|(weight, _)| weight).sum();
    let mut rest = numbers.random_range(0..total);
    for (weight, choice) in choices {
        if rest < *weight {
            return *choice;
        }
        rest -= weight;
    }
    choices[N - 1].1
}

/// A positive number around `median`, with a tail that `spread` makes long: as costs, sizes and durations are.
pub(crate) fn long_tailed(numbers: &mut impl Rng, median: f64, spread: f64) -> f64 {
    median * (spread * numbers.sample::<f64, _>(StandardNormal)).exp()
}

/// A random UUID.
pub(crate) fn uuid(numbers: &mut impl Rng) -> Uuid {
    uuid::Builder::from_random_bytes(numbers.random()).into_uuid()
}

/// A whole number near `value`, at most what a column of 32 bits holds.
#[expect(clippy::cast_possible_truncation, reason = "casts from float to int saturate")]
pub(crate) fn whole(value: f64) -> i32 {
    value as i32
}

/// Whether `index` is one of the rare rows in which something odd is found: the one with number `first`, and one in `period`.
pub(crate) fn rarely(index: u32, period: u32, first: u32) -> bool {
    index % period == first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_come_as_often_as_their_weights_say() {
        let mut numbers = stream(7, Stream::Users);
        let heads = (0..10_000).filter(|_| pick(&mut numbers, &[(9, true), (1, false), (0, false)])).count();
        assert!((8_800..9_200).contains(&heads), "{heads}");
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let first = |kind| stream(7, kind).random::<u64>();
        assert_eq!(first(Stream::Users), first(Stream::Users));
        assert_ne!(first(Stream::Users), first(Stream::Conversations));
    }

    #[test]
    fn a_long_tail_has_its_median_and_reaches_far() {
        let mut numbers = stream(7, Stream::Users);
        let mut values: Vec<f64> = (0..10_001).map(|_| long_tailed(&mut numbers, 2.0, 1.3)).collect();
        values.sort_by(f64::total_cmp);
        assert!((1.8..2.2).contains(&values[5_000]), "{}", values[5_000]);
        assert!(values[9_950] > 30.0, "{}", values[9_950]);
    }
}
