//! The HTTP server of the page.

use std::{convert::Infallible, future::Future, net::TcpListener, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, VARY},
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioTimer;
use tokio::{net::TcpStream, task::JoinSet, time::Instant};

use super::{
    accept::header_texts,
    body::PartsBody,
    client_stream::ClientStream,
    connections::{Connection, Connections},
    content_encoding::accepts_gzip,
    listener::Listener,
    negotiation::negotiate,
    page_format::PageKind,
    scrape_error::ScrapeError,
    scraper::Scraper,
};
use crate::{
    config::UrlPath,
    diagnostics::{DiagnosticLog, RateLimit},
    export::runtime::OpenPort,
};

/// The longest time that a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The size of the head of a request, and of the part of a response that is copied before it is
/// sent.
const MAX_HEAD: usize = 16 * 1024;

/// The number of headers of a request.
const MAX_HEADERS: usize = 100;

/// The page and its path. A reload may replace them.
#[derive(Debug)]
pub(crate) struct ServedPage {
    pub(crate) scraper: Arc<Scraper>,
    pub(crate) path: UrlPath,
}

/// The state that all connections share.
#[derive(Debug)]
struct Server {
    page: Arc<ArcSwap<ServedPage>>,
    connections: Arc<Connections>,
    diagnostics: DiagnosticLog,
}

impl Listener {
    /// Returns the future that serves the page.
    pub(crate) fn serve(
        self,
        page: Arc<ArcSwap<ServedPage>>,
        diagnostics: DiagnosticLog,
        open_port: OpenPort,
    ) -> impl Future<Output = ()> + use<> {
        let server = Arc::new(Server { page, connections: Arc::default(), diagnostics });
        async move {
            // Dropping the future closes the ports.
            let mut sockets = JoinSet::new();
            for socket in self.sockets {
                sockets.spawn(Arc::clone(&server).listen(socket, open_port.clone()));
            }
            while sockets.join_next().await.is_some() {}
        }
    }
}

impl Server {
    /// `_open_port` is dropped after the socket.
    async fn listen(self: Arc<Self>, socket: TcpListener, _open_port: OpenPort) {
        let limit = RateLimit::default();
        let listener = match tokio::net::TcpListener::from_std(socket) {
            Ok(listener) => listener,
            Err(error) => return self.diagnostics.error(format_args!("cannot serve metrics: {error}")),
        };
        let mut connections = JoinSet::new();
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if limit.is_due() {
                        self.diagnostics.warn(format_args!("cannot accept a scrape: {error}"));
                    }
                    // Most likely out of file descriptors; an immediate retry would spin.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
            let connection = Arc::new(self.connections.open().await);
            connections.spawn(Arc::clone(&self).serve(stream, connection));
            // The connection reads its request before another one may replace it.
            tokio::task::yield_now().await;
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, connection: Arc<Connection>) {
        let for_requests = Arc::clone(&connection);
        let service = service_fn(move |request| Arc::clone(&self).answer(request, Arc::clone(&for_requests)));
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_HEADERS)
            .serve_connection(ClientStream::new(stream, Arc::clone(&connection)), service);
        tokio::select! {
            // An error means that the client has disconnected or does not speak HTTP.
            _ = served => {}
            () = connection.must_close() => {}
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        connection: Arc<Connection>,
    ) -> Result<Response<PartsBody>, Infallible> {
        let answered_at = connection.begin_request();
        // The timer would sleep for up to a millisecond even if the time has come.
        if answered_at > Instant::now() {
            tokio::time::sleep_until(answered_at).await;
        }
        connection.begin_answer();
        let response = self.response(&request, &connection).await;
        Ok(response.map(|body| body.with_guard(connection.begin_response())))
    }

    async fn response(
        &self,
        request: &Request<Incoming>,
        connection: &Arc<Connection>,
    ) -> Response<PartsBody> {
        let ServedPage { scraper, path } = &*self.page.load_full();
        if !path.matches(request.uri().path()) {
            return plain(StatusCode::NOT_FOUND, format!("the metrics are at {path}\n"));
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response =
                plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are allowed\n".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let format = negotiate(header_texts(request.headers(), ACCEPT));
        let is_gzip = accepts_gzip(header_texts(request.headers(), ACCEPT_ENCODING));
        let page = match scraper.scrape(PageKind { format, is_gzip }, &self.connections).await {
            Ok(page) => page,
            Err(error @ (ScrapeError::Busy | ScrapeError::Full)) => {
                return plain(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n"));
            }
            Err(error @ ScrapeError::Failed(_)) => {
                return plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"));
            }
        };
        connection.hold(page.room);
        let body = if request.version() < Version::HTTP_11 {
            // Without a length, the end of the connection would end the body. An early end would
            // look like a complete page.
            match page.body.complete().await {
                Ok(body) => body,
                Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            }
        } else {
            page.body
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        if let Ok(content_type) = HeaderValue::try_from(format.content_type()) {
            headers.insert(CONTENT_TYPE, content_type);
        }
        headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        if is_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

fn plain(status: StatusCode, text: String) -> Response<PartsBody> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
}
