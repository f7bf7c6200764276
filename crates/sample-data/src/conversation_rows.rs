//! All conversations, each as the OHE of its time wrote it down.

use chrono::TimeDelta;
use rand::RngExt;
use sqlx::PgConnection;

use crate::{
    Summary,
    conversation::{Conversation, World},
    older_conversations::{OlderRows, id_text},
    organizations::Organizations,
    random::{Stream, rarely, stream},
    start_rows::StartRows,
    today_conversations::{LatestUse, TodayRows},
    today_users,
};

/// Rows wait until there are so many bytes of them.
const CHUNK: usize = 4 << 20;

/// What each of the two writers has ready for its tables.
struct ConversationRows<'a> {
    world: World<'a>,
    numbers: rand_chacha::ChaCha8Rng,
    older: OlderRows,
    today: TodayRows<'a>,
    starts: StartRows,
    latest_use: LatestUse,
}

/// Writes the rows of all conversations, in the order in which they began.
pub(crate) async fn write(
    connection: &mut PgConnection,
    world: World<'_>,
    organizations: &Organizations,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let mut numbers = stream(world.plan.seed, Stream::Conversations);
    let mut deleted = stream(world.plan.seed, Stream::DeletedConversations);
    let mut shares: Vec<f64> = (0..world.plan.conversations).map(|_| numbers.random()).collect();
    shares.sort_unstable_by(f64::total_cmp);
    let mut rows = ConversationRows {
        world,
        numbers: stream(world.plan.seed, Stream::ConversationRows),
        older: OlderRows::new(),
        today: TodayRows::new(world.plan, organizations),
        starts: StartRows::new(world.plan.until),
        latest_use: LatestUse::new(world.users.count()),
    };
    for (index, share) in (0..).zip(shares) {
        let begun = world.calendar.instant(share);
        rows.push(&Conversation::new(&mut numbers, world, index, begun));
        // One more was begun, and deleted later.
        if rarely(index, 33, 17) {
            let begun = (begun + TimeDelta::minutes(7)).min(world.plan.until);
            let conversation = Conversation::new(&mut deleted, world, index, begun);
            rows.push(&conversation.then_deleted(&mut deleted, world.plan));
        }
        if rows.waiting() > CHUNK {
            rows.flush(connection).await?;
        }
    }
    rows.flush(connection).await?;
    rows.add_to(summary);
    if world.plan.tables.has_organizations() {
        today_users::write_logins(connection, world.plan, world.users, &rows.latest_use).await?;
    }
    Ok(())
}

impl ConversationRows<'_> {
    fn push(&mut self, conversation: &Conversation<'_>) {
        let plan = self.world.plan;
        if !plan.is_before_organizations(conversation.begun) {
            self.today.push(&mut self.numbers, &mut self.starts, conversation);
            self.latest_use.note(conversation);
            return;
        }
        self.older.push(&mut self.numbers, &mut self.starts, conversation);
        if conversation.user.is_some_and(|user| user.was_migrated(plan)) {
            self.today.migrate(conversation, &id_text(conversation));
        }
    }

    fn waiting(&self) -> usize {
        self.older.waiting() + self.today.waiting()
    }

    async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.older.flush(connection).await?;
        self.today.flush(connection).await?;
        self.starts.flush(connection).await
    }

    fn add_to(&mut self, summary: &mut Summary) {
        self.older.add_to(summary);
        self.starts.add_to(summary);
        if self.world.plan.tables.has_organizations() {
            self.today.add_to(summary);
        }
    }
}
