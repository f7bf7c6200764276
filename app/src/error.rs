//! Why a page has nothing to show.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What went wrong, as far as the person at the screen can act on it. The cause stays in the server's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum DashboardError {
    /// The database is away; trying again later helps.
    #[error("the database cannot be reached")]
    Unavailable,
    /// No such batch, metric or page.
    #[error("there is nothing at this address")]
    NotFound,
    /// A call with arguments that it does not understand, as `page=abc`.
    #[error("the request is not understood: {reason}")]
    Malformed {
        /// What was expected, or what is wrong.
        reason: String,
    },
    /// Anything else that failed on the server.
    #[error("the request failed; the server's log says why under request id {request_id}")]
    Failed {
        /// Finds the log lines of this request.
        request_id: String,
    },
    /// The browser got no answer, or not one of ours. The port never returns it.
    #[error("the service did not answer")]
    Unreachable,
}

impl DashboardError {
    /// The HTTP status of a page that shows this error.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Malformed { .. } => 400,
            Self::NotFound => 404,
            Self::Unavailable => 503,
            Self::Failed { .. } | Self::Unreachable => 500,
        }
    }
}

/// What the server does not understand is the caller's fault. Whatever else keeps a call from its answer on the way looks the
/// same from the browser: no answer of ours.
impl FromServerFnError for DashboardError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(reason) => Self::Malformed { reason },
            ServerFnErrorErr::MissingArg(argument) => Self::Malformed { reason: format!("`{argument}` is missing") },
            _ => Self::Unreachable,
        }
    }
}
