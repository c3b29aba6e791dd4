//! The reader that Prometheus scrapes.

use std::sync::Arc;

use opentelemetry_sdk::metrics::reader::MetricReader;

use crate::{
    error::{Error, Problem},
    export::callbacks::Callbacks,
    pipeline::builder::PipelineBuilder,
};

/// Takes the port, starts the server and returns the reader behind its page.
#[cfg(feature = "prometheus")]
pub(super) fn reader(
    builder: &mut PipelineBuilder<'_>,
    callbacks: &Arc<Callbacks>,
) -> Result<Arc<dyn MetricReader>, Error> {
    use std::io::ErrorKind;

    use opentelemetry_sdk::metrics::ManualReader;

    use crate::export::prometheus::{Listener, Scraper};

    let config = &builder.inputs.settings.config.prometheus;
    let listener = Listener::bind(config).map_err(|error| {
        let (key, help) = match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                ("prometheus.port", "choose another port; 0 selects any free port")
            }
            _ => ("prometheus.host", "use a name or address of this machine, or 0.0.0.0 for all addresses"),
        };
        let message = format!("cannot listen on {}:{}: {error}", config.host, config.port.get());
        let problem = Problem::new(message).with_key(key).with_help(help);
        Error::configuration(vec![problem.with_source(error)])
    })?;
    // Cumulative, as Prometheus expects.
    let reader = Arc::new(ManualReader::builder().build());
    builder.prometheus_address = Some(listener.address());
    let diagnostics = builder.inputs.diagnostics;
    let scraper = Scraper::new(Arc::clone(&reader), config, Arc::clone(callbacks), diagnostics);
    builder.runtime.get()?.serve(|open_port| listener.serve(scraper, &config.path, diagnostics, open_port));
    Ok(reader)
}

#[cfg(not(feature = "prometheus"))]
pub(super) fn reader(
    _: &mut PipelineBuilder<'_>,
    _: &Arc<Callbacks>,
) -> Result<Arc<dyn MetricReader>, Error> {
    let problem = Problem::new("this binary was built without the feature `prometheus`");
    Err(Error::configuration(vec![problem.with_key("metrics.exporters")]))
}
