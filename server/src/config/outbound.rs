//! How calls leave this process: for the vendor, Keycloak and OHE, and, for TLS, the database.

use std::env;
use std::fs;

use outbound::{NotAProxy, Outbound, Proxies, ProxyAddress, Roots};
use secrecy::ExposeSecret as _;

use super::variables::Variables;

/// Reads the section about outgoing calls.
pub(super) fn read(variables: &mut Variables<'_>) -> Outbound {
    Outbound {
        proxies: Proxies {
            https: proxy(variables, "HTTPS_PROXY", "https_proxy"),
            http: proxy(variables, "HTTP_PROXY", "http_proxy"),
            no_proxy: variables.text("NO_PROXY").or_else(|| variables.text("no_proxy")).unwrap_or_default(),
        },
        roots: roots(variables),
    }
}

/// Both spellings are in use, and the upper-case one wins, as in most programs.
fn proxy(variables: &mut Variables<'_>, name: &'static str, lower_case: &'static str) -> Option<ProxyAddress> {
    let (name, value) = match variables.secret(name) {
        Some(value) => (name, value),
        None => (lower_case, variables.secret(lower_case)?),
    };
    match value.expose_secret().parse() {
        Ok(address) => Some(address),
        Err(error @ NotAProxy) => {
            let fault =
                format!("is not a proxy's address (its value is not shown, as it may hold a password); {error}");
            variables.fault(name, &fault);
            None
        }
    }
}

/// The certificates that the two variables name are trusted besides the system's.
fn roots(variables: &mut Variables<'_>) -> Roots {
    let mut roots = Roots::default();
    if let Some(path) = variables.text("SSL_CERT_FILE") {
        let trusted = match fs::read(&path) {
            Ok(pem) => roots.trust(&pem).map_err(|error| format!("which will not do: {error}")),
            Err(error) => Err(format!("which cannot be read ({error}); expected a file of certificates in PEM")),
        };
        if let Err(fault) = trusted {
            variables.fault("SSL_CERT_FILE", &format!("names `{path}`, {fault}"));
        }
    }
    let directories = variables.text("SSL_CERT_DIR").unwrap_or_default();
    for directory in env::split_paths(&directories).filter(|directory| !directory.as_os_str().is_empty()) {
        if let Err(error) = roots.trust_directory(&directory) {
            let fault = format!(
                "names `{}`, which cannot be read ({error}); expected directories of certificates in PEM, separated by colons",
                directory.display()
            );
            variables.fault("SSL_CERT_DIR", &fault);
        }
    }
    roots
}
