//! Wraps the meters of the SDK to isolate the callbacks of observable instruments.

use std::sync::{Arc, Weak};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{
        self, AsyncInstrument, AsyncInstrumentBuilder, Callback, Counter, Gauge, Histogram, HistogramBuilder,
        InstrumentBuilder, InstrumentProvider, Meter, ObservableCounter, ObservableGauge,
        ObservableUpDownCounter, SyncInstrument, UpDownCounter,
    },
};
use opentelemetry_sdk::{error::OTelSdkResult, metrics::SdkMeterProvider};

use super::instrument_check::InstrumentCheck;
use crate::export::{
    callbacks::{CallbackCache, Callbacks, ObservableCallback},
    unique_keys::{unique_scope, with_unique},
};

/// A meter provider of the OpenTelemetry SDK that isolates the callbacks of observable instruments.
///
/// A panicking callback is reported on stderr; only its instrument is skipped. It is called again
/// at the next collection. A callback that hangs is skipped after a timeout, and is not called
/// again until it has returned. Callbacks may create instruments, log, and start spans.
///
/// An instrument with an invalid name, unit or boundaries is reported on stderr once. Its
/// measurements are ignored.
///
/// [`ObservabilityTools::meter_provider`](crate::ObservabilityTools::meter_provider) returns it. It
/// can be cloned and used like any other [`opentelemetry::metrics::MeterProvider`].
#[derive(Debug, Clone)]
pub struct MeterProvider {
    sdk: SdkMeterProvider,
    callbacks: Arc<Callbacks>,
    check: Option<Arc<InstrumentCheck>>,
    is_delta: bool,
}

impl MeterProvider {
    /// `is_delta`: the SDK reports the differences of counters.
    pub(super) fn new(
        sdk: SdkMeterProvider,
        callbacks: Arc<Callbacks>,
        check: Option<Arc<InstrumentCheck>>,
        is_delta: bool,
    ) -> Self {
        Self { sdk, callbacks, check, is_delta }
    }

    /// Ends collections. Metrics that were not pushed before are lost.
    pub(crate) fn shutdown(&self) -> OTelSdkResult {
        self.sdk.shutdown()
    }
}

impl metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        let scope = unique_scope(&scope).unwrap_or(scope);
        let meter = self.sdk.meter_with_scope(scope);
        Meter::new(Arc::new(IsolatingProvider {
            meter,
            callbacks: Arc::clone(&self.callbacks),
            check: self.check.clone(),
            is_delta: self.is_delta,
        }))
    }
}

/// Creates the instruments of a meter.
struct IsolatingProvider {
    meter: Meter,
    callbacks: Arc<Callbacks>,
    check: Option<Arc<InstrumentCheck>>,
    is_delta: bool,
}

impl IsolatingProvider {
    /// Returns the provider of the SDK, which a meter exposes only through its builders.
    fn sdk(&self) -> &dyn InstrumentProvider {
        self.meter.u64_counter("").instrument_provider
    }

    /// Returns whether the SDK accepts an instrument, and reports it otherwise.
    fn accepts(&self, name: &str, unit: Option<&str>, boundaries: Option<&[f64]>) -> bool {
        self.check.as_ref().is_none_or(|check| check.accepts(name, unit, boundaries))
    }

    /// Creates a histogram that records floats.
    fn histogram<T>(
        &self,
        builder: HistogramBuilder<'_, Histogram<T>>,
        to_float: impl Fn(T) -> f64 + Send + Sync + 'static,
    ) -> Histogram<T> {
        if !self.accepts(&builder.name, builder.unit.as_deref(), builder.boundaries.as_deref()) {
            return Histogram::new(Arc::new(Ignored));
        }
        let mut floats = self.meter.f64_histogram(builder.name);
        (floats.description, floats.unit, floats.boundaries) =
            (builder.description, builder.unit, builder.boundaries);
        let sdk = self.sdk().f64_histogram(floats);
        Histogram::new(Arc::new(UniqueKeys(move |number: T, attributes: &[KeyValue]| {
            sdk.record(to_float(number), attributes);
        })))
    }

    /// Creates an instrument whose callbacks emit what those of the program have observed before.
    fn observable<'b, I, M: Copy + PartialOrd + Send + 'static>(
        &self,
        mut builder: AsyncInstrumentBuilder<'b, I, M>,
        is_delta: bool,
        create: impl FnOnce(AsyncInstrumentBuilder<'b, I, M>) -> I,
    ) -> I {
        let mut caches: Vec<Weak<dyn ObservableCallback>> = Vec::new();
        for callback in std::mem::take(&mut builder.callbacks) {
            let cache = Arc::new(CallbackCache::new(builder.name.clone(), callback, is_delta));
            let weak: Weak<CallbackCache<M>> = Arc::downgrade(&cache);
            caches.push(weak);
            let emit_cached: Callback<M> =
                Box::new(move |instrument: &dyn AsyncInstrument<M>| cache.emit_cached(instrument));
            builder.callbacks.push(emit_cached);
        }
        let instrument = create(builder);
        self.callbacks.add(caches);
        instrument
    }
}

/// A synchronous instrument that passes its measurements on with unique keys.
struct UniqueKeys<F>(F);

impl<T, F: Fn(T, &[KeyValue]) + Send + Sync> SyncInstrument<T> for UniqueKeys<F> {
    fn measure(&self, measurement: T, attributes: &[KeyValue]) {
        with_unique(attributes, |attributes| (self.0)(measurement, attributes));
    }
}

/// Ignores measurements.
struct Ignored;

impl<T> SyncInstrument<T> for Ignored {
    fn measure(&self, _: T, _: &[KeyValue]) {}
}

macro_rules! synchronous {
    ($($create:ident: $instrument:ident<$number:ty>, $record:ident;)*) => {$(
        fn $create(&self, builder: InstrumentBuilder<'_, $instrument<$number>>) -> $instrument<$number> {
            if !self.accepts(&builder.name, builder.unit.as_deref(), None) {
                return $instrument::new(Arc::new(Ignored));
            }
            let sdk = self.sdk().$create(builder);
            $instrument::new(Arc::new(UniqueKeys(move |number: $number, attributes: &[KeyValue]| {
                sdk.$record(number, attributes);
            })))
        }
    )*};
}

macro_rules! observable {
    ($($create:ident: $instrument:ident<$number:ty>, delta: $is_delta:expr;)*) => {$(
        fn $create(
            &self,
            builder: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            if !self.accepts(&builder.name, builder.unit.as_deref(), None) {
                return $instrument::new();
            }
            self.observable(builder, self.is_delta && $is_delta, |builder| self.sdk().$create(builder))
        }
    )*};
}

impl InstrumentProvider for IsolatingProvider {
    synchronous! {
        u64_counter: Counter<u64>, add;
        f64_counter: Counter<f64>, add;
        i64_up_down_counter: UpDownCounter<i64>, add;
        f64_up_down_counter: UpDownCounter<f64>, add;
        u64_gauge: Gauge<u64>, record;
        f64_gauge: Gauge<f64>, record;
        i64_gauge: Gauge<i64>, record;
    }

    fn f64_histogram(&self, builder: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        self.histogram(builder, |number| number)
    }

    /// Records floats: the SDK adds up integers without a check, which panics in debug builds and
    /// otherwise wraps. The sum of a histogram is a float on the wire, too.
    #[expect(clippy::cast_precision_loss, reason = "as on the wire")]
    fn u64_histogram(&self, builder: HistogramBuilder<'_, Histogram<u64>>) -> Histogram<u64> {
        self.histogram(builder, |number| number as f64)
    }

    // The temporality `delta` affects only the counters among these.
    observable! {
        u64_observable_counter: ObservableCounter<u64>, delta: true;
        f64_observable_counter: ObservableCounter<f64>, delta: true;
        i64_observable_up_down_counter: ObservableUpDownCounter<i64>, delta: false;
        f64_observable_up_down_counter: ObservableUpDownCounter<f64>, delta: false;
        u64_observable_gauge: ObservableGauge<u64>, delta: false;
        i64_observable_gauge: ObservableGauge<i64>, delta: false;
        f64_observable_gauge: ObservableGauge<f64>, delta: false;
    }
}
