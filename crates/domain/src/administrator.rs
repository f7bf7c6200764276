//! Whose install this is: which e-mail address counts, the steps of the look-up, and when one that failed is repeated.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::delivery::LONGEST_RETRY;

/// The wait after the first failure in a row.
const FIRST_RETRY: Duration = Duration::from_mins(3);

/// Where an administrator's address was found. The numbers are those of the documentation; the fifth has two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdministratorStep {
    /// `OPENHANDS_ADMIN_EMAIL`.
    Configured,
    /// The first superadmin that has logged in.
    Superadmin,
    /// The first owner of the default organization that accepted the terms of service.
    DefaultOrgOwner,
    /// The first user that logged in or accepted the terms of service.
    AnyUser,
    /// A superadmin that never logged in.
    SuperadminWithoutLogin,
    /// The first user of the older table `user_settings` that accepted the terms of service.
    UserSettings,
    /// Keycloak's account of the first of these users.
    Keycloak,
}

impl AdministratorStep {
    /// All of them, in the order in which they are taken.
    pub const ALL: [Self; 7] = [
        Self::Configured,
        Self::Superadmin,
        Self::DefaultOrgOwner,
        Self::AnyUser,
        Self::SuperadminWithoutLogin,
        Self::UserSettings,
        Self::Keycloak,
    ];

    /// Its number in the documentation, from 1 to 6.
    pub const fn number(self) -> u8 {
        match self {
            Self::Configured => 1,
            Self::Superadmin => 2,
            Self::DefaultOrgOwner => 3,
            Self::AnyUser => 4,
            Self::SuperadminWithoutLogin | Self::UserSettings => 5,
            Self::Keycloak => 6,
        }
    }

    /// The word under which the step is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Superadmin => "superadmin",
            Self::DefaultOrgOwner => "default_org_owner",
            Self::AnyUser => "any_user",
            Self::SuperadminWithoutLogin => "superadmin_without_login",
            Self::UserSettings => "user_settings",
            Self::Keycloak => "keycloak",
        }
    }

    /// The step stored under `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }

    /// Whose address it is, as a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Configured => "The address is the one in OPENHANDS_ADMIN_EMAIL.",
            Self::Superadmin => "The address is that of the first superadmin who logged in.",
            Self::DefaultOrgOwner => "The address is that of the first owner of the default organization.",
            Self::AnyUser => "The address is that of the first user who logged in or accepted the terms of service.",
            Self::SuperadminWithoutLogin => "The address is that of a superadmin who has not logged in yet.",
            Self::UserSettings => {
                "The address is that of the first user in user_settings who accepted the terms of service."
            }
            Self::Keycloak => "The address comes from Keycloak, where the first user's account has it.",
        }
    }
}

/// The address in `text` without the blanks around it, where it counts as one: not blank, and of the form `name@domain`.
/// Whether anybody reads it only its server knows.
pub fn address(text: &str) -> Option<&str> {
    let text = text.trim();
    let (name, domain) = text.split_once('@')?;
    let is_address = !name.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !text.contains(|character: char| character.is_whitespace() || character.is_control());
    is_address.then_some(text)
}

/// What an administrator can do where no step gives an address.
pub const NOBODY_REMEDY: &str = "set OPENHANDS_ADMIN_EMAIL, or let the first administrator log in to OpenHands and accept the terms of \
     service; \
     where OpenHands does not store e-mail addresses, set KEYCLOAK_ADMIN_PASSWORD so that Keycloak can be asked";

/// Why a look-up failed, by how soon it may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupFailure {
    /// Keycloak refused the password. Each further try counts towards locking the account out.
    Refused,
    /// Keycloak does not answer, or not at the configured address. OHE's database is still asked meanwhile.
    Keycloak,
    /// OHE's database does not answer, a table is locked, or a column may not be read.
    Database,
}

impl LookupFailure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Refused, Self::Keycloak, Self::Database];

    /// The word under which the failure is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Keycloak => "keycloak",
            Self::Database => "database",
        }
    }

    /// The failure stored under `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.word() == word)
    }
}

/// How long to wait after the `failures`-th failure in a row (counted from 1) before asking again: a refused password is
/// tried once an hour; other failures double the wait from 3 minutes to an hour.
pub fn wait_after(failure: LookupFailure, failures: u32) -> Duration {
    match failure {
        LookupFailure::Refused => LONGEST_RETRY,
        LookupFailure::Keycloak | LookupFailure::Database => {
            let doublings = failures.saturating_sub(1).min(16);
            FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_and_a_domain() {
        for (text, expected) in [
            ("ann@acme.example", Some("ann@acme.example")),
            (" ann@acme.example\n", Some("ann@acme.example")),
            ("\u{a0}ann@acme.example\t", Some("ann@acme.example")),
            ("root@localhost", Some("root@localhost")),
            ("ünï+tag@döm.example", Some("ünï+tag@döm.example")),
            ("a@b", Some("a@b")),
            ("", None),
            ("  ", None),
            ("ann", None),
            ("@", None),
            ("@acme.example", None),
            ("ann@", None),
            (" @ ", None),
            ("ann@acme@example", None),
            ("ann@@example", None),
            ("ann lee@acme.example", None),
            ("ann@acme .example", None),
            ("ann@acme.example\r\nBcc: x@y.example", None),
            ("ann\u{0}@acme.example", None),
        ] {
            assert_eq!(address(text), expected, "{text:?}");
        }
    }

    #[test]
    fn steps_are_found_by_the_word_they_are_stored_under_and_numbered_in_their_order() {
        for step in AdministratorStep::ALL {
            assert_eq!(AdministratorStep::from_word(step.word()), Some(step));
            assert_eq!(serde_json::to_value(step).unwrap(), step.word());
            assert!(step.sentence().ends_with('.'));
        }
        assert_eq!(AdministratorStep::ALL.map(AdministratorStep::number), [1, 2, 3, 4, 5, 5, 6]);
        assert_eq!(AdministratorStep::from_word("oracle"), None);
        for failure in LookupFailure::ALL {
            assert_eq!(LookupFailure::from_word(failure.word()), Some(failure));
        }
        assert_eq!(LookupFailure::from_word("weather"), None);
    }

    #[test]
    fn a_refused_password_waits_an_hour_and_other_failures_up_to_one() {
        for (failure, failures, minutes) in [
            (LookupFailure::Refused, 1, 60),
            (LookupFailure::Refused, 9, 60),
            (LookupFailure::Keycloak, 0, 3),
            (LookupFailure::Keycloak, 1, 3),
            (LookupFailure::Database, 2, 6),
            (LookupFailure::Keycloak, 5, 48),
            (LookupFailure::Keycloak, 6, 60),
            (LookupFailure::Keycloak, u32::MAX, 60),
        ] {
            assert_eq!(wait_after(failure, failures), Duration::from_mins(minutes), "{failure:?} {failures}");
        }
    }
}
