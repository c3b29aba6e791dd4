//! The server that Prometheus scrapes.

use std::sync::Arc;

use crate::{
    error::{Error, Problem},
    export::collector::Collector,
    pipeline::builder::PipelineBuilder,
};
#[cfg(feature = "prometheus")]
use crate::{
    export::prometheus::{Listener, Scraper},
    pipeline::prometheus_page::PrometheusPage,
};

/// Takes the port and starts the server of the page.
#[cfg(feature = "prometheus")]
pub(super) fn serve(builder: &mut PipelineBuilder<'_>, collector: &Arc<Collector>) -> Result<(), Error> {
    let config = &builder.inputs.settings.config.prometheus;
    let listener = if config.listen { Some(bind(config)?) } else { None };
    let address = listener.as_ref().map(Listener::address);
    let diagnostics = builder.inputs.diagnostics;
    let scraper = Arc::new(Scraper::new(Arc::clone(collector), config, diagnostics));
    builder.prometheus_page = Some(PrometheusPage { address, scraper: Arc::clone(&scraper) });
    if let Some(listener) = listener {
        let serve = |open_port| listener.serve(scraper, &config.path, diagnostics, open_port);
        builder.runtime.get()?.serve(serve);
    }
    Ok(())
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
pub(super) fn serve(_: &mut PipelineBuilder<'_>, _: &Arc<Collector>) -> Result<(), Error> {
    let problem = Problem::new("this binary was built without the feature `prometheus`");
    Err(Error::configuration(vec![problem.with_key("metrics.exporters")]))
}
