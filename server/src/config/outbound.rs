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

#[cfg(test)]
mod tests {
    use url::Url;

    use crate::config::{Config, ConfigError};

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The proxy for calls to the vendor.
    fn proxy_of(config: &Config) -> Option<String> {
        config.outbound.http_client(&Url::parse("https://replicated.app").unwrap()).unwrap().1.proxy
    }

    #[test]
    fn a_proxy_is_taken_with_and_without_a_scheme_in_either_spelling() {
        for (pairs, expected) in [
            (&[("HTTPS_PROXY", "proxy:3128")][..], Some("proxy:3128")),
            (&[("HTTPS_PROXY", "user:geheim@proxy:3128")], Some("proxy:3128")),
            (&[("HTTPS_PROXY", " http://user:geheim@proxy:3128/ ")], Some("proxy:3128")),
            (&[("HTTPS_PROXY", "https://proxy")], Some("proxy:443")),
            (&[("https_proxy", "proxy:3128")], Some("proxy:3128")),
            (&[("HTTPS_PROXY", "upper:1"), ("https_proxy", "lower:1")], Some("upper:1")),
            (&[("HTTPS_PROXY", "proxy:3128"), ("no_proxy", ".app")], None),
            (&[("HTTP_PROXY", "proxy:3128")], None),
            (&[("HTTPS_PROXY", "")], None),
        ] {
            let config = read(pairs).unwrap();
            assert_eq!(proxy_of(&config).as_deref(), expected, "{pairs:?}");
            let shown = config.settings.iter().find(|setting| setting.name == pairs[0].0).unwrap().value.as_deref();
            assert_eq!(shown, (!pairs[0].1.is_empty()).then_some("***"), "{pairs:?}");
            assert!(!format!("{config:?}").contains("geheim"), "{config:?}");
        }
    }

    #[test]
    fn each_bad_value_is_told_once_for_every_call() {
        let error = read(&[
            ("HTTPS_PROXY", "socks5://user:geheim@proxy:1080"),
            ("http_proxy", "http://user:geheim@"),
            ("SSL_CERT_FILE", "/does/not/exist"),
            ("SSL_CERT_DIR", "/does/not/exist/1:/does/not/exist/2"),
            ("DATABASE_URL", "postgres://u:geheim@h/d?sslmode=verify-full"),
            ("KEYCLOAK_SERVER_URL", "https://auth.example"),
        ])
        .unwrap_err();
        let text = error.to_string();
        assert_eq!(error.faults.len(), 5, "{text}");
        for name in ["HTTPS_PROXY is", "http_proxy is", "SSL_CERT_FILE names", "SSL_CERT_DIR names `/does/not/exist/2`"]
        {
            assert!(text.contains(&format!("- {name}")), "{name}: {text}");
        }
        assert!(text.contains("such as http://proxy.example:3128") && !text.contains("geheim"), "{text}");
    }
}
