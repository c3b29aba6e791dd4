//! The encoding of requests.

use std::io::Write as _;

use hyper::body::Bytes;

use super::{export_error::ExportError, request::OtlpRequest};
use crate::config::{Compression, OtlpProtocol};

/// Encodes requests as Protocol Buffers or JSON, and compresses the result.
#[derive(Debug)]
pub(crate) struct RequestEncoder {
    is_json: bool,
    is_gzip: bool,
}

impl RequestEncoder {
    pub(super) fn new(protocol: OtlpProtocol, compression: Compression) -> Self {
        Self {
            is_json: protocol == OtlpProtocol::HttpJson,
            // tonic compresses the messages of gRPC.
            is_gzip: protocol != OtlpProtocol::Grpc && compression == Compression::Gzip,
        }
    }

    /// Returns the uncompressed body.
    pub(crate) fn encode(&self, request: &mut impl OtlpRequest) -> Result<Vec<u8>, ExportError> {
        if !self.is_json {
            return Ok(request.encode_to_vec());
        }
        request.replace_non_finite();
        serde_json::to_vec(request)
            .map_err(|error| ExportError::internal(format!("cannot encode the request as JSON: {error}")))
    }

    /// Returns the body to send. All attempts share it.
    pub(crate) fn compress(&self, body: Vec<u8>) -> Result<Bytes, ExportError> {
        if !self.is_gzip {
            return Ok(body.into());
        }
        let mut encoder =
            flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
        let compressed = encoder.write_all(&body).and_then(|()| encoder.finish());
        compressed
            .map(Bytes::from)
            .map_err(|error| ExportError::internal(format!("cannot compress the request: {error}")))
    }
}
