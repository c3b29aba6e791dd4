//! Encrypted destinations, and proxies on the way to them.

use std::net::SocketAddr;

use autotelemetry::{Builder, prelude::*};

use crate::{with_env, with_file};

/// Returns a builder with traces to an encrypted destination and these keys in `[otlp.tls]`.
///
/// The file lives as long as the returned directory.
pub fn to_tls(tls: &str) -> (Builder, tempfile::TempDir) {
    with_file(
        &format!(
            "traces.exporters = [\"otlp\"]\nlogs.exporters = []\nservice.name = \"x\"\n\
             [otlp]\nendpoint = \"https://127.0.0.1:1\"\n[otlp.tls]\n{tls}\n"
        ),
        &[],
    )
}

/// Sends one span, and returns the error of the shutdown.
pub fn send(builder: Builder, name: &'static str) -> Result<(), String> {
    let tools = builder.set("traces.exporters", "otlp").set("logs.exporters", "none").build().unwrap();
    drop(tools.tracer("x").start_as_current_span(name));
    tools.shutdown().map_err(|error| error.to_string())
}

/// Sends one span to `destination` with these variables, which name a proxy.
pub fn send_by_proxy(destination: &str, protocol: &str, variables: &[(&str, &str)]) -> Result<(), String> {
    let own = [
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", destination),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
    ];
    send(with_env(&[&own, variables].concat()), "by.proxy")
}

/// Returns the URL of a proxy, with `user:password@` if there is a user.
pub fn proxy_url(relay: SocketAddr, user: &str) -> String {
    format!("http://{user}{relay}")
}
