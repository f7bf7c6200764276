//! What can go wrong. No error here carries a value out of OHE's tables.

use domain::metric::ValueError;

/// Why a collector has no metrics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    /// The database refused a query, or the answer could not be read.
    #[error("{message}")]
    Query {
        /// `SQLSTATE`, where the server gave one.
        sqlstate: Option<String>,
        /// What went wrong, without values of rows.
        message: String,
    },
    /// A value does not keep its declaration.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Anything else, in the collector's own words, which must be free of values of rows.
    #[error("{0}")]
    Failed(String),
}

/// Classes of `SQLSTATE` whose messages speak of names and of the server alone: connection, feature, transaction
/// state, transaction rollback, syntax or access rule, resources, object state, operator's intervention. Messages of
/// others quote values: `invalid input syntax for type integer: "..."`.
const WITHOUT_VALUES: [&str; 8] = ["08", "0A", "25", "40", "42", "53", "55", "57"];

impl From<sqlx::Error> for CollectorError {
    fn from(error: sqlx::Error) -> Self {
        let (sqlstate, message) = match &error {
            sqlx::Error::Database(error) => {
                let sqlstate = error.code().map(std::borrow::Cow::into_owned);
                let class = sqlstate.as_deref().and_then(|code| code.get(..2)).unwrap_or_default();
                let known = WITHOUT_VALUES.contains(&class);
                let said = if known { error.message() } else { "the data do not allow this query" };
                let message = format!("{said} (SQLSTATE {})", sqlstate.as_deref().unwrap_or("unknown"));
                (sqlstate, message)
            }
            // Their sources may quote what could not be decoded.
            sqlx::Error::ColumnDecode { index, .. } => (None, format!("column {index} of a result could not be read")),
            sqlx::Error::Decode(_) => (None, "a result could not be read".to_owned()),
            other => (None, other.to_string()),
        };
        Self::Query { sqlstate, message }
    }
}

/// Why there is no collection at all. One collector's failure is none of these.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There is no collector of that name.
    #[error("there is no collector `{name}`; the collectors are: {}", known.join(", "))]
    UnknownCollector {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The connection to OHE's database could not be had, or was lost; another time may do.
    #[error("the database of OpenHands Enterprise cannot be read")]
    Database(#[from] sqlx::Error),
    /// A table was rewritten meanwhile, and may have looked empty: what was read could be wrong.
    #[error(
        "OpenHands Enterprise changes its tables at this moment, so what was read may be wrong; trying again later helps"
    )]
    TablesChanged,
    /// The server did not even answer that it had stopped a query.
    #[error("the database of OpenHands Enterprise does not answer")]
    NoAnswer,
}
