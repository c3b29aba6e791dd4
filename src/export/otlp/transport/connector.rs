//! Connections to destinations: plain or TLS, direct or through a proxy.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::{
    client::{
        legacy::{
            Client,
            connect::{HttpConnector, proxy::Tunnel},
        },
        proxy::matcher::Intercept,
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{net::TcpStream, time::Instant};
use tower_service::Service;

#[cfg(feature = "tls")]
use super::tls::config::ReloadingTlsConfig;
use super::{
    connect_error::{BoxError, ConnectError, ConnectTimeout},
    http_version::HttpVersion,
    receive_limit::ReceiveLimit,
    resolver::DnsResolver,
    stream::TransportStream,
};
use crate::{
    config::{OtlpSettings, Proxies},
    diagnostics::DiagnosticLog,
    error::Error,
};

/// A pool of connections to one destination.
pub(super) type Connections = Client<Connector, Full<Bytes>>;

type DirectStream = TokioIo<TransportStream>;

#[cfg(feature = "tls")]
type ConnectorStream = hyper_rustls::MaybeHttpsStream<DirectStream>;
#[cfg(not(feature = "tls"))]
type ConnectorStream = DirectStream;

/// The longest time for connecting: name lookup, TCP, proxy and TLS handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the minute after which most servers close idle connections. A request that is sent
/// just then would be lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// The buffer for received bytes of HTTP/1.1, and so the largest head of a response. The default
/// is seven times as large.
pub(super) const BUFFER_BYTES: usize = 64 * 1024;

/// The largest number of headers in a response of HTTP/1.1.
pub(super) const MAX_HEADERS: usize = 256;

/// The bytes of a body that an HTTP/2 server may send before they are read.
#[cfg(feature = "grpc")]
const WINDOW_BYTES: u32 = 64 * 1024;

/// Opens connections to one destination.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    http: HttpConnector<DnsResolver>,
    #[cfg(feature = "grpc")]
    version: HttpVersion,
    proxy: Option<Intercept>,
    #[cfg(feature = "tls")]
    tls: Option<ReloadingTlsConfig>,
    /// The time limit for connecting, all steps included.
    limit: Duration,
    received: ReceiveLimit,
}

impl Connector {
    /// Creates a connector. `limit` applies to connecting, all steps included, and is capped at
    /// 10 s.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unnecessary_wraps, reason = "with TLS, files may be unreadable")
    )]
    pub(super) fn new(
        destination: &OtlpSettings,
        limit: Option<Duration>,
        proxies: &Proxies,
        diagnostics: DiagnosticLog,
    ) -> Result<Self, Error> {
        let version = HttpVersion::of(destination.protocol);
        let limit = limit.map_or(CONNECT_TIMEOUT, |limit| limit.min(CONNECT_TIMEOUT));
        let mut http = HttpConnector::new_with_resolver(DnsResolver::new());
        http.enforce_http(false);
        http.set_nodelay(true);
        // Divided among the addresses of a name, so that an unresponsive one leaves time for the
        // others.
        http.set_connect_timeout(Some(limit));
        #[cfg(feature = "tls")]
        let tls = destination
            .endpoint
            .is_https()
            .then(|| ReloadingTlsConfig::new(&destination.tls.files, version, diagnostics))
            .transpose()
            .map_err(|error| Error::system("TLS", error.message))?;
        #[cfg(not(feature = "tls"))]
        let _ = (version, diagnostics);
        Ok(Self {
            http,
            #[cfg(feature = "grpc")]
            version,
            proxy: proxies.proxy_for(destination),
            #[cfg(feature = "tls")]
            tls,
            limit,
            received: ReceiveLimit::new(destination.max_response_size.get()),
        })
    }

    /// Returns the header that a plain request through a proxy needs. Tunnels send it themselves.
    pub(super) fn proxy_authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        self.proxy.as_ref().filter(|_| !is_https(destination))?.basic_auth().cloned()
    }

    /// Returns the limit of what the server may send. All connections share it.
    pub(super) fn receive_limit(&self) -> ReceiveLimit {
        self.received.clone()
    }

    async fn connect(mut self, uri: Uri) -> Result<ConnectorStream, BoxError> {
        let deadline = Instant::now() + self.limit;
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.uri().authority()).map(ToString::to_string);
        let result = tokio::time::timeout_at(deadline, self.connect_tcp(uri.clone())).await;
        let tcp = result.unwrap_or_else(|_| Err(ConnectTimeout.into())).map_err(|source| match proxy {
            Some(proxy) => ConnectError::Proxy { proxy, source },
            None => ConnectError::Tcp { source },
        })?;
        #[cfg(feature = "tls")]
        {
            let result = tokio::time::timeout_at(deadline, self.add_tls(tcp, uri)).await;
            let stream = result.unwrap_or_else(|_| Err(handshake_timeout(self.limit)));
            stream.map_err(|source| ConnectError::Tls { source }.into())
        }
        #[cfg(not(feature = "tls"))]
        Ok(tcp)
    }

    /// Connects to the destination, or to its proxy.
    async fn connect_tcp(&mut self, uri: Uri) -> Result<DirectStream, BoxError> {
        let Some(proxy) = &self.proxy else {
            let stream = self.http.call(uri).await?;
            return Ok(self.limited(stream, false));
        };
        let address = proxy.uri().clone();
        if !is_https(&uri) {
            let stream = self.http.call(address).await?;
            return Ok(self.limited(stream, true));
        }
        let mut tunnel = Tunnel::new(address, self.http.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let stream = tunnel.call(uri).await?;
        Ok(self.limited(stream, false))
    }

    fn limited(&self, stream: TokioIo<TcpStream>, is_proxied: bool) -> DirectStream {
        TokioIo::new(TransportStream::new(stream.into_inner(), is_proxied, self.received.clone()))
    }

    #[cfg(feature = "tls")]
    async fn add_tls(&self, tcp: DirectStream, uri: Uri) -> Result<ConnectorStream, BoxError> {
        use super::{established::Established, tls::error::unwrap_io};
        use hyper_rustls::{HttpsConnector, MaybeHttpsStream};

        let Some(tls) = &self.tls else { return Ok(MaybeHttpsStream::Http(tcp)) };
        let mut connector = HttpsConnector::from((Established::new(tcp), tls.current().await?));
        connector.call(uri).await.map_err(unwrap_io)
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

#[cfg(feature = "tls")]
fn handshake_timeout(limit: Duration) -> BoxError {
    let message = format!("handshake did not finish within {}", crate::config::format_duration(limit));
    std::io::Error::new(std::io::ErrorKind::TimedOut, message).into()
}

impl Service<Uri> for Connector {
    type Response = ConnectorStream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<ConnectorStream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// Creates a pool, which opens connections on demand.
pub(super) fn connections(connector: Connector) -> Connections {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http1_max_buf_size(BUFFER_BYTES)
        .http1_max_headers(MAX_HEADERS);
    #[cfg(feature = "grpc")]
    if connector.version == HttpVersion::Http2 {
        builder
            .http2_only(true)
            .http2_initial_stream_window_size(WINDOW_BYTES)
            .http2_initial_connection_window_size(WINDOW_BYTES)
            // Without pings, a connection to a dead peer would stay in use until the kernel closes
            // it.
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10));
    }
    builder.build(connector)
}
