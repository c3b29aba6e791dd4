//! The meter provider and the propagator of [`ObservabilityTools`](crate::ObservabilityTools); the other providers are those of the SDK.

pub use crate::pipeline::{MeterProvider, Propagator};
