//! Which calls go through which proxy.

use std::fmt;
use std::str::FromStr;

use hyper_util::client::proxy::matcher::Matcher;
use url::{Host, Url};

use crate::Route;
use crate::route::authority;

/// Proxy settings as the usual environment variables hold them.
///
/// Loopback addresses are always reached directly, since a proxy's loopback is another machine's.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// For `https` addresses.
    pub https: Option<ProxyAddress>,
    /// For `http` addresses.
    pub http: Option<ProxyAddress>,
    /// Hosts to reach directly: comma-separated names (with their subdomains), IP addresses, networks, or `*`.
    pub no_proxy: String,
}

/// Where a proxy is: `http://proxy:3128`, also `https`, also with `user:password@`, also without the scheme, which is
/// `http` then.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress(Url);

/// A text that is no proxy's address. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as http://proxy.example:3128 (http or https; SOCKS is not supported)")]
pub struct NotAProxy;

impl FromStr for ProxyAddress {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let text = text.trim();
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
        let url = url.map_err(|_| NotAProxy)?;
        let is_bare = url.path().trim_matches('/').is_empty() && url.query().is_none() && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare {
            Ok(Self(url))
        } else {
            Err(NotAProxy)
        }
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), authority(&self.0))
    }
}

impl Proxies {
    /// The way to the server of `target`, and the proxy's URL (which may hold its password) where there is one.
    pub(crate) fn way_to(&self, target: &Url) -> (Route, Option<Url>) {
        let tls = target.scheme() == "https";
        let proxy = if tls { &self.https } else { &self.http };
        let proxy = proxy.as_ref().filter(|_| self.applies_to(target)).map(|proxy| proxy.0.clone());
        (Route { target: authority(target), tls, proxy: proxy.as_ref().map(authority) }, proxy)
    }

    fn applies_to(&self, target: &Url) -> bool {
        // Many write *.corp.example, which means what .corp.example does.
        let no_proxy = self.no_proxy.split(',').map(|entry| {
            let entry = entry.trim();
            entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry)
        });
        let matcher = Matcher::builder().all("http://proxy").no(no_proxy.collect::<Vec<_>>().join(",")).build();
        let intercepted = target.as_str().parse().is_ok_and(|uri| matcher.intercept(&uri).is_some());
        intercepted && !is_loopback(target)
    }
}

fn is_loopback(target: &Url) -> bool {
    match target.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(target: &str, https: &str, http: &str, no_proxy: &str) -> Option<String> {
        let proxies = Proxies { https: https.parse().ok(), http: http.parse().ok(), no_proxy: no_proxy.to_owned() };
        proxies.way_to(&Url::parse(target).unwrap()).0.proxy
    }

    #[test]
    fn the_scheme_chooses_the_proxy_and_no_proxy_and_loopback_go_direct() {
        let vendor = "https://replicated.app";
        for (target, https, http, no_proxy, expected) in [
            (vendor, "http://p:3128", "http://q:1", "", Some("p:3128")),
            ("http://replicated.app", "http://p:3128", "http://q:1", "", Some("q:1")),
            (vendor, "p:3128", "", "", Some("p:3128")),
            (vendor, "u:s%40@p:3128", "", "", Some("p:3128")),
            (vendor, "http://u:s%40@p", "", "", Some("p:80")),
            (vendor, "https://p", "", "", Some("p:443")),
            (vendor, " HTTP://P:3128/ ", "", "", Some("p:3128")),
            (vendor, "", "http://q:1", "", None),
            (vendor, "http://p", "", "replicated.app", None),
            (vendor, "http://p", "", "x.example, .app", None),
            (vendor, "http://p", "", "*", None),
            ("https://a.b.corp", "http://p", "", "*.corp", None),
            ("http://keycloak.ohe.svc:8080", "", "q:1", "10.0.0.0/8,.svc", None),
            ("https://notreplicated.app", "http://p", "", "replicated.app", Some("p:80")),
            ("https://10.1.2.3", "http://p", "", "10.0.0.0/8", None),
            ("https://10.1.2.3", "http://p", "", "10.1.2.3", None),
            ("https://11.1.2.3", "http://p", "", "10.0.0.0/8", Some("p:80")),
            ("https://127.0.0.1:8443", "http://p", "", "", None),
            ("https://[::1]:8443", "http://p", "", "", None),
            ("http://localhost:3000", "", "http://q", "", None),
        ] {
            assert_eq!(via(target, https, http, no_proxy).as_deref(), expected, "{target} {https} {http} {no_proxy}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_password_is_repeated() {
        for text in
            ["", " ", "socks5://p:1080", "://p", "http://", "http:/p", "http://p/path", "u:hunter2@:99999", "p:x"]
        {
            let error = text.parse::<ProxyAddress>().unwrap_err().to_string();
            assert!(error.contains("http://proxy.example:3128") && !error.contains("hunter2"), "{text}: {error}");
        }
        let proxies = Proxies { https: "u:hunter2@p:3128".parse().ok(), ..Proxies::default() };
        assert_eq!(format!("{:?}", proxies.https), "Some(http://p:3128)");
    }
}
