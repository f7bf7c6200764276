//! The state of the whole install.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::license::LicenseState;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::administrator_text::administrator_text;
use crate::api;
use crate::components::{
    AttemptTable, EmptyState, Identifier, Loaded, PageHeader, Panel, RelativeTime, license_badge, license_tone,
};
use crate::format::duration::duration;
use crate::format::number::count;
use crate::license_text::{Deadline, license_text};
use crate::model::{
    AdministratorAnswer, AdministratorLookup, Backlog, ClockOff, Identity, License, Overview, RunTimes, Vendor,
};

/// License, schedule, backlog, vendor and identity at a glance.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let overview = Resource::new_blocking(|| (), |()| api::overview());
    view! {
        <Title text="Overview" />
        <PageHeader title="Overview">"What is collected, what was delivered, and what users see of it."</PageHeader>
        <Loaded answer=overview render=draw />
    }
}

fn draw(overview: Overview) -> AnyView {
    let Overview { license, collection, upload, identity, backlog, vendor, clocks_off } = overview;
    view! {
        {clocks_off.iter().map(clock_notice).collect_view()} {license_panel(&license)}
        <div class="stats">
            {run_times("Last collection", "Nothing collected yet", collection)}
            {run_times("Last delivery", "Nothing delivered yet", upload)} {pending(backlog)} {set_aside(backlog)}
        </div>
        <div class="overview__columns">{vendor_panel(vendor)} {identity_panel(identity)}</div>
    }
    .into_any()
}

fn clock_notice(off: &ClockOff) -> impl IntoView + use<> {
    let by = duration(Duration::from_secs(off.ahead_seconds.unsigned_abs()));
    let direction = if off.ahead_seconds < 0 { "behind" } else { "ahead of" };
    let text = format!(
        "The {}'s clock is {by} {direction} this server's, by which schedule and license go. Set the one that is wrong.",
        off.clock
    );
    view! { <p class="notice tone-warning">{text}</p> }
}

fn license_panel(license: &License) -> impl IntoView + use<> {
    let state = license.status.state;
    let text = license_text(license);
    let sees = if license.status.warn {
        view! { <blockquote class="license__banner">{license.status.message.clone()}</blockquote> }.into_any()
    } else {
        view! { <p class="license__quiet">"No banner. OpenHands looks as always."</p> }.into_any()
    };
    view! {
        <section class=format!("license {}", license_tone(state).class())>
            <div class="license__state">
                <h2 class="license__title">"License " {license_badge(state)}</h2>
                <p class="license__headline">{text.headline}</p>
                <p class="license__reason">{text.reason}</p>
                {license_facts(license, text.deadline)}
            </div>
            <div class="license__users">
                <h3 class="license__label">"What users see now"</h3>
                {sees}
            </div>
        </section>
    }
}

fn license_facts(license: &License, deadline: Option<Deadline>) -> impl IntoView + use<> {
    let overdue_since = license.facts.overdue_since.filter(|_| license.status.state != LicenseState::NotApplicable);
    let fact = |what: &'static str, at: DateTime<Utc>| {
        view! {
            <div>
                <dt class="license__label">{what}</dt>
                <dd>
                    <RelativeTime at exact=true />
                </dd>
            </div>
        }
    };
    (overdue_since.is_some() || deadline.is_some()).then(|| {
        view! {
            <dl class="license__facts">
                {overdue_since.map(|at| fact("Oldest waiting batch", at))}
                {deadline.map(|Deadline { what, at }| fact(what, at))}
            </dl>
        }
    })
}

fn run_times(title: &'static str, none_yet: &'static str, times: RunTimes) -> impl IntoView {
    let last = match times.last {
        Some(at) => view! { <RelativeTime at exact=true /> }.into_any(),
        None => view! { <span class="stat__none">{none_yet}</span> }.into_any(),
    };
    let next = match times.next {
        Some(at) => view! { "Next " <RelativeTime at exact=true /> }.into_any(),
        None => view! { "No next run: no worker is scheduled" }.into_any(),
    };
    view! {
        <section class="stat">
            <h2 class="stat__title">{title}</h2>
            <p class="stat__value">{last}</p>
            <p class="stat__note">{next}</p>
        </section>
    }
}

fn pending(backlog: Backlog) -> impl IntoView {
    let note = match backlog.oldest_pending {
        Some(at) => view! { "Oldest " <RelativeTime at exact=true /> }.into_any(),
        None => view! { "Everything collected is delivered or set aside" }.into_any(),
    };
    view! {
        <section class="stat">
            <h2 class="stat__title">"Waiting"</h2>
            <p class="stat__value">
                <a href="/admin/batches?state=pending">{count(backlog.pending, "batch", "batches")}</a>
            </p>
            <p class="stat__note">{note}</p>
        </section>
    }
}

fn set_aside(backlog: Backlog) -> impl IntoView {
    let note =
        if backlog.set_aside == 0 { "The vendor refused none" } else { "Refused by the vendor for their content" };
    view! {
        <section class="stat">
            <h2 class="stat__title">"Set aside"</h2>
            <p class="stat__value">
                <a href="/admin/batches?state=set_aside">{count(backlog.set_aside, "batch", "batches")}</a>
            </p>
            <p class="stat__note">{note}</p>
        </section>
    }
}

fn vendor_panel(vendor: Vendor) -> impl IntoView {
    let attempts = if vendor.attempts.is_empty() {
        view! {
            <EmptyState title="No attempt yet">
                "The first delivery follows the first collection."
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <AttemptTable caption="The newest attempts to deliver" attempts=vendor.attempts linked=true /> }
            .into_any()
    };
    let address = view! { <code>{vendor.base_url}</code> }.into_any();
    view! {
        <Panel title="Vendor" aside=address>
            {attempts}
        </Panel>
    }
}

fn identity_panel(identity: Identity) -> impl IntoView {
    let Identity { customer_id, instance_id, cluster_id, administrator } = identity;
    let unknown = customer_id.is_none().then(|| {
        view! {
            <p class="identity__note">
                "Not registered yet. That happens by itself within 3 minutes of the first administrator's \
                 e-mail address becoming known."
            </p>
        }
    });
    let id = |label: &'static str, what: &'static str, id: Option<String>| {
        id.map(|id| {
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd>
                        <Identifier id what />
                    </dd>
                </div>
            }
        })
    };
    view! {
        <Panel title="Identity">
            {unknown}
            {administrator.map(administrator_note)}
            <dl class="identity">
                {id("Customer", "customer id", customer_id)} {id("Instance", "instance id", instance_id)}
                {id("Cluster", "cluster id", Some(cluster_id))}
            </dl>
        </Panel>
    }
}

/// Whose address it is, or what an administrator can do if no address was found.
fn administrator_note(lookup: AdministratorLookup) -> impl IntoView {
    let AdministratorLookup { at, answer } = lookup;
    let text = administrator_text(&answer);
    let (class, retry_at) = match answer {
        AdministratorAnswer::Found(_) => ("identity__note", None),
        AdministratorAnswer::Nobody => ("notice tone-waiting", None),
        AdministratorAnswer::Failed { retry_at, .. } => ("notice tone-warning", Some(retry_at)),
    };
    let again = retry_at.map(|at| view! { ", asked again " <RelativeTime at /> });
    view! {
        <p class=class>{text} " Looked up " <RelativeTime at /> {again} "."</p>
    }
}
