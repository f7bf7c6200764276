//! The envelope of every answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Data, and when the server had it. Relative times are counted from `generated_at`, so that the page which the server
/// draws and the one which the browser hydrates say the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer<T> {
    /// The server's time when it answered.
    pub generated_at: DateTime<Utc>,
    /// The answer itself.
    pub data: T,
}
