//! OTLP over gRPC.

pub(super) mod client;
mod grpc_only;
mod raw_codec;
mod status;
