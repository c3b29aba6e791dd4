//! The meaning of a checked tree: the keys of the configuration that it sets.

mod batch;
mod distribution;
mod exporter;
mod limits;
mod logs;
mod metrics;
mod periodic_reader;
mod resource;
mod root;
mod sampler;
mod scopes;
mod severity;
mod tls;
mod traces;
mod views;

pub(super) use self::root::write;
