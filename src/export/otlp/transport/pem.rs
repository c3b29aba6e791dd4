//! PEM files: certificates and private keys, and every way in which a file can be none.
//!
//! Nothing that stands in a file is ever shown.

use std::{
    fmt,
    fs::File,
    io::Read as _,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _, SectionKind},
    },
    server::ParsedCertificate,
};
use x509_cert::{Certificate, Version, der::Decode as _, ext::pkix::BasicConstraints};

/// No file of certificates is larger; that of an operating system has a quarter of a megabyte.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// A certificate that ends within this time is worth a warning.
const SOON: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Why a file cannot be used, and what to do about it.
#[derive(Debug)]
pub(crate) struct TlsFileError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl TlsFileError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(crate) fn of(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(format!("cannot use {}: {why}", path.display()))
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What stands in the file, which is a regular one of some sense.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    let unreadable = |error: std::io::Error| TlsFileError::of(path, error);
    // Asked before it is opened: opening a pipe would wait for its other end.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(TlsFileError::of(path, "it is not a regular file"));
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_SIZE + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX_SIZE {
        return Err(TlsFileError::of(path, "it is larger than any file of certificates"));
    }
    if content.trim_ascii().is_empty() {
        return Err(TlsFileError::of(path, "it is empty"));
    }
    Ok(content)
}

/// The certificates in a file, at least one.
pub(crate) fn certificates(
    path: &Path,
    content: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let sections = sections(path, content)?;
    let certificates: Vec<_> = sections
        .iter()
        .filter(|(kind, _)| *kind == SectionKind::Certificate)
        .map(|(_, der)| CertificateDer::from(der.clone()))
        .collect();
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    Err(if is_encrypted(content) || sections.iter().any(|(kind, _)| is_key(*kind)) {
        TlsFileError::of(path, "it holds a private key, not a certificate")
            .with_help("a private key belongs to `key_file`")
    } else {
        TlsFileError::of(path, format_args!("it holds {}, not a certificate", named(&sections)))
    })
}

/// The first private key in a file.
pub(crate) fn private_key(path: &Path, content: &[u8]) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    if is_encrypted(content) {
        return Err(TlsFileError::of(path, "the private key is encrypted")
            .with_help("decrypt it, for example with `openssl pkey -in FILE -out FILE`"));
    }
    let sections = sections(path, content)?;
    let key = sections.iter().find_map(|(kind, der)| PrivateKeyDer::from_pem(*kind, der.clone()));
    key.ok_or_else(|| {
        let fault = TlsFileError::of(path, format_args!("it holds {}, not a private key", named(&sections)));
        if sections.iter().any(|(kind, _)| *kind == SectionKind::Certificate) {
            fault.with_help("a certificate belongs to `cert_file`")
        } else {
            fault
        }
    })
}

/// Everything in a file that PEM is used for.
fn sections(path: &Path, content: &[u8]) -> Result<Vec<(SectionKind, Vec<u8>)>, TlsFileError> {
    if !contains(content, b"-----BEGIN ") {
        let fault = TlsFileError::of(path, "it holds no PEM");
        // A sequence of ASN.1, as certificates and keys begin.
        return Err(if content.starts_with(&[0x30]) {
            fault.with_help("it looks like DER; convert it, for example with `openssl x509 -inform der -in FILE -out FILE`")
        } else {
            fault.with_help("PEM begins with a line such as -----BEGIN CERTIFICATE-----")
        });
    }
    let sections: Result<_, _> = <(SectionKind, Vec<u8>)>::pem_slice_iter(content).collect();
    sections.map_err(|error| {
        TlsFileError::of(
            path,
            match error {
                pem::Error::MissingSectionEnd { .. } => "a -----BEGIN line in it has no -----END line",
                pem::Error::IllegalSectionStart { .. } => "a -----BEGIN line in it is broken",
                pem::Error::Base64Decode(_) => "its base64 is broken",
                _ => "its PEM is broken",
            },
        )
    })
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(content, part).is_some()
}

/// The two ways to say so.
fn is_encrypted(content: &[u8]) -> bool {
    contains(content, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(content, b"Proc-Type: 4,ENCRYPTED")
}

fn is_key(kind: SectionKind) -> bool {
    matches!(kind, SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey)
}

/// What a file holds instead of what it should.
fn named(sections: &[(SectionKind, Vec<u8>)]) -> &'static str {
    match sections.first() {
        Some((SectionKind::Certificate, _)) => "a certificate",
        Some((SectionKind::PublicKey, _)) => "a public key",
        Some((SectionKind::Csr, _)) => "a request for a certificate",
        Some((SectionKind::Crl, _)) => "a list of revoked certificates",
        Some((kind, _)) if is_key(*kind) => "a private key",
        _ => "something else",
    }
}

/// What keeps TLS from using a certificate.
pub(crate) fn unusable(path: &Path, certificate: &CertificateDer<'_>) -> Option<TlsFileError> {
    ParsedCertificate::try_from(certificate).err()?;
    Some(match Certificate::from_der(certificate) {
        Ok(certificate) if certificate.tbs_certificate().version() != Version::V3 => {
            TlsFileError::of(path, "a certificate in it is not of version 3 of X.509")
        }
        _ => {
            TlsFileError::of(path, "a certificate in it cannot be read; what the base64 stands for is broken")
        }
    })
}

/// Whether it may vouch for others, or at least for itself.
pub(crate) fn is_authority(certificate: &CertificateDer<'_>) -> bool {
    // What this reader does not understand is left to TLS.
    let Ok(certificate) = Certificate::from_der(certificate) else { return true };
    let certificate = certificate.tbs_certificate();
    let constraints = certificate.get_extension::<BasicConstraints>();
    certificate.issuer() == certificate.subject()
        || !matches!(constraints, Ok(None | Some((_, BasicConstraints { ca: false, .. }))))
}

/// What is odd about the time in which the certificates are valid. At most one sentence: the first that ends counts.
pub(crate) fn untimely(path: &Path, certificates: &[CertificateDer<'_>]) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let valid = certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
    let valid: Vec<_> = valid.map(|certificate| *certificate.tbs_certificate().validity()).collect();
    let end = valid.iter().map(|valid| valid.not_after).min_by_key(|end| end.to_unix_duration())?;
    let begin = valid.iter().map(|valid| valid.not_before).max_by_key(|begin| begin.to_unix_duration())?;
    let when = if end.to_unix_duration() < now {
        format!("expired at {end}")
    } else if begin.to_unix_duration() > now {
        format!("is not valid before {begin}")
    } else if end.to_unix_duration() < now + SOON {
        format!("expires at {end}")
    } else {
        return None;
    };
    Some(match certificates.len() {
        1 => format!("the certificate in {} {when}", path.display()),
        count => format!("one of the {count} certificates in {} {when}", path.display()),
    })
}
