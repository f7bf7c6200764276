//! Rows about users, with the oddities that real ones have.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Plan, Summary,
    copy::Rows,
    random::{Stream, pick, rarely, stream, uuid},
    users::{User, Users, moment_between},
};

/// The only address in the data.
const ADMIN_EMAIL: &str = "admin@acme.example";

/// Stands where OHE keeps an encrypted or plain secret. Nothing opens with it.
pub(crate) const SECRET: &str = "sample-data-no-secret";

#[derive(Debug)]
struct UserRows {
    settings: Rows,
    auth_tokens: Rows,
    api_keys: Rows,
    custom_secrets: Rows,
}

/// Writes the rows of all users.
pub(crate) async fn write(
    connection: &mut PgConnection,
    plan: &Plan,
    users: &Users,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(plan.seed, Stream::Users);
    // Behind the numbers that have made the users themselves.
    numbers.set_word_pos(1 << 40);
    let mut rows = UserRows::new();
    for (index, user) in users.numbered() {
        rows.settings(&mut numbers, plan, index, user);
        rows.auth_tokens(&mut numbers, plan, index, user);
        rows.keys_and_secrets(&mut numbers, plan, user);
    }
    for table in [&mut rows.settings, &mut rows.auth_tokens, &mut rows.api_keys, &mut rows.custom_secrets] {
        table.flush(connection).await?;
        summary.add(table.count());
    }
    Ok(())
}

impl UserRows {
    fn new() -> Self {
        Self {
            settings: Rows::new(
                "user_settings",
                "keycloak_user_id, language, agent, llm_model, llm_api_key, enable_default_condenser, user_consents_to_analytics, \
                 billing_margin, enable_sound_notifications, user_version, accepted_tos, email, email_verified, git_user_name, \
                 git_user_email",
            ),
            auth_tokens: Rows::new(
                "auth_tokens",
                "keycloak_user_id, identity_provider, access_token, refresh_token, access_token_expires_at, \
                 refresh_token_expires_at",
            ),
            api_keys: Rows::new("api_keys", "key, user_id, name, created_at, last_used_at"),
            custom_secrets: Rows::new("custom_secrets", "keycloak_user_id, secret_name, secret_value, description"),
        }
    }

    fn settings(&mut self, numbers: &mut ChaCha8Rng, plan: &Plan, index: u32, user: &User) {
        let id = user.id.to_string();
        let email = match index {
            0 if plan.admin_email => Some(ADMIN_EMAIL),
            _ => rarely(index, 89, 5).then_some(""),
        };
        // Never accepted, accepted by a clock that goes ahead, or (as nearly all) when the user came.
        let accepted = match index {
            _ if rarely(index, 41, 15) => None,
            _ if rarely(index, 499, 13) => Some(plan.until + TimeDelta::hours(2)),
            _ => Some(user.joined),
        };
        self.settings_row(numbers, Some(&id), accepted, email);
        if rarely(index, 97, 7) {
            let again = moment_between(numbers, user.joined, plan.until);
            self.settings_row(numbers, Some(&id), Some(again), None);
        }
        if rarely(index, 211, 9) {
            self.settings_row(numbers, None, Some(user.joined), None);
        }
        if rarely(index, 251, 11) {
            self.settings_row(numbers, Some(""), Some(user.joined), None);
        }
    }

    fn settings_row(
        &mut self,
        numbers: &mut ChaCha8Rng,
        id: Option<&str>,
        accepted: Option<DateTime<Utc>>,
        email: Option<&str>,
    ) {
        // The row of a user who has never loaded the settings is bare.
        let loaded = numbers.random_bool(0.88);
        let language =
            loaded.then(|| pick(numbers, &[(70, "en"), (8, "de"), (7, "ja"), (5, "fr"), (5, "zh-CN"), (5, "es")]));
        let model = loaded.then(|| pick(numbers, &MODELS));
        let consent = pick(numbers, &[(45, Some(true)), (20, Some(false)), (35, None)]);
        self.settings.push(&[
            &id,
            &language,
            &loaded.then_some("CodeActAgent"),
            &model,
            &loaded.then_some(SECRET),
            &true,
            &consent,
            &loaded.then_some(1.0),
            &loaded.then_some(numbers.random_bool(0.3)),
            &if loaded { 4 } else { 0 },
            &accepted,
            &email,
            &email.map(|email| !email.is_empty()),
            &loaded.then_some("openhands"),
            &loaded.then_some("openhands@acme.example"),
        ]);
    }

    fn auth_tokens(&mut self, numbers: &mut ChaCha8Rng, plan: &Plan, index: u32, user: &User) {
        let linked = [("github", 0.75), ("gitlab", 0.16), ("bitbucket", 0.06), ("enterprise_sso", 0.2)]
            .map(|(provider, likelihood)| numbers.random_bool(likelihood).then_some(provider));
        // A provider that no release of OHE has had so far.
        let unknown = rarely(index, 307, 15).then_some("forgejo");
        for provider in linked.into_iter().chain([unknown]).flatten() {
            let expires = plan.until.timestamp() + numbers.random_range(-2_000_000..30_000);
            self.auth_tokens.push(&[&user.id, &provider, &SECRET, &SECRET, &expires, &(expires + 15_000_000)]);
        }
    }

    fn keys_and_secrets(&mut self, numbers: &mut ChaCha8Rng, plan: &Plan, user: &User) {
        // OHE makes this one by itself for whoever uses its MCP server.
        let by_ohe = numbers.random_bool(0.22).then_some(Some("MCP_API_KEY"));
        let own = numbers.random_bool(0.12).then(|| pick(numbers, &[(6, Some("ci")), (3, Some("laptop")), (1, None)]));
        for name in [by_ohe, own].into_iter().flatten() {
            let created = moment_between(numbers, user.joined, plan.until);
            let last_used = numbers.random_bool(0.8).then(|| moment_between(numbers, created, plan.until));
            self.api_keys.push(&[
                &format!("sk-oh-sample-{}", uuid(numbers).simple()),
                &user.id,
                &name,
                &created,
                &last_used,
            ]);
        }
        if numbers.random_bool(0.08) {
            for name in ["NPM_TOKEN", "STAGING_URL"].into_iter().take(numbers.random_range(1..=2)) {
                self.custom_secrets.push(&[&user.id, &name, &SECRET, &None::<&str>]);
            }
        }
    }
}

/// Models that users choose, and what their conversations of the new kind run on.
pub(crate) const MODELS: [(u32, &str); 5] = [
    (50, "openhands/claude-sonnet-4-5-20250929"),
    (20, "openhands/claude-opus-4-5-20251101"),
    (15, "openhands/gpt-5-2025-08-07"),
    (10, "openhands/qwen3-coder-480b"),
    (5, "openhands/devstral-medium-2507"),
];
