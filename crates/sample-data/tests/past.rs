//! What earlier times look like.

#![expect(clippy::unwrap_used, reason = "a test that lacks its database cannot go on")]

mod install;

use chrono::{DateTime, TimeDelta, Utc};
use install::{Install, until};
use sample_data::{History, Plan, Tables, as_of, create_past};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

fn half_a_year(tables: Tables) -> Plan {
    Plan { tables, ..Plan::half_a_year(until(), 250, 6000) }
}

async fn with_past(plan: &Plan) -> Install {
    let install = Install::of(plan).await;
    create_past(install.pool()).await.unwrap();
    install
}

async fn at(install: &Install, time: DateTime<Utc>) -> PgConnection {
    PgConnection::connect_with(&as_of(install.database.connect_options(), time)).await.unwrap()
}

async fn count(connection: &mut PgConnection, condition: &str) -> i64 {
    let query = format!("select count(*) from {condition}");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(connection).await.unwrap()
}

const BOTH: [&str; 6] =
    ["conversation_metadata", "auth_tokens", "repos", "api_keys", "custom_secrets", "event_callback_result"];
const ORGS: [&str; 8] = [
    "\"user\"",
    "org",
    "org_member",
    "org_invitation",
    "org_budget_settings",
    "conversation_cost_events",
    "app_conversation_start_task",
    "device_codes",
];

#[tokio::test]
async fn the_install_grows_from_nothing_to_what_it_is() {
    for (tables, history) in [
        (Tables::Settings, History::Fresh),
        (Tables::Orgs154, History::Fresh),
        (Tables::Orgs, History::Fresh),
        (Tables::Orgs, History::Upgraded),
    ] {
        let install = with_past(&Plan { history, ..half_a_year(tables) }).await;
        let users = if tables == Tables::Settings { vec!["user_settings"] } else { ORGS.to_vec() };
        for table in users.into_iter().chain(BOTH) {
            let mut counts = Vec::new();
            for weeks in [40, 20, 10, 0] {
                let mut past = at(&install, until() - TimeDelta::weeks(weeks)).await;
                counts.push(count(&mut past, table).await);
            }
            assert_eq!(counts[0], 0, "{tables:?} {history:?} {table}: before there was anything");
            assert!(counts.is_sorted() && counts[1] < counts[3], "{tables:?} {history:?} {table}: {counts:?}");
        }
    }
}

#[tokio::test]
async fn what_has_changed_since_is_undone() {
    let install = with_past(&half_a_year(Tables::Orgs)).await;
    let (then, now) = (until() - TimeDelta::days(60), until());
    let (mut past, mut present) = (at(&install, then).await, at(&install, now).await);
    let naive = then.naive_utc();
    for later in [
        format!("\"user\" where last_login_at > '{naive}' or first_login_at > '{naive}'"),
        format!("conversation_metadata where deleted_at > '{then}' or last_updated_at > '{naive}'"),
        format!("api_keys where last_used_at > '{naive}'"),
        format!(
            "org_invitation where accepted_at > '{naive}' or accepted_by_user_id is not null and accepted_at is null"
        ),
        format!("device_codes where authorized_at > '{then}'"),
    ] {
        assert_eq!(count(&mut past, &later).await, 0, "{later}");
        assert!(count(&mut present, &later).await > 0, "{later}");
    }
    let deleted_later = format!(
        "conversation_metadata where deleted_at is null and conversation_id in
         (select conversation_id from public.conversation_metadata where deleted_at > '{then}')"
    );
    assert!(count(&mut past, &deleted_later).await > 0);
    assert_eq!(count(&mut present, &deleted_later).await, 0);
}

/// What the charts of METRICS show week by week on generation orgs.
const CHARTS: [(&str, &str); 6] = [
    (
        "users_logged_in_30d",
        "select count(*)::float8 from \"user\" where last_login_at between past.now() - interval '30 days' and past.now()",
    ),
    (
        "llm_spend_usd_30d",
        "select coalesce(sum(cost_delta), 0)::float8 from conversation_cost_events
          where occurred_at between past.instant() - interval '30 days' and past.instant()",
    ),
    (
        "team_org_members",
        "select count(distinct user_id)::float8 from org_member where org_id not in (select id from \"user\")",
    ),
    (
        "active_users_30d",
        "select count(distinct owner.user_id)::float8 from conversation_metadata
           join conversation_metadata_saas as owner using (conversation_id)
          where deleted_at is null and last_updated_at between past.now() - interval '30 days' and past.now()",
    ),
    (
        "v1_starts_30d",
        "select count(*)::float8 from app_conversation_start_task
          where created_at between past.instant() - interval '30 days' and past.instant()",
    ),
    (
        "api_key_users_30d",
        "select count(distinct user_id)::float8 from api_keys
          where last_used_at between past.now() - interval '30 days' and past.now()",
    ),
];

#[tokio::test]
async fn charts_of_half_a_year_grow_without_cliffs() {
    let install = with_past(&half_a_year(Tables::Orgs)).await;
    for (chart, query) in CHARTS {
        let mut weeks = Vec::new();
        for week in (0..26).rev() {
            let mut past = at(&install, until() - TimeDelta::weeks(week)).await;
            weeks.push(sqlx::query_scalar::<_, f64>(query).fetch_one(&mut past).await.unwrap());
        }
        assert!(weeks[25] > 2.0 * weeks[4], "{chart} does not grow: {weeks:?}");
        // The first weeks are few people's.
        for pair in weeks[4..].windows(2) {
            assert!(pair[1] > 0.75 * pair[0] && pair[1] < 1.6 * pair[0], "{chart} has a cliff: {weeks:?}");
        }
    }
}
