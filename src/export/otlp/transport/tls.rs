//! The encryption of the connections to one destination, renewed when its files are.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use hyper_rustls::ConfigBuilderExt as _;
use rustls::{
    ClientConfig, InconsistentKeys, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};
use tokio::sync::Mutex;

use super::{connector::HttpVersion, pem, pem::TlsFileError};
use crate::{
    config::{
        Config, FilePath, TlsFiles,
        validate::{self, KeyedTlsFiles},
    },
    diagnostics::{Diagnostics, RateLimit},
    error::{Inspection, Problem},
};

/// What connections are encrypted with. Its clones share it.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Shared>);

struct Shared {
    files: TlsFiles,
    version: HttpVersion,
    /// Held while the files are read, so that no more than one thread hangs on a file system that does.
    current: Arc<Mutex<Current>>,
    diagnostics: Diagnostics,
    limit: RateLimit,
}

/// What was made last, and what of.
struct Current {
    contents: Contents,
    config: Arc<ClientConfig>,
}

/// Without what stands in the files.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.files).finish()
    }
}

impl Tls {
    pub(crate) fn new(
        files: &TlsFiles,
        version: HttpVersion,
        diagnostics: Diagnostics,
    ) -> Result<Self, TlsFileError> {
        let contents = Contents::read(files)?;
        let config = contents.config(files, version)?;
        let current = Arc::new(Mutex::new(Current { contents, config }));
        Ok(Self(Arc::new(Shared {
            files: files.clone(),
            version,
            current,
            diagnostics,
            limit: RateLimit::default(),
        })))
    }

    /// What to encrypt the next connection with: by the files as they are now, or as they were when they were good.
    pub(crate) async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let mut current = Arc::clone(&self.0.current).lock_owned().await;
        if self.0.files == TlsFiles::default() {
            return Ok(Arc::clone(&current.config));
        }
        let shared = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || {
            let refreshed = current.refresh(&shared.files, shared.version);
            let config = Arc::clone(&current.config);
            drop(current);
            if let Err(TlsFileError { message, help: _ }) = refreshed
                && shared.limit.is_due()
            {
                shared.diagnostics.warn(format_args!("{message}; what was there before is used further"));
            }
            config
        });
        read.await.map_err(io::Error::other)
    }
}

impl Current {
    fn refresh(&mut self, files: &TlsFiles, version: HttpVersion) -> Result<(), TlsFileError> {
        let contents = Contents::read(files)?;
        if contents != self.contents {
            self.config = contents.config(files, version)?;
            self.contents = contents;
        }
        Ok(())
    }
}

/// What stands in the files.
#[derive(PartialEq)]
struct Contents {
    ca: Option<Vec<u8>>,
    cert: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, TlsFileError> {
        let TlsFiles { ca_file, cert_file, key_file } = files;
        let read = |file: &Option<FilePath>| file.as_ref().map(|file| pem::read(path(file))).transpose();
        Ok(Self { ca: read(ca_file)?, cert: read(cert_file)?, key: read(key_file)? })
    }

    fn config(&self, files: &TlsFiles, version: HttpVersion) -> Result<Arc<ClientConfig>, TlsFileError> {
        let unusable = |what: &str, error: &dyn fmt::Display| TlsFileError::new(format!("{what}: {error}"));
        // The provider is named because the default one depends on the features of the whole build.
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("cannot set up TLS", &error))?;
        let builder = match (&files.ca_file, &self.ca) {
            (Some(file), Some(content)) => {
                builder.with_root_certificates(authorities(path(file), content)?.0)
            }
            _ => builder.with_native_roots().map_err(|error| {
                unusable("cannot read the root certificates of the system, and there is no `ca_file`", &error)
            })?,
        };
        let mut config = match (&files.cert_file, &self.cert, &files.key_file, &self.key) {
            (Some(cert_file), Some(cert), Some(key_file), Some(key)) => {
                let (cert_file, key_file) = (path(cert_file), path(key_file));
                let (chain, key) = (chain(cert_file, cert)?, pem::private_key(key_file, key)?);
                certified(cert_file, &chain, key_file, &key)?;
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

fn path(file: &FilePath) -> &Path {
    file.as_path()
}

/// The certificates to trust, and how many of those in the file cannot be.
fn authorities(path: &Path, content: &[u8]) -> Result<(RootCertStore, usize), TlsFileError> {
    let certificates = pem::certificates(path, content)?;
    let mut roots = RootCertStore::empty();
    let (_, unusable) = roots.add_parsable_certificates(certificates.iter().cloned());
    if roots.is_empty()
        && let Some(fault) = certificates.iter().find_map(|certificate| pem::unusable(path, certificate))
    {
        return Err(fault);
    }
    if !certificates.iter().any(pem::is_authority) {
        return Err(TlsFileError::of(path, "no certificate in it is that of an authority")
            .with_help("the certificate of the server itself is not enough, that of its issuer is needed"));
    }
    Ok((roots, unusable))
}

/// The certificate to show, and those between it and its authority.
fn chain(path: &Path, content: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let chain = pem::certificates(path, content)?;
    match chain.iter().find_map(|certificate| pem::unusable(path, certificate)) {
        Some(fault) => Err(fault),
        None => Ok(chain),
    }
}

/// Checks that the key is one, and that of the certificate.
fn certified(
    cert_file: &Path,
    chain: &[CertificateDer<'static>],
    key_file: &Path,
    key: &PrivateKeyDer<'static>,
) -> Result<(), TlsFileError> {
    let key = provider().key_provider.load_private_key(key.clone_key()).map_err(|_| {
        TlsFileError::of(key_file, "the private key in it cannot be read")
            .with_help("RSA, ECDSA and Ed25519 are supported")
    })?;
    match CertifiedKey::new(chain.to_vec(), key).keys_match() {
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(TlsFileError::new(format!(
                "the private key in {} does not belong to the certificate in {}",
                key_file.display(),
                cert_file.display()
            ))
            .with_help("the first certificate in `cert_file` must be that of the service itself"))
        }
        _ => Ok(()),
    }
}

/// Reads the TLS files of all destinations and returns the problems found in them.
pub(crate) fn inspect(config: &Config) -> Inspection {
    let mut inspection = Inspection::default();
    for files in validate::tls_files(config) {
        inspection.destination(&files);
    }
    inspection
}

impl Inspection {
    fn destination(&mut self, files: &KeyedTlsFiles) {
        let KeyedTlsFiles { ca, cert, key } = files;
        if let Some((key, path, (certificates, unusable))) = self.file(ca.as_ref(), |path, content| {
            let (_, unusable) = authorities(path, content)?;
            Ok((pem::certificates(path, content)?, unusable))
        }) {
            if unusable > 0 {
                let count = certificates.len();
                let message =
                    format!("{unusable} of the {count} certificates in {} cannot be read", path.display());
                self.warn(key, message);
            }
            self.dates(key, &path, &certificates);
        }
        let cert = self.file(cert.as_ref(), chain);
        if let Some((key, path, chain)) = &cert {
            self.dates(key, path, chain);
        }
        let key = self.file(key.as_ref(), pem::private_key);
        if let (Some((_, cert_file, chain)), Some((at, key_file, key))) = (&cert, &key)
            && let Err(fault) = certified(cert_file, chain, key_file, key)
        {
            self.fault(at, fault);
        }
    }

    /// What `parse` makes of a file, with its key and its path; what is wrong with it is noted.
    fn file<'k, T>(
        &mut self,
        file: Option<&'k (String, FilePath)>,
        parse: impl FnOnce(&Path, &[u8]) -> Result<T, TlsFileError>,
    ) -> Option<(&'k str, PathBuf, T)> {
        let (key, file) = file?;
        let path = path(file);
        match pem::read(path).and_then(|content| parse(path, &content)) {
            Ok(parsed) => Some((key, path.to_owned(), parsed)),
            Err(fault) => {
                self.fault(key, fault);
                None
            }
        }
    }

    fn dates(&mut self, key: &str, path: &Path, certificates: &[CertificateDer<'_>]) {
        if let Some(message) = pem::untimely(path, certificates) {
            self.warn(key, message);
        }
    }

    fn fault(&mut self, key: &str, TlsFileError { message, help }: TlsFileError) {
        let problem = Problem { help, ..Problem::new(message).with_key(key) };
        // Signals that share a file share its faults.
        if !self.errors.contains(&problem) {
            self.errors.push(problem);
        }
    }

    fn warn(&mut self, key: &str, message: String) {
        let problem = Problem::new(message).with_key(key);
        if !self.warnings.contains(&problem) {
            self.warnings.push(problem);
        }
    }
}
