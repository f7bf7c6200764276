//! Creates OHE's tables in an empty database and fills them: `fill <database url> --users 300 --conversations 20000`.

use clap::Parser;
use domain::clock::{Clock, SystemClock};
use domain::ohe::Generation;
use sample_data::{Plan, Tables, create_tables, generate};
use sqlx::PgPool;

#[derive(Parser)]
struct Arguments {
    /// Where to create the tables.
    database: String,
    #[arg(long, default_value_t = 300)]
    users: u32,
    #[arg(long, default_value_t = 20_000)]
    conversations: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// `orgs` for today's tables, `settings` for those of November 2025.
    #[arg(long, default_value_t = Generation::Orgs)]
    generation: Generation,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let pool = PgPool::connect(&arguments.database).await?;
    let plan = Plan::half_a_year(SystemClock.now(), arguments.users, arguments.conversations);
    let tables = match arguments.generation {
        Generation::Settings => Tables::Settings,
        Generation::Orgs => Tables::Orgs,
    };
    create_tables(&pool, tables).await?;
    let summary = generate(&pool, &Plan { seed: arguments.seed, tables, ..plan }).await?;
    #[expect(clippy::print_stdout, reason = "the answer to whoever runs this")]
    summary.tables.iter().for_each(|(table, rows)| println!("{table:28} {rows:>9}"));
    Ok(())
}
