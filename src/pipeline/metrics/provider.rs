//! The meters that programs get: those of the SDK, but for the callbacks of observable instruments.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use opentelemetry::{
    InstrumentationScope,
    metrics::{
        self, AsyncInstrument, AsyncInstrumentBuilder, Callback, Counter, Gauge, Histogram, HistogramBuilder,
        InstrumentBuilder, InstrumentProvider, Meter, ObservableCounter, ObservableGauge,
        ObservableUpDownCounter, UpDownCounter,
    },
};
use opentelemetry_sdk::{error::OTelSdkResult, metrics::SdkMeterProvider};

use crate::export::callbacks::{
    Callbacks,
    observed::{CallbackCache, Observe},
};

/// Gives out meters: a provider of the OpenTelemetry SDK in which the callbacks of observable instruments can do no harm.
///
/// A callback that panics is said on standard error, and only its own values are missing from that collection; it is
/// called again at the next one. One that does not return is not waited for, and not called again until it has. Callbacks may
/// create instruments, log, and make spans.
///
/// [`ObservabilityTools::meter_provider`](crate::ObservabilityTools::meter_provider) has it. It can be cloned, and passed wherever an
/// [`opentelemetry::metrics::MeterProvider`] is wanted.
#[derive(Debug, Clone)]
pub struct MeterProvider {
    sdk: SdkMeterProvider,
    callbacks: Arc<Callbacks>,
    is_delta: bool,
}

impl MeterProvider {
    /// `is_delta`: the SDK reports counters by how much they have grown.
    pub(crate) fn new(sdk: SdkMeterProvider, callbacks: Arc<Callbacks>, is_delta: bool) -> Self {
        Self { sdk, callbacks, is_delta }
    }

    pub(crate) fn force_flush(&self) -> OTelSdkResult {
        self.sdk.force_flush()
    }

    pub(crate) fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.sdk.shutdown_with_timeout(timeout)
    }
}

impl metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        let meter = self.sdk.meter_with_scope(scope);
        Meter::new(Arc::new(IsolatingProvider {
            meter,
            callbacks: Arc::clone(&self.callbacks),
            is_delta: self.is_delta,
        }))
    }
}

/// Makes the instruments of a meter.
struct IsolatingProvider {
    meter: Meter,
    callbacks: Arc<Callbacks>,
    is_delta: bool,
}

impl IsolatingProvider {
    /// What makes them in the SDK. A meter shows it in the builders that it begins.
    fn sdk(&self) -> &dyn InstrumentProvider {
        self.meter.u64_counter("").instrument_provider
    }

    /// Has `create` make an instrument whose callbacks only repeat what the program's own observed before.
    fn observable<'b, I, M: Copy + PartialOrd + Send + 'static>(
        &self,
        mut builder: AsyncInstrumentBuilder<'b, I, M>,
        is_delta: bool,
        create: impl FnOnce(AsyncInstrumentBuilder<'b, I, M>) -> I,
    ) -> I {
        let mut guarded: Vec<Weak<dyn Observe>> = Vec::new();
        for callback in std::mem::take(&mut builder.callbacks) {
            let observed = Arc::new(CallbackCache::new(builder.name.clone(), callback, is_delta));
            let weak: Weak<CallbackCache<M>> = Arc::downgrade(&observed);
            guarded.push(weak);
            let emit_cached: Callback<M> =
                Box::new(move |instrument: &dyn AsyncInstrument<M>| observed.emit_cached(instrument));
            builder.callbacks.push(emit_cached);
        }
        let instrument = create(builder);
        self.callbacks.add(guarded);
        instrument
    }
}

macro_rules! as_in_the_sdk {
    ($($create:ident: $builder:ident of $instrument:ident<$number:ty>;)*) => {$(
        fn $create(&self, builder: $builder<'_, $instrument<$number>>) -> $instrument<$number> {
            self.sdk().$create(builder)
        }
    )*};
}

macro_rules! guarded {
    ($($create:ident: $instrument:ident<$number:ty>, delta: $is_delta:expr;)*) => {$(
        fn $create(
            &self,
            builder: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            self.observable(builder, self.is_delta && $is_delta, |builder| self.sdk().$create(builder))
        }
    )*};
}

impl InstrumentProvider for IsolatingProvider {
    as_in_the_sdk! {
        u64_counter: InstrumentBuilder of Counter<u64>;
        f64_counter: InstrumentBuilder of Counter<f64>;
        i64_up_down_counter: InstrumentBuilder of UpDownCounter<i64>;
        f64_up_down_counter: InstrumentBuilder of UpDownCounter<f64>;
        u64_gauge: InstrumentBuilder of Gauge<u64>;
        f64_gauge: InstrumentBuilder of Gauge<f64>;
        i64_gauge: InstrumentBuilder of Gauge<i64>;
        f64_histogram: HistogramBuilder of Histogram<f64>;
        u64_histogram: HistogramBuilder of Histogram<u64>;
    }

    // Of these, the temporality `delta` changes counters alone.
    guarded! {
        u64_observable_counter: ObservableCounter<u64>, delta: true;
        f64_observable_counter: ObservableCounter<f64>, delta: true;
        i64_observable_up_down_counter: ObservableUpDownCounter<i64>, delta: false;
        f64_observable_up_down_counter: ObservableUpDownCounter<f64>, delta: false;
        u64_observable_gauge: ObservableGauge<u64>, delta: false;
        i64_observable_gauge: ObservableGauge<i64>, delta: false;
        f64_observable_gauge: ObservableGauge<f64>, delta: false;
    }
}
