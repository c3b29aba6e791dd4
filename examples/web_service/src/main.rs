//! A web service with two routes.
//!
//! `cargo run [ADDRESS [UPSTREAM]]` in the directory of its `autotelemetry.toml`
//!
//! `/api/data` returns data, and fails with `?fail=true`. `/api/relay` requests the data from
//! another service, UPSTREAM, as part of the same trace. `/metrics` is the page of metrics, if the
//! profile has the exporter `prometheus`. Without arguments, the service listens on
//! 127.0.0.1:8080 and is its own upstream.

mod metrics;
mod observe;
mod routes;
mod upstream;

use std::{error::Error, io, sync::Arc};

use autotelemetry::prelude::*;
use tokio::net::TcpListener;

use crate::{observe::Telemetry, upstream::Upstream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tools = Arc::new(autotelemetry::init()?);
    let logger = tools.logger("web_service");

    let stop = stop_signal()?;
    let mut arguments = std::env::args().skip(1);
    let listener = TcpListener::bind(arguments.next().as_deref().unwrap_or("127.0.0.1:8080")).await?;
    let address = listener.local_addr()?;
    let upstream = Upstream::new(&tools, arguments.next().unwrap_or_else(|| format!("http://{address}")))?;

    logger.info("listening", &[KeyValue::new("server.address", address.to_string())]);
    // Scrapes are no requests of clients, so they have no telemetry.
    let metrics = metrics::router(Arc::clone(&tools));
    // The answer to unknown routes is the one of the router that is merged.
    let router = metrics.merge(routes::router(Telemetry::new(&tools), upstream));
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    logger.info("stopped", &[]);

    // All requests are answered; send their telemetry. Undelivered telemetry is reported on stderr;
    // it is not a failure of the service.
    let _ = tools.shutdown();
    Ok(())
}

/// Completes on SIGTERM or Ctrl-C.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { interrupt.recv().await.unwrap_or_default() })
}
