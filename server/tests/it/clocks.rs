//! Clocks that disagree.

use chrono::TimeDelta;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_clock_that_is_off_by_more_than_five_minutes_is_named() {
    let fixture = Fixture::new().await;
    // The database goes by the machine's clock, ours was set by hand.
    let offsets = fixture.services().clocks.offsets().await.unwrap();
    assert_eq!(offsets.off().map(|(clock, _)| clock).collect::<Vec<_>>(), ["database"]);
    assert_eq!(offsets.vendor, None, "the vendor was never asked");
    fixture.collect_at("2025-11-09T02:00:00Z").await;
    fixture.services().delivery.deliver().await.unwrap();
    let offsets = fixture.services().clocks.offsets().await.unwrap();
    assert_eq!(offsets.vendor, Some(TimeDelta::zero()), "the simulator goes by our clock");
}
