//! The time that relative times on a page are counted from.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

/// The server's time: first the instant of its answer, in the browser going on from there.
#[derive(Clone, Copy)]
pub(crate) struct Now(ReadSignal<DateTime<Utc>>);

impl Now {
    /// The time, tracked.
    pub(crate) fn get(self) -> DateTime<Utc> {
        self.0.get()
    }
}

/// Provides [`Now`], starting at `generated_at`, to everything drawn below.
pub(crate) fn provide_now(generated_at: DateTime<Utc>) {
    let (now, set_now) = signal(generated_at);
    provide_context(Now(now));
    // Effects run in the browser alone.
    Effect::new(move || browser::advance(generated_at, set_now));
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};
    use leptos::prelude::*;

    const EVERY: Duration = Duration::from_secs(20);

    /// Moves the time on by what the browser's clock moves on. That clock may be wrong: only its progress counts.
    pub(super) fn advance(generated_at: DateTime<Utc>, set_now: WriteSignal<DateTime<Utc>>) {
        let started = js_sys::Date::now();
        let tick = move || {
            let passed = Duration::try_from_secs_f64((js_sys::Date::now() - started) / 1000.0).unwrap_or_default();
            set_now.set(generated_at + TimeDelta::from_std(passed).unwrap_or_default());
        };
        if let Ok(interval) = set_interval_with_handle(tick, EVERY) {
            on_cleanup(move || interval.clear());
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod browser {
    use chrono::{DateTime, Utc};
    use leptos::prelude::WriteSignal;

    pub(super) fn advance(_: DateTime<Utc>, _: WriteSignal<DateTime<Utc>>) {}
}
