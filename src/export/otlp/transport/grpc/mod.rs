//! OTLP over gRPC.

pub(super) mod client;
mod code;
mod status;
