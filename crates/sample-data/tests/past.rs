//! What earlier times look like.

use chrono::{DateTime, TimeDelta, Utc};
use private_postgres::testing::TestDatabase;
use sample_data::{Plan, Tables, as_of, create_past, create_tables, generate};
use sqlx::{Connection as _, PgConnection};

#[tokio::test]
async fn the_install_grows_from_nothing_to_what_it_is() {
    let until: DateTime<Utc> = "2025-11-23T14:45:30Z".parse().unwrap();
    let database = TestDatabase::empty().await;
    create_tables(database.pool(), Tables::Settings).await.unwrap();
    let plan = Plan { tables: Tables::Settings, ..Plan::half_a_year(until, 200, 3000) };
    generate(database.pool(), &plan).await.unwrap();
    create_past(database.pool()).await.unwrap();
    let mut counts = Vec::new();
    for weeks in [40, 20, 10, 0] {
        let options = as_of(database.connect_options(), until - TimeDelta::weeks(weeks));
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let count: (i64, i64, i64, i64) = sqlx::query_as(
            "select (select count(*) from user_settings), (select count(*) from conversation_metadata),
                    (select count(*) from auth_tokens), (select count(*) from repos)",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        counts.push(count);
    }
    assert_eq!(counts[0], (0, 0, 0, 0), "before there was anything");
    assert!(counts.is_sorted() && counts[1].0 > 0 && counts[1].1 > 0, "{counts:?}");
    assert!(counts[1].2 < counts[3].2 && counts[1].3 < counts[3].3, "{counts:?}");
}
