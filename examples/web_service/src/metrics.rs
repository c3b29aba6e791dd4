//! The page of metrics, for Prometheus.

use std::sync::Arc;

use autotelemetry::{ObservabilityTools, prometheus::MetricsPageError};
use axum::{
    Router,
    extract::State,
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
    },
    response::{AppendHeaders, IntoResponse as _, Response},
    routing::get,
};

pub fn router(tools: Arc<ObservabilityTools>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(tools)
}

async fn metrics(State(tools): State<Arc<ObservabilityTools>>, headers: HeaderMap) -> Response {
    let header = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let (accept, accept_encoding) = (header(ACCEPT), header(ACCEPT_ENCODING));
    // The page waits for the callbacks of observable instruments.
    let page = tokio::task::spawn_blocking(move || {
        let page = tools.prometheus_metrics(accept.as_deref())?;
        Ok(page.compress(accept_encoding.as_deref()))
    });
    match page.await {
        Ok(Ok(page)) => {
            let content_type = [(CONTENT_TYPE, page.content_type().to_owned())];
            let encoding = page.content_encoding().map(|encoding| [(CONTENT_ENCODING, encoding.to_owned())]);
            (content_type, encoding.map(AppendHeaders), page.into_body()).into_response()
        }
        Ok(Err(error @ MetricsPageError::NotConfigured)) => {
            (StatusCode::NOT_FOUND, error.to_string()).into_response()
        }
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
