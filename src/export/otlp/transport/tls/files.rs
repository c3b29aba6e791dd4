//! The contents of TLS files, and the client configuration that is made of them.

use std::{fmt, path::Path, sync::Arc};

use hyper_rustls::ConfigBuilderExt as _;
use rustls::{
    ClientConfig, InconsistentKeys, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};

use super::{
    certificate::{check_usable, is_authority},
    file_error::TlsFileError,
    pem,
};
use crate::{
    config::{FilePath, TlsFiles},
    export::otlp::transport::http_version::HttpVersion,
};

/// The contents of the TLS files of one destination.
#[derive(PartialEq)]
pub(super) struct FileContents {
    ca: Option<Vec<u8>>,
    cert: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
}

impl FileContents {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsFileError> {
        let TlsFiles { ca_file, cert_file, key_file } = files;
        let read = |file: &Option<FilePath>| file.as_ref().map(|file| pem::read(path(file))).transpose();
        Ok(Self { ca: read(ca_file)?, cert: read(cert_file)?, key: read(key_file)? })
    }

    pub(super) fn client_config(
        &self,
        files: &TlsFiles,
        version: HttpVersion,
    ) -> Result<Arc<ClientConfig>, TlsFileError> {
        let failed = |what: &str, error: &dyn fmt::Display| TlsFileError::new(format!("{what}: {error}"));
        // An explicit provider, because the default one depends on the features of the whole build.
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| failed("cannot set up TLS", &error))?;
        let builder = match (&files.ca_file, &self.ca) {
            (Some(file), Some(content)) => {
                builder.with_root_certificates(root_certificates(path(file), content)?.0)
            }
            _ => builder.with_native_roots().map_err(|error| {
                failed("cannot load the root certificates of the system, and `ca_file` is not set", &error)
            })?,
        };
        let mut config = match (&files.cert_file, &self.cert, &files.key_file, &self.key) {
            (Some(cert_file), Some(cert), Some(key_file), Some(key)) => {
                let (cert_file, key_file) = (path(cert_file), path(key_file));
                let (chain, key) = (certificate_chain(cert_file, cert)?, pem::private_key(key_file, key)?);
                check_key(cert_file, &chain, key_file, &key)?;
                let config = builder.with_client_auth_cert(chain, key);
                config.map_err(|error| TlsFileError::of(cert_file, error))?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![match version {
            HttpVersion::Http1 => b"http/1.1".to_vec(),
            #[cfg(feature = "grpc")]
            HttpVersion::Http2 => b"h2".to_vec(),
        }];
        Ok(Arc::new(config))
    }
}

fn provider() -> Arc<CryptoProvider> {
    ring::default_provider().into()
}

pub(super) fn path(file: &FilePath) -> &Path {
    file.as_path()
}

/// Returns the certificates to trust, and the number of unusable ones in the file.
pub(super) fn root_certificates(path: &Path, content: &[u8]) -> Result<(RootCertStore, usize), TlsFileError> {
    let certificates = pem::certificates(path, content)?;
    let mut roots = RootCertStore::empty();
    let (_, unusable) = roots.add_parsable_certificates(certificates.iter().cloned());
    if roots.is_empty() {
        certificates.iter().try_for_each(|certificate| check_usable(path, certificate))?;
    }
    if !certificates.iter().any(is_authority) {
        return Err(TlsFileError::of(path, "it contains no CA certificate")
            .with_help("use the certificate of the issuing CA instead of the server certificate"));
    }
    Ok((roots, unusable))
}

/// Returns the client certificate and its intermediate certificates.
pub(super) fn certificate_chain(
    path: &Path,
    content: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let chain = pem::certificates(path, content)?;
    chain.iter().try_for_each(|certificate| check_usable(path, certificate))?;
    Ok(chain)
}

/// Checks that the private key is supported and matches the certificate.
pub(super) fn check_key(
    cert_file: &Path,
    chain: &[CertificateDer<'static>],
    key_file: &Path,
    key: &PrivateKeyDer<'static>,
) -> Result<(), TlsFileError> {
    let key = provider().key_provider.load_private_key(key.clone_key()).map_err(|_| {
        TlsFileError::of(key_file, "the private key cannot be parsed")
            .with_help("use an RSA, ECDSA or Ed25519 key")
    })?;
    match CertifiedKey::new(chain.to_vec(), key).keys_match() {
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(TlsFileError::new(format!(
                "the private key in {} does not match the certificate in {}",
                key_file.display(),
                cert_file.display()
            ))
            .with_help("put the certificate of the service first in `cert_file`"))
        }
        _ => Ok(()),
    }
}
