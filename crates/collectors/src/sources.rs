//! Rows that several collectors take measures of. A collector may as well make a [`Source`] of its own.
//!
//! Windows are closed on both sides: rows in the future exist, as clocks disagree.

use crate::measure::{Groups, Source};

/// Every conversation.
pub const CONVERSATIONS: Source = Source::of(&["conversation_metadata"]);

/// The conversations created within the last 30 days.
pub const CONVERSATIONS_30D: Source = CONVERSATIONS.filter("{created_at} BETWEEN {now} - interval '30 days' AND {now}");

/// Every conversation, grouped by its user. OHE writes an empty id where there is none.
pub const CONVERSATIONS_BY_USER: Groups = CONVERSATIONS.per("nullif({user_id}, '')");

/// Every row of user settings, the only table of users there is. A user may have several rows.
pub const USER_SETTINGS: Source = Source::of(&["user_settings"]);

/// Every row of user settings, grouped by its user.
pub const USER_SETTINGS_BY_USER: Groups = USER_SETTINGS.per("nullif({keycloak_user_id}, '')");
