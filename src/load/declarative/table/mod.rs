//! All nodes of the schema of the declarative configuration, each with its meaning here.

mod exporters;
mod logs;
mod metrics;
mod resource;
mod root;
mod samplers;
mod shared;
mod traces;

pub(super) use self::{root::CONFIGURATION, samplers::is_sampler};
