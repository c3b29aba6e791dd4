//! The server that Prometheus scrapes.

use std::sync::Arc;

#[cfg(feature = "prometheus")]
use arc_swap::ArcSwap;

use crate::{
    error::{Error, Problem},
    export::collector::Collector,
    pipeline::builder::PipelineBuilder,
};
#[cfg(feature = "prometheus")]
use crate::{
    export::prometheus::{Listener, Scraper, ServedPage},
    pipeline::prometheus_page::PrometheusPage,
};

/// Takes the port and starts the server of the page. A server that runs keeps its port, and gets
/// the new settings.
#[cfg(feature = "prometheus")]
pub(super) fn serve(builder: &mut PipelineBuilder<'_>, collector: &Arc<Collector>) -> Result<(), Error> {
    let config = &builder.settings.config.prometheus;
    let diagnostics = builder.diagnostics();
    let running = builder.previous.page.as_ref();
    if let Some(running) = running.filter(|running| running.config == *config) {
        builder.next.page = Some(running.clone());
        return Ok(());
    }
    let scraper = Arc::new(Scraper::new(Arc::clone(collector), config, diagnostics));
    let new_page = ServedPage { scraper, path: config.path.clone() };
    let has_same_port = |running: &&PrometheusPage| {
        let of_running = &running.config;
        (of_running.listen, &of_running.host, of_running.port) == (config.listen, &config.host, config.port)
    };
    if let Some(running) = running.filter(has_same_port) {
        let page = Arc::clone(&running.page);
        builder.on_activation(move || page.store(Arc::new(new_page)));
        builder.next.page = Some(PrometheusPage { config: config.clone(), ..running.clone() });
        return Ok(());
    }
    let page = Arc::new(ArcSwap::from_pointee(new_page));
    let mut address = None;
    let mut server = None;
    if config.listen {
        let listener = bind(config)?;
        address = Some(listener.address());
        let of_server = Arc::clone(&page);
        let runtime = builder.fixed.runtime.get_or_start()?;
        server = Some(Arc::new(runtime.serve(|open_port| listener.serve(of_server, diagnostics, open_port))));
    }
    builder.next.page = Some(PrometheusPage { config: config.clone(), address, page, _server: server });
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
