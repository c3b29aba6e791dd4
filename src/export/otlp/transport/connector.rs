//! Connections to destinations: plain or TLS, direct or through a proxy.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Uri};
use hyper_util::{
    client::{
        legacy::{
            Client,
            connect::{HttpConnector, proxy::Tunnel},
        },
        proxy::matcher::Intercept,
    },
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::Instant;
use tower_service::Service;

#[cfg(feature = "tls")]
use super::tls::config::ReloadingTlsConfig;
use super::{
    connect_error::{BoxError, ConnectError, ConnectTimeout},
    http_version::HttpVersion,
    proxy::ProxyStream,
    resolver::DnsResolver,
};
use crate::{
    config::{OtlpSettings, Proxies},
    diagnostics::DiagnosticLog,
    error::Error,
};

/// A pool of connections to one destination.
pub(super) type Connections<B> = Client<Connector, B>;

#[cfg(feature = "tls")]
type ConnectorStream = hyper_rustls::MaybeHttpsStream<ProxyStream>;
#[cfg(not(feature = "tls"))]
type ConnectorStream = ProxyStream;

/// The longest time for connecting: name lookup, TCP, proxy and TLS handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the minute after which most servers close idle connections. A request that is sent
/// just then would be lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

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
        })
    }

    /// Returns the header that a plain request through a proxy needs. Tunnels send it themselves.
    pub(super) fn proxy_authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        self.proxy.as_ref().filter(|_| !is_https(destination))?.basic_auth().cloned()
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
    async fn connect_tcp(&mut self, uri: Uri) -> Result<ProxyStream, BoxError> {
        let Some(proxy) = &self.proxy else { return Ok(ProxyStream::new(self.http.call(uri).await?, false)) };
        let address = proxy.uri().clone();
        if !is_https(&uri) {
            return Ok(ProxyStream::new(self.http.call(address).await?, true));
        }
        let mut tunnel = Tunnel::new(address, self.http.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        Ok(ProxyStream::new(tunnel.call(uri).await?, false))
    }

    #[cfg(feature = "tls")]
    async fn add_tls(&self, tcp: ProxyStream, uri: Uri) -> Result<ConnectorStream, BoxError> {
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
pub(super) fn connections<B>(connector: Connector) -> Connections<B>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new()).pool_idle_timeout(IDLE_TIMEOUT);
    #[cfg(feature = "grpc")]
    if connector.version == HttpVersion::Http2 {
        // Without pings, a connection to a dead peer would stay in use until the kernel closes it.
        builder
            .http2_only(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10));
    }
    builder.build(connector)
}
