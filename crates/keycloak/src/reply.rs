//! What an answer of Keycloak means.

use reqwest::StatusCode;
use serde::Deserialize;

use crate::{Error, Step};

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(crate) error: String,
}

/// What an answer other than a success says; `None` if the user is gone.
pub(crate) fn refusal(step: Step, status: StatusCode, body: &Refusal) -> Option<Error> {
    let code = status.as_u16();
    Some(match (status, step) {
        (StatusCode::NOT_FOUND, step) => match (body.error.as_str(), step) {
            ("User not found", Step::Account) => return None,
            ("Realm not found." | "Realm does not exist", Step::Account) => Error::WrongRealm,
            _ => Error::WrongPath { step },
        },
        (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, Step::SignIn) if body.error == "invalid_grant" => {
            Error::PasswordRefused
        }
        (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS, _) => Error::Failed { step, status: code },
        (status, _) if status.is_client_error() => Error::Refused { step, status: code },
        (status, _) if status.is_server_error() => Error::Failed { step, status: code },
        _ => Error::BadReply { step, status: code },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(step: Step, status: u16, error: &str) -> String {
        let body = Refusal { error: error.to_owned() };
        match refusal(step, StatusCode::from_u16(status).unwrap_or_default(), &body) {
            Some(error) => format!("{error}; {}", if error.is_refused_login() { "hourly" } else { "soon" }),
            None => "nobody".to_owned(),
        }
    }

    #[test]
    fn the_three_reasons_for_404_are_told_apart() {
        for (step, error, expected) in [
            (Step::Account, "User not found", "nobody"),
            (Step::Account, "Realm not found.", "Keycloak has no such realm; soon"),
            (Step::Account, "Realm does not exist", "Keycloak has no such realm; soon"),
            (
                Step::Account,
                "Unable to find matching target resource method",
                "Keycloak is not found at this path (reading the account, HTTP 404); soon",
            ),
            (Step::Account, "", "Keycloak is not found at this path (reading the account, HTTP 404); soon"),
            (Step::SignIn, "User not found", "Keycloak is not found at this path (signing in, HTTP 404); soon"),
            (
                Step::SignIn,
                "Unable to find matching target resource method",
                "Keycloak is not found at this path (signing in, HTTP 404); soon",
            ),
        ] {
            assert_eq!(meaning(step, 404, error), expected, "{step} {error}");
        }
    }

    #[test]
    fn a_refused_login_is_told_from_what_may_be_over_soon() {
        for (step, status, error, expected) in [
            (Step::SignIn, 400, "invalid_grant", "Keycloak refuses the administrator's password; hourly"),
            (Step::SignIn, 401, "invalid_grant", "Keycloak refuses the administrator's password; hourly"),
            (Step::SignIn, 401, "invalid_client", "Keycloak refuses (signing in, HTTP 401); hourly"),
            (Step::SignIn, 403, "", "Keycloak refuses (signing in, HTTP 403); hourly"),
            (Step::SignIn, 429, "", "Keycloak fails (signing in, HTTP 429); soon"),
            (Step::SignIn, 503, "", "Keycloak fails (signing in, HTTP 503); soon"),
            (Step::SignIn, 302, "", "the answer is not Keycloak's (signing in, HTTP 302); soon"),
            (Step::Account, 401, "HTTP 401 Unauthorized", "Keycloak refuses (reading the account, HTTP 401); soon"),
            (Step::Account, 403, "HTTP 403 Forbidden", "Keycloak refuses (reading the account, HTTP 403); soon"),
            (Step::Account, 500, "unknown_error", "Keycloak fails (reading the account, HTTP 500); soon"),
        ] {
            assert_eq!(meaning(step, status, error), expected, "{step} {status} {error}");
        }
    }
}
