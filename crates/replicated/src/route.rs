//! The way to the vendor: directly, or through a proxy.

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::{ProxySettings, SettingsError};

/// The way to the vendor's host, the same for every call of a client.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// `host:port` of the vendor, for messages.
    pub(crate) vendor: String,
    pub(crate) tls: bool,
    /// `host:port` of the proxy, for messages; None when the vendor is reached directly.
    pub(crate) proxy: Option<String>,
}

/// Settles the way to `base_url`, and gives the proxy's URL (which may hold its password) where there is one.
///
/// # Errors
/// When the proxy that applies is not an http or https address.
pub(crate) fn settle(base_url: &Url, settings: &ProxySettings) -> Result<(Route, Option<Url>), SettingsError> {
    let tls = base_url.scheme() == "https";
    let (variable, proxy) =
        if tls { ("https_proxy", &settings.https_proxy) } else { ("http_proxy", &settings.http_proxy) };
    let proxy = match proxy.as_ref().map(|proxy| proxy.expose_secret().trim()) {
        None | Some("") => None,
        Some(address) => Some(proxy_url(address).ok_or(SettingsError::Proxy { variable })?),
    };
    let proxy = proxy.filter(|_| applies(base_url, settings.no_proxy.as_deref().unwrap_or_default()));
    let route = Route { vendor: authority(base_url), tls, proxy: proxy.as_ref().map(authority) };
    Ok((route, proxy))
}

fn proxy_url(address: &str) -> Option<Url> {
    let url = if address.contains("://") { Url::parse(address) } else { Url::parse(&format!("http://{address}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn applies(base_url: &Url, no_proxy: &str) -> bool {
    let loopback = match base_url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    // Many write *.corp.example, which means what .corp.example does.
    let no_proxy = no_proxy.split(',').map(|entry| {
        let entry = entry.trim();
        entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry)
    });
    let matcher = Matcher::builder().all("http://proxy").no(no_proxy.collect::<Vec<_>>().join(",")).build();
    let intercepted = base_url.as_str().parse().is_ok_and(|uri| matcher.intercept(&uri).is_some());
    !loopback && intercepted
}

fn authority(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(base: &str, https: &str, http: &str, no: &str) -> Option<String> {
        let settings = ProxySettings {
            https_proxy: Some(https.into()),
            http_proxy: Some(http.into()),
            no_proxy: Some(no.to_owned()),
        };
        settle(&Url::parse(base).unwrap(), &settings).unwrap().0.proxy
    }

    #[test]
    fn the_scheme_chooses_the_proxy_and_no_proxy_and_loopback_go_direct() {
        let vendor = "https://replicated.app";
        for (base, https, http, no, expected) in [
            (vendor, "http://p:3128", "http://q:1", "", Some("p:3128")),
            ("http://replicated.app", "http://p:3128", "http://q:1", "", Some("q:1")),
            (vendor, "p:3128", "", "", Some("p:3128")),
            (vendor, "http://u:s%40@p", "", "", Some("p:80")),
            (vendor, "https://p", "", "", Some("p:443")),
            (vendor, " ", "http://q:1", "", None),
            (vendor, "http://p", "", "replicated.app", None),
            (vendor, "http://p", "", "x.example, .app", None),
            (vendor, "http://p", "", "*", None),
            ("https://a.b.corp", "http://p", "", "*.corp", None),
            ("https://notreplicated.app", "http://p", "", "replicated.app", Some("p:80")),
            ("https://10.1.2.3", "http://p", "", "10.0.0.0/8", None),
            ("https://127.0.0.1:8443", "http://p", "", "", None),
            ("https://[::1]:8443", "http://p", "", "", None),
            ("http://localhost:3000", "", "http://q", "", None),
        ] {
            assert_eq!(via(base, https, http, no).as_deref(), expected, "{base} {https} {http} {no}");
        }
    }

    #[test]
    fn a_proxy_that_is_no_address_is_refused_without_repeating_it() {
        for address in ["socks5://p:1080", "http://", "http://user:hunter2@:99999"] {
            let settings = ProxySettings { https_proxy: Some(address.into()), ..ProxySettings::default() };
            let error = settle(&Url::parse("https://replicated.app").unwrap(), &settings).unwrap_err().to_string();
            assert!(error.starts_with("https_proxy") && !error.contains("hunter2"), "{error}");
        }
    }
}
