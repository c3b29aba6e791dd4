//! The bodies of requests.

use std::io::Write as _;

use hyper::body::Bytes;
use opentelemetry_sdk::Resource;

use super::{
    encode::{EncodedItems, Item, ItemScope, to_json, to_protobuf},
    export_error::ExportError,
};
use crate::config::{Compression, OtlpProtocol};

/// The bytes before a message of gRPC: the compression flag and the length.
const GRPC_PREFIX_BYTES: usize = 5;

/// Encodes requests as Protocol Buffers or JSON, and compresses the result.
#[derive(Debug)]
pub(crate) struct RequestEncoder {
    is_json: bool,
    is_grpc: bool,
    is_gzip: bool,
    max_bytes: usize,
}

impl RequestEncoder {
    /// `max_bytes` is the limit of a request.
    pub(super) fn new(protocol: OtlpProtocol, compression: Compression, max_bytes: usize) -> Self {
        Self {
            is_json: protocol == OtlpProtocol::HttpJson,
            is_grpc: protocol == OtlpProtocol::Grpc,
            is_gzip: compression == Compression::Gzip,
            max_bytes,
        }
    }

    /// Returns the limit of a request in bytes, before compression.
    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Returns the requests for items. Those of one scope follow each other.
    pub(super) fn encode<'s, I: Item + 's>(
        &self,
        resource: &'s Resource,
        items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
    ) -> EncodedItems {
        if self.is_json {
            to_json(self.max_bytes, resource, items)
        } else {
            to_protobuf(self.max_bytes, self.prefix(), resource, items)
        }
    }

    /// Returns a request without items.
    pub(crate) fn empty(&self) -> Vec<u8> {
        if self.is_json { b"{}".to_vec() } else { vec![0; self.prefix()] }
    }

    fn prefix(&self) -> usize {
        if self.is_grpc { GRPC_PREFIX_BYTES } else { 0 }
    }

    /// Returns the body to send: the request, compressed and framed. All attempts share it.
    pub(crate) fn finish(&self, request: Vec<u8>) -> Result<Bytes, ExportError> {
        let mut body = if self.is_gzip { compress(&request, self.prefix())? } else { request };
        if let Some((prefix, message)) = body.split_at_mut_checked(self.prefix())
            && let [flag, length @ ..] = prefix
        {
            let len = u32::try_from(message.len())
                .map_err(|_| ExportError::internal("the request exceeds the length of a gRPC message"))?;
            *flag = self.is_gzip.into();
            length.copy_from_slice(&len.to_be_bytes());
        }
        Ok(body.into())
    }
}

/// Compresses what follows the first `prefix` bytes, and keeps these.
fn compress(request: &[u8], prefix: usize) -> Result<Vec<u8>, ExportError> {
    let mut compressed = Vec::with_capacity(request.len() / 4);
    compressed.extend_from_slice(&request[..prefix]);
    let mut encoder = flate2::write::GzEncoder::new(compressed, flate2::Compression::fast());
    let compressed = encoder.write_all(&request[prefix..]).and_then(|()| encoder.finish());
    compressed.map_err(|error| ExportError::internal(format!("cannot compress the request: {error}")))
}
