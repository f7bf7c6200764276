//! What users see, while others deliver and while the database is away.

use std::time::Duration;

use chrono::TimeDelta;
use private_postgres::{Options, PrivatePostgres, Shutdown};
use serde_json::Value;

use crate::command::command;
use crate::wait::{until, within};
use crate::world::World;

/// The promise: so soon after a delivery by any process, the status tells.
const FRESH: Duration = Duration::from_secs(5);

async fn warns(url: &str) -> bool {
    let reply: Value = reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap();
    reply["warn"].as_bool().unwrap()
}

#[tokio::test]
async fn it_is_fresh_after_a_delivery_elsewhere_and_right_while_the_database_is_away() {
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let world = World::on_server(&server).await;
    world.collected_at(world.clock.now() - TimeDelta::days(10), 0, None).await;
    let web = world.start(&["serve", "--no-jobs"]);
    let url = format!("{}/api/license-status", web.url().await);
    until("the warning", async || warns(&url).await).await;
    server.shut_down(Shutdown::Fast).await.unwrap();
    web.logs("the license facts cannot be read; the last known ones stay in force").await;
    assert!(warns(&url).await, "the last known facts stay in force");
    server.start_again().await.unwrap();
    web.logs("the license facts can be read again").await;
    assert!(warns(&url).await);
    let upload = command(&world.environment, &["upload"]).output().await.unwrap();
    assert_eq!(upload.status.code(), Some(0));
    within(FRESH, "the end of the warning", async || !warns(&url).await).await;
    web.ends_in_good_order().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_that_takes_no_writes_from_the_start_still_tells() {
    let server = PrivatePostgres::start(Options::temporary()).await.unwrap();
    let world = World::on_server(&server).await;
    world.collected_at(world.clock.now() - TimeDelta::days(10), 0, None).await;
    sqlx::query("ALTER DATABASE ohe SET default_transaction_read_only = on").execute(&world.pool).await.unwrap();
    let web = world.start(&["serve"]);
    let url = format!("{}/api/license-status", web.url().await);
    until("the warning", async || warns(&url).await).await;
    web.ends_in_good_order().await;
    server.stop().await.unwrap();
}
