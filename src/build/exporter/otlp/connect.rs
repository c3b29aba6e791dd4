//! Connections to destinations, plain and encrypted, the same way for both transports.

use std::time::Duration;

use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use crate::error::Error;

#[cfg(feature = "tls")]
pub(super) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
pub(super) type Connector = HttpConnector;

/// A pool of connections to one destination.
pub(super) type Connections<B> = Client<Connector, B>;

/// What is negotiated on an encrypted connection, and assumed on a plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    #[cfg(feature = "grpc")]
    Http2,
}

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Opens nothing yet; connections are made as they are needed.
pub(super) fn connections<B>(
    version: Version,
    https: bool,
    limit: Option<Duration>,
) -> Result<Connections<B>, Error>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(limit.map_or(CONNECT_LIMIT, |limit| limit.min(CONNECT_LIMIT))));
    let connector = encrypted(http, version, https)?;
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new()).pool_idle_timeout(Duration::from_secs(60));
    #[cfg(feature = "grpc")]
    if version == Version::Http2 {
        // Without a sign of life a connection whose other end is gone would be used until the kernel gives it up.
        builder
            .http2_only(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10));
    }
    Ok(builder.build(connector))
}

#[cfg(feature = "tls")]
fn encrypted(http: HttpConnector, version: Version, https: bool) -> Result<Connector, Error> {
    use hyper_rustls::{ConfigBuilderExt as _, HttpsConnectorBuilder};
    use rustls::{ClientConfig, RootCertStore, crypto::ring};

    // The provider is named because the default one depends on the features of the whole build.
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::system("cannot set up TLS", error))?;
    // Reading the system's certificates takes milliseconds, so it is done only where they are needed.
    let builder = if https {
        let roots = builder.with_native_roots();
        roots.map_err(|error| Error::system("cannot read the root certificates of the system", error))?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(builder.with_no_client_auth()).https_or_http();
    Ok(match version {
        Version::Http1 => builder.enable_http1().wrap_connector(http),
        #[cfg(feature = "grpc")]
        Version::Http2 => builder.enable_http2().wrap_connector(http),
    })
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "its twin with TLS can fail")]
fn encrypted(http: HttpConnector, _: Version, _: bool) -> Result<Connector, Error> {
    Ok(http)
}
