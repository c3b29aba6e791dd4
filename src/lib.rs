//! Configures OpenTelemetry logs, traces and metrics for a service from one file.
//!
//! A program calls [`init`] and gets [`ObservabilityTools`]: a [`Logger`], a tracer and a meter.
//! The tracer and the meter are standard OpenTelemetry types. Operators choose exporters, sampling
//! and levels in `autotelemetry.toml` or with environment variables, without a rebuild.
//!
//! ```no_run
//! use autotelemetry::prelude::*;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tools = autotelemetry::init()?;
//!     let orders = tools.meter("shop").u64_counter("orders").build();
//!
//!     let span = tools.tracer("shop").start_as_current_span("place_order");
//!     tools.logger("shop").info("order placed", &[KeyValue::new("items", 3)]);
//!     orders.add(1, &[]);
//!     drop(span);
//!
//!     Ok(tools.shutdown()?)
//! }
//! ```
//!
//! ```toml
//! [service]
//! name = "shop"
//!
//! [otlp]
//! endpoint = "http://localhost:4318"
//! ```
//!
//! # Where to look
//!
//! - [`init`] reads the file and the environment and sets the globals of the process.
//! - [`ObservabilityTools`] creates loggers, tracers and meters, and flushes and shuts down
//!   telemetry.
//! - [`Builder`] adds values from code, and builds tools without globals.
//! - [`Logger`] writes log records; [`logger()`] returns one anywhere in the program.
//! - [`TracerExt`] starts spans that are current while a guard lives.
//! - [`prelude`] imports the types and traits for manual instrumentation.
//! - [`Error`] lists all problems of a configuration. [`ShutdownError`] lists what was lost.
//! - [`testing`] records telemetry in memory and asserts on it.
//! - [`stats`], [`explain`] and [`doctor`] report deliveries, effective settings and connectivity.
//! - [`guide`] answers one question per chapter, from the first steps to operation.
//!
//! # The file
//!
//! [`init`] searches for `autotelemetry.toml` beside the executable and in the current directory,
//! unless `AUTOTEL_CONFIG` sets another path. From weakest to strongest, the sources of a value
//! are: the default, the code, the file, its profile, `OTEL_*` variables, `AUTOTEL_*` variables,
//! and [`Builder::force`]. The guide lists [every key and variable](guide::reference).
//!
//! # On a terminal
//!
//! With `exporters = ["console"]` for each signal, a program prints log lines, traces and metrics:
//!
//! ![Log lines, span trees with durations and bars, and a table of metrics][console.svg]
//!
//! # Features
//!
//! - `grpc` (default): OTLP over gRPC.
//! - `tls` (default): `https://` destinations.
//! - `prometheus` (default): the Prometheus exporter.
//! - `report`: [`Error::report`], which shows the lines of the file.
//! - `schema`: the JSON Schema of the file, for tools.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(doc, doc = "\n")]
#![cfg_attr(doc, doc = include_str!("guide/links.md"))]

mod config;
mod context;
mod diagnostics;
pub mod doctor;
pub mod error;
mod export;
mod format;
mod live_cell;
mod load;
mod logs;
mod pipeline;
pub mod prelude;
mod shield;
pub mod testing;
mod text;
mod tools;
mod trace;

use std::borrow::Cow;

/// Delivery statistics per exporter and signal.
pub mod stats {
    pub use crate::export::stats::{Dropped, ExporterStats, Stats};
}

/// Every effective value of a configuration and its origin.
pub mod explain {
    pub use crate::load::explain::Explanation;
    #[cfg(feature = "report")]
    pub use crate::load::overview::Overview;
}

/// Changes of the configuration while the program runs.
pub mod reload {
    pub use crate::{
        load::Change,
        tools::{Reload, ReloadLog},
    };
}

/// The page of metrics for Prometheus, for the program's own web server.
#[cfg(feature = "prometheus")]
pub mod prometheus {
    pub use crate::export::prometheus::{MetricsPage, MetricsPageError};
}

pub use opentelemetry;
pub use opentelemetry_sdk;

#[cfg(feature = "schema")]
pub use crate::load::schema::schema;
#[doc(inline)]
pub use crate::{
    config::{AttributeValue, OtlpProtocol, Signal},
    error::{Error, ShutdownError},
    logs::Logger,
    pipeline::{MeterProvider, ProcessedLogRecord, Propagator},
    tools::{Builder, ObservabilityTools},
    trace::{ActiveSpan, TracerExt},
};

/// Finds the file, reads the environment, builds the tools and sets the globals of the process.
///
/// Same as `ObservabilityTools::builder().install()`.
///
/// # Errors
///
/// Returns the errors of [`Builder::install`].
pub fn init() -> Result<ObservabilityTools, Error> {
    ObservabilityTools::builder().install()
}

/// Returns a logger of the installed tools, or a no-op logger if none are installed.
///
/// Use it in code without access to [`ObservabilityTools`]. OpenTelemetry has global tracers and
/// meters, but no global loggers.
pub fn logger(name: impl Into<Cow<'static, str>>) -> Logger {
    tools::global_logger(name.into())
}

#[cfg(any(doc, doctest))]
pub mod guide;

/// Compiles the Rust code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
