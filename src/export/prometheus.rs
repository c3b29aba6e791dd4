//! The Prometheus exporter and its server.
//!
//! - Keys: `[prometheus]`
//! - Signals: metrics
//! - Feature: `prometheus`

use std::{
    collections::HashSet,
    convert::Infallible,
    future::Future,
    io::ErrorKind,
    net::{SocketAddr, TcpListener, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use ::prometheus::{Encoder as _, Registry, TextEncoder};
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use opentelemetry::Key;
use opentelemetry_prometheus::{PrometheusExporter, ResourceSelector};
use opentelemetry_sdk::error::OTelSdkError;
use tokio::{sync::Semaphore, task::JoinSet};

use super::callbacks::{CALLBACK_TIMEOUT, Callbacks};
use crate::{
    config::Prometheus,
    diagnostics::{Diagnostics, RateLimit},
};

/// A scrape takes one connection; more than this at once are not scrapes.
const MAX_CONNECTIONS: usize = 64;

/// How long a scrape waits for the one before it.
const TURN_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may take to send its request.
const HEADER_LIMIT: Duration = Duration::from_secs(10);

/// The reader of the metrics and the registry that its page is made from.
pub(crate) fn exporter(config: &Prometheus) -> Result<(PrometheusExporter, Registry), OTelSdkError> {
    let Prometheus {
        host: _,
        port: _,
        path: _,
        target_info,
        scope_info,
        unit_suffixes,
        counter_suffixes,
        namespace,
        resource_labels,
    } = config;
    // Without a registry of ours the page could not be made: the exporter would keep one to itself.
    let registry = Registry::new();
    let mut builder =
        opentelemetry_prometheus::exporter().with_registry(registry.clone()).scope_info_enabled(*scope_info);
    if !target_info {
        builder = builder.without_target_info();
    }
    if !unit_suffixes {
        builder = builder.without_units();
    }
    if !counter_suffixes {
        builder = builder.without_counter_suffixes();
    }
    if let Some(namespace) = namespace {
        builder = builder.with_namespace(namespace.as_str());
    }
    if !resource_labels.is_empty() {
        let keys: HashSet<Key> = resource_labels.iter().cloned().map(Key::from).collect();
        builder = builder.with_resource_selector(ResourceSelector::KeyAllowList(keys));
    }
    builder.build().map(|exporter| (exporter, registry))
}

/// Ports that are taken, and not yet served.
#[derive(Debug)]
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    address: SocketAddr,
}

impl Listener {
    /// Takes the port on every address of the host: with a name such as `localhost`, another program could otherwise have
    /// one of them, and be scraped instead.
    pub(crate) fn bind(config: &Prometheus) -> std::io::Result<Self> {
        let mut sockets: Vec<TcpListener> = Vec::new();
        let mut last_error = ErrorKind::AddrNotAvailable.into();
        for mut address in (config.host.as_str(), config.port.get()).to_socket_addrs()? {
            // Port 0 is any free one, but the same one everywhere.
            if let Some(first) = sockets.first() {
                address.set_port(first.local_addr()?.port());
            }
            match TcpListener::bind(address) {
                Ok(socket) => {
                    socket.set_nonblocking(true)?;
                    sockets.push(socket);
                }
                Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
                    return Err(error);
                }
                // A family of addresses that this machine does not have.
                Err(error) => last_error = error,
            }
        }
        let address = sockets.first().ok_or(last_error)?.local_addr()?;
        Ok(Self { sockets, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the page for as long as the future lives.
    pub(crate) fn serve(
        self,
        registry: Registry,
        path: &str,
        callbacks: Arc<Callbacks>,
        diagnostics: Diagnostics,
    ) -> impl Future<Output = ()> + use<> {
        let page =
            Arc::new(Page { registry, path: path.to_owned(), callbacks, busy: Arc::new(Semaphore::new(1)) });
        async move {
            // Dropped with this future, which closes the ports.
            let mut servers = JoinSet::new();
            for socket in self.sockets {
                servers.spawn(serve_socket(socket, Arc::clone(&page), diagnostics));
            }
            while servers.join_next().await.is_some() {}
        }
    }
}

async fn serve_socket(socket: TcpListener, page: Arc<Page>, diagnostics: Diagnostics) {
    let limit = RateLimit::default();
    let listener = match tokio::net::TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => return diagnostics.error(format_args!("metrics cannot be served: {error}")),
    };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // Taken before accepting: who comes too much waits in the backlog of the system.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                if limit.is_due() {
                    diagnostics.warn(format_args!("a scrape cannot be accepted: {error}"));
                }
                // Out of file descriptors, most likely; trying at once would only burn time.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let page = Arc::clone(&page);
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let service = service_fn(move |request| Arc::clone(&page).answer(request));
            // An error here is a client that went away or spoke no HTTP.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_LIMIT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(place);
        });
    }
}

struct Page {
    registry: Registry,
    path: String,
    callbacks: Arc<Callbacks>,
    /// Free when no page is being made.
    busy: Arc<Semaphore>,
}

impl Page {
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        if request.uri().path() != self.path {
            return Ok(plain(StatusCode::NOT_FOUND, format!("the metrics are at {}\n", self.path)));
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(response);
        }
        // Collecting waits for callbacks of the program. It gets one thread, since more would take those that look up the
        // names of destinations.
        let Ok(Ok(turn)) = tokio::time::timeout(TURN_LIMIT, Arc::clone(&self.busy).acquire_owned()).await
        else {
            return Ok(unavailable("other scrapes are still waiting for callbacks of instruments"));
        };
        let page = Arc::clone(&self);
        let text = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let families = page.callbacks.collect(CALLBACK_TIMEOUT, || page.registry.gather());
            let mut text = Vec::new();
            TextEncoder::new().encode(&families, &mut text).map(|()| text)
        });
        Ok(match text.await {
            Ok(Ok(text)) => {
                let mut response = Response::new(Full::new(text.into()));
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
            Ok(Err(error)) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        })
    }
}

fn unavailable(why: &str) -> Response<Full<Bytes>> {
    plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"))
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}
