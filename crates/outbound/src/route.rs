//! The way to a server, in words for messages.

use url::Url;

/// The way to one server, the same for every call of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `host:port` of the server.
    pub target: String,
    /// Is the connection to the server secured?
    pub tls: bool,
    /// `host:port` of the proxy; `None` if the server is reached directly.
    pub proxy: Option<String>,
}

/// `host:port` of a URL, without anything that may be secret.
pub(crate) fn authority(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}
