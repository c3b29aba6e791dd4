//! X.509 certificates.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{pki_types::CertificateDer, server::ParsedCertificate};
use x509_cert::{Certificate, Version, der::Decode as _, ext::pkix::BasicConstraints};

use super::file_error::TlsFileError;

/// A certificate that expires within a week causes a warning.
const EXPIRY_WARNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Returns the reason why rustls cannot use a certificate.
pub(super) fn check_usable(path: &Path, certificate: &CertificateDer<'_>) -> Result<(), TlsFileError> {
    if ParsedCertificate::try_from(certificate).is_ok() {
        return Ok(());
    }
    Err(match Certificate::from_der(certificate) {
        Ok(certificate) if certificate.tbs_certificate().version() != Version::V3 => {
            TlsFileError::of(path, "it contains a certificate that is not X.509 version 3")
        }
        _ => TlsFileError::of(path, "it contains a certificate that cannot be parsed"),
    })
}

/// Returns `true` if a certificate is that of a CA, or self-signed.
pub(super) fn is_authority(certificate: &CertificateDer<'_>) -> bool {
    // rustls decides about certificates that this parser rejects.
    let Ok(certificate) = Certificate::from_der(certificate) else { return true };
    let certificate = certificate.tbs_certificate();
    let constraints = certificate.get_extension::<BasicConstraints>();
    certificate.issuer() == certificate.subject()
        || !matches!(constraints, Ok(None | Some((_, BasicConstraints { ca: false, .. }))))
}

/// Returns a warning if the certificates have expired, expire soon, or are not valid yet. The first
/// end and the last begin count.
pub(super) fn validity_warning(path: &Path, certificates: &[CertificateDer<'_>]) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let parsed = certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
    let periods: Vec<_> = parsed.map(|certificate| *certificate.tbs_certificate().validity()).collect();
    let end = periods.iter().map(|period| period.not_after).min_by_key(|end| end.to_unix_duration())?;
    let begin =
        periods.iter().map(|period| period.not_before).max_by_key(|begin| begin.to_unix_duration())?;
    let problem = if end.to_unix_duration() < now {
        format!("expired at {end}")
    } else if begin.to_unix_duration() > now {
        format!("is not valid before {begin}")
    } else if end.to_unix_duration() < now + EXPIRY_WARNING {
        format!("expires at {end}")
    } else {
        return None;
    };
    Some(match certificates.len() {
        1 => format!("the certificate in {} {problem}", path.display()),
        count => format!("one of the {count} certificates in {} {problem}", path.display()),
    })
}
