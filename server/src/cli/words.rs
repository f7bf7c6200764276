//! What services say, in words for people. Shared by the commands.

use crate::services::SkipReason;

/// Why nothing was done, as a sentence.
pub(super) fn skip_reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::TooRecent => "The last collection is not long enough ago (TELEMETRY_COLLECTION_INTERVAL_DAYS).",
        SkipReason::NothingCollected => {
            "No collector gave a metric: OHE's tables are missing or may not be read. Run `ohe-telemetry doctor`."
        }
        SkipReason::NoAdminEmail => "No administrator's e-mail address is known. Set OPENHANDS_ADMIN_EMAIL.",
        SkipReason::AlreadyCollected => "The batch of this slot is there already.",
        SkipReason::AnotherSender => "Another process is talking to the vendor. Try again in a minute.",
        SkipReason::RetryAfter => "The vendor has asked to be left alone for a while.",
        SkipReason::AnotherCollector => "Another process is collecting at this moment.",
        SkipReason::NoIdentity => "The vendor does not know this install yet.",
    }
}
