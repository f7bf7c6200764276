//! HTTP clients for calls to one server.

use std::sync::Arc;

use reqwest::{ClientBuilder, Proxy, redirect, retry};
use url::Url;

use crate::{Proxies, Roots, Route};

/// What every call out of this process goes by. The default is no proxy, and the system's certificates alone.
#[derive(Debug, Clone, Default)]
pub struct Outbound {
    /// The proxies to go through.
    pub proxies: Proxies,
    /// The certificates to trust.
    pub roots: Roots,
}

/// A client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[source] rustls::Error),
    /// The proxy could not be set up.
    #[error("the proxy could not be set up")]
    Proxy(#[source] reqwest::Error),
}

/// Makes one provider of cryptography the default of this process, unless there is a default already.
///
/// Two are compiled in, one for HTTP and one for the database's driver. The driver asks for the default where it checks a
/// certificate but not its name (`verify-ca`), and panics where it could be either.
pub fn install_default_cryptography() {
    let _there_is_one = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl Outbound {
    /// A client for calls to the server of `target`, yet to be given its time limits, and the way that its calls take. It
    /// follows no redirect, repeats nothing, speaks HTTP/1.1, and reads no environment variable.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub fn http_client(&self, target: &Url) -> Result<(ClientBuilder, Route), OutboundError> {
        let (route, proxy) = self.proxies.way_to(target);
        let mut builder = ClientBuilder::new()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .tls_backend_preconfigured(self.tls()?)
            .http1_only()
            // Also keeps reqwest from reading the environment.
            .no_proxy();
        if let Some(proxy) = proxy {
            builder = builder.proxy(Proxy::all(proxy).map_err(|error| OutboundError::Proxy(error.without_url()))?);
        }
        Ok((builder, route))
    }

    fn tls(&self) -> Result<rustls::ClientConfig, OutboundError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(OutboundError::Tls)?
            .with_root_certificates(self.roots.store())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}
