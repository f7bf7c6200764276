//! The certificates to trust: the system's and those that an operator names.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Where Linux distributions keep their bundle of trusted certificates; the first that exists is read.
///
/// Read here rather than by the platform's verifier, because that one takes `SSL_CERT_FILE` from the environment and
/// then trusts that file *instead of* the system, while the setting says *besides* it.
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Gentoo, distroless
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL 7 and later
    "/etc/pki/tls/certs/ca-bundle.crt",   // older Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/ssl/cert.pem",                  // Alpine, macOS, the BSDs
    "/opt/homebrew/etc/ca-certificates/cert.pem", // Homebrew
];

/// The certificates to trust. The system's are read whenever a client is made, so that a later one sees what has changed.
#[derive(Clone)]
pub struct Roots {
    system_bundles: Vec<PathBuf>,
    named: Vec<CertificateDer<'static>>,
}

/// A text that does not serve as certificates to trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one or more certificates in PEM: {reason}")]
pub struct RootsError {
    reason: String,
}

impl Default for Roots {
    /// The system's alone.
    fn default() -> Self {
        Self::of_system(SYSTEM_BUNDLES)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots").field("named", &self.named.len()).finish_non_exhaustive()
    }
}

impl Roots {
    /// The system's alone, where the system keeps them in the first of `bundles` that exists.
    pub fn of_system<P: Into<PathBuf>>(bundles: impl IntoIterator<Item = P>) -> Self {
        Self { system_bundles: bundles.into_iter().map(Into::into).collect(), named: Vec::new() }
    }

    /// Trusts each certificate in `pem` besides.
    ///
    /// # Errors
    /// [`RootsError`] where it holds no certificate, or a damaged one. Nothing is trusted besides then.
    pub fn trust(&mut self, pem: &[u8]) -> Result<(), RootsError> {
        let damaged = |reason: String| RootsError { reason };
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| damaged(error.to_string()))?;
        if certificates.is_empty() {
            return Err(damaged("none found".to_owned()));
        }
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone()).map_err(|error| damaged(error.to_string()))?;
        }
        self.named.extend(certificates);
        Ok(())
    }

    /// Trusts each certificate in the files of a directory besides. What is no certificate is passed over: such directories
    /// hold other files too.
    ///
    /// # Errors
    /// [`io::Error`] where the directory cannot be read.
    pub fn trust_directory(&mut self, directory: &Path) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            if let Ok(content) = fs::read(entry?.path()) {
                self.named.extend(usable(&content));
            }
        }
        Ok(())
    }

    /// All that are trusted.
    pub(crate) fn store(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(self.system().into_iter().chain(self.named.iter().cloned()));
        store
    }

    /// Are none named besides?
    pub fn are_the_systems_alone(&self) -> bool {
        self.named.is_empty()
    }

    /// All that are trusted, in PEM, for a library that makes its own connections.
    pub fn complete_pem(&self) -> Vec<u8> {
        let all = self.system().into_iter().chain(self.named.iter().cloned());
        all.flat_map(|certificate| pem(&certificate).into_bytes()).collect()
    }

    /// A damaged certificate of the system is left out: it is not this program's to complain about.
    fn system(&self) -> Vec<CertificateDer<'static>> {
        let bundle = self.system_bundles.iter().find_map(|path| fs::read(path).ok()).unwrap_or_default();
        usable(&bundle)
    }
}

/// Those certificates in `pem` that are not damaged.
fn usable(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    certificates.filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok()).collect()
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(certificate))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    fn authority() -> String {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn of_pem(pem: &[u8]) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem).map(Result::unwrap).collect()
    }

    #[test]
    fn what_is_named_must_be_certificates() {
        for (pem, reason) in [
            ("", "none found"),
            (" \n", "none found"),
            ("nonsense", "none found"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", ""),
        ] {
            let error = Roots::default().trust(pem.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("in PEM") && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn the_systems_count_beside_those_that_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let bundle = directory.path().join("bundle.pem");
        let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let [first, second, ours] = [authority(), authority(), authority()];
        fs::write(&bundle, format!("# First\n{first}{damaged}{second}")).unwrap();
        let mut roots = Roots::of_system([directory.path().join("none.pem"), bundle]);
        assert_eq!((roots.store().len(), roots.are_the_systems_alone()), (2, true));
        roots.trust(ours.as_bytes()).unwrap();
        assert_eq!((roots.store().len(), roots.are_the_systems_alone()), (3, false));
        let expected = of_pem(format!("{first}{second}{ours}").as_bytes());
        assert_eq!(of_pem(&roots.complete_pem()), expected);
    }

    #[test]
    fn a_directorys_certificates_count_and_its_other_files_do_not() {
        let directory = tempfile::tempdir().unwrap();
        let ours = authority();
        fs::write(directory.path().join("README"), "Certificates.\n").unwrap();
        fs::write(directory.path().join("ours.pem"), &ours).unwrap();
        let mut roots = Roots::of_system([directory.path().join("none.pem")]);
        roots.trust_directory(directory.path()).unwrap();
        assert_eq!(of_pem(&roots.complete_pem()), of_pem(ours.as_bytes()));
        roots.trust_directory(&directory.path().join("none")).unwrap_err();
    }
}
