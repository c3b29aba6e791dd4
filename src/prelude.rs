//! Types and traits for manual instrumentation: `use autotelemetry::prelude::*;`

pub use opentelemetry::{
    Context, Key, KeyValue, Value,
    context::FutureExt as _,
    logs::Severity,
    metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter},
    propagation::TextMapPropagator as _,
    trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _},
};
pub use opentelemetry_sdk::trace::SdkTracer;

pub use crate::{ActiveSpan, Logger, ObservabilityTools, TracerExt};
