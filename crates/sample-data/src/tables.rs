//! OHE's tables.

use sqlx::PgPool;

/// Creates OHE's tables, empty, in the first schema of the search path, and the row that says which revision they are of (081).
///
/// # Errors
/// When one of them exists, or the role may not create tables.
pub async fn create_tables(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for script in [
        include_str!("../tables/users.sql"),
        include_str!("../tables/conversations.sql"),
        include_str!("../tables/integrations.sql"),
        include_str!("../tables/operation.sql"),
    ] {
        sqlx::raw_sql(script).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Creates `telemetry_metrics` and `telemetry_replicated_identity`, empty, as OHE's own migrations make them: what our
/// migrations find in a current OHE.
///
/// # Errors
/// When one of them exists, or the role may not create tables.
pub async fn create_older_telemetry_tables(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(include_str!("../tables/older_telemetry.sql")).execute(pool).await.map(drop)
}
