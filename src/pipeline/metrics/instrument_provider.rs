//! Creates the instruments of a meter.

use std::{
    borrow::Cow,
    sync::{Arc, Weak},
};

use arc_swap::ArcSwap;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{
        AsyncInstrument, AsyncInstrumentBuilder, Callback, Counter, Gauge, Histogram, HistogramBuilder,
        InstrumentBuilder, InstrumentProvider, Meter, ObservableCounter, ObservableGauge,
        ObservableUpDownCounter, SyncInstrument, UpDownCounter,
    },
};

use super::{
    instrument_check::InstrumentCheck,
    observed_stream::{Amount, ObservedStream},
    observed_sums::{ObservedSums, SumKey},
    reduction::Reduction,
    stream_slot,
    streams::Streams,
    views::{NewInstrument, PlannedStream, Views},
};
use crate::{
    config::{InstrumentType, ScopeRule},
    export::{
        callbacks::{CallbackCache, Callbacks, ObservableCallback},
        unique_keys::with_unique,
    },
    pipeline::processor::MeasurementProcessors,
};

/// The parts that the meters of a provider share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) views: Views,
    pub(super) scopes: ArcSwap<Vec<ScopeRule>>,
    pub(super) processors: Option<MeasurementProcessors>,
    pub(super) callbacks: Arc<Callbacks>,
    pub(super) sums: ObservedSums,
    /// `None` if no measurement is kept.
    pub(super) check: Option<InstrumentCheck>,
    /// The SDK reports the differences of counters.
    pub(super) is_delta: bool,
}

/// Isolates the callbacks of observable instruments, and applies the views.
pub(super) struct IsolatingProvider {
    pub(super) meter: Meter,
    pub(super) scope: InstrumentationScope,
    pub(super) shared: Arc<Shared>,
    /// The callbacks are those of the library, which neither panic nor wait.
    pub(super) runs_callbacks_inline: bool,
}

type Text = Cow<'static, str>;

impl IsolatingProvider {
    /// Returns the provider of the SDK, which a meter exposes only through its builders.
    fn sdk(&self) -> &dyn InstrumentProvider {
        self.meter.u64_counter("").instrument_provider
    }

    fn described<'i>(
        &'i self,
        kind: InstrumentType,
        name: &'i Text,
        description: Option<&'i Text>,
        unit: Option<&'i Text>,
        boundaries: Option<&'i [f64]>,
    ) -> NewInstrument<'i> {
        NewInstrument {
            name,
            kind,
            unit: unit.map(Cow::as_ref).unwrap_or_default(),
            description: description.map(Cow::as_ref).unwrap_or_default(),
            scope: &self.scope,
            boundaries,
        }
    }

    /// Returns the streams of an instrument. Reports an instrument that the SDK refuses.
    fn plan(&self, instrument: NewInstrument<'_>) -> Option<Vec<PlannedStream>> {
        let NewInstrument { name, unit, boundaries, .. } = instrument;
        let check = self.shared.check.as_ref()?;
        check.accepts(name, unit, boundaries).then(|| self.shared.views.streams(instrument))
    }

    fn measure<F>(&self, record: F) -> Measure<F> {
        let shared = self.shared.processors.is_some().then(|| Arc::clone(&self.shared));
        Measure { shared, record }
    }

    /// Creates a histogram that records floats.
    fn histogram<T>(
        &self,
        builder: HistogramBuilder<'_, Histogram<T>>,
        to_float: impl Fn(T) -> f64 + Send + Sync + 'static,
    ) -> Histogram<T> {
        let HistogramBuilder { name, description, unit, boundaries, .. } = builder;
        let boundaries = boundaries.as_deref();
        let described =
            self.described(InstrumentType::Histogram, &name, description.as_ref(), unit.as_ref(), boundaries);
        let Some(planned) = self.plan(described) else { return Histogram::new(Arc::new(Ignored)) };
        let streams = Streams::new(planned, || {
            let mut floats = self.meter.f64_histogram(name.clone());
            (floats.description, floats.unit) = (description.clone(), unit.clone());
            self.sdk().f64_histogram(floats)
        });
        Histogram::new(Arc::new(self.measure(move |number: T, attributes: &[KeyValue]| {
            let number = to_float(number);
            streams.measure(attributes, |sdk, attributes| sdk.record(number, attributes));
        })))
    }

    /// Creates an instrument whose callbacks emit what those of the program have observed before.
    fn observable<'b, I, M: Amount + 'static>(
        &'b self,
        kind: InstrumentType,
        builder: AsyncInstrumentBuilder<'_, I, M>,
        none: impl FnOnce() -> I,
        begin: impl Fn(Text) -> AsyncInstrumentBuilder<'b, I, M>,
        create: impl Fn(AsyncInstrumentBuilder<'b, I, M>) -> I,
    ) -> I {
        let AsyncInstrumentBuilder { name, description, unit, callbacks, .. } = builder;
        let described = self.described(kind, &name, description.as_ref(), unit.as_ref(), None);
        let Some(planned) = self.plan(described) else { return none() };
        let is_counter = kind == InstrumentType::ObservableCounter;
        let is_delta = self.shared.is_delta && is_counter;
        let cache = |callback| Arc::new(CallbackCache::new(name.clone(), callback, is_delta));
        let caches: Vec<_> = callbacks.into_iter().map(cache).collect();
        let mut instrument = None;
        for (index, PlannedStream { stream, filter, is_sum }) in planned.into_iter().enumerate() {
            let reduction = Reduction::new(filter, self.shared.processors.clone());
            let observed = ObservedStream::new(caches.clone(), reduction, is_sum, is_counter, is_delta);
            let observed = Arc::new(observed);
            let create = || {
                let mut builder = begin(name.clone());
                (builder.description, builder.unit) = (description.clone(), unit.clone());
                if !caches.is_empty() {
                    builder.callbacks = vec![self.emit(Arc::clone(&observed))];
                }
                instrument = Some(stream_slot::create_with(stream, || create(builder)));
            };
            if observed.is_added_up() {
                self.shared.sums.join(SumKey::new::<M>(described, index), &observed, create);
            } else {
                create();
            }
        }
        if !self.runs_callbacks_inline {
            self.shared.callbacks.add(caches.iter().map(|cache| {
                let weak: Weak<CallbackCache<M>> = Arc::downgrade(cache);
                weak as Weak<dyn ObservableCallback>
            }));
        }
        instrument.unwrap_or_else(none)
    }

    /// Returns the callback of the SDK for one stream.
    fn emit<M: Amount + 'static>(&self, stream: Arc<ObservedStream<M>>) -> Callback<M> {
        let runs_inline = self.runs_callbacks_inline;
        Box::new(move |instrument: &dyn AsyncInstrument<M>| stream.emit(runs_inline, instrument))
    }
}

/// A synchronous instrument that passes its measurements on with unique keys.
struct Measure<F> {
    /// `None` if the program processes no measurements.
    shared: Option<Arc<Shared>>,
    record: F,
}

impl<T, F: Fn(T, &[KeyValue]) + Send + Sync> SyncInstrument<T> for Measure<F> {
    fn measure(&self, measurement: T, attributes: &[KeyValue]) {
        let record = |attributes: &[KeyValue]| {
            with_unique(attributes, |attributes| (self.record)(measurement, attributes));
        };
        match self.shared.as_ref().and_then(|shared| shared.processors.as_ref()) {
            None => record(attributes),
            Some(processors) => processors.process(attributes, record),
        }
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
            let InstrumentBuilder { name, description, unit, .. } = builder;
            let kind = InstrumentType::$instrument;
            let described = self.described(kind, &name, description.as_ref(), unit.as_ref(), None);
            let Some(planned) = self.plan(described) else {
                return $instrument::new(Arc::new(Ignored));
            };
            let streams = Streams::new(planned, || {
                let mut builder = self.meter.$create(name.clone());
                (builder.description, builder.unit) = (description.clone(), unit.clone());
                self.sdk().$create(builder)
            });
            $instrument::new(Arc::new(self.measure(move |number: $number, attributes: &[KeyValue]| {
                streams.measure(attributes, |sdk, attributes| sdk.$record(number, attributes));
            })))
        }
    )*};
}

macro_rules! observable {
    ($($create:ident: $instrument:ident<$number:ty>;)*) => {$(
        fn $create(
            &self,
            builder: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            self.observable(
                InstrumentType::$instrument,
                builder,
                $instrument::new,
                |name| self.meter.$create(name),
                |builder| self.sdk().$create(builder),
            )
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

    observable! {
        u64_observable_counter: ObservableCounter<u64>;
        f64_observable_counter: ObservableCounter<f64>;
        i64_observable_up_down_counter: ObservableUpDownCounter<i64>;
        f64_observable_up_down_counter: ObservableUpDownCounter<f64>;
        u64_observable_gauge: ObservableGauge<u64>;
        i64_observable_gauge: ObservableGauge<i64>;
        f64_observable_gauge: ObservableGauge<f64>;
    }
}
