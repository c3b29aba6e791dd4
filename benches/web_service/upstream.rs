//! Calls to another service, by hand. No request of the benchmark comes here; the routes are those of the example.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::{
    Context,
    context::FutureExt as _,
    global,
    trace::{SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use serde_json::Value;

#[derive(Clone)]
pub struct Upstream {
    client: reqwest::Client,
    url: String,
    tracer: SdkTracer,
}

impl Upstream {
    pub fn new(tracers: &SdkTracerProvider, url: String) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { client, url, tracer: tracers.tracer("web_service") })
    }

    pub async fn data(&self, query: &str) -> reqwest::Result<Value> {
        let span = self.tracer.span_builder("call_upstream").with_kind(SpanKind::Client).start(&self.tracer);
        let context = Context::current_with_span(span);
        let mut headers = HeaderMap::new();
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut HeaderInjector(&mut headers));
        });
        let url = format!("{}/api/data?{query}", self.url);
        let answer =
            async { self.client.get(url).headers(headers).send().await?.error_for_status()?.json().await };
        let data = answer.with_context(context.clone()).await;
        if let Err(error) = &data {
            context.span().record_error(error);
            context.span().set_status(Status::error(error.to_string()));
        }
        context.span().end();
        data
    }
}
