//! Keys that today's OHE makes by itself: for automations, and for command lines that log in with a device code.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Plan, Summary,
    copy::Rows,
    made_up::device_code,
    organizations::Organizations,
    random::{Stream, stream, uuid},
    users::{User, Users, moment_between},
};

struct LoginRows<'a> {
    plan: &'a Plan,
    numbers: ChaCha8Rng,
    keys: Rows,
    codes: Rows,
    /// How many device codes there are.
    count: u32,
}

/// Writes the keys that OHE has made, and the device logins.
pub(crate) async fn write(
    connection: &mut PgConnection,
    plan: &Plan,
    users: &Users,
    organizations: &Organizations,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(plan.seed, Stream::LoginRows);
    // Behind the numbers that have made the latest logins.
    numbers.set_word_pos(1 << 40);
    let mut rows = LoginRows {
        plan,
        numbers,
        keys: Rows::new("api_keys", "key, user_id, org_id, name, created_at, last_used_at, expires_at"),
        codes: Rows::new(
            "device_codes",
            "device_code, user_code, status, keycloak_user_id, expires_at, authorized_at, last_poll_time",
        ),
        count: 0,
    };
    for user in users.iter().filter(|user| user.active && user.has_account(plan)) {
        if user.has_automations() {
            rows.automation_key(user, organizations);
        }
        if user.number % 10 == 4 {
            rows.command_line(user, organizations);
        }
    }
    for table in [&mut rows.keys, &mut rows.codes] {
        table.flush(connection).await?;
        summary.add(table.count());
    }
    Ok(())
}

impl LoginRows<'_> {
    /// Since when rows like these are written for the user, and until when.
    fn span(&self, user: &User) -> (DateTime<Utc>, DateTime<Utc>) {
        let since = self.plan.upgraded_at().map_or(user.joined, |upgrade| upgrade.max(user.joined));
        (since, user.left.unwrap_or(self.plan.until).max(since))
    }

    fn automation_key(&mut self, user: &User, organizations: &Organizations) {
        let (since, until) = self.span(user);
        let created = moment_between(&mut self.numbers, since, (since + TimeDelta::days(30)).min(until));
        // Most automations go on.
        let quiet = TimeDelta::hours(self.numbers.random_range(1..30));
        let stopped = moment_between(&mut self.numbers, created, until);
        let last_used = if user.number % 7 == 5 { stopped } else { (until - quiet).max(created) };
        self.key(user, organizations, "__SYSTEM__:automation", created, Some(last_used), None);
    }

    /// A login each week or two while the command line is in use, each with a key of its own.
    fn command_line(&mut self, user: &User, organizations: &Organizations) {
        let (since, until) = self.span(user);
        let mut at = since + TimeDelta::hours(self.numbers.random_range(1..200));
        while at < until {
            let code = self.next_code();
            self.code(&code, "authorized", Some(user), at);
            let last_used = moment_between(&mut self.numbers, at, (at + KEY_LIFE).min(until));
            let name = format!("Device Link Access Key ({code})");
            self.key(user, organizations, &name, at, Some(last_used), Some(at + KEY_LIFE));
            // Sometimes nobody enters the code, and it stays pending.
            if self.count.is_multiple_of(6) {
                let code = self.next_code();
                let status = if self.count % 4 == 1 { "denied" } else { "pending" };
                self.code(&code, status, None, at);
            }
            at += TimeDelta::hours(self.numbers.random_range(160..400));
        }
    }

    fn next_code(&mut self) -> String {
        self.count += 1;
        device_code(self.count.wrapping_mul(2_654_435_761))
    }

    fn code(&mut self, code: &str, status: &str, user: Option<&User>, at: DateTime<Utc>) {
        let secret = format!("sample-{}", uuid(&mut self.numbers).simple());
        let (expires, id) = (at + TimeDelta::minutes(10), user.map(|user| user.id));
        self.codes.push(&[&secret, &code, &status, &id, &expires, &user.map(|_| at), &at]);
    }

    fn key(
        &mut self,
        user: &User,
        organizations: &Organizations,
        name: &str,
        created: DateTime<Utc>,
        last_used: Option<DateTime<Utc>>,
        expires: Option<DateTime<Utc>>,
    ) {
        let key = format!("sk-oh-sample-{}", uuid(&mut self.numbers).simple());
        let organization = organizations.current(user);
        self.keys.push(&[&key, &user.id, &organization, &name, &created, &last_used, &expires]);
    }
}

/// How long the key of a device login is good for.
const KEY_LIFE: TimeDelta = TimeDelta::days(7);
