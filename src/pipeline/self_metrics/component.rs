//! Processors and exporters under the names of the semantic conventions.

use opentelemetry::KeyValue;

use crate::config::{Endpoint, OtlpProtocol, OtlpSettings, Signal};

/// A component of the SDK: a processor or an exporter.
#[derive(Debug)]
pub(crate) struct Component {
    type_name: String,
    exporter: String,
    endpoint: Option<Endpoint>,
}

impl Component {
    /// Describes an exporter; `settings` are those of an OTLP exporter.
    pub(crate) fn exporter(signal: Signal, exporter: &str, settings: Option<&OtlpSettings>) -> Self {
        let signal = match signal {
            Signal::Traces => "span",
            Signal::Metrics => "metric",
            Signal::Logs => "log",
        };
        let kind = match settings.map(|settings| settings.protocol) {
            Some(OtlpProtocol::Grpc) => "otlp_grpc",
            Some(OtlpProtocol::HttpProtobuf) => "otlp_http",
            Some(OtlpProtocol::HttpJson) => "otlp_http_json",
            // The conventions name no type for console and files.
            None => &exporter.replace('/', "_"),
        };
        Self {
            type_name: format!("{kind}_{signal}_exporter"),
            exporter: exporter.to_owned(),
            endpoint: settings.map(|settings| settings.endpoint.clone()),
        }
    }

    /// Describes the queue in front of an exporter. Metrics have none.
    pub(crate) fn processor(signal: Signal, exporter: &str) -> Self {
        let signal = if signal == Signal::Traces { "span" } else { "log" };
        let type_name = format!("batching_{signal}_processor");
        Self { type_name, exporter: exporter.to_owned(), endpoint: None }
    }

    /// Returns the attributes that identify the component.
    pub(crate) fn attributes(&self) -> Vec<KeyValue> {
        let Self { type_name, exporter, endpoint } = self;
        let mut attributes = vec![
            KeyValue::new("otel.component.type", type_name.clone()),
            KeyValue::new("otel.component.name", format!("{type_name}/{exporter}")),
        ];
        if let Some(endpoint) = endpoint {
            attributes.push(KeyValue::new("server.address", endpoint.host().to_owned()));
            attributes.push(KeyValue::new("server.port", i64::from(endpoint.port())));
        }
        attributes
    }
}
