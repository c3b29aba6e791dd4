//! Processors and exporters, as the semantic conventions call them: components of the SDK.

use opentelemetry::KeyValue;

use crate::config::{Endpoint, ExporterName, OtlpProtocol, OtlpSettings, Signal};

/// One processor or exporter.
#[derive(Debug)]
pub(crate) struct Component {
    kind: String,
    exporter: String,
    server: Option<Endpoint>,
}

impl Component {
    /// `settings`: those of an exporter that speaks OTLP.
    pub(crate) fn exporter(signal: Signal, exporter: &ExporterName, settings: Option<&OtlpSettings>) -> Self {
        let signal = match signal {
            Signal::Traces => "span",
            Signal::Metrics => "metric",
            Signal::Logs => "log",
        };
        let kind = match settings.map(|settings| settings.protocol) {
            Some(OtlpProtocol::Grpc) => "otlp_grpc",
            Some(OtlpProtocol::HttpProtobuf) => "otlp_http",
            Some(OtlpProtocol::HttpJson) => "otlp_http_json",
            // The conventions have no words for console and file.
            None => exporter.as_str(),
        };
        Self {
            kind: format!("{kind}_{signal}_exporter"),
            exporter: exporter.to_string(),
            server: settings.map(|settings| settings.endpoint.clone()),
        }
    }

    /// The queue in front of an exporter; of metrics there is none.
    pub(crate) fn processor(signal: Signal, exporter: &ExporterName) -> Self {
        let signal = if signal == Signal::Traces { "span" } else { "log" };
        Self { kind: format!("batching_{signal}_processor"), exporter: exporter.to_string(), server: None }
    }

    /// What tells it from all others.
    pub(crate) fn attributes(&self) -> Vec<KeyValue> {
        let Self { kind, exporter, server } = self;
        let mut attributes = vec![
            KeyValue::new("otel.component.type", kind.clone()),
            KeyValue::new("otel.component.name", format!("{kind}/{exporter}")),
        ];
        if let Some(endpoint) = server {
            attributes.push(KeyValue::new("server.address", endpoint.host().to_owned()));
            attributes.push(KeyValue::new("server.port", i64::from(endpoint.port())));
        }
        attributes
    }
}
