//! A destination that keeps what it is sent, over HTTP/1.1 and gRPC alike.

use std::{
    convert::Infallible,
    io::Read as _,
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex},
    time::Instant,
};

use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{HeaderMap, HeaderValue},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span};
use prost::Message;

use super::PATIENCE;

/// One request, its body uncompressed and without the framing of gRPC.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn is(&self, signal: &str) -> bool {
        self.path.to_lowercase().contains(signal)
    }
}

pub struct Sink {
    address: SocketAddr,
    state: Arc<State>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    more: Condvar,
    /// Statuses to answer with before requests are accepted.
    refusals: Mutex<Vec<u16>>,
    /// The body of answers over HTTP, JSON.
    body: Mutex<&'static str>,
}

impl Sink {
    pub fn start() -> Self {
        // It stands for another process, so what its crates say is no business of the subscriber of this one.
        let deaf = || std::mem::forget(tracing::dispatcher::set_default(&tracing::Dispatch::none()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .on_thread_start(deaf)
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, Arc::clone(&state)));
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, state, _runtime: runtime }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests are answered with these statuses.
    pub fn refuse(&self, statuses: &[u16]) {
        self.state.refusals.lock().unwrap().extend(statuses.iter().rev());
    }

    /// Requests over HTTP are answered with this JSON.
    pub fn say(&self, body: &'static str) {
        *self.state.body.lock().unwrap() = body;
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until `enough` is true of what was received.
    pub fn wait(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let deadline = Instant::now() + PATIENCE;
        let mut received = self.state.received.lock().unwrap();
        while !enough(&received) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not received in time; there is {received:#?}");
            received = self.state.more.wait_timeout(received, left).unwrap().0;
        }
        received.clone()
    }

    pub fn spans(&self) -> Vec<Span> {
        self.of("trace")
            .map(|received| ExportTraceServiceRequest::decode(&*received.body).unwrap())
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    /// The log records with their scopes' names.
    pub fn logs(&self) -> Vec<(String, LogRecord)> {
        self.of("logs")
            .map(|received| ExportLogsServiceRequest::decode(&*received.body).unwrap())
            .flat_map(|request| request.resource_logs)
            .flat_map(|resource| resource.scope_logs)
            .flat_map(|scope| {
                let name = scope.scope.unwrap_or_default().name;
                scope.log_records.into_iter().map(move |record| (name.clone(), record))
            })
            .collect()
    }

    pub fn metrics(&self) -> Vec<opentelemetry_proto::tonic::metrics::v1::Metric> {
        self.of("metrics")
            .map(|received| ExportMetricsServiceRequest::decode(&*received.body).unwrap())
            .flat_map(|request| request.resource_metrics)
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .collect()
    }

    fn of(&self, signal: &'static str) -> impl Iterator<Item = Received> {
        self.received().into_iter().filter(move |received| received.is(signal))
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let grpc =
        head.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let mut gzip = head.headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    if grpc {
        gzip = body.first() == Some(&1);
        body.drain(..5.min(body.len()));
    }
    if gzip {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    let refusal = state.refusals.lock().unwrap().pop();
    state.received.lock().unwrap().push(Received {
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: head.headers,
        body,
    });
    state.more.notify_all();
    let mut response = if grpc {
        // An empty message, and a status behind it.
        let trailers =
            HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
        let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async move { Some(Ok(trailers)) });
        let mut response = Response::new(body.boxed());
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        response
    } else {
        let body = *state.body.lock().unwrap();
        let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())).boxed());
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        response
    };
    if let Some(status) = refusal {
        *response.status_mut() = status.try_into().unwrap();
    }
    Ok(response)
}
