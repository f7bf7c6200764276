//! The same seed tells the same story in every generation.

#![expect(clippy::unwrap_used, reason = "a test that lacks its database cannot go on")]

mod install;

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use install::{Install, until};
use sample_data::{History, Plan, Tables};
use sqlx::AssertSqlSafe;

async fn told(tables: Tables, history: History) -> Install {
    Install::of(&Plan { tables, history, ..Plan::half_a_year(until(), 300, 6000) }).await
}

#[derive(sqlx::FromRow)]
struct Row {
    /// Without dashes.
    id: String,
    owner: Option<String>,
    created_at: NaiveDateTime,
    cost: f64,
    repository: Option<String>,
}

type Conversations = BTreeMap<String, Row>;

const OWNER: &str = "coalesce(owner.user_id::text, nullif(conversation_metadata.user_id, ''))";

async fn conversations(install: &Install, tables: Tables) -> Conversations {
    let (owner, living) = match tables {
        Tables::Settings => ("nullif(user_id, '')", "true"),
        Tables::Orgs154 => (OWNER, "true"),
        Tables::Orgs => (OWNER, "deleted_at is null"),
    };
    let owners = if tables == Tables::Settings {
        ""
    } else {
        "left join conversation_metadata_saas as owner using (conversation_id)"
    };
    let query = format!(
        "select replace(conversation_id, '-', '') as id, {owner} as owner, created_at, coalesce(accumulated_cost, 0) as cost,
                selected_repository as repository
           from conversation_metadata {owners} where {living}"
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(query)).fetch_all(install.pool()).await.unwrap();
    rows.into_iter().map(|row| (row.id.clone(), row)).collect()
}

#[tokio::test]
async fn both_generations_have_the_same_users() {
    let (settings, orgs) = (told(Tables::Settings, History::Fresh).await, told(Tables::Orgs, History::Fresh).await);
    let users = |query: &'static str, install: &Install| {
        let pool = install.pool().clone();
        async move { sqlx::query_as::<_, (String, Option<NaiveDateTime>)>(query).fetch_all(&pool).await.unwrap() }
    };
    let older = users(
        "select distinct on (keycloak_user_id) keycloak_user_id, accepted_tos from user_settings where keycloak_user_id <> ''
          order by 1, accepted_tos",
        &settings,
    )
    .await;
    let today = users("select id::text, accepted_tos from \"user\" order by 1", &orgs).await;
    assert_eq!(older.len(), 300);
    assert_eq!(older, today);
}

#[tokio::test]
async fn every_generation_has_the_same_conversations_by_the_same_people() {
    let orgs = conversations(&told(Tables::Orgs, History::Fresh).await, Tables::Orgs).await;
    for (tables, history) in
        [(Tables::Settings, History::Fresh), (Tables::Orgs154, History::Fresh), (Tables::Orgs, History::Upgraded)]
    {
        let other = conversations(&told(tables, history).await, tables).await;
        assert!(other.keys().eq(orgs.keys()), "{tables:?} {history:?}");
        let (mut same_owner, mut same_cost, mut priced) = (0, 0, 0);
        for (id, row) in &other {
            let today = &orgs[id];
            same_owner += usize::from(row.owner == today.owner);
            // V1 of the older generation rewrites its start.
            let later = row.created_at - today.created_at;
            assert!((0..=30).contains(&later.num_days()), "{id}");
            // ... and knows no cost.
            if row.cost > 0.0 {
                priced += 1;
                same_cost += usize::from((row.cost / today.cost - 1.0).abs() < 0.025);
            }
            assert!(row.repository.is_none() || row.repository == today.repository, "{id}");
        }
        assert!(same_owner > 5900, "{tables:?} {history:?}: {same_owner} of {} have the same owner", other.len());
        assert_eq!(same_cost, priced);
        assert!(priced > 4500, "{tables:?} {history:?}: {priced}");
    }
}

#[tokio::test]
async fn starts_that_both_generations_keep_are_the_same() {
    let (settings, orgs) = (told(Tables::Settings, History::Fresh).await, told(Tables::Orgs, History::Fresh).await);
    let starts = async |install: &Install| {
        sqlx::query_as::<_, (String, NaiveDateTime)>(
            "select app_conversation_id::text, created_at at time zone 'UTC' from app_conversation_start_task
              where app_conversation_id is not null",
        )
        .fetch_all(install.pool())
        .await
        .unwrap()
    };
    let today: BTreeMap<_, _> = starts(&orgs).await.into_iter().collect();
    let older = starts(&settings).await;
    assert!(older.len() > 500 && today.len() == 6000);
    for (conversation, started) in older {
        assert_eq!(today[&conversation], started);
    }
}
