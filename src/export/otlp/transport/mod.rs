//! HTTP and gRPC clients, and their connections.

mod classify;
pub(crate) mod client;
mod connect_error;
mod connector;
pub(crate) mod document;
mod error_chain;
#[cfg(feature = "tls")]
mod established;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "grpc")]
mod h2_error;
mod headers;
mod http;
mod http_status;
mod http_success;
mod http_version;
mod receive_limit;
mod resolver;
mod response_body;
mod stream;
#[cfg(feature = "tls")]
pub(super) mod tls;
