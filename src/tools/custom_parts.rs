//! Adds parts of the program to a [`Builder`].

use opentelemetry::{KeyValue, propagation::TextMapPropagator};
use opentelemetry_sdk::{
    logs::LogExporter,
    metrics::exporter::PushMetricExporter,
    trace::{ShouldSample, SpanData, SpanExporter},
};

use super::builder::Builder;
use crate::{
    config::{AttributeValue, Signal},
    pipeline::ProcessedLogRecord,
};

impl Builder {
    /// Adds an exporter of spans under a name, which `traces.exporters` can then contain.
    ///
    /// The exporter gets batches of a queue (`traces.batch`), with the resource set. It runs on a
    /// thread of its own with telemetry suppressed, one export at a time, and each export may take
    /// `traces.batch.export_timeout`. [`stats`](crate::ObservabilityTools::stats) counts its items.
    /// An exporter that panics, fails or never returns loses its batch, and delays nothing else. An
    /// exporter that no list names is not used.
    ///
    /// A name consists of `a-z`, `0-9` and `_`, and starts with a letter. Exporters of different
    /// signals may share it.
    ///
    /// ```
    /// use autotelemetry::{
    ///     ObservabilityTools,
    ///     opentelemetry_sdk::{
    ///         error::OTelSdkResult,
    ///         trace::{SpanData, SpanExporter},
    ///     },
    /// };
    ///
    /// #[derive(Debug)]
    /// struct Vendor;
    ///
    /// impl SpanExporter for Vendor {
    ///     async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
    ///         // … send the batch
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let tools = ObservabilityTools::builder()
    ///     .service_name("checkout")
    ///     .span_exporter("vendor", Vendor)
    ///     .set("traces.exporters", "otlp,vendor") // or in the file, or in OTEL_TRACES_EXPORTER
    ///     .build()?;
    /// # Ok::<_, autotelemetry::Error>(())
    /// ```
    pub fn span_exporter(mut self, name: impl Into<String>, exporter: impl SpanExporter + 'static) -> Self {
        let name = name.into();
        self.sources.registered.add_exporter(Signal::Traces, &name);
        self.custom.add_spans(name, exporter);
        self
    }

    /// Adds an exporter of log records under a name, which `logs.exporters` and `logs.levels` can
    /// then contain.
    ///
    /// It runs as [`span_exporter`](Self::span_exporter) describes, with the settings of
    /// `logs.batch`.
    pub fn log_exporter(mut self, name: impl Into<String>, exporter: impl LogExporter + 'static) -> Self {
        let name = name.into();
        self.sources.registered.add_exporter(Signal::Logs, &name);
        self.custom.add_logs(name, exporter);
        self
    }

    /// Adds an exporter of metrics under a name, which `metrics.exporters` can then contain.
    ///
    /// It receives all metrics at `metrics.interval`, and each export may take `metrics.timeout`.
    /// It runs as [`span_exporter`](Self::span_exporter) describes. The temporality of the sums is
    /// that of `metrics.temporality`, and cumulative beside `prometheus`, whatever the exporter
    /// prefers.
    pub fn metric_exporter(mut self, name: impl Into<String>, exporter: impl PushMetricExporter) -> Self {
        let name = name.into();
        self.sources.registered.add_exporter(Signal::Metrics, &name);
        self.custom.add_metrics(name, exporter);
        self
    }

    /// Adds a processor of spans, which may change each span that has ended before any exporter
    /// gets it.
    ///
    /// Processors run in the order in which they are added, on the thread that ends the span,
    /// before redaction (`[redact]`) and limits. A span whose processor panics is lost: it may
    /// still hold data that the processor removes. stderr names the processor.
    ///
    /// ```
    /// # let builder = autotelemetry::ObservabilityTools::builder();
    /// builder.span_processor("no queries", |span| {
    ///     span.attributes.retain(|attribute| attribute.key.as_str() != "url.query");
    /// });
    /// ```
    pub fn span_processor(
        mut self,
        name: impl Into<String>,
        process: impl Fn(&mut SpanData) + Send + Sync + 'static,
    ) -> Self {
        self.custom.processors.add_span(name.into(), Box::new(process));
        self
    }

    /// Adds a processor of log records, which may change each record that passes the filters before
    /// any exporter gets it. It runs as [`span_processor`](Self::span_processor) describes.
    ///
    /// ```
    /// # let builder = autotelemetry::ObservabilityTools::builder();
    /// builder.log_processor("region", |record| {
    ///     record.attributes.push(("cloud.region".into(), "eu-west-1".into()));
    /// });
    /// ```
    pub fn log_processor(
        mut self,
        name: impl Into<String>,
        process: impl Fn(&mut ProcessedLogRecord<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.custom.processors.add_record(name.into(), Box::new(process));
        self
    }

    /// Adds a processor of the attributes of measurements, which may change them before they are
    /// aggregated and before views select some of them.
    ///
    /// It runs for each measurement on the thread that records it, and for each value that a
    /// callback observes. Measurements whose attributes become equal are aggregated. A measurement
    /// whose processor panics is lost.
    ///
    /// ```
    /// # let builder = autotelemetry::ObservabilityTools::builder();
    /// builder.measurement_processor("no users", |attributes| {
    ///     attributes.retain(|attribute| attribute.key.as_str() != "user.id");
    /// });
    /// ```
    pub fn measurement_processor(
        mut self,
        name: impl Into<String>,
        process: impl Fn(&mut Vec<KeyValue>) + Send + Sync + 'static,
    ) -> Self {
        self.custom.processors.add_measurement(name.into(), Box::new(process));
        self
    }

    /// Adds a sampler under a name, which `traces.sampler` can then be.
    ///
    /// A span about which the sampler panics is not sampled. The sampler decides alone: it is not
    /// part of a tree, and `traces.sampler_arg` does not apply.
    pub fn sampler(mut self, name: impl Into<String>, sampler: impl ShouldSample + 'static) -> Self {
        let name = name.into();
        self.sources.registered.samplers.push(name.clone());
        self.custom.add_sampler(name, Box::new(sampler));
        self
    }

    /// Adds a propagator under a name, which `propagators` can then contain.
    ///
    /// If it panics, the context or the headers stay as they are.
    pub fn propagator(
        mut self,
        name: impl Into<String>,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        self.sources.registered.propagators.push(name.clone());
        self.custom.add_propagator(name, propagator);
        self
    }

    /// Adds a detector of resource attributes under a name, which `resource.detectors` can then
    /// contain.
    ///
    /// It runs once, while the configuration is read, on a thread that is abandoned after 100 ms.
    /// Values that are set anywhere override its attributes.
    ///
    /// ```
    /// use autotelemetry::ObservabilityTools;
    ///
    /// let tools = ObservabilityTools::builder()
    ///     .service_name("checkout")
    ///     .detector("rack", || vec![("rack.id".to_owned(), "r42".into())])
    ///     .set("resource.detectors", "rack,host")
    ///     .build()?;
    /// # Ok::<_, autotelemetry::Error>(())
    /// ```
    pub fn detector(
        mut self,
        name: impl Into<String>,
        detect: impl FnOnce() -> Vec<(String, AttributeValue)> + Send + 'static,
    ) -> Self {
        let name = name.into();
        self.sources.registered.detectors.push(name.clone());
        self.sources.detectors.insert(name, Box::new(detect));
        self
    }
}
