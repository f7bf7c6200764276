//! Linked code hosts, API keys and secrets: nearly the same in every generation.

use chrono::TimeDelta;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Plan, Summary,
    copy::Rows,
    made_up::{KEY_NAMES, SECRET},
    random::{Stream, pick, rarely, stream, uuid},
    users::{Entry, User, Users, moment_between},
};

#[derive(Debug)]
struct KeyRows {
    auth_tokens: Rows,
    api_keys: Rows,
    custom_secrets: Rows,
}

/// Writes the keys, tokens and secrets of all users who ever got in.
pub(crate) async fn write(
    connection: &mut PgConnection,
    plan: &Plan,
    users: &Users,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(plan.seed, Stream::KeyRows);
    let mut rows = KeyRows {
        auth_tokens: Rows::new(
            "auth_tokens",
            "keycloak_user_id, identity_provider, access_token, refresh_token, access_token_expires_at, \
             refresh_token_expires_at",
        ),
        api_keys: Rows::new("api_keys", "key, user_id, name, created_at, last_used_at"),
        custom_secrets: Rows::new("custom_secrets", "keycloak_user_id, secret_name, secret_value, description"),
    };
    for user in users.iter().filter(|user| user.entry != Entry::AddressUnverified) {
        rows.auth_tokens(&mut numbers, plan, user);
        rows.keys_and_secrets(&mut numbers, plan, user);
    }
    for table in [&mut rows.auth_tokens, &mut rows.api_keys, &mut rows.custom_secrets] {
        table.flush(connection).await?;
        summary.add(table.count());
    }
    Ok(())
}

impl KeyRows {
    fn auth_tokens(&mut self, numbers: &mut ChaCha8Rng, plan: &Plan, user: &User) {
        let linked = [("github", 0.75), ("gitlab", 0.16), ("bitbucket", 0.06), ("enterprise_sso", 0.2)]
            .map(|(provider, likelihood)| numbers.random_bool(likelihood).then_some(provider));
        let linked_today = [("bitbucket_data_center", 0.05), ("azure_devops", 0.04)]
            .map(|(provider, likelihood)| numbers.random_bool(likelihood).then_some(provider));
        let linked_today = linked_today.into_iter().filter(|_| plan.tables.has_organizations());
        // A provider that users cannot link in any release of OHE so far.
        let unknown = rarely(user.number, 307, 16).then_some("forgejo");
        for provider in linked.into_iter().chain([unknown]).chain(linked_today).flatten() {
            let expires = plan.until.timestamp() + i64::from(user.number) * 613 % 2_030_000 - 2_000_000;
            self.auth_tokens.push(&[&user.id, &provider, &SECRET, &SECRET, &expires, &(expires + 15_000_000)]);
        }
    }

    fn keys_and_secrets(&mut self, numbers: &mut ChaCha8Rng, plan: &Plan, user: &User) {
        // OHE makes this one by itself for those who use its MCP server.
        let by_ohe = numbers.random_bool(0.22).then_some(Some("MCP_API_KEY"));
        let own = numbers.random_bool(0.12).then(|| pick(numbers, &KEY_NAMES));
        for name in [by_ohe, own].into_iter().flatten() {
            let created = moment_between(numbers, user.joined, (user.joined + TimeDelta::days(30)).min(plan.until));
            let (stopped, quiet) = (moment_between(numbers, created, plan.until), numbers.random_range(1..200));
            let last_used = match pick(numbers, &[(20, None), (25, Some(true)), (55, Some(false))]) {
                Some(true) => Some(stopped),
                Some(false) => Some((plan.until - TimeDelta::hours(quiet)).max(created)),
                None => None,
            };
            let key = format!("sk-oh-sample-{}", uuid(numbers).simple());
            self.api_keys.push(&[&key, &user.id, &name, &created, &last_used]);
        }
        if numbers.random_bool(0.08) {
            for name in ["NPM_TOKEN", "STAGING_URL"].into_iter().take(numbers.random_range(1..=2)) {
                self.custom_secrets.push(&[&user.id, &name, &SECRET, &None::<&str>]);
            }
        }
    }
}
