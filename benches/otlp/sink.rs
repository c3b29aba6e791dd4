//! An OTLP receiver in a process of its own, so that its work is not measured.

use std::{
    convert::Infallible,
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message as _;

/// The first argument of the process.
pub const ARGUMENT: &str = "--sink";

/// A running receiver. It ends with the benchmark.
pub struct Sink {
    pub address: SocketAddr,
    process: Child,
    _stdin: ChildStdin,
}

impl Sink {
    /// Starts a receiver that answers after `delay`.
    pub fn start(delay: Duration) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([ARGUMENT, &delay.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), process, _stdin: stdin }
    }

    /// Returns the number of received items.
    pub fn items(&self) -> u64 {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(b"GET /items HTTP/1.1\r\nhost: sink\r\nconnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.rsplit("\r\n").next().unwrap().parse().unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the receiver in this process, until the benchmark ends.
pub fn run(delay: &str) {
    let delay = Duration::from_millis(delay.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let items = Arc::new(AtomicU64::new(0));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let items = Arc::clone(&items);
            tokio::spawn(async move {
                let service = service_fn(move |request| respond(request, Arc::clone(&items), delay));
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

async fn respond(
    request: Request<Incoming>,
    items: Arc<AtomicU64>,
    delay: Duration,
) -> Result<Response<Body>, hyper::Error> {
    let (head, body) = request.into_parts();
    if head.method == hyper::Method::GET {
        let count = items.load(Ordering::Relaxed).to_string();
        return Ok(Response::new(Full::new(count.into()).boxed()));
    }
    let is_grpc = head.headers.get("content-type").is_some_and(|value| value == "application/grpc");
    let is_json = head.headers.get("content-type").is_some_and(|value| value == "application/json");
    let body = body.collect().await?.to_bytes();
    let is_gzip = ["content-encoding", "grpc-encoding"].iter().any(|name| head.headers.contains_key(*name));
    let mut message = if is_grpc { body[5..].to_vec() } else { body.to_vec() };
    if is_gzip {
        let compressed = std::mem::take(&mut message);
        GzDecoder::new(&*compressed).read_to_end(&mut message).unwrap();
    }
    let path = head.uri.path();
    items.fetch_add(count(&message, path.contains("race"), is_json), Ordering::Relaxed);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if !is_grpc {
        return Ok(Response::new(Full::default().boxed()));
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async move { Some(Ok(trailers)) });
    Ok(Response::builder().header("content-type", "application/grpc").body(body.boxed()).unwrap())
}

/// Returns the number of spans or log records in a message.
fn count(message: &[u8], is_traces: bool, is_json: bool) -> u64 {
    let items: usize = if is_json {
        // Each item has this member once.
        let name = if is_traces { "\"endTimeUnixNano\"" } else { "\"observedTimeUnixNano\"" };
        std::str::from_utf8(message).unwrap().matches(name).count()
    } else if is_traces {
        let request = ExportTraceServiceRequest::decode(message).unwrap();
        request.resource_spans.iter().flat_map(|it| &it.scope_spans).map(|scope| scope.spans.len()).sum()
    } else {
        let request = ExportLogsServiceRequest::decode(message).unwrap();
        request.resource_logs.iter().flat_map(|it| &it.scope_logs).map(|scope| scope.log_records.len()).sum()
    };
    items as u64
}
