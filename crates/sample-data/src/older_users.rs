//! What OHE of generation settings knows of its users, with the oddities that real rows have. An upgraded install keeps these
//! rows, without the columns that have gone since.

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Plan, Summary,
    copy::Rows,
    made_up::{ADMIN_EMAIL, MODELS, SECRET, language},
    random::{Stream, pick, rarely, stream},
    users::{User, Users, moment_between},
};

/// Writes the settings of all users who have any.
pub(crate) async fn write(
    connection: &mut PgConnection,
    plan: &Plan,
    users: &Users,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(plan.seed, Stream::SettingsRows);
    let mut settings = Settings::new(plan);
    for user in users.iter().filter(|user| user.has_settings(plan)) {
        settings.push(&mut numbers, user);
    }
    settings.rows.flush(connection).await?;
    if plan.tables.has_organizations() && plan.upgraded_at().is_none() {
        return Ok(());
    }
    summary.add(settings.rows.count());
    Ok(())
}

struct Settings<'a> {
    plan: &'a Plan,
    rows: Rows,
}

/// What one row says of its user.
struct Row<'a> {
    id: Option<&'a str>,
    accepted: Option<DateTime<Utc>>,
    email: Option<&'a str>,
    migrated: bool,
}

impl<'a> Settings<'a> {
    fn new(plan: &'a Plan) -> Self {
        let columns = if plan.tables.has_organizations() {
            "keycloak_user_id, language, llm_api_key, user_consents_to_analytics, billing_margin, enable_sound_notifications, \
             user_version, accepted_tos, email, email_verified, git_user_name, git_user_email, already_migrated, agent_settings, \
             conversation_settings"
        } else {
            "keycloak_user_id, language, llm_api_key, user_consents_to_analytics, billing_margin, enable_sound_notifications, \
             user_version, accepted_tos, email, email_verified, git_user_name, git_user_email, agent, llm_model, \
             enable_default_condenser"
        };
        Self { plan, rows: Rows::new("user_settings", columns) }
    }

    fn push(&mut self, numbers: &mut ChaCha8Rng, user: &User) {
        let number = user.number;
        let mut id = user.id.to_string();
        if self.plan.upgraded_at().is_some() && rarely(number, 17, 3) {
            id = id.to_uppercase();
        }
        let email = match number {
            0 if self.plan.admin_email => Some(ADMIN_EMAIL),
            _ => rarely(number, 89, 5).then_some(""),
        };
        let (migrated, joined) = (user.was_migrated(self.plan), Some(user.joined));
        self.row(numbers, &Row { id: Some(&id), accepted: user.accepted(), email, migrated });
        if rarely(number, 97, 7) {
            let until = self.plan.upgraded_at().unwrap_or(self.plan.until);
            let again = moment_between(numbers, user.joined, until);
            self.row(numbers, &Row { id: Some(&id), accepted: Some(again), email: None, migrated });
        }
        if rarely(number, 211, 9) {
            self.row(numbers, &Row { id: None, accepted: joined, email: None, migrated: false });
        }
        if rarely(number, 251, 11) {
            self.row(numbers, &Row { id: Some(""), accepted: joined, email: None, migrated: false });
        }
    }

    fn row(&mut self, numbers: &mut ChaCha8Rng, row: &Row<'_>) {
        // The row of a user who has never loaded the settings is bare.
        let loaded = numbers.random_bool(0.88);
        let language = language(numbers);
        let model = pick(numbers, &MODELS);
        let consent = pick(numbers, &[(45, Some(true)), (20, Some(false)), (35, None)]);
        let (language, model, secret) = (loaded.then_some(language), loaded.then_some(model), loaded.then_some(SECRET));
        let (sounds, margin) = (loaded.then_some(numbers.random_bool(0.3)), loaded.then_some(1.0));
        let verified = row.email.map(|email| !email.is_empty());
        let (name, address) = (loaded.then_some("openhands"), loaded.then_some("openhands@acme.example"));
        let version = if loaded { 4 } else { 0 };
        let agent = loaded.then_some("CodeActAgent");
        let mut values: Vec<&dyn crate::copy::Value> = vec![&row.id, &language, &secret, &consent, &margin, &sounds];
        values.extend::<[&dyn crate::copy::Value; 6]>([
            &version,
            &row.accepted,
            &row.email,
            &verified,
            &name,
            &address,
        ]);
        if self.plan.tables.has_organizations() {
            values.extend::<[&dyn crate::copy::Value; 3]>([&row.migrated, &"{}", &"{}"]);
        } else {
            values.extend::<[&dyn crate::copy::Value; 3]>([&agent, &model, &true]);
        }
        self.rows.push(&values);
    }
}
