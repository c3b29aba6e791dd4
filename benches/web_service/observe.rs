//! The middleware of the web service, wired by hand. The example has the same with autotelemetry.

use std::{error::Error, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use opentelemetry::{
    KeyValue,
    context::FutureExt as _,
    global,
    metrics::{Counter, Histogram, MeterProvider as _},
    trace::{SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::{
    metrics::SdkMeterProvider,
    trace::{SdkTracer, SdkTracerProvider},
};

use crate::routes::Failure;

#[derive(Clone)]
pub struct Telemetry {
    tracer: SdkTracer,
    requests: Counter<u64>,
    failures: Counter<u64>,
    duration: Histogram<f64>,
}

impl Telemetry {
    pub fn new(tracers: &SdkTracerProvider, meters: &SdkMeterProvider) -> Self {
        let meter = meters.meter("web_service");
        Self {
            tracer: tracers.tracer("web_service"),
            requests: meter.u64_counter("http.requests").with_unit("1").build(),
            failures: meter.u64_counter("http.failures").with_unit("1").build(),
            duration: meter.f64_histogram("http.duration").with_unit("ms").build(),
        }
    }
}

pub async fn observe(
    State(telemetry): State<Telemetry>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let Telemetry { tracer, requests, failures, duration } = &telemetry;
    let start = Instant::now();
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let attributes = [
        KeyValue::new("http.method", method.clone()),
        KeyValue::new("http.path", path.clone()),
        KeyValue::new("http.query_params", query.clone()),
    ];
    let caller =
        global::get_text_map_propagator(|propagator| propagator.extract(&HeaderExtractor(request.headers())));
    let span = tracer
        .span_builder("http_request")
        .with_kind(SpanKind::Server)
        .with_attributes(attributes)
        .start_with_context(tracer, &caller);
    let context = caller.with_span(span);

    let answer = async {
        tracing::info!(http.method = method, http.path = path, http.query_params = query, "request received");
        let response = next.run(request).await;
        if let Some(failure) = response.extensions().get::<Failure>() {
            tracing::error!(
                http.method = method,
                http.path = path,
                http.query_params = query,
                error = failure as &dyn Error,
                "request failed"
            );
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

    let path = route.map_or_else(|| "unknown".to_owned(), |route| route.as_str().to_owned());
    let labels = [KeyValue::new("path", path), KeyValue::new("method", method)];
    requests.add(1, &labels);
    failures.add(response.status().is_server_error().into(), &labels);
    duration.record(start.elapsed().as_secs_f64() * 1e3, &labels);
    response
}
