//! A metric over time: a line with axes, a value under the pointer, and all values in a table.

use leptos::ev;
use leptos::prelude::*;

use super::{ExactTime, Quantity};
use crate::chart::SIDE;
use crate::chart::plot::{Plot, Spot};
use crate::chart::time_axis::TimeTick;
use crate::format::{number, time};
use crate::in_browser::use_in_browser;
use crate::model::{MetricHistory, MetricPoint, MetricSummary};

/// Up to this many points are marked with a dot each; more would run into each other.
const MOST_DOTS: usize = 60;

/// The chart of a metric. Without JavaScript it shows the newest value, and each point's value on hover; with it, the
/// pointer and the arrow keys choose the point.
#[component]
pub(crate) fn Chart(
    /// What to draw.
    history: MetricHistory,
) -> impl IntoView {
    let MetricHistory { metric, points } = history;
    Plot::of(&points, metric.metric_type).map(|plot| {
        let newest = plot.spots.len().saturating_sub(1);
        let chosen = RwSignal::new(newest);
        let in_browser = use_in_browser();
        let spots = StoredValue::new(plot.spots.clone());
        let spot = move || spots.with_value(|spots| spots.get(chosen.get()).or(spots.last()).copied());
        let titles: Vec<_> = plot.spots.iter().map(|spot| title(&points[spot.index], &metric)).collect();
        let value_text = {
            let titles = titles.clone();
            move || titles.get(chosen.get()).cloned()
        };
        let move_by_key = move |event: ev::KeyboardEvent| {
            if let Some(next) = after_key(&event.key(), chosen.get_untracked(), newest) {
                event.prevent_default();
                chosen.set(next);
            }
        };
        view! {
            <figure class="chart">
                <figcaption class="chart__readout">{readout(metric.clone(), points, spot)}</figcaption>
                <div class="chart__grid">
                    {value_axis(&plot, &metric.unit)}
                    <svg
                        class="chart__plot"
                        role=move || if in_browser.get() { "slider" } else { "img" }
                        tabindex=move || in_browser.get().then_some("0")
                        aria-label=format!("{} over time", metric.key)
                        aria-valuemin="0"
                        aria-valuemax=newest
                        aria-valuenow=move || chosen.get()
                        aria-valuetext=value_text
                        on:keydown=move_by_key
                        on:pointerleave=move |_| chosen.set(newest)
                    >
                        {grid_lines(&plot)}
                        {lines(&plot)}
                        {dots(&plot)}
                        {cursor(spot)}
                        {bands(&plot, titles, chosen)}
                    </svg>
                    {time_axis(&plot.time_ticks)}
                </div>
            </figure>
        }
    })
}

/// The point after `key` is pressed on point `chosen`, where `last` is the last one; none for keys that move nothing.
fn after_key(key: &str, chosen: usize, last: usize) -> Option<usize> {
    match key {
        "ArrowLeft" | "ArrowDown" => Some(chosen.saturating_sub(1)),
        "ArrowRight" | "ArrowUp" => Some((chosen + 1).min(last)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

fn readout(
    metric: MetricSummary,
    points: Vec<MetricPoint>,
    spot: impl Fn() -> Option<Spot> + Send + Sync + 'static,
) -> impl IntoView {
    move || {
        let point = points.get(spot()?.index)?;
        Some(view! {
            <span class="chart__value">
                <Quantity value=point.value.clone() unit=&metric.unit />
            </span>
            <ExactTime at=point.collected_at />
        })
    }
}

fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

fn from_top(share: f64) -> String {
    percent(1.0 - share)
}

fn value_axis(plot: &Plot, unit: &str) -> impl IntoView + use<> {
    let labels: Vec<_> = plot
        .axis
        .ticks
        .iter()
        .map(|&tick| {
            let y = from_top(plot.axis.share(tick));
            view! {
                <text x="100%" y=y dy="0.32em" dx="-8">
                    {number::tick(tick, unit)}
                </text>
            }
        })
        .collect();
    view! {
        <svg class="chart__values" aria-hidden="true">
            {labels}
        </svg>
    }
}

fn time_axis(ticks: &[(TimeTick, f64)]) -> impl IntoView + use<> {
    let labels: Vec<_> = ticks
        .iter()
        .map(|(tick, x)| {
            // A label at the very edge would be cut off in the middle.
            let anchor = match *x {
                x if x < 0.06 => "start",
                x if x > 0.94 => "end",
                _ => "middle",
            };
            view! {
                <text x=percent(*x) y="1em" text-anchor=anchor>
                    {tick.label.clone()}
                </text>
            }
        })
        .collect();
    view! {
        <svg class="chart__times" aria-hidden="true">
            {labels}
        </svg>
    }
}

fn grid_lines(plot: &Plot) -> impl IntoView + use<> {
    let line = |&tick: &f64| {
        let y = from_top(plot.axis.share(tick));
        view! { <line class="chart__rule" x1="0" x2="100%" y1=y.clone() y2=y /> }
    };
    plot.axis.ticks.iter().map(line).collect::<Vec<_>>()
}

fn lines(plot: &Plot) -> impl IntoView + use<> {
    view! {
        <svg width="100%" height="100%" viewBox=format!("0 0 {SIDE} {SIDE}") preserveAspectRatio="none">
            {plot.area().map(|area| view! { <path class="chart__area" d=area /> })}
            <path class="chart__line" d=plot.line() vector-effect="non-scaling-stroke" />
        </svg>
    }
}

fn dots(plot: &Plot) -> impl IntoView + use<> {
    let few = plot.spots.len() <= MOST_DOTS;
    few.then(|| {
        let dot = |spot: &Spot| view! { <circle class="chart__dot" cx=percent(spot.x) cy=from_top(spot.y) r="2.5" /> };
        plot.spots.iter().map(dot).collect::<Vec<_>>()
    })
}

fn cursor(spot: impl Fn() -> Option<Spot> + Copy + Send + Sync + 'static) -> impl IntoView {
    let x = move || spot().map(|spot| percent(spot.x));
    let y = move || spot().map(|spot| from_top(spot.y));
    view! {
        <line class="chart__cursor" x1=x x2=x y1="0" y2="100%" />
        <circle class="chart__chosen" cx=x cy=y r="4.5" />
    }
}

/// An invisible band around each point, as wide as half the way to its neighbours, that the pointer finds with ease.
fn bands(plot: &Plot, titles: Vec<String>, chosen: RwSignal<usize>) -> impl IntoView + use<> {
    let spots = &plot.spots;
    let band = |(order, title): (usize, String)| {
        let before = order.checked_sub(1).map_or(0.0, |before| f64::midpoint(spots[before].x, spots[order].x));
        let after = spots.get(order + 1).map_or(1.0, |after| f64::midpoint(spots[order].x, after.x));
        view! {
            <rect
                class="chart__band"
                x=percent(before)
                width=percent(after - before)
                height="100%"
                on:pointerenter=move |_| chosen.set(order)
            >
                <title>{title}</title>
            </rect>
        }
    };
    titles.into_iter().enumerate().map(band).collect::<Vec<_>>()
}

/// `2026-01-04 02:00 UTC: 1,204 users`.
fn title(point: &MetricPoint, metric: &MetricSummary) -> String {
    let at = time::to_the_minute(point.collected_at);
    match point.value.as_ref().map(|value| number::quantity(value, &metric.unit)) {
        Some(number::Quantity { text, unit: Some(unit) }) => format!("{at}: {text} {unit}"),
        Some(number::Quantity { text, unit: None }) => format!("{at}: {text}"),
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrow_keys_move_through_the_points_and_stop_at_the_ends() {
        for (key, chosen, expected) in [
            ("ArrowLeft", 2, Some(1)),
            ("ArrowLeft", 0, Some(0)),
            ("ArrowRight", 1, Some(2)),
            ("ArrowRight", 2, Some(2)),
            ("Home", 2, Some(0)),
            ("End", 0, Some(2)),
            ("Tab", 1, None),
        ] {
            assert_eq!(after_key(key, chosen, 2), expected, "{key} on {chosen}");
        }
    }
}
