//! The server that Prometheus scrapes.

use std::sync::Arc;

#[cfg(feature = "prometheus")]
use arc_swap::ArcSwap;

#[cfg(feature = "prometheus")]
use crate::{
    config::Prometheus,
    diagnostics::DiagnosticLog,
    export::{
        prometheus::{Listener, Scraper, ServedPage},
        runtime::{ExportRuntime, RunningServer},
    },
    pipeline::prometheus_page::{PrometheusPage, ServerSlot},
};
use crate::{
    error::{Error, Problem},
    export::collector::Collector,
    pipeline::builder::PipelineBuilder,
};

/// Takes the port and starts the server of the page. A server that runs keeps its port, and gets
/// the new settings. Nothing that is prepared later can fail, since a server on the same port of
/// another host is closed here.
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
    let (page, server) = (Arc::new(ArcSwap::from_pointee(new_page)), ServerSlot::default());
    let mut address = None;
    if config.listen {
        let runtime = builder.fixed.runtime.get_or_start()?;
        let listener = match (bind(config), running) {
            (Err(_), Some(running)) if is_in_the_way(running, config) => {
                bind_instead(running, config, runtime, diagnostics)?
            }
            (result, _) => result?,
        };
        address = Some(listener.address());
        server.set(serve_page(listener, &page, runtime, diagnostics));
    }
    builder.next.page = Some(PrometheusPage { config: config.clone(), address, page, server });
    Ok(())
}

/// Returns whether the server that runs may have the port of `config`, on another host.
#[cfg(feature = "prometheus")]
fn is_in_the_way(running: &PrometheusPage, config: &Prometheus) -> bool {
    running.address.is_some_and(|address| address.port() == config.port.get())
}

/// Closes the server that runs, then binds the port. If that fails, the server runs again.
#[cfg(feature = "prometheus")]
fn bind_instead(
    running: &PrometheusPage,
    config: &Prometheus,
    runtime: &ExportRuntime,
    diagnostics: DiagnosticLog,
) -> Result<Listener, Error> {
    let was_closed = running.server.close();
    let result = bind(config);
    if result.is_err() && was_closed {
        match bind(&running.config) {
            Ok(listener) => running.server.set(serve_page(listener, &running.page, runtime, diagnostics)),
            Err(error) => diagnostics.error(format_args!("cannot serve metrics: {error}")),
        }
    }
    result
}

#[cfg(feature = "prometheus")]
fn serve_page(
    listener: Listener,
    page: &Arc<ArcSwap<ServedPage>>,
    runtime: &ExportRuntime,
    diagnostics: DiagnosticLog,
) -> RunningServer {
    let page = Arc::clone(page);
    runtime.serve(|open_port| listener.serve(page, diagnostics, open_port))
}

#[cfg(feature = "prometheus")]
fn bind(config: &Prometheus) -> Result<Listener, Error> {
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
