//! What [`ObservabilityTools`](crate::ObservabilityTools) has besides providers of the OpenTelemetry SDK.

pub use crate::build::{MeterProvider, Propagator};
