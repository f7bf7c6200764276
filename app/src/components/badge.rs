//! A state in a word and a colour; the word alone says it too.

use domain::collector::CollectorStatus;
use domain::delivery::ErrorClass;
use domain::license::LicenseState;
use leptos::prelude::*;

use crate::model::{AttemptOutcome, BatchState};

/// How good a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Under way.
    Waiting,
    /// Somebody should look.
    Warning,
    /// Something failed.
    Bad,
    /// Neither good nor bad.
    Neutral,
}

impl Tone {
    /// The class that colours by this tone.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Waiting => "tone-waiting",
            Self::Warning => "tone-warning",
            Self::Bad => "tone-bad",
            Self::Neutral => "tone-neutral",
        }
    }
}

/// A word with a coloured dot.
#[component]
pub(crate) fn Badge(
    /// The colour.
    tone: Tone,
    /// The word.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <span class=format!("badge {}", tone.class())>
            <span class="badge__dot" aria-hidden="true"></span>
            {label}
        </span>
    }
}

/// The badge of a batch.
pub(crate) fn batch_badge(state: BatchState) -> impl IntoView {
    let (tone, label) = match state {
        BatchState::Pending => (Tone::Waiting, "Pending"),
        BatchState::Delivered => (Tone::Good, "Delivered"),
        BatchState::SetAside => (Tone::Warning, "Set aside"),
    };
    view! { <Badge tone label /> }
}

/// The badge of an attempt to deliver.
pub(crate) fn attempt_badge(outcome: AttemptOutcome) -> impl IntoView {
    let (tone, label) = match outcome {
        AttemptOutcome::Delivered => (Tone::Good, "Delivered"),
        AttemptOutcome::Failed(class) => (Tone::Bad, error_class(class)),
    };
    view! { <Badge tone label /> }
}

/// The badge of a collector's run.
pub(crate) fn collector_badge(status: &CollectorStatus) -> impl IntoView + use<> {
    let (tone, label) = match status {
        CollectorStatus::Ok => (Tone::Good, "OK"),
        CollectorStatus::NotAvailable => (Tone::Neutral, "Not available"),
        CollectorStatus::Error { .. } => (Tone::Bad, "Error"),
        CollectorStatus::TimedOut { .. } => (Tone::Bad, "Timed out"),
    };
    view! { <Badge tone label /> }
}

/// The badge of the license.
pub(crate) fn license_badge(state: LicenseState) -> impl IntoView {
    let label = match state {
        LicenseState::NotApplicable => "Not applicable",
        LicenseState::Ok => "OK",
        LicenseState::Pending => "Pending",
        LicenseState::Expiring => "Expiring",
        LicenseState::Expired => "Expired",
    };
    view! { <Badge tone=license_tone(state) label /> }
}

/// How good a license state is.
pub(crate) fn license_tone(state: LicenseState) -> Tone {
    match state {
        LicenseState::NotApplicable => Tone::Neutral,
        LicenseState::Ok => Tone::Good,
        LicenseState::Pending | LicenseState::Expiring => Tone::Warning,
        LicenseState::Expired => Tone::Bad,
    }
}

fn error_class(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Dns => "Name not resolved",
        ErrorClass::Connect => "No connection",
        ErrorClass::Proxy => "Proxy failed",
        ErrorClass::Tls => "TLS failed",
        ErrorClass::Timeout => "Timed out",
        ErrorClass::Auth => "Not authorized",
        ErrorClass::Rejected => "Rejected",
        ErrorClass::RateLimited => "Rate limited",
        ErrorClass::Vendor => "Vendor error",
        ErrorClass::BadReply => "Bad reply",
    }
}
