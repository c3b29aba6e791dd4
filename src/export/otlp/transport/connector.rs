//! Connections to destinations, plain and encrypted, direct and by way of proxies, the same way for both transports.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Uri};
use hyper_util::{
    client::{
        legacy::{
            Client,
            connect::{
                HttpConnector,
                dns::{GaiAddrs, GaiResolver, Name},
                proxy::Tunnel,
            },
        },
        proxy::matcher::Intercept,
    },
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::Instant;
use tower_service::Service;

use super::proxy::ProxyStream;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::{
    config::{OtlpProtocol, OtlpSettings, Proxies},
    diagnostics::Diagnostics,
    error::Error,
};

/// A pool of connections to one destination.
pub(crate) type Connections<B> = Client<Connector, B>;

#[cfg(feature = "tls")]
type Stream = hyper_rustls::MaybeHttpsStream<ProxyStream>;
#[cfg(not(feature = "tls"))]
type Stream = ProxyStream;

type BoxError = Box<dyn StdError + Send + Sync>;
type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// What is negotiated on an encrypted connection, and assumed on a plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    Http1,
    #[cfg(feature = "grpc")]
    Http2,
}

impl HttpVersion {
    fn of(protocol: OtlpProtocol) -> Self {
        match protocol {
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => Self::Http2,
            _ => Self::Http1,
        }
    }
}

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Shorter than the minute after which most servers close a connection: what is sent just then would be lost on the way.
const IDLE_LIMIT: Duration = Duration::from_secs(45);

/// Makes connections to one destination.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    http: HttpConnector<Resolver>,
    #[cfg(feature = "grpc")]
    version: HttpVersion,
    proxy: Option<Intercept>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    /// For all that it takes until a request can be sent.
    limit: Duration,
}

impl Connector {
    /// `limit` is for all that it takes until a request can be sent; it may get less.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unnecessary_wraps, reason = "with TLS, files may be unreadable")
    )]
    pub(crate) fn new(
        destination: &OtlpSettings,
        limit: Option<Duration>,
        proxies: &Proxies,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let version = HttpVersion::of(destination.protocol);
        let limit = limit.map_or(CONNECT_LIMIT, |limit| limit.min(CONNECT_LIMIT));
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        http.set_nodelay(true);
        // Divided among the addresses of a name, so that one that is dead does not use up the time of all.
        http.set_connect_timeout(Some(limit));
        #[cfg(feature = "tls")]
        let tls = destination
            .endpoint
            .is_https()
            .then(|| Tls::new(&destination.tls.files, version, diagnostics))
            .transpose()
            .map_err(|fault| Error::system("TLS", fault.message))?;
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

    /// The header that a request must have to pass a proxy without a tunnel.
    pub(crate) fn proxy_authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        self.proxy.as_ref().filter(|_| !is_https(destination))?.basic_auth().cloned()
    }

    async fn connect(mut self, uri: Uri) -> Result<Stream, BoxError> {
        let deadline = Instant::now() + self.limit;
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.uri().authority()).map(ToString::to_string);
        let dialled = tokio::time::timeout_at(deadline, self.dial(uri.clone())).await;
        let dialled = dialled.unwrap_or_else(|_| Err(ConnectTimeout.into()));
        let tcp = dialled.map_err(|source| match proxy {
            Some(proxy) => ProxyError { proxy, source }.into(),
            None => source,
        })?;
        #[cfg(feature = "tls")]
        {
            let secured = tokio::time::timeout_at(deadline, self.secure(tcp, uri)).await;
            let within = crate::config::format_duration(self.limit);
            let secured = secured
                .unwrap_or_else(|_| Err(timed_out(format!("the handshake did not end within {within}"))));
            secured.map_err(|source| HandshakeError { source }.into())
        }
        #[cfg(not(feature = "tls"))]
        Ok(tcp)
    }

    /// The connection to the destination, or to a proxy that passes on to it.
    async fn dial(&mut self, uri: Uri) -> Result<ProxyStream, BoxError> {
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
    async fn secure(&self, tcp: ProxyStream, uri: Uri) -> Result<Stream, BoxError> {
        use super::proxy::Established;
        use hyper_rustls::{HttpsConnector, MaybeHttpsStream};

        let Some(tls) = &self.tls else { return Ok(MaybeHttpsStream::Http(tcp)) };
        let mut connector = HttpsConnector::from((Established::new(tcp), tls.config().await?));
        connector.call(uri).await.map_err(without_wrapping)
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

#[cfg(feature = "tls")]
fn timed_out(message: String) -> BoxError {
    io::Error::new(io::ErrorKind::TimedOut, message).into()
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Stream, BoxError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// Opens nothing yet; connections are made as they are needed.
pub(crate) fn connections<B>(connector: Connector) -> Connections<B>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new()).pool_idle_timeout(IDLE_LIMIT);
    #[cfg(feature = "grpc")]
    if connector.version == HttpVersion::Http2 {
        // Without a sign of life a connection whose other end is gone would be used until the kernel gives it up.
        builder
            .http2_only(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10));
    }
    builder.build(connector)
}

/// Looks up names as usual; its errors can be told from all others.
#[derive(Debug, Clone)]
pub(crate) struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = NameNotFound;
    type Future = BoxFuture<GaiAddrs, NameNotFound>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NameNotFound>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.0.call(name.clone());
        Box::pin(async move { found.await.map_err(|source| NameNotFound { name, source }) })
    }
}

/// Nobody answered while the connection was made.
#[derive(Debug)]
pub(crate) struct ConnectTimeout;

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out while connecting")
    }
}

impl StdError for ConnectTimeout {}

/// The name of a destination or proxy has no address.
#[derive(Debug)]
pub(crate) struct NameNotFound {
    name: Name,
    source: io::Error,
}

impl fmt::Display for NameNotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no address is found for {}", self.name)
    }
}

impl StdError for NameNotFound {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}

/// A proxy cannot be reached, or does not pass on.
#[derive(Debug)]
pub(crate) struct ProxyError {
    /// Without credentials.
    proxy: String,
    source: BoxError,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} makes no connection", self.proxy)
    }
}

impl StdError for ProxyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// The two sides do not agree on TLS. Its source is the error of rustls, or of the connection.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct HandshakeError {
    source: BoxError,
}

#[cfg(feature = "tls")]
impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the TLS handshake failed")
    }
}

#[cfg(feature = "tls")]
impl StdError for HandshakeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// hyper-rustls puts the error of rustls into errors of I/O, whose content is not among the sources of an error.
#[cfg(feature = "tls")]
fn without_wrapping(error: BoxError) -> BoxError {
    fn unwrapped(error: io::Error) -> BoxError {
        match error.downcast::<io::Error>().map_err(io::Error::downcast::<rustls::Error>) {
            Ok(inner) => unwrapped(inner),
            Err(Ok(of_rustls)) => of_rustls.into(),
            Err(Err(error)) => error.into(),
        }
    }
    error.downcast::<io::Error>().map_or_else(|error| error, |error| unwrapped(*error))
}
