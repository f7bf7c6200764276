//! The certificates to trust: the system's and those of the settings.

use std::fs;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::SettingsError;

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

/// The system's roots and those in `extra`.
///
/// # Errors
/// When `extra` is not empty and holds no certificate, or a damaged one. A damaged certificate of the system is left
/// out: it is not this program's to complain about.
pub(crate) fn trusted(extra: &[u8]) -> Result<RootCertStore, SettingsError> {
    let mut roots = RootCertStore::empty();
    if let Some(bundle) = SYSTEM_BUNDLES.iter().find_map(|path| fs::read(path).ok()) {
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bundle).filter_map(Result::ok));
    }
    if !extra.iter().all(u8::is_ascii_whitespace) {
        add(&mut roots, extra)?;
    }
    Ok(roots)
}

/// Whether `pem` will do for [`crate::Settings::extra_root_certificates`], for who reads it long before a client is made.
///
/// # Errors
/// [`SettingsError::RootCertificates`] where it holds no certificate, or a damaged one.
pub fn check_root_certificates(pem: &[u8]) -> Result<(), SettingsError> {
    add(&mut RootCertStore::empty(), pem)
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), SettingsError> {
    let damaged = |reason: String| SettingsError::RootCertificates { reason };
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| damaged(e.to_string()))?;
    if certificates.is_empty() {
        return Err(damaged("none found".to_owned()));
    }
    certificates.into_iter().try_for_each(|certificate| roots.add(certificate).map_err(|e| damaged(e.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_roots_must_be_certificates() {
        for (pem, reason) in [
            ("nonsense", "none found"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", ""),
        ] {
            let error = trusted(pem.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("in PEM") && error.contains(reason), "{error}");
            assert_eq!(check_root_certificates(pem.as_bytes()).unwrap_err().to_string(), error);
        }
        assert!(check_root_certificates(b" \n").is_err(), "whoever names a file means something by it");
    }

    #[test]
    fn no_extra_roots_leave_the_systems_alone() {
        assert_eq!(trusted(b"").unwrap().len(), trusted(b" \n").unwrap().len());
    }
}
