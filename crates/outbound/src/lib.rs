//! How calls leave this process: directly or through a proxy, and whose certificates are trusted.
//!
//! One [`Outbound`] holds what an operator says about that, and every HTTP client is built from it. A library that makes its
//! own connections, as the database driver does, takes the certificates as text ([`Roots::complete_pem`]).
//!
//! Environment variables are not read here, and no error or `Debug` output holds a proxy's password.

mod client;
mod proxies;
mod roots;
mod route;

pub use client::{Outbound, OutboundError, install_default_cryptography};
pub use proxies::{NotAProxy, Proxies, ProxyAddress};
pub use roots::{Roots, RootsError};
pub use route::Route;
