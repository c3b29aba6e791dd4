//! The reader that Prometheus scrapes.

use std::sync::Arc;

use opentelemetry_sdk::metrics::reader::MetricReader;

use crate::{
    error::{Error, Problem},
    export::callbacks::Callbacks,
    pipeline::builder::PipelineBuilder,
};
#[cfg(feature = "prometheus")]
use crate::{
    export::prometheus::{Listener, Scraper},
    pipeline::prometheus_page::PrometheusPage,
};

/// Takes the port, starts the server and returns the reader behind its page.
#[cfg(feature = "prometheus")]
pub(super) fn reader(
    builder: &mut PipelineBuilder<'_>,
    callbacks: &Arc<Callbacks>,
) -> Result<Arc<dyn MetricReader>, Error> {
    use opentelemetry_sdk::metrics::ManualReader;

    let config = &builder.inputs.settings.config.prometheus;
    let listener = if config.listen { Some(bind(config)?) } else { None };
    // Cumulative, as Prometheus expects.
    let reader = Arc::new(ManualReader::builder().build());
    let address = listener.as_ref().map(Listener::address);
    let diagnostics = builder.inputs.diagnostics;
    let scraper = Arc::new(Scraper::new(Arc::clone(&reader), config, Arc::clone(callbacks), diagnostics));
    builder.prometheus_page = Some(PrometheusPage { address, scraper: Arc::clone(&scraper) });
    if let Some(listener) = listener {
        let serve = |open_port| listener.serve(scraper, &config.path, diagnostics, open_port);
        builder.runtime.get()?.serve(serve);
    }
    Ok(reader)
}

#[cfg(feature = "prometheus")]
fn bind(config: &crate::config::Prometheus) -> Result<Listener, Error> {
    use std::io::ErrorKind;

    Listener::bind(config).map_err(|error| {
        let (key, help) = match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
                ("prometheus.port", "choose another port; 0 selects any free port")
            }
            _ => ("prometheus.host", "use a name or address of this machine, or 0.0.0.0 for all addresses"),
        };
        let message = format!("cannot listen on {}:{}: {error}", config.host, config.port.get());
        let problem = Problem::new(message).with_key(key).with_help(help);
        Error::configuration(vec![problem.with_source(error)])
    })
}

#[cfg(not(feature = "prometheus"))]
pub(super) fn reader(
    _: &mut PipelineBuilder<'_>,
    _: &Arc<Callbacks>,
) -> Result<Arc<dyn MetricReader>, Error> {
    let problem = Problem::new("this binary was built without the feature `prometheus`");
    Err(Error::configuration(vec![problem.with_key("metrics.exporters")]))
}
