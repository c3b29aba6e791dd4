//! A declarative file that names parts of the program, at the extension points of the schema.
#![cfg(feature = "declarative")]

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use autotelemetry::{
    Builder,
    opentelemetry_sdk::{
        error::OTelSdkResult,
        logs::{LogBatch, LogExporter},
        metrics::{Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
        propagation::BaggagePropagator,
        trace::{Sampler, SpanData, SpanExporter},
    },
    prelude::*,
};
use test_support::{value, with_env};

/// Notes the signals that arrive.
#[derive(Debug, Default, Clone)]
struct Azure(Arc<Mutex<Vec<&'static str>>>);

impl SpanExporter for Azure {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().push("traces");
        Ok(())
    }
}

impl LogExporter for Azure {
    async fn export(&self, _: LogBatch<'_>) -> OTelSdkResult {
        self.0.lock().unwrap().push("logs");
        Ok(())
    }
}

impl PushMetricExporter for Azure {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        self.0.lock().unwrap().push("metrics");
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn with_yaml(text: &str, azure: &Azure) -> (Builder, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    fs::write(&path, text).unwrap();
    let builder = with_env(&[])
        .config_file(&path)
        .span_exporter("azure", azure.clone())
        .log_exporter("azure", azure.clone())
        .metric_exporter("azure", azure.clone())
        .sampler("no_order", Sampler::AlwaysOff)
        .sampler("every_order", Sampler::AlwaysOn)
        .propagator("company", BaggagePropagator::new())
        .detector("rack", || vec![("rack.id".to_owned(), "r42".into())]);
    (builder, directory)
}

fn file(sampler: &str, exporter: &str) -> String {
    format!(
        r#"
file_format: "1.1"
resource:
  attributes: [{{ name: service.name, value: shop }}]
  detection/development:
    detectors:
      - rack:
propagator:
  composite:
    - company:
    - tracecontext:
tracer_provider:
  processors: [{{ batch: {{ schedule_delay: 100, exporter: {{ {exporter} }} }} }}]
  sampler: {{ {sampler} }}
logger_provider:
  processors: [{{ batch: {{ exporter: {{ azure: }} }} }}]
meter_provider:
  readers: [{{ periodic: {{ exporter: {{ azure: {{}} }} }} }}]
"#
    )
}

#[test]
fn extension_points_reach_the_parts_of_the_program() {
    for (sampler, expected) in
        [("every_order:", vec!["logs", "metrics", "traces"]), ("no_order:", vec!["logs", "metrics"])]
    {
        let azure = Azure::default();
        let (builder, _directory) = with_yaml(&file(sampler, "azure:"), &azure);
        let tools = builder.build().unwrap();
        drop(tools.tracer("shop").start_as_current_span("order"));
        tools.logger("shop").info("ordered", &[]);
        tools.meter("shop").u64_counter("orders").build().add(1, &[]);
        tools.force_flush().unwrap();
        let mut arrived = azure.0.lock().unwrap().clone();
        arrived.sort_unstable();
        assert_eq!(arrived, expected);
        assert_eq!(value(&tools, "propagators"), "[\"company\",\"tracecontext\"]");
        assert_eq!(value(&tools, "resource.attributes.rack.id"), "\"r42\"");
        assert_eq!(value(&tools, "traces.batch.schedule_delay"), "\"100ms\"");
        assert_eq!(tools.warnings(), []);
    }
}

#[test]
fn faults_at_extension_points_are_located() {
    let path = "tracer_provider.processors[0].batch.exporter";
    for (sampler, exporter, expected) in [
        (
            "every_order:",
            "azur:",
            format!(
                "otel.yaml:13:60: {path}.azur: there is no exporter `azur`\n    help: did you mean `azure`?"
            ),
        ),
        (
            "every_order:",
            "azure: { key: s3cr3t }",
            format!(
                "otel.yaml:13:60: {path}.azure: has no arguments: the program adds this part\n    help: remove them"
            ),
        ),
        (
            "every_ordre:",
            "azure:",
            "otel.yaml:14:14: tracer_provider.sampler.every_ordre: there is no sampler `every_ordre`\n    \
             help: did you mean `every_order`?"
                .to_owned(),
        ),
        (
            "parent_based: { root: { no_order: } }",
            "azure:",
            "otel.yaml:14:38: tracer_provider.sampler.parent_based.root.no_order: a sampler of the program \
             cannot be part of another one\n    help: write it as the value of `sampler`"
                .to_owned(),
        ),
    ] {
        let (builder, _directory) = with_yaml(&file(sampler, exporter), &Azure::default());
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(&expected), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}
