//! A database that stops and starts while everything is at work.

use private_postgres::{Options, PrivatePostgres, Shutdown};
use replicated::simulator::{Endpoint, Fault, Rule, When};

use crate::deliveries::{assert_complete, assert_in_order};
use crate::wait::until;
use crate::world::World;

const BATCHES: u32 = 50;

#[tokio::test]
async fn a_database_that_stops_and_starts_under_load_costs_nothing_but_time() {
    let server = PrivatePostgres::start(Options::temporary().durable(true)).await.unwrap();
    let world = World::on_server(&server).await;
    world.collected_before(world.clock.now(), BATCHES).await;
    let slow = Fault::SlowHead { milliseconds: 50 };
    world.vendor.fail(Rule { fault: slow, endpoint: Some(Endpoint::Metrics), when: When::UntilHealed });
    let programs = [world.start(&["worker"]), world.start(&["serve"])];
    let license_status = format!("{}/api/license-status", programs[1].url().await);
    for how in [Shutdown::Fast, Shutdown::Immediate] {
        let seen = world.count(Endpoint::Metrics);
        until("a delivery is under way", async || world.count(Endpoint::Metrics) >= seen + 5).await;
        server.shut_down(how).await.unwrap();
        let lost = programs[0].logged("a worker stopped and is started again");
        programs[0].logs_times(lost + 1, "a worker stopped and is started again").await;
        assert_eq!(reqwest::get(&license_status).await.unwrap().status(), 200, "the web goes on");
        server.start_again().await.unwrap();
    }
    until("everything is delivered", async || world.count(Endpoint::CheckIn) >= 1 && world.pending().await == 0).await;
    for program in programs {
        program.ends_in_good_order().await;
    }
    assert_complete(&world, u64::from(BATCHES)).await;
    assert_in_order(&world);
    server.stop().await.unwrap();
}
