//! Everything together, in one transaction.

use sqlx::{PgConnection, PgPool};

use crate::{
    Plan, Summary, calendar::Calendar, conversation::World, conversation_rows, integrations, key_rows, login_rows,
    older_users, organizations::Organizations, repositories::Repositories, today_users, users::Users,
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
    let organizations = Organizations::new(plan, &users);
    let world = World { plan, calendar: &calendar, users: &users, repositories: &repositories };
    let mut summary = Summary::default();
    let mut transaction = pool.begin().await?;
    trust_references(&mut transaction).await?;
    older_users::write(&mut transaction, plan, &users, &mut summary).await?;
    key_rows::write(&mut transaction, plan, &users, &mut summary).await?;
    if plan.tables.has_organizations() {
        today_users::write(&mut transaction, plan, &users, &organizations, &mut summary).await?;
        login_rows::write(&mut transaction, plan, &users, &organizations, &mut summary).await?;
    }
    integrations::write(&mut transaction, world, &mut summary).await?;
    conversation_rows::write(&mut transaction, world, &organizations, &mut summary).await?;
    transaction.commit().await?;
    sqlx::raw_sql("analyze").execute(pool).await?;
    Ok(summary)
}

/// Rows that are made from one plan refer to rows that are there. Looking each of them up takes PostgreSQL as long as writing
/// it, so a superuser, who may, goes without for the rest of the transaction.
async fn trust_references(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "select set_config('session_replication_role', 'replica', true) where current_setting('is_superuser') = 'on'",
    )
    .execute(connection)
    .await
    .map(drop)
}
