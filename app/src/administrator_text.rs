//! Whose install this is, in words.

use domain::administrator::NOBODY_REMEDY;

use crate::model::AdministratorAnswer;

/// Which step answered, or why none did and what helps.
pub(crate) fn administrator_text(answer: &AdministratorAnswer) -> String {
    match answer {
        AdministratorAnswer::Found(step) => format!("Administrator, step {}: {}", step.number(), step.sentence()),
        AdministratorAnswer::Nobody => format!(
            "Nobody has an e-mail address yet under which this install can be registered. What helps: {NOBODY_REMEDY}."
        ),
        AdministratorAnswer::Failed { error, remedy, .. } => {
            format!("The administrator's address could not be asked for: {error}. What helps: {remedy}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::administrator::AdministratorStep;

    use super::*;

    #[test]
    fn every_answer_says_who_answered_or_what_helps() {
        for (answer, beginning, part) in [
            (AdministratorAnswer::Found(AdministratorStep::UserSettings), "Administrator, step 5: ", "user_settings"),
            (AdministratorAnswer::Found(AdministratorStep::Keycloak), "Administrator, step 6: ", "Keycloak"),
            (AdministratorAnswer::Nobody, "Nobody has ", "What helps: set OPENHANDS_ADMIN_EMAIL"),
            (
                AdministratorAnswer::Failed {
                    error: "Keycloak has no such realm".to_owned(),
                    remedy: "correct KEYCLOAK_REALM_NAME".to_owned(),
                    retry_at: DateTime::UNIX_EPOCH,
                },
                "The administrator's address could not be asked for: Keycloak has no such realm",
                "What helps: correct KEYCLOAK_REALM_NAME.",
            ),
        ] {
            let text = administrator_text(&answer);
            assert!(text.starts_with(beginning) && text.contains(part), "{text}");
        }
    }
}
