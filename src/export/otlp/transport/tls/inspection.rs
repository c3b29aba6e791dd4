//! The inspection of TLS files before telemetry starts.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;

use super::{
    certificate::validity_warning,
    file_error::TlsFileError,
    files::{certificate_chain, check_key, path, root_certificates},
    pem,
};
use crate::{
    config::{
        Config, FilePath,
        validate::{self, KeyedTlsFiles},
    },
    error::{Inspection, Problem},
};

/// Reads the TLS files of all destinations and returns their problems. Each problem has the key of
/// its file; `load` adds the origin.
pub(crate) fn inspect(config: &Config) -> Inspection {
    let mut inspector = Inspector::default();
    for files in validate::tls_files(config) {
        inspector.inspect(&files);
    }
    inspector.0
}

#[derive(Default)]
struct Inspector(Inspection);

impl Inspector {
    /// Inspects the files of one destination.
    fn inspect(&mut self, files: &KeyedTlsFiles) {
        let KeyedTlsFiles { ca, cert, key } = files;
        if let Some((key, path, (certificates, unusable))) = self.parse(ca.as_ref(), |path, content| {
            let (_, unusable) = root_certificates(path, content)?;
            Ok((pem::certificates(path, content)?, unusable))
        }) {
            if unusable > 0 {
                let count = certificates.len();
                let message =
                    format!("{unusable} of the {count} certificates in {} cannot be parsed", path.display());
                self.warn(key, message);
            }
            self.check_validity(key, &path, &certificates);
        }
        let cert = self.parse(cert.as_ref(), certificate_chain);
        if let Some((key, path, chain)) = &cert {
            self.check_validity(key, path, chain);
        }
        let private_key = self.parse(key.as_ref(), pem::private_key);
        if let (Some((_, cert_file, chain)), Some((key, key_file, private_key))) = (&cert, &private_key)
            && let Err(error) = check_key(cert_file, chain, key_file, private_key)
        {
            self.error(key, error);
        }
    }

    /// Reads and parses a file. Returns its key, its path and the result of `parse`.
    fn parse<'k, T>(
        &mut self,
        file: Option<&'k (String, FilePath)>,
        parse: impl FnOnce(&Path, &[u8]) -> Result<T, TlsFileError>,
    ) -> Option<(&'k str, PathBuf, T)> {
        let (key, file) = file?;
        let path = path(file);
        match pem::read(path).and_then(|content| parse(path, &content)) {
            Ok(parsed) => Some((key, path.to_owned(), parsed)),
            Err(error) => {
                self.error(key, error);
                None
            }
        }
    }

    fn check_validity(&mut self, key: &str, path: &Path, certificates: &[CertificateDer<'_>]) {
        if let Some(warning) = validity_warning(path, certificates) {
            self.warn(key, warning);
        }
    }

    fn error(&mut self, key: &str, TlsFileError { message, help }: TlsFileError) {
        let problem = Problem::new(message).with_key(key).with_optional_help(help);
        add_once(&mut self.0.errors, problem);
    }

    fn warn(&mut self, key: &str, message: String) {
        add_once(&mut self.0.warnings, Problem::new(message).with_key(key));
    }
}

/// Adds a problem, except if another signal with the same file has added it before.
fn add_once(problems: &mut Vec<Problem>, problem: Problem) {
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}
