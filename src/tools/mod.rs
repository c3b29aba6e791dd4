//! The entry points of a program: [`ObservabilityTools`] and their [`Builder`].

mod builder;
mod custom_parts;
mod exit_notice;
mod install;
mod live_tools;
mod observability_tools;
mod process_context;
#[cfg(feature = "prometheus")]
mod prometheus_metrics;
mod reload;
mod reload_log;
mod startup_summary;
mod watch;
mod watch_state;

pub(crate) use self::install::global_logger;
pub use self::{
    builder::Builder, observability_tools::ObservabilityTools, reload::Reload, reload_log::ReloadLog,
};
