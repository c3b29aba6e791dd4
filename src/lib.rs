#![doc = include_str!("../README.md")]

mod build;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod config;
mod diagnostics;
pub mod error;
pub mod explain;
mod logs;
pub mod prelude;
pub mod probe;
pub mod providers;
mod quantity;
#[cfg(feature = "schema")]
mod schema;
mod source;
mod spans;
mod standard;
pub mod stats;
pub mod testing;
mod tools;

use std::borrow::Cow;

pub use opentelemetry;
pub use opentelemetry_sdk;

#[cfg(feature = "schema")]
pub use crate::schema::schema;
#[doc(inline)]
pub use crate::{
    config::OtlpProtocol,
    error::{Error, ShutdownError},
    logs::Logger,
    spans::{ActiveSpan, TracerExt},
    tools::{Builder, ObservabilityTools},
};

/// Finds the file, reads the environment, builds the tools and makes them those of the process.
///
/// The same as `ObservabilityTools::builder().install()`.
///
/// # Errors
///
/// See [`Builder::install`].
pub fn init() -> Result<ObservabilityTools, Error> {
    ObservabilityTools::builder().install()
}

/// A logger of the tools that were installed; one that does nothing as long as there are none.
///
/// For code that has no [`ObservabilityTools`] at hand. OpenTelemetry has global tracers and meters, but no loggers.
pub fn logger(name: impl Into<Cow<'static, str>>) -> Logger {
    tools::global_logger(name.into())
}
