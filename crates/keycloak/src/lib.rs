//! A client for the part of Keycloak's admin API that tells a user's e-mail address.
//!
//! It signs in as the built-in administrator (`admin`, by the client `admin-cli` of the realm `master`) and reads one
//! account of one realm. It changes nothing. Tested against Keycloak 26.
//!
//! Keycloak answers 404 for three reasons, which [`Error`] tells apart: the user is gone, which is no error; the realm does
//! not exist; or the path of the address is wrong, since old releases serve everything below `/auth` and newer ones do not.
//!
//! No error holds the password, the token, an address or the URL.

mod admin;
mod error;
mod reply;

pub use admin::{Admin, Settings};
pub use error::{Error, Step};
