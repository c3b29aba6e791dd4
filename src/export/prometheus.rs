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
use super::runtime::{OpenPort, run_blocking};
use crate::{
    config::Prometheus,
    diagnostics::{DiagnosticLog, RateLimit},
};

/// The number of concurrent connections. A scrape takes one.
const MAX_CONNECTIONS: usize = 64;

/// The longest time that a scrape waits for another one.
const SCRAPE_WAIT: Duration = Duration::from_secs(10);

/// The longest time that a client may take to send its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds the reader of the metrics and the registry behind its page.
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
    // The exporter does not expose a registry that it creates itself.
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

/// Bound ports that are not served yet.
#[derive(Debug)]
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    address: SocketAddr,
}

impl Listener {
    /// Binds the port on every address of the host. With a name such as `localhost`, another
    /// program could otherwise bind one of them and be scraped instead.
    pub(crate) fn bind(config: &Prometheus) -> std::io::Result<Self> {
        let mut sockets: Vec<TcpListener> = Vec::new();
        let mut last_error = ErrorKind::AddrNotAvailable.into();
        for mut address in (config.host.as_str(), config.port.get()).to_socket_addrs()? {
            // Port 0 takes a free port, which has to be the same on all addresses.
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
                // The machine does not support this address family.
                Err(error) => last_error = error,
            }
        }
        let address = sockets.first().ok_or(last_error)?.local_addr()?;
        Ok(Self { sockets, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the future that serves the page.
    pub(crate) fn serve(
        self,
        registry: Registry,
        path: &str,
        callbacks: Arc<Callbacks>,
        diagnostics: DiagnosticLog,
        open_port: OpenPort,
    ) -> impl Future<Output = ()> + use<> {
        let page = Arc::new(Page {
            registry,
            path: path.to_owned(),
            callbacks,
            scrape: Arc::new(Semaphore::new(1)),
        });
        async move {
            // Dropping the future closes the ports.
            let mut servers = JoinSet::new();
            for socket in self.sockets {
                servers.spawn(serve_socket(socket, Arc::clone(&page), diagnostics, open_port.clone()));
            }
            while servers.join_next().await.is_some() {}
        }
    }
}

/// `_open_port` is dropped after the socket.
async fn serve_socket(
    socket: TcpListener,
    page: Arc<Page>,
    diagnostics: DiagnosticLog,
    _open_port: OpenPort,
) {
    let limit = RateLimit::default();
    let listener = match tokio::net::TcpListener::from_std(socket) {
        Ok(listener) => listener,
        Err(error) => return diagnostics.error(format_args!("cannot serve metrics: {error}")),
    };
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // Acquired before accepting: surplus connections stay in the backlog of the system.
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                if limit.is_due() {
                    diagnostics.warn(format_args!("cannot accept a scrape: {error}"));
                }
                // Most likely out of file descriptors; an immediate retry would spin.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let page = Arc::clone(&page);
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let service = service_fn(move |request| Arc::clone(&page).answer(request));
            // An error means that the client has disconnected or does not speak HTTP.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(permit);
        });
    }
}

struct Page {
    registry: Registry,
    path: String,
    callbacks: Arc<Callbacks>,
    /// Available while no page is being made.
    scrape: Arc<Semaphore>,
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
            let mut response =
                plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are allowed\n".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(response);
        }
        // A collection waits for callbacks of the program. It may block one thread of the runtime;
        // the others look up the names of destinations.
        let scrape = Arc::clone(&self.scrape).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(SCRAPE_WAIT, scrape).await else {
            return Ok(unavailable("other scrapes are still waiting for observable callbacks"));
        };
        let page = Arc::clone(&self);
        let text = run_blocking(move || {
            let _permit = permit;
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

fn unavailable(reason: &str) -> Response<Full<Bytes>> {
    plain(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"))
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}
