//! The keys whose values derive from others, at their places in the configuration.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Config,
    batch::{LogBatch, SpanBatch},
    exporter_name::ExporterName,
    limits::EffectiveLimits,
    otlp::{Compression, Otlp, OtlpProtocol},
    resolve::{OtlpSettings, RetrySettings, TlsSettings},
    rolling_file::{ResolvedFile, ResolvedOtlpFile},
    signal::Signal,
    value::{
        byte_size::ByteSize,
        duration::{Interval, Timeout},
        endpoint::Endpoint,
        number::SamplingRatio,
        word,
    },
};

impl Config {
    /// Resolves all keys whose values derive from others.
    pub(crate) fn resolved(&self) -> Resolved<'_> {
        let Self { traces, logs, .. } = self;
        Resolved {
            traces: ResolvedSignal {
                exporters: self.exporters(Signal::Traces),
                sampler_arg: traces.sampling_ratio(),
                batch: Some(ResolvedBatch { max_export_batch_size: traces.batch.batch_size() }),
                limits: Some(self.span_limits()),
            },
            metrics: ResolvedSignal {
                exporters: self.exporters(Signal::Metrics),
                sampler_arg: None,
                batch: None,
                limits: None,
            },
            logs: ResolvedSignal {
                exporters: self.exporters(Signal::Logs),
                sampler_arg: None,
                batch: Some(ResolvedBatch { max_export_batch_size: logs.batch.batch_size() }),
                limits: Some(self.log_limits()),
            },
            file: ResolvedFile::new(self.file_settings()),
            otlp_file: ResolvedOtlpFile::new(self.otlp_file_settings()),
            otlp: ResolvedOtlp::new(&self.otlp, true, self),
            exporters: self
                .exporters
                .iter()
                .map(|(name, otlp)| (name.as_str(), ResolvedOtlp::new(otlp, false, self)))
                .collect(),
        }
    }
}

/// The keys whose values derive from others, at their places in the configuration.
#[derive(Debug, Serialize)]
pub(crate) struct Resolved<'c> {
    traces: ResolvedSignal<'c>,
    metrics: ResolvedSignal<'c>,
    logs: ResolvedSignal<'c>,
    file: ResolvedFile,
    otlp_file: ResolvedOtlpFile,
    otlp: ResolvedOtlp,
    exporters: BTreeMap<&'c str, ResolvedOtlp>,
}

#[derive(Debug, Serialize)]
struct ResolvedSignal<'c> {
    exporters: &'c [ExporterName],
    #[serde(skip_serializing_if = "Option::is_none")]
    sampler_arg: Option<SamplingRatio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<ResolvedBatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<EffectiveLimits>,
}

#[derive(Debug, Serialize)]
struct ResolvedBatch {
    max_export_batch_size: u32,
}

/// All keys of one destination.
#[derive(Debug, Serialize)]
struct ResolvedOtlp {
    #[serde(flatten)]
    general: GeneralSettings,
    traces: ResolvedOtlpSignal<ResolvedDestinationBatch<SpanBatch>>,
    metrics: ResolvedOtlpSignal<ResolvedInterval>,
    logs: ResolvedOtlpSignal<ResolvedDestinationBatch<LogBatch>>,
}

/// The keys of a destination for one signal. `own` are those that other signals do not have.
#[derive(Debug, Serialize)]
struct ResolvedOtlpSignal<T> {
    #[serde(flatten)]
    settings: OtlpSettings,
    #[serde(flatten)]
    own: T,
}

#[derive(Debug, Serialize)]
struct ResolvedDestinationBatch<T> {
    batch: T,
}

#[derive(Debug, Serialize)]
struct ResolvedInterval {
    interval: Interval,
}

/// The keys that all signals of a destination share.
#[derive(Debug, Serialize)]
struct GeneralSettings {
    #[serde(serialize_with = "word::serialize")]
    protocol: OtlpProtocol,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    compression: Compression,
    timeout: Timeout,
    max_request_size: ByteSize,
    max_response_size: ByteSize,
    tls: TlsSettings,
    retry: RetrySettings,
}

impl ResolvedOtlp {
    /// Resolves the keys of a destination. Only `otlp` has a default endpoint.
    fn new(otlp: &Otlp, has_default_endpoint: bool, config: &Config) -> Self {
        let OtlpSettings {
            protocol,
            compression,
            timeout,
            max_request_size,
            max_response_size,
            tls,
            retry,
            ..
        } = OtlpSettings::new(otlp.general(), |endpoint| endpoint);
        let default = has_default_endpoint.then(|| Endpoint::localhost(protocol.default_port()));
        let endpoint = otlp.endpoint.clone().or(default);
        Self {
            general: GeneralSettings {
                protocol,
                endpoint,
                compression,
                timeout,
                max_request_size,
                max_response_size,
                tls,
                retry,
            },
            traces: ResolvedOtlpSignal {
                settings: otlp.settings(Signal::Traces),
                own: ResolvedDestinationBatch {
                    batch: config.traces.batch.for_destination(&otlp.traces.batch).resolved(),
                },
            },
            metrics: ResolvedOtlpSignal {
                settings: otlp.settings(Signal::Metrics),
                own: ResolvedInterval { interval: otlp.metrics.interval.unwrap_or(config.metrics.interval) },
            },
            logs: ResolvedOtlpSignal {
                settings: otlp.settings(Signal::Logs),
                own: ResolvedDestinationBatch {
                    batch: config.logs.batch.for_destination(&otlp.logs.batch).resolved(),
                },
            },
        }
    }
}
