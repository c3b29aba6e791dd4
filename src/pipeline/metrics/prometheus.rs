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

    use crate::export::prometheus::{Listener, exporter};

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
    let (reader, registry) =
        exporter(config).map_err(|error| Error::system("cannot create the exporter `prometheus`", error))?;
    builder.prometheus_address = Some(listener.address());
    let (callbacks, diagnostics) = (Arc::clone(callbacks), builder.inputs.diagnostics);
    builder
        .runtime
        .get()?
        .serve(|open_port| listener.serve(registry, config.path.as_str(), callbacks, diagnostics, open_port));
    Ok(Arc::new(reader))
}

#[cfg(not(feature = "prometheus"))]
pub(super) fn reader(
    _: &mut PipelineBuilder<'_>,
    _: &Arc<Callbacks>,
) -> Result<Arc<dyn MetricReader>, Error> {
    let problem = Problem::new("this binary was built without the feature `prometheus`");
    Err(Error::configuration(vec![problem.with_key("metrics.exporters")]))
}
