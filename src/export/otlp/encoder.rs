//! The encoding of requests.

use std::io::Write as _;

use hyper::body::Bytes;

use super::{export_error::ExportError, request::OtlpRequest};
use crate::config::{Compression, OtlpProtocol};

/// Encodes requests as Protocol Buffers or JSON, and compresses the result.
#[derive(Debug)]
pub(crate) struct RequestEncoder {
    is_json: bool,
    is_grpc: bool,
    is_gzip: bool,
}

impl RequestEncoder {
    pub(super) fn new(protocol: OtlpProtocol, compression: Compression) -> Self {
        Self {
            is_json: protocol == OtlpProtocol::HttpJson,
            is_grpc: protocol == OtlpProtocol::Grpc,
            is_gzip: compression == Compression::Gzip,
        }
    }

    /// Returns the uncompressed message.
    pub(crate) fn encode(&self, request: &mut impl OtlpRequest) -> Result<Vec<u8>, ExportError> {
        if !self.is_json {
            return Ok(request.encode_to_vec());
        }
        request.replace_non_finite();
        serde_json::to_vec(request)
            .map_err(|error| ExportError::internal(format!("cannot encode the request as JSON: {error}")))
    }

    /// Returns the body to send: the message, compressed and framed. All attempts share it.
    pub(crate) fn finish(&self, message: Vec<u8>) -> Result<Bytes, ExportError> {
        let mut message = if self.is_gzip { compress(&message)? } else { message };
        if self.is_grpc {
            let length = u32::try_from(message.len())
                .map_err(|_| ExportError::internal("the request exceeds the length of a gRPC message"))?;
            let prefix = std::iter::once(u8::from(self.is_gzip)).chain(length.to_be_bytes());
            message.splice(..0, prefix);
        }
        Ok(message.into())
    }
}

fn compress(message: &[u8]) -> Result<Vec<u8>, ExportError> {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(message.len() / 4), flate2::Compression::fast());
    let compressed = encoder.write_all(message).and_then(|()| encoder.finish());
    compressed.map_err(|error| ExportError::internal(format!("cannot compress the request: {error}")))
}
