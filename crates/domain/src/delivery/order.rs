//! Which batch a run sends next: one pure function of the line and of what happened so far in the run.
//!
//! A run sends the batches of a line from its front to its end. Two things change that. A failure of the way to the vendor
//! (name, connection, proxy, TLS) or of our credentials would meet every batch alike, so it ends the run. A failure that
//! may be the vendor's or the batch's own (5xx, no answer in time, an answer that is not the vendor's) leaves it in doubt
//! whether the vendor answers at all: one other batch is tried, and only if it gets through does the run go on. So an
//! outage costs two requests at each retry, however long the line is, and a batch that always fails keeps no other back.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::ErrorClass;

/// After so many failures in a row, an acceptance earlier in the run no longer shows that the vendor answers: an outage
/// may have begun in the middle of the run.
const DOUBT_AFTER: u32 = 3;

/// What became of one place of the line in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was sent, and the vendor accepted it.
    Accepted,
    /// It was sent, and failed.
    Failed(ErrorClass),
    /// When its turn came there was nothing to send any more.
    PassedOver,
}

/// What a run does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It sends the batch at this place of the line.
    Send(usize),
    /// Every place of the line had its turn.
    NothingLeft,
    /// It ends, whatever is left: the rest would fare alike.
    End,
}

/// What a run does next. Pure.
///
/// `line` holds, for each batch in the order of sending, the number of the attempt that last tried it (of an earlier run;
/// later attempts have higher numbers), and none where it was never tried. `so_far` is what became of the places that had
/// their turn, in the order in which they had it.
///
/// While it is in doubt whether the vendor answers, the batch that was never tried is tried first, of those the newest;
/// then the one that was tried the longest ago. So in one retry after the other each batch has its turn, and one that
/// always fails cannot be the only one that is tried besides the oldest. A refusal for its content is the batch's own: it
/// neither raises nor settles a doubt.
pub fn next_to_send(line: &[Option<i64>], so_far: &[(usize, Fate)]) -> Next {
    let had_their_turn: BTreeSet<usize> = so_far.iter().map(|&(place, _)| place).collect();
    let mut left = line.iter().enumerate().filter(|(place, _)| !had_their_turn.contains(place));
    let next = match standing(so_far) {
        Standing::Away => return Next::End,
        Standing::Answers => left.next(),
        Standing::InDoubt => left.max_by_key(|&(place, last_tried)| (Reverse(last_tried), place)),
    };
    next.map_or(Next::NothingLeft, |(place, _)| Next::Send(place))
}

/// What is known of the vendor in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nothing speaks against it.
    Answers,
    /// A failure may be its own.
    InDoubt,
    /// It cannot be reached, or wants nothing from us now.
    Away,
}

fn standing(so_far: &[(usize, Fate)]) -> Standing {
    let (mut standing, mut has_accepted, mut failures_in_a_row) = (Standing::Answers, false, 0);
    for (_, fate) in so_far {
        match fate {
            Fate::PassedOver | Fate::Failed(ErrorClass::Rejected) => {}
            Fate::Accepted => (standing, has_accepted, failures_in_a_row) = (Standing::Answers, true, 0),
            Fate::Failed(ErrorClass::Vendor | ErrorClass::Timeout | ErrorClass::BadReply) => {
                failures_in_a_row += 1;
                if standing == Standing::InDoubt {
                    return Standing::Away;
                }
                if !has_accepted || failures_in_a_row >= DOUBT_AFTER {
                    standing = Standing::InDoubt;
                }
            }
            Fate::Failed(
                ErrorClass::Dns
                | ErrorClass::Connect
                | ErrorClass::Proxy
                | ErrorClass::Tls
                | ErrorClass::Auth
                | ErrorClass::RateLimited,
            ) => return Standing::Away,
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Fate = Fate::Accepted;
    const REFUSED: Fate = Fate::Failed(ErrorClass::Rejected);
    const DOWN: Fate = Fate::Failed(ErrorClass::Vendor);

    /// Runs along `line`, where each place fares as `fates` says, and gives the places in the order in which they are
    /// sent, and how the run ends.
    fn run(line: &[Option<i64>], fates: &[Fate]) -> (Vec<usize>, Next) {
        let mut so_far = Vec::new();
        loop {
            match next_to_send(line, &so_far) {
                Next::Send(place) => so_far.push((place, fates[place])),
                end => return (so_far.into_iter().map(|(place, _)| place).collect(), end),
            }
        }
    }

    #[test]
    fn a_run_goes_on_exactly_while_the_vendor_is_known_to_answer() {
        let never = [None; 5];
        for (fates, sent, end) in [
            ([OK, OK, OK, OK, OK], vec![0, 1, 2, 3, 4], Next::NothingLeft),
            // A refusal is the batch's own, and so it is where every batch is refused.
            ([REFUSED, OK, REFUSED, OK, OK], vec![0, 1, 2, 3, 4], Next::NothingLeft),
            ([REFUSED; 5], vec![0, 1, 2, 3, 4], Next::NothingLeft),
            // An outage: the oldest and the newest.
            ([DOWN; 5], vec![0, 4], Next::End),
            ([REFUSED, DOWN, DOWN, DOWN, DOWN], vec![0, 1, 4], Next::End),
            // Batches that always fail do not keep others back.
            ([DOWN, OK, OK, OK, OK], vec![0, 4, 1, 2, 3], Next::NothingLeft),
            ([DOWN, DOWN, DOWN, OK, OK], vec![0, 4, 1, 2, 3], Next::NothingLeft),
            ([OK, DOWN, OK, DOWN, OK], vec![0, 1, 2, 3, 4], Next::NothingLeft),
            // The newest is refused for its content: that tells nothing, and the one before it is tried.
            ([DOWN, OK, OK, OK, REFUSED], vec![0, 4, 3, 1, 2], Next::NothingLeft),
            ([DOWN, OK, OK, DOWN, REFUSED], vec![0, 4, 3], Next::End),
            // An outage that begins in the middle of a run.
            ([OK, DOWN, DOWN, DOWN, DOWN], vec![0, 1, 2, 3, 4], Next::End),
            // What is passed over tells nothing either.
            ([DOWN, OK, OK, OK, Fate::PassedOver], vec![0, 4, 3, 1, 2], Next::NothingLeft),
        ] {
            assert_eq!(run(&never, &fates), (sent, end), "{fates:?}");
        }
        assert_eq!(next_to_send(&[], &[]), Next::NothingLeft);
    }

    #[test]
    fn an_outage_in_the_middle_of_a_long_run_ends_it() {
        let mut fates = vec![DOWN; 30];
        fates[0] = OK;
        assert_eq!(run(&[None; 30], &fates), (vec![0, 1, 2, 3, 29], Next::End));
    }

    #[test]
    fn each_class_ends_the_run_or_raises_a_doubt_or_does_neither() {
        for class in ErrorClass::ALL {
            let sent = match class {
                ErrorClass::Rejected => vec![0, 1, 2],
                ErrorClass::Vendor | ErrorClass::Timeout | ErrorClass::BadReply => vec![0, 2, 1],
                _ => vec![0],
            };
            assert_eq!(run(&[None; 3], &[Fate::Failed(class), OK, OK]).0, sent, "{class}");
        }
    }

    #[test]
    fn in_an_outage_each_batch_has_its_turn_besides_the_oldest() {
        let mut line = [None; 5];
        let mut numbers = 1..;
        let mut turns = Vec::new();
        for _ in 0..6 {
            let (sent, end) = run(&line, &[DOWN; 5]);
            assert_eq!((sent.len(), sent[0], end), (2, 0, Next::End));
            turns.push(sent[1]);
            for place in sent {
                line[place] = numbers.next();
            }
        }
        assert_eq!(turns, [4, 3, 2, 1, 4, 3]);
    }

    #[test]
    fn two_batches_that_always_fail_at_both_ends_do_not_keep_back_those_between_them() {
        let fates = [DOWN, OK, OK, OK, DOWN];
        assert_eq!(run(&[None; 5], &fates), (vec![0, 4], Next::End));
        let tried_once = [Some(1), None, None, None, Some(2)];
        assert_eq!(run(&tried_once, &fates), (vec![0, 3, 1, 2, 4], Next::NothingLeft));
    }
}
