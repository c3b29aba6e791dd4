//! Calls to another service, with the trace context in their headers.

use std::time::Duration;

use autotelemetry::{Propagator, opentelemetry_sdk::trace::SdkTracer, prelude::*};
use axum::http::HeaderMap;
use opentelemetry_http::HeaderInjector;
use serde_json::Value;

#[derive(Clone)]
pub struct Upstream {
    client: reqwest::Client,
    url: String,
    tracer: SdkTracer,
    propagator: Propagator,
}

impl Upstream {
    pub fn new(tools: &ObservabilityTools, url: String) -> reqwest::Result<Self> {
        Ok(Self {
            client: reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?,
            url,
            tracer: tools.tracer("web_service"),
            propagator: tools.propagator().clone(),
        })
    }

    pub async fn data(&self, query: &str) -> reqwest::Result<Value> {
        let span = self.tracer.span_builder("call_upstream").with_kind(SpanKind::Client).start(&self.tracer);
        let context = Context::current_with_span(span);
        let mut headers = HeaderMap::new();
        self.propagator.inject_context(&context, &mut HeaderInjector(&mut headers));

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
