//! An OTLP destination that keeps what it receives, over HTTP/1.1 and gRPC.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io::Read as _,
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use base64::Engine as _;
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
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use prost::Message;

use crate::TIMEOUT;

/// A request. Its body is uncompressed and has no gRPC framing.
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

    fn has_signal(&self, signal: &str) -> bool {
        self.path.to_lowercase().contains(signal)
    }
}

pub struct MockCollector {
    address: SocketAddr,
    state: Arc<State>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    more: Condvar,
    /// The replies to the next requests.
    replies: Mutex<VecDeque<Reply>>,
    /// The reply to all later requests; none is success.
    always: Mutex<Option<Reply>>,
    /// The time before each reply.
    delay: Mutex<Duration>,
    /// The JSON body of replies over HTTP.
    body: Mutex<&'static str>,
    /// Counts items instead of keeping requests in `received`.
    occurrences: Option<Mutex<Occurrences>>,
}

/// A reply other than plain success.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An HTTP status, with headers.
    Http(u16, &'static [(&'static str, &'static str)]),
    /// A gRPC status: its code, message and details.
    Grpc(u16, &'static str, Vec<u8>),
    /// Success with this message, encoded as Protocol Buffers.
    Accepted(Vec<u8>),
}

/// How often each numbered item arrived. The attribute `n` of a span or log record holds its
/// number.
#[derive(Debug, Clone, Default)]
pub struct Occurrences {
    pub spans: Vec<u8>,
    pub logs: Vec<u8>,
}

impl Occurrences {
    /// Returns how many different items arrived, and how many arrivals were repetitions.
    pub fn distinct_and_repeated(counts: &[u8]) -> (u64, u64) {
        let distinct = counts.iter().filter(|count| **count > 0).count() as u64;
        let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        (distinct, all - distinct)
    }

    fn record(counts: &mut Vec<u8>, attributes: &[KeyValue]) {
        let number = attributes.iter().find(|attribute| attribute.key == "n").and_then(|attribute| {
            match attribute.value.as_ref()?.value.as_ref()? {
                any_value::Value::IntValue(number) => usize::try_from(*number).ok(),
                _ => None,
            }
        });
        let number = number.expect("each item has a number");
        if counts.len() <= number {
            counts.resize(number + 1, 0);
        }
        counts[number] = counts[number].saturating_add(1);
    }

    fn add(&mut self, path: &str, body: &[u8]) {
        if path.to_lowercase().contains("trace") {
            for span in spans_of(body) {
                Self::record(&mut self.spans, &span.attributes);
            }
        } else if path.to_lowercase().contains("logs") {
            for (_, record) in logs_of(body) {
                Self::record(&mut self.logs, &record.attributes);
            }
        }
    }
}

fn spans_of(body: &[u8]) -> impl Iterator<Item = Span> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans)
}

fn logs_of(body: &[u8]) -> impl Iterator<Item = (String, LogRecord)> {
    let request = ExportLogsServiceRequest::decode(body).unwrap();
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    scopes.flat_map(|scope| {
        let name = scope.scope.unwrap_or_default().name;
        scope.log_records.into_iter().map(move |record| (name.clone(), record))
    })
}

impl MockCollector {
    /// Starts a mock collector that keeps each request.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts a mock collector that counts numbered items and keeps no request.
    pub fn start_counting() -> Self {
        Self::start_with(Some(Mutex::default()))
    }

    fn start_with(occurrences: Option<Mutex<Occurrences>>) -> Self {
        // It represents another process, so the subscriber of this process must not see its events.
        let detach = || std::mem::forget(tracing::dispatcher::set_default(&tracing::Dispatch::none()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .on_thread_start(detach)
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { occurrences, ..State::default() });
        let shared = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| respond(request, Arc::clone(&state)));
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

    /// Replies to the next requests with these HTTP statuses.
    pub fn fail_next(&self, statuses: &[u16]) {
        self.reply_next(statuses.iter().map(|status| Reply::Http(*status, &[])));
    }

    /// Sets the replies to the next requests.
    pub fn reply_next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.replies.lock().unwrap().extend(replies);
    }

    /// Sets the reply to all requests from now on; none is success.
    pub fn reply_always(&self, reply: Option<Reply>) {
        *self.state.always.lock().unwrap() = reply;
    }

    /// Sets the time before each reply.
    pub fn set_delay(&self, delay: Duration) {
        *self.state.delay.lock().unwrap() = delay;
    }

    /// Returns how often each item has arrived so far.
    pub fn occurrences(&self) -> Occurrences {
        self.state.occurrences.as_ref().unwrap().lock().unwrap().clone()
    }

    /// Sets the JSON body of replies over HTTP.
    pub fn set_body(&self, body: &'static str) {
        *self.state.body.lock().unwrap() = body;
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until the requests satisfy `enough`, and returns them.
    pub fn wait(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let deadline = Instant::now() + TIMEOUT;
        let mut received = self.state.received.lock().unwrap();
        while !enough(&received) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not received in time, only {received:#?}");
            received = self.state.more.wait_timeout(received, left).unwrap().0;
        }
        received.clone()
    }

    pub fn spans(&self) -> Vec<Span> {
        self.of("trace").flat_map(|received| spans_of(&received.body).collect::<Vec<_>>()).collect()
    }

    /// Returns the log records, each with the name of its scope.
    pub fn logs(&self) -> Vec<(String, LogRecord)> {
        self.of("logs").flat_map(|received| logs_of(&received.body).collect::<Vec<_>>()).collect()
    }

    pub fn metrics(&self) -> Vec<opentelemetry_proto::tonic::metrics::v1::Metric> {
        self.of("metrics")
            .map(|received| ExportMetricsServiceRequest::decode(&*received.body).unwrap())
            .flat_map(|request| request.resource_metrics)
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .collect()
    }

    /// Returns the resource of each request for spans.
    pub fn resources(&self) -> Vec<opentelemetry_proto::tonic::resource::v1::Resource> {
        self.of("trace")
            .map(|received| ExportTraceServiceRequest::decode(&*received.body).unwrap())
            .flat_map(|request| request.resource_spans)
            .map(|resource| resource.resource.unwrap())
            .collect()
    }

    fn of(&self, signal: &'static str) -> impl Iterator<Item = Received> {
        self.received().into_iter().filter(move |received| received.has_signal(signal))
    }
}

async fn respond(
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
    let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    if let Some(occurrences) = &state.occurrences {
        occurrences.lock().unwrap().add(&path, &body);
    } else {
        state.received.lock().unwrap().push(Received { path, headers: head.headers, body });
    }
    let reply = state.replies.lock().unwrap().pop_front().or_else(|| state.always.lock().unwrap().clone());
    state.more.notify_all();
    let delay = *state.delay.lock().unwrap();
    tokio::time::sleep(delay).await;
    let mut message = Vec::new();
    let (mut http, mut headers) = (200, &[][..]);
    let mut status = (0, "", Vec::new());
    match reply {
        Some(Reply::Http(status, more)) => (http, headers) = (status, more),
        Some(Reply::Grpc(code, message, details)) => status = (code, message, details),
        Some(Reply::Accepted(bytes)) => message = bytes,
        None => {}
    }
    let mut response = if grpc {
        let (code, text, details) = status;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", code.into());
        if !text.is_empty() {
            trailers.insert("grpc-message", HeaderValue::from_static(text));
        }
        if !details.is_empty() {
            let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(details);
            trailers.insert("grpc-status-details-bin", details.parse().unwrap());
        }
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let framed = [&[0], &length[..], &message].concat();
        let body = Full::new(Bytes::from(framed)).with_trailers(async move { Some(Ok(trailers)) });
        let mut response = Response::new(body.boxed());
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        response
    } else if message.is_empty() {
        let body = *state.body.lock().unwrap();
        let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())).boxed());
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        response
    } else {
        let mut response = Response::new(Full::new(Bytes::from(message)).boxed());
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/x-protobuf"));
        response
    };
    *response.status_mut() = http.try_into().unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    Ok(response)
}
