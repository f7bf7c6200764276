//! A PostgreSQL server of our own, on pinned or installed programs, for the demo, tests and benchmarks.
//!
//! The server listens on a Unix socket alone, in a directory that only its account may enter, and every connection through
//! it is the superuser `postgres`. It never outlives the process that started it, however that process ends: a
//! supervising shell (`supervisor.sh`) holds the other end of a pipe, and stops the server when the pipe closes.
//!
//! The server programs are those in the directory that the variable `PRIVATE_POSTGRES_BIN` names, else the npm package pinned in
//! `npm/17` where it is installed, else what is found on the machine. Data that are kept need the major version that made them.
//!
//! ```no_run
//! # async fn example() -> Result<(), private_postgres::Error> {
//! use private_postgres::{Options, PrivatePostgres};
//!
//! let server = PrivatePostgres::start(Options::temporary()).await?;
//! server.create_database("demo").await?;
//! println!("{}", server.url("demo"));
//! server.stop().await
//! # }
//! ```

mod account;
mod binaries;
mod configuration;
mod copies;
mod directories;
mod error;
mod options;
mod places;
mod server;
mod supervisor;
pub mod testing;

pub use error::Error;
pub use options::Options;
pub use server::{PrivatePostgres, Shutdown};
