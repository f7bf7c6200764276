//! HTTPS with certificates made on the spot.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, CuttableListener, CuttableStream};

/// A client that opens a connection and says nothing is let go after this.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A name does not fit into a certificate.
    #[error("no certificate can be made for these names")]
    Names(#[source] rcgen::Error),
    /// The certificate does not serve for TLS.
    #[error("the certificate does not serve for TLS")]
    Tls(#[source] rustls::Error),
}

/// A server's certificate from an authority of its own, which nobody trusts unless told to.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    /// The authority's certificate in PEM, for a client that is to trust it.
    pub authority_pem: String,
    config: Arc<rustls::ServerConfig>,
}

impl ServerCertificate {
    /// A certificate for `names` (DNS names or IP addresses).
    ///
    /// # Errors
    /// When a name does not fit into a certificate.
    pub fn for_names(names: &[&str]) -> Result<Self, CertificateError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(CertificateError::Names)?;
        let authority = CertifiedIssuer::self_signed(authority, key).map_err(CertificateError::Names)?;
        let key = KeyPair::generate().map_err(CertificateError::Names)?;
        let certificate = CertificateParams::new(names)
            .and_then(|params| params.signed_by(&key, &authority))
            .map_err(CertificateError::Names)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
                config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)
            })
            .map_err(CertificateError::Tls)?;
        Ok(Self { authority_pem: authority.pem(), config: Arc::new(config) })
    }
}

/// Shakes hands beside accepting, so that one silent client holds up nobody.
pub(super) struct TlsListener {
    inner: CuttableListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<Option<(TlsStream<CuttableStream>, SocketAddr)>>,
}

impl TlsListener {
    pub(super) fn new(inner: CuttableListener, certificate: &ServerCertificate) -> Self {
        Self { inner, acceptor: certificate.config.clone().into(), handshakes: JoinSet::new() }
    }

    pub(super) fn stop(&self) -> CancellationToken {
        self.inner.stop()
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<CuttableStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            tokio::select! {
                (stream, address) = self.inner.accept() => {
                    let handshake = self.acceptor.accept(stream);
                    self.handshakes.spawn(async move {
                        let stream = tokio::time::timeout(HANDSHAKE, handshake).await.ok()?.ok()?;
                        Some((stream, address))
                    });
                }
                Some(Ok(Some(accepted))) = self.handshakes.join_next() => return accepted,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.io().get_ref().0.connection().clone()
    }
}
