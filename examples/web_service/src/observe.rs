//! The telemetry of each request: a span, log records and metrics.

use std::time::Instant;

use autotelemetry::{Propagator, opentelemetry_sdk::trace::SdkTracer, prelude::*};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use opentelemetry_http::HeaderExtractor;

use crate::routes::Failure;

#[derive(Clone)]
pub struct Telemetry {
    logger: Logger,
    tracer: SdkTracer,
    propagator: Propagator,
    requests: Counter<u64>,
    failures: Counter<u64>,
    duration: Histogram<f64>,
}

impl Telemetry {
    pub fn new(tools: &ObservabilityTools) -> Self {
        let meter = tools.meter("web_service");
        Self {
            logger: tools.logger("web_service"),
            tracer: tools.tracer("web_service"),
            propagator: tools.propagator().clone(),
            requests: meter.u64_counter("http.requests").with_unit("1").build(),
            failures: meter.u64_counter("http.failures").with_unit("1").build(),
            duration: meter.f64_histogram("http.duration").with_unit("ms").build(),
        }
    }
}

/// Records the telemetry of a request. Middleware for all routes.
pub async fn observe(
    State(telemetry): State<Telemetry>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let Telemetry { logger, tracer, propagator, requests, failures, duration } = &telemetry;
    let start = Instant::now();
    let method = request.method().to_string();
    let attributes = [
        KeyValue::new("http.method", method.clone()),
        KeyValue::new("http.path", request.uri().path().to_owned()),
        KeyValue::new("http.query_params", request.uri().query().unwrap_or_default().to_owned()),
    ];
    // The caller's span, if any, is the parent.
    let caller = propagator.extract(&HeaderExtractor(request.headers()));
    let span = tracer
        .span_builder("http_request")
        .with_kind(SpanKind::Server)
        .with_attributes(attributes.clone())
        .start_with_context(tracer, &caller);
    let context = caller.with_span(span);

    let answer = async {
        logger.info("request received", &attributes);
        let response = next.run(request).await;
        if let Some(failure) = response.extensions().get::<Failure>() {
            logger.exception("request failed", failure, &attributes);
        }
        response
    };
    let response = answer.with_context(context.clone()).await;

    let span = context.span();
    span.set_attribute(KeyValue::new("http.status_code", i64::from(response.status().as_u16())));
    if let Some(failure) = response.extensions().get::<Failure>() {
        span.record_error(failure);
        span.set_status(Status::error(failure.to_string()));
    } else if response.status().is_success() {
        span.set_status(Status::Ok);
    }
    span.end();

    // The route instead of the path, because clients can send any number of paths.
    let path = route.map_or_else(|| "unknown".to_owned(), |route| route.as_str().to_owned());
    let labels = [KeyValue::new("path", path), KeyValue::new("method", method)];
    requests.add(1, &labels);
    // Zero for a success, so that each series begins before its first failure.
    failures.add(response.status().is_server_error().into(), &labels);
    duration.record(start.elapsed().as_secs_f64() * 1e3, &labels);
    response
}
