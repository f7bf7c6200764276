//! Everything together, in one transaction.

use sqlx::PgPool;

use crate::{
    Plan, Summary, calendar::Calendar, conversation::World, conversation_rows, integrations,
    integrations::Repositories, user_rows, users::Users,
};

/// Fills the tables of [`crate::create_tables`], which are to be empty, with an install as `plan` describes it. All rows or
/// none are there afterwards, and the planner's statistics are up to date.
///
/// # Errors
/// When a table or a column is missing, or a row of the same seed is there already.
pub async fn generate(pool: &PgPool, plan: &Plan) -> Result<Summary, sqlx::Error> {
    let calendar = Calendar::new(plan.until, plan.days);
    let users = Users::new(plan, &calendar);
    let repositories = Repositories::new(plan);
    let mut summary = Summary::default();
    let mut transaction = pool.begin().await?;
    user_rows::write(&mut transaction, plan, &users, &mut summary).await?;
    integrations::write(&mut transaction, plan, &calendar, &users, &repositories, &mut summary).await?;
    let world = World { plan, calendar: &calendar, users: &users, repositories: &repositories };
    conversation_rows::write(&mut transaction, world, &mut summary).await?;
    transaction.commit().await?;
    sqlx::raw_sql("analyze").execute(pool).await?;
    Ok(summary)
}
