//! The configuration of a service without autotelemetry: plain structs, read by `toml` or by
//! `figment`.

use std::{
    collections::{BTreeMap, HashMap},
    env, fs,
    path::Path,
};

use figment::{
    Figment,
    providers::{Env, Format as _, Toml},
};
use serde::Deserialize;

/// Declares a table that refuses unknown keys.
macro_rules! table {
    ($name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "not every case uses every key")]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)+
        }
    };
}

table!(Config {
    service: Service,
    resource: Attributes,
    otlp: Otlp,
    traces: Traces,
    metrics: Metrics,
    logs: Logs,
    console: HashMap<String, String>,
    prometheus: Prometheus,
});

table!(Service { name: String, version: String, namespace: String, environment: String });

table!(Attributes { attributes: BTreeMap<String, String>, });

table!(Otlp {
    protocol: String,
    endpoint: String,
    timeout: String,
    compression: String,
    headers: HashMap<String, String>,
    retry: Retry,
});

table!(Retry { max_attempts: u32, initial_backoff: String, max_backoff: String });

table!(Traces { sampler: String, sampler_arg: f64, exporters: Vec<String>, batch: Batch, });

table!(Metrics { interval: String, exporters: Vec<String>, });

table!(Logs { level: String, exporters: Vec<String>, batch: Batch, });

table!(Batch { schedule_delay: String, max_queue_size: usize, max_export_batch_size: usize });

table!(Prometheus { host: String, port: u16 });

#[expect(clippy::disallowed_methods, reason = "a program without autotelemetry")]
impl Config {
    /// Reads the file with `toml`, and the variables that matter one by one.
    pub(crate) fn read(path: &Path) -> Self {
        let mut config: Self = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        if let Ok(endpoint) = env::var("OTEL_EXPORTER_OTLP_ENDPOINT") {
            config.otlp.endpoint = endpoint;
        }
        if let Ok(name) = env::var("OTEL_SERVICE_NAME") {
            config.service.name = name;
        }
        config.expand();
        config
    }

    /// Reads file and variables with figment.
    pub(crate) fn read_with_figment(path: &Path) -> Self {
        let figment =
            Figment::new().merge(Toml::file_exact(path)).merge(Env::prefixed("CHECKOUT_").split("__"));
        let mut config: Self = figment.extract().unwrap();
        config.expand();
        config
    }

    fn expand(&mut self) {
        for value in self.otlp.headers.values_mut() {
            *value = value.replace("${TOKEN}", &env::var("TOKEN").unwrap_or_default());
        }
    }
}
