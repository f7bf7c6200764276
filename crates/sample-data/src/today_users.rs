//! What today's OHE knows of its users: an account, an organization of the user's own, and when the user logs in.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Plan, Summary,
    copy::Rows,
    made_up::{ADMIN_EMAIL, language},
    organization_rows::{OrganizationRows, Roles},
    organizations::Organizations,
    random::{Stream, rarely, stream},
    today_conversations::LatestUse,
    users::{Entry, User, Users, moment_between},
};

/// Writes the accounts, and the organizations that they belong to.
pub(crate) async fn write(
    connection: &mut PgConnection,
    plan: &Plan,
    users: &Users,
    organizations: &Organizations,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(plan.seed, Stream::UserRows);
    let roles = Roles::of(connection).await?;
    let mut organization_rows = OrganizationRows::new(plan, roles);
    let mut accounts = Rows::new(
        "\"user\"",
        "id, current_org_id, role_id, accepted_tos, enable_sound_notifications, language, user_consents_to_analytics, email, \
         email_verified, git_user_name, git_user_email, onboarding_completed, first_login_at",
    );
    for user in users.iter().filter(|user| user.has_account(plan)) {
        organization_rows.personal(user);
        push_account(&mut accounts, &mut numbers, plan, organizations.current(user), roles, user);
    }
    organization_rows.teams(users, organizations);
    organization_rows.flush_organizations(connection).await?;
    accounts.flush(connection).await?;
    organization_rows.flush_members(connection).await?;
    let (_, count) = accounts.count();
    summary.add(("user", count));
    organization_rows.add_to(summary);
    Ok(())
}

fn push_account(rows: &mut Rows, numbers: &mut ChaCha8Rng, plan: &Plan, organization: Uuid, roles: Roles, user: &User) {
    let accepted = user.accepted();
    // The first account of an empty table is a superadmin.
    let role = (user.number == 0).then_some(roles.admin);
    let language = (user.entry != Entry::AddressUnverified).then(|| language(numbers));
    let email = email(plan, user);
    let verified = email.is_some().then_some(user.entry != Entry::AddressUnverified);
    let onboarded = (!user.was_migrated(plan)).then_some(user.active);
    rows.push(&[
        &user.id,
        &organization,
        &role,
        &accepted,
        &numbers.random_bool(0.3),
        &language,
        &accepted.map(|_| true),
        &email,
        &verified,
        &accepted.map(|_| "openhands"),
        &accepted.map(|_| "openhands@acme.example"),
        &onboarded,
        &user.first_login(plan),
    ]);
}

/// The address of an account. A few have none, and OHE keeps the letters as they were typed.
fn email(plan: &Plan, user: &User) -> Option<String> {
    let number = user.number;
    match number {
        _ if !plan.admin_email => None,
        0 => Some(ADMIN_EMAIL.to_owned()),
        _ if rarely(number, 61, 9) => None,
        _ if rarely(number, 89, 5) => Some(String::new()),
        _ if rarely(number, 53, 21) => Some(format!("User{number}@Acme.example")),
        _ if number % 9 == 4 => Some(format!("user{number}@contractors.example")),
        _ if number % 31 == 17 => Some(format!("user{number}@labs.acme.example")),
        _ => Some(format!("user{number}@acme.example")),
    }
}

/// Writes when each user has logged in last, once all that users have done is known.
pub(crate) async fn write_logins(
    connection: &mut PgConnection,
    plan: &Plan,
    users: &Users,
    latest_use: &LatestUse,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(plan.seed, Stream::LoginRows);
    let (mut ids, mut logins): (Vec<Uuid>, Vec<NaiveDateTime>) = (Vec::new(), Vec::new());
    for user in users.iter() {
        if let Some(login) = latest_login(&mut numbers, plan, user, latest_use.of(user)) {
            ids.push(user.id);
            logins.push(login.naive_utc());
        }
    }
    sqlx::query(
        "update \"user\" set last_login_at = login.at from unnest($1::uuid[], $2::timestamp[]) as login (id, at)
          where \"user\".id = login.id",
    )
    .bind(ids)
    .bind(logins)
    .execute(connection)
    .await
    .map(drop)
}

/// A login lies some hours before what the user began in it.
fn latest_login(
    numbers: &mut ChaCha8Rng,
    plan: &Plan,
    user: &User,
    latest_use: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let first = user.first_login(plan)?;
    let looked_around = moment_between(numbers, first, (first + TimeDelta::days(3)).min(plan.until));
    let before = TimeDelta::minutes(numbers.random_range(1..480));
    let latest = latest_use.map_or(looked_around, |begun| begun.min(plan.until) - before);
    Some(latest.max(first))
}
