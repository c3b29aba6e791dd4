//! The TLS configuration of one destination, reloaded when its files change.

use std::{fmt, io, sync::Arc};

use rustls::ClientConfig;
use tokio::sync::Mutex;

use super::{file_error::TlsFileError, files::FileContents};
use crate::{
    config::TlsFiles,
    diagnostics::{DiagnosticLog, RateLimit},
    export::{otlp::transport::http_version::HttpVersion, runtime::run_blocking},
};

/// The TLS configuration of one destination. Clones share it.
#[derive(Clone)]
pub(in crate::export::otlp::transport) struct ReloadingTlsConfig(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    version: HttpVersion,
    /// Locked while the files are read, so that a file system that hangs blocks one thread at most.
    loaded: Arc<Mutex<LoadedConfig>>,
    diagnostics: DiagnosticLog,
    limit: RateLimit,
}

/// The last valid configuration, and the contents that it was made of.
struct LoadedConfig {
    contents: FileContents,
    config: Arc<ClientConfig>,
}

/// Omits the contents of the files.
impl fmt::Debug for ReloadingTlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReloadingTlsConfig").field(&self.0.files).finish()
    }
}

impl ReloadingTlsConfig {
    pub(in crate::export::otlp::transport) fn new(
        files: &TlsFiles,
        version: HttpVersion,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, TlsFileError> {
        let contents = FileContents::read(files)?;
        let config = contents.client_config(files, version)?;
        let loaded = Arc::new(Mutex::new(LoadedConfig { contents, config }));
        let limit = RateLimit::default();
        Ok(Self(Arc::new(Inner { files: files.clone(), version, loaded, diagnostics, limit })))
    }

    /// Returns the configuration for the next connection: that of the current files, or the last
    /// valid one if they cannot be used.
    pub(in crate::export::otlp::transport) async fn current(&self) -> io::Result<Arc<ClientConfig>> {
        let mut loaded = Arc::clone(&self.0.loaded).lock_owned().await;
        if self.0.files == TlsFiles::default() {
            return Ok(Arc::clone(&loaded.config));
        }
        let inner = Arc::clone(&self.0);
        run_blocking(move || {
            let reloaded = loaded.reload(&inner.files, inner.version);
            let config = Arc::clone(&loaded.config);
            drop(loaded);
            if let Err(TlsFileError { message, help: _ }) = reloaded
                && inner.limit.is_due()
            {
                inner.diagnostics.warn(format_args!("{message}; still using the previously loaded files"));
            }
            config
        })
        .await
    }
}

impl LoadedConfig {
    fn reload(&mut self, files: &TlsFiles, version: HttpVersion) -> Result<(), TlsFileError> {
        let contents = FileContents::read(files)?;
        if contents != self.contents {
            self.config = contents.client_config(files, version)?;
            self.contents = contents;
        }
        Ok(())
    }
}
