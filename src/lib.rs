#![doc = include_str!("../README.md")]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod config;
mod diagnostics;
mod doctor;
pub mod error;
mod export;
mod format;
mod load;
mod logs;
mod pipeline;
pub mod prelude;
pub mod providers;
pub mod testing;
mod text;
mod tools;
mod trace;

use std::borrow::Cow;

/// What became of the telemetry so far, in numbers.
pub mod stats {
    pub use crate::export::stats::{Dropped, ExporterStats, Stats};
}

/// Every effective value and where it came from.
pub mod explain {
    pub use crate::load::explain::Explanation;
}

/// How far one can get to each destination.
pub mod probe {
    pub use crate::doctor::report::{CheckFailure, ConnectivityReport, DestinationCheck, Step};
}

pub use opentelemetry;
pub use opentelemetry_sdk;

#[cfg(feature = "schema")]
pub use crate::load::schema::schema;
#[doc(inline)]
pub use crate::{
    config::OtlpProtocol,
    error::{Error, ShutdownError},
    logs::Logger,
    tools::{Builder, ObservabilityTools},
    trace::{ActiveSpan, TracerExt},
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
