//! What a failed connection was: the chain of causes beneath reqwest's error, told apart.

use std::error::Error as StdError;
use std::io;

use domain::delivery::ErrorClass;
use outbound::Route;
use rustls::CertificateError;

use crate::{Error, Timeouts};

/// The error of a request that no whole answer came back for.
pub(crate) fn classify(error: reqwest::Error, route: &Route, timeouts: Timeouts) -> Error {
    let error = error.without_url();
    let (class, message) = describe(&error, route, timeouts);
    Error { source: Some(error), ..Error::new(class, message) }
}

fn describe(error: &reqwest::Error, route: &Route, timeouts: Timeouts) -> (ErrorClass, String) {
    let vendor = &route.target;
    if error.is_timeout() {
        return (ErrorClass::Timeout, timed_out(error, route, timeouts));
    }
    if error.is_connect() {
        return not_connected(error, route);
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return (ErrorClass::Tls, insecure(tls, vendor));
    }
    let broken = find::<hyper::Error>(error);
    if let Some(kind) = io_kind(error) {
        return match kind {
            io::ErrorKind::UnexpectedEof => {
                (ErrorClass::BadReply, format!("The reply of {vendor} broke off before its end."))
            }
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => (ErrorClass::BadReply, not_http(vendor)),
            _ => (ErrorClass::Connect, format!("The connection to {vendor} broke: {kind}.")),
        };
    }
    match broken {
        Some(hyper) if hyper.is_parse() => (ErrorClass::BadReply, not_http(vendor)),
        Some(hyper) if hyper.is_incomplete_message() => {
            (ErrorClass::Connect, format!("{vendor} closed the connection without an answer."))
        }
        _ => (ErrorClass::Connect, format!("The connection to {vendor} broke.")),
    }
}

fn timed_out(error: &reqwest::Error, route: &Route, timeouts: Timeouts) -> String {
    let vendor = &route.target;
    if error.is_connect() {
        let through = route.proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
        let limit = timeouts.connect.as_secs_f64();
        return format!("No connection to {vendor}{through} within {limit} s. A firewall may drop it silently.");
    }
    format!("No complete answer from {vendor} within {} s.", timeouts.total.as_secs_f64())
}

fn not_connected(error: &reqwest::Error, route: &Route) -> (ErrorClass, String) {
    let vendor = &route.target;
    // hyper-util keeps the type to itself; it has no other mark than its text.
    let tunnel = chain(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error"));
    let tls = find::<rustls::Error>(error);
    if let Some(proxy) = route.proxy.as_ref().filter(|_| tunnel.is_some() || tls.is_none()) {
        return (ErrorClass::Proxy, proxy_failed(error, tunnel.as_deref(), proxy));
    }
    if let Some(tls) = tls {
        return (ErrorClass::Tls, insecure(tls, vendor));
    }
    if error.is_dns() {
        return (
            ErrorClass::Dns,
            format!(
                "The name in {vendor} did not resolve. Check this machine's DNS, or set HTTPS_PROXY where a proxy is required."
            ),
        );
    }
    match io_kind(error) {
        Some(io::ErrorKind::UnexpectedEof) if route.tls => {
            (ErrorClass::Tls, format!("{vendor} closed the connection while it was being secured (TLS)."))
        }
        kind => {
            let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
            let advice =
                "Check that a firewall lets this machine reach it, or set HTTPS_PROXY where a proxy is required.";
            (ErrorClass::Connect, format!("No connection to {vendor}{kind}. {advice}"))
        }
    }
}

fn proxy_failed(error: &reqwest::Error, tunnel: Option<&str>, proxy: &str) -> String {
    let reason = match tunnel {
        Some(text) if text.ends_with("authorization required") => {
            return format!("The proxy {proxy} asks for a user name and password (HTTP 407).");
        }
        Some(text) if text.ends_with("unsuccessful") || text.ends_with("end of file") || text.ends_with("too long") => {
            return format!("The proxy {proxy} refused to connect to the vendor. Ask its operator to allow it.");
        }
        _ if find::<rustls::Error>(error).is_some() => "could not be reached securely (TLS)".to_owned(),
        _ if error.is_dns() => "did not resolve as a name".to_owned(),
        _ => io_kind(error).map_or("could not be reached".to_owned(), |kind| format!("could not be reached ({kind})")),
    };
    format!("The proxy {proxy} {reason}. Check the proxy settings.")
}

fn insecure(error: &rustls::Error, vendor: &str) -> String {
    let seen = match error {
        rustls::Error::InvalidCertificate(reason) => return untrusted(reason, vendor),
        rustls::Error::InvalidMessage(_) => "the answer is not TLS, as of a plain HTTP port".to_owned(),
        rustls::Error::AlertReceived(alert) => format!("the other side gave up with the alert {alert:?}"),
        other => other.to_string(),
    };
    format!("The connection to {vendor} could not be secured: {seen}.")
}

fn untrusted(reason: &CertificateError, vendor: &str) -> String {
    match reason {
        CertificateError::UnknownIssuer => format!(
            "The certificate of {vendor} was issued by someone this machine does not trust. Where a proxy inspects TLS, \
             add its root certificate with SSL_CERT_FILE; where the system trusts nobody, install ca-certificates."
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("The certificate of {vendor} has expired, or this machine's clock is wrong.")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("The certificate of {vendor} is not valid yet, or this machine's clock is wrong.")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("The certificate shown for {vendor} belongs to another name; something else answers there.")
        }
        other => format!("The certificate of {vendor} cannot be accepted: {other}."),
    }
}

fn not_http(vendor: &str) -> String {
    format!("What {vendor} answered is not HTTP. Check the vendor's base URL.")
}

/// The causes of `error`, outermost first. An `io::Error` hides the error it carries from `source()`; it is shown here.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = match cause.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => cause.source(),
        };
        Some(cause)
    })
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The kind of the innermost input or output error.
fn io_kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind)
}
