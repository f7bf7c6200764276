//! What an install of OpenHands Enterprise (OHE) is like: whether it is one at all, and the generation of its database.

mod environment;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use environment::OheEnvironment;

/// OHE's tables changed deeply in 2026; both generations are in use. A database is told by its columns, never by the
/// number of its revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Until 2025: users are rows of `user_settings`, and a conversation names its owner.
    Settings,
    /// Since 2026: users are rows of `"user"`, belong to organizations, and own conversations by
    /// `conversation_metadata_saas`. An upgraded install holds rows of both generations.
    Orgs,
}

impl Generation {
    /// Both, the older first.
    pub const ALL: [Self; 2] = [Self::Settings, Self::Orgs];

    /// A stable word for storage and commands: `settings`, `orgs`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Orgs => "orgs",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no generation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no generation of OHE's database; expected `settings` or `orgs`")]
pub struct UnknownGeneration(pub String);

impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|generation| generation.word() == word);
        found.ok_or_else(|| UnknownGeneration(word.to_owned()))
    }
}

/// OHE's database as one collection, or one look at it, found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OheDatabase {
    /// Its generation, by its columns.
    pub generation: Generation,
    /// The revision of its tables, which says nothing for certain; `None` if it does not exist or may not be read.
    pub revision: Option<String>,
    /// How many of the known metrics it can answer.
    pub answerable: u32,
    /// How many metrics this release of the service knows.
    pub known: u32,
}

impl fmt::Display for OheDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "generation {}, ", self.generation)?;
        match &self.revision {
            Some(revision) => write!(f, "revision {revision}, ")?,
            None => f.write_str("revision unknown, ")?,
        }
        write!(f, "answers {} of {} metrics", self.answerable, self.known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_survives_its_word() {
        for generation in Generation::ALL {
            assert_eq!(generation.word().parse(), Ok(generation));
            assert_eq!(serde_json::to_string(&generation).unwrap(), format!("\"{generation}\""));
        }
        let error = "orgz".parse::<Generation>().unwrap_err();
        assert_eq!(error.to_string(), "`orgz` is no generation of OHE's database; expected `settings` or `orgs`");
    }

    #[test]
    fn a_database_is_described_in_a_line() {
        let database =
            OheDatabase { generation: Generation::Orgs, revision: Some("173".into()), answerable: 104, known: 115 };
        assert_eq!(database.to_string(), "generation orgs, revision 173, answers 104 of 115 metrics");
        let unknown = OheDatabase { revision: None, ..database };
        assert_eq!(unknown.to_string(), "generation orgs, revision unknown, answers 104 of 115 metrics");
    }
}
