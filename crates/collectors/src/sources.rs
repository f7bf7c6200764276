//! Rows that several collectors take measures of. A collector may as well make a [`Source`] of its own.
//!
//! What `conversations` and `users` are in each generation of OHE's database is said in `schema/relations.rs`. Windows are
//! closed on both sides: rows in the future exist, as clocks disagree.

use crate::measure::{Groups, Source};

/// Every conversation that was not deleted.
pub const CONVERSATIONS: Source = Source::of(&["conversations"]);

/// Those created within the last 30 days.
pub const CONVERSATIONS_30D: Source = CONVERSATIONS.filter("{created_at} BETWEEN {now} - interval '30 days' AND {now}");

/// By owner, those that were active within the last 30 days or created within the last 60. A conversation may have no owner.
pub const RECENT_CONVERSATIONS_BY_OWNER: Groups = CONVERSATIONS
    .filter("({last_updated_at} >= {now} - interval '30 days' OR {created_at} >= {now} - interval '60 days')")
    .per("{owner}");

/// Every user. One may have several rows.
pub const USERS: Source = Source::of(&["users"]);

/// Every user, once.
pub const USERS_BY_ID: Groups = USERS.per("{id}");
