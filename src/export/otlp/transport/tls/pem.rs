//! PEM files with certificates and private keys.
//!
//! No message contains a part of a file.

use std::{fs::File, io::Read as _, path::Path};

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject as _, SectionKind},
};

use super::file_error::TlsFileError;

/// The largest accepted file: 4 MiB. The root certificates of an operating system take 256 KiB.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

type Section = (SectionKind, Vec<u8>);

/// Reads a regular, non-empty file of at most 4 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    let io_error = |error: std::io::Error| TlsFileError::of(path, error);
    // Before opening: to open a pipe would block until its other end is opened.
    if !path.metadata().map_err(io_error)?.is_file() {
        return Err(TlsFileError::of(path, "it is not a regular file"));
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(io_error)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(io_error)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(TlsFileError::of(path, "it is larger than 4 MiB"));
    }
    if content.trim_ascii().is_empty() {
        return Err(TlsFileError::of(path, "it is empty"));
    }
    Ok(content)
}

/// Returns the certificates in a file, at least one.
pub(super) fn certificates(
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
        TlsFileError::of(path, "it contains a private key, not a certificate")
            .with_help("set `key_file` to the file with the private key")
    } else {
        TlsFileError::of(path, format_args!("it contains {}, not a certificate", first_content(&sections)))
    })
}

/// Returns the first private key in a file.
pub(super) fn private_key(path: &Path, content: &[u8]) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    if is_encrypted(content) {
        return Err(TlsFileError::of(path, "the private key is encrypted")
            .with_help("decrypt it, for example with `openssl pkey -in FILE -out FILE`"));
    }
    let sections = sections(path, content)?;
    let key = sections.iter().find_map(|(kind, der)| PrivateKeyDer::from_pem(*kind, der.clone()));
    key.ok_or_else(|| {
        let reason = format!("it contains {}, not a private key", first_content(&sections));
        let error = TlsFileError::of(path, reason);
        if sections.iter().any(|(kind, _)| *kind == SectionKind::Certificate) {
            error.with_help("set `cert_file` to the file with the certificate")
        } else {
            error
        }
    })
}

fn sections(path: &Path, content: &[u8]) -> Result<Vec<Section>, TlsFileError> {
    if !contains(content, b"-----BEGIN ") {
        // The tag of an ASN.1 sequence, with which DER certificates and keys begin.
        return Err(if content.starts_with(&[0x30]) {
            TlsFileError::of(path, "it contains no PEM; it looks like DER").with_help(
                "convert it to PEM, for example with `openssl x509 -inform der -in FILE -out FILE`",
            )
        } else {
            TlsFileError::of(path, "it contains no PEM")
                .with_help("use a PEM file; it begins with a line such as -----BEGIN CERTIFICATE-----")
        });
    }
    let sections: Result<_, _> = Section::pem_slice_iter(content).collect();
    sections.map_err(|error| {
        TlsFileError::of(
            path,
            match error {
                pem::Error::MissingSectionEnd { .. } => "a -----BEGIN line has no -----END line",
                pem::Error::IllegalSectionStart { .. } => "a -----BEGIN line is malformed",
                pem::Error::Base64Decode(_) => "invalid base64",
                _ => "invalid PEM",
            },
        )
    })
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(content, part).is_some()
}

/// Recognizes both headers of encrypted keys: PKCS #8 and the older one of OpenSSL.
fn is_encrypted(content: &[u8]) -> bool {
    contains(content, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(content, b"Proc-Type: 4,ENCRYPTED")
}

fn is_key(kind: SectionKind) -> bool {
    matches!(kind, SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey)
}

/// Describes the first section.
fn first_content(sections: &[Section]) -> &'static str {
    match sections.first() {
        Some((SectionKind::Certificate, _)) => "a certificate",
        Some((SectionKind::PublicKey, _)) => "a public key",
        Some((SectionKind::Csr, _)) => "a certificate signing request",
        Some((SectionKind::Crl, _)) => "a certificate revocation list",
        Some((kind, _)) if is_key(*kind) => "a private key",
        _ => "other PEM data",
    }
}
