//! Random items.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    Array, InstrumentationScope, Key, KeyValue, SpanId, TraceFlags, Value,
    logs::{AnyValue, LogRecord as _, Severity},
    metrics::{Meter, MeterProvider as _},
    trace::{Event, Link, SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::{
    logs::SdkLogRecord,
    metrics::{
        Aggregation, ManualReader, SdkMeterProvider, Stream, Temporality, data::ResourceMetrics,
        reader::MetricReader as _,
    },
    trace::{SpanData, SpanEvents, SpanLinks},
};
use test_support::random::Random;

use crate::export::shared_reader::SharedReader;

#[derive(Debug)]
pub(super) struct Samples(Random);

/// Collects the metrics of a reader.
pub(super) fn collect(reader: &ManualReader) -> ResourceMetrics {
    let mut metrics = ResourceMetrics::default();
    reader.collect(&mut metrics).unwrap();
    metrics
}

const TEXTS: [&str; 9] = [
    "",
    "a",
    "http.request.method",
    "ä€𝄞",
    "\"quoted\"\\",
    "line\nbreak\t",
    "\u{0}\u{7f}\u{9b}",
    "x",
    "GET /cart",
];

const SEVERITIES: [Severity; 4] = [Severity::Trace, Severity::Info, Severity::Warn3, Severity::Fatal4];

impl Samples {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.below(end)
    }

    fn bool(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(super) fn choose<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// Returns a text whose length needs one to three bytes.
    pub(super) fn text(&mut self) -> String {
        let text = *self.choose(&TEXTS);
        let repeats = if self.0.one_in(200) { 4_000 } else { *self.choose(&[1, 1, 1, 1, 2, 20]) };
        text.repeat(repeats)
    }

    fn u64(&mut self) -> u64 {
        let number = self.0.number();
        number >> self.below(64)
    }

    fn i64(&mut self) -> i64 {
        let number = self.u64().cast_signed();
        if self.bool() { number } else { number.wrapping_neg() }
    }

    /// Returns a finite number: the reader of the JSON knows no other.
    fn f64(&mut self) -> f64 {
        let number = f64::from_bits(self.0.number());
        if number.is_finite() { number } else { -0.0 }
    }

    fn time(&mut self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.u64().max(1))
    }

    fn list<T>(&mut self, sample: impl Fn(&mut Self) -> T) -> Vec<T> {
        let len = *self.choose(&[0, 0, 1, 2, 3, 40]);
        (0..len).map(|_| sample(self)).collect()
    }

    fn value(&mut self) -> Value {
        match self.below(9) {
            0 => Value::Bool(self.bool()),
            1 => Value::I64(self.i64()),
            2 => Value::F64(self.f64()),
            3 => Value::Array(Array::Bool(self.list(Self::bool))),
            4 => Value::Array(Array::I64(self.list(Self::i64))),
            5 => Value::Array(Array::F64(self.list(Self::f64))),
            6 => Value::Array(Array::String(self.list(|samples| samples.text().into()))),
            _ => Value::String(self.text().into()),
        }
    }

    fn any_value(&mut self, depth: usize) -> AnyValue {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => AnyValue::Boolean(self.bool()),
            1 => AnyValue::Int(self.i64()),
            2 => AnyValue::Double(self.f64()),
            3 => AnyValue::Bytes(Box::new(self.text().into_bytes())),
            5 => AnyValue::ListAny(Box::new(self.list(|samples| samples.any_value(depth - 1)))),
            6 => {
                // One entry, because the entries of a map have no order.
                let entry = (Key::from(self.text()), self.any_value(depth - 1));
                AnyValue::Map(Box::new(HashMap::from([entry])))
            }
            _ => AnyValue::String(self.text().into()),
        }
    }

    pub(super) fn attributes(&mut self) -> Vec<KeyValue> {
        self.list(|samples| KeyValue::new(samples.text(), samples.value()))
    }

    pub(super) fn scope(&mut self) -> InstrumentationScope {
        let builder = InstrumentationScope::builder(self.text()).with_attributes(self.attributes());
        // A version of no characters is encoded as no version, and the SDK tells them apart.
        let builder = if self.bool() { builder } else { builder.with_version(self.text() + "1") };
        if self.bool() { builder.build() } else { builder.with_schema_url(self.text() + "1").build() }
    }

    fn context(&mut self) -> SpanContext {
        let state = TraceState::from_key_value(vec![("vendor", "value"), ("other", "1")]).unwrap();
        let state = if self.bool() { state } else { TraceState::NONE };
        let flags = TraceFlags::new(*self.choose(&[0, 1, 2, 3]));
        let trace_id = (u128::from(self.0.number()) << 64 | u128::from(self.u64())).into();
        SpanContext::new(trace_id, self.u64().into(), flags, self.bool(), state)
    }

    fn count(&mut self) -> u32 {
        *self.choose(&[0, 0, 1, 127, 128, u32::MAX])
    }

    pub(super) fn span(&mut self, scopes: &[InstrumentationScope]) -> SpanData {
        let mut events = SpanEvents::default();
        events.events = self.list(|samples| {
            let (name, time, dropped) = (samples.text(), samples.time(), samples.count());
            Event::new(name, time, samples.attributes(), dropped)
        });
        events.dropped_count = self.count();
        let mut links = SpanLinks::default();
        links.links = self.list(|samples| {
            let (context, dropped) = (samples.context(), samples.count());
            Link::new(context, samples.attributes(), dropped)
        });
        links.dropped_count = self.count();
        let status = match self.below(3) {
            0 => Status::Unset,
            1 => Status::Ok,
            _ => Status::error(self.text()),
        };
        let kinds =
            [SpanKind::Client, SpanKind::Server, SpanKind::Internal, SpanKind::Producer, SpanKind::Consumer];
        SpanData {
            span_context: self.context(),
            parent_span_id: if self.bool() { SpanId::INVALID } else { self.u64().into() },
            parent_span_is_remote: self.bool(),
            span_kind: self.choose(&kinds).clone(),
            name: Cow::Owned(self.text()),
            start_time: self.time(),
            end_time: self.time(),
            attributes: self.attributes(),
            dropped_attributes_count: self.count(),
            events,
            links,
            status,
            instrumentation_scope: self.choose(scopes).clone(),
        }
    }

    pub(super) fn fill(&mut self, record: &mut SdkLogRecord) {
        record.set_observed_timestamp(self.time());
        if self.bool() {
            record.set_timestamp(self.time());
        }
        if self.bool() {
            record.set_target(*self.choose(&["shop", "shop::cart", ""]));
        }
        if self.bool() {
            record.set_severity_number(*self.choose(&SEVERITIES));
            record.set_severity_text("INFO");
        }
        if self.bool() {
            record.set_event_name("device.app.lifecycle");
        }
        if self.bool() {
            record.set_body(self.any_value(3));
        }
        if self.bool() {
            let context = self.context();
            let flags = if self.bool() { Some(context.trace_flags()) } else { None };
            record.set_trace_context(context.trace_id(), context.span_id(), flags);
        }
        record.add_attributes(self.list(|samples| (Key::from(samples.text()), samples.any_value(3))));
    }

    /// Returns the metrics of random measurements with instruments of all kinds.
    pub(super) fn metrics(&mut self) -> ResourceMetrics {
        let temporality = *self.choose(&[Temporality::Cumulative, Temporality::Delta]);
        let reader = Arc::new(ManualReader::builder().with_temporality(temporality).build());
        let provider = SdkMeterProvider::builder()
            .with_reader(SharedReader(Arc::clone(&reader) as _))
            .with_view(|instrument| {
                let aggregation = Aggregation::Base2ExponentialHistogram {
                    max_size: 160,
                    max_scale: 20,
                    record_min_max: true,
                };
                (instrument.name() == "exponential")
                    .then(|| Stream::builder().with_aggregation(aggregation).build().unwrap())
            })
            .build();
        for _ in 0..2 {
            let meter = provider.meter_with_scope(self.scope());
            self.measure(&meter);
        }
        collect(&reader)
    }

    fn measure(&mut self, meter: &Meter) {
        let counter = meter.u64_counter("counter").with_unit("1").with_description(self.text()).build();
        let float_counter = meter.f64_counter("float_counter").build();
        let up_down = meter.i64_up_down_counter("up_down").build();
        let gauge = meter.i64_gauge("gauge").build();
        let float_gauge = meter.f64_gauge("float_gauge").with_unit("By").build();
        let histogram = meter.f64_histogram("histogram").build();
        let integers = meter.u64_histogram("integers").with_boundaries(vec![]).build();
        let exponential = meter.f64_histogram("exponential").build();
        for _ in 0..*self.choose(&[1, 5, 40]) {
            let attributes = self.attributes();
            counter.add(self.u64() >> 20, &attributes);
            float_counter.add(self.f64().abs() / 1e10, &attributes);
            up_down.add(self.i64() >> 20, &attributes);
            gauge.record(self.i64(), &attributes);
            float_gauge.record(self.f64(), &attributes);
            histogram.record(*self.choose(&[0.0, 1.0, 17.5, 1e9]), &attributes);
            integers.record(self.u64() >> 20, &attributes);
            exponential.record(*self.choose(&[0.0, 1e-9, 3.0, -8.0, 1e12]), &attributes);
        }
    }
}
