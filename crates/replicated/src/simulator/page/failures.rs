//! Which failures are in force, and the form that adds one.

use maud::{Markup, html};

use super::presets;
use crate::simulator::{ArmedRule, Endpoint, When};

pub(super) fn section(script: &[ArmedRule]) -> Markup {
    let in_force = script.iter().filter(|rule| !rule.is_spent()).count();
    html! {
        section.failures aria-labelledby="failures" {
            h2 #failures {
                "Failures "
                @match in_force {
                    0 => span.badge.good { "none in force" },
                    1 => span.badge.bad { "1 in force" },
                    many => span.badge.bad { (many) " in force" },
                }
            }
            @if !script.is_empty() { (rules(script)) }
            form method="post" action="/simulator/failures" {
                label { "What " select name="fault" {
                    @for preset in presets::all() { option value=(preset.value) { (preset.label) } }
                } }
                label { "Where " select name="endpoint" {
                    option value="" { "every endpoint" }
                    @for endpoint in Endpoint::ALL { option value=(endpoint.word()) { (endpoint.path()) } }
                } }
                label { "How long " select name="when" {
                    @for (value, label, _) in presets::DURATIONS { option value=(value) { (label) } }
                } }
                button { "Fail" }
            }
            @if !script.is_empty() {
                form method="post" action="/simulator/failures/heal" { button.quiet { "Heal everything" } }
            }
        }
    }
}

fn rules(script: &[ArmedRule]) -> Markup {
    html! {
        div.scroll tabindex="0" { table {
            thead { tr { th { "What" } th { "Where" } th { "How long" } th.number { "Requests" } } }
            tbody {
                @for armed in script {
                    tr.spent[armed.is_spent()] {
                        td { (presets::label(&armed.rule.fault)) }
                        td { (armed.rule.endpoint.map_or("every endpoint", Endpoint::path)) }
                        td { (duration(armed.rule.when)) @if armed.is_spent() { " (over)" } }
                        td.number { (armed.consulted) }
                    }
                }
            }
        } }
    }
}

fn duration(when: When) -> String {
    match when {
        When::UntilHealed => "until healed".to_owned(),
        When::Requests(1) => "once".to_owned(),
        When::Requests(requests) => format!("for {requests} requests"),
        When::Flapping { fail, pass } => format!("flapping: {fail} fail, {pass} pass"),
    }
}
