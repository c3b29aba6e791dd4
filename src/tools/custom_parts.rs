//! Adds parts of the program to a [`Builder`].

use opentelemetry_sdk::{logs::LogExporter, metrics::exporter::PushMetricExporter, trace::SpanExporter};

use super::builder::Builder;
use crate::config::Signal;

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
    /// It receives all metrics at `metrics.interval`, and each export may take `metrics.timeout`. It
    /// runs as [`span_exporter`](Self::span_exporter) describes. The temporality of the sums is that
    /// of `metrics.temporality`, and cumulative beside `prometheus`, whatever the exporter prefers.
    pub fn metric_exporter(mut self, name: impl Into<String>, exporter: impl PushMetricExporter) -> Self {
        let name = name.into();
        self.sources.registered.add_exporter(Signal::Metrics, &name);
        self.custom.add_metrics(name, exporter);
        self
    }
}
