//! The Prometheus exporter and its server.
//!
//! - Keys: `[prometheus]`
//! - Signals: metrics
//! - Feature: `prometheus`

use std::{
    collections::HashSet,
    convert::Infallible,
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
use tokio::sync::Semaphore;

use crate::{build::runtime::Spawner, config::Prometheus, diagnostics::RateLimit};

/// A scrape takes one connection; more than this at once are not scrapes.
const MAX_CONNECTIONS: usize = 64;

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

/// A port that is taken, and not yet served.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes the port.
    pub(crate) fn bind(config: &Prometheus) -> std::io::Result<Self> {
        let addresses: Vec<_> = (config.host.as_str(), config.port.number()).to_socket_addrs()?.collect();
        let socket = TcpListener::bind(addresses.as_slice())?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the page until the runtime stops.
    pub(crate) fn serve(self, registry: Registry, path: &str, spawner: &Spawner) {
        let page = Arc::new(Page { registry, path: path.to_owned() });
        let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let limit = RateLimit::default();
        spawner.spawn(async move {
            let listener = match tokio::net::TcpListener::from_std(self.socket) {
                Ok(listener) => listener,
                Err(error) => return limit.line(format_args!("metrics cannot be served: {error}")),
            };
            loop {
                // Taken before accepting: who comes too much waits in the backlog of the system.
                let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
                let stream = match listener.accept().await {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        limit.line(format_args!("a scrape cannot be accepted: {error}"));
                        // Out of file descriptors, most likely; trying at once would only burn time.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                };
                let page = Arc::clone(&page);
                tokio::spawn(async move {
                    let service = service_fn(move |request| Arc::clone(&page).answer(request));
                    // An error here is a client that went away or spoke no HTTP.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEADER_LIMIT)
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                    drop(permit);
                });
            }
        });
    }
}

struct Page {
    registry: Registry,
    path: String,
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
        // Collecting runs callbacks of the program, which must not hold up the export of other signals.
        let page = tokio::task::spawn_blocking(move || {
            let encoder = TextEncoder::new();
            let mut text = Vec::new();
            encoder.encode(&self.registry.gather(), &mut text).map(|()| text)
        });
        Ok(match page.await {
            Ok(Ok(text)) => {
                let mut response = Response::new(Full::new(text.into()));
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
            Ok(Err(error)) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            Err(_) => {
                plain(StatusCode::INTERNAL_SERVER_ERROR, "a callback of an instrument panicked\n".to_owned())
            }
        })
    }
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}
