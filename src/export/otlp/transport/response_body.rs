//! The bodies of responses.

use std::{io::Read as _, time::Duration};

use http::HeaderMap;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::{classify::classify, receive_limit::ReceiveLimit};
use crate::export::otlp::{error_type::ErrorType, export_error::ExportError};

/// The largest body that is read to its end, because the status of gRPC follows it.
#[cfg(feature = "grpc")]
const MAX_BYTES_BEFORE_STATUS: usize = 32 * 1024 * 1024;

/// The parts below this size that a body may consist of. Each costs more than its bytes.
const SMALL_BYTES: usize = 1024;
const MAX_SMALL_PARTS: usize = 4096;

/// The time for the message of a refusal. The status is already known.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(1);

/// The received part of a body.
#[derive(Debug, Default)]
pub(super) struct ResponseBody {
    pub(super) data: Vec<u8>,
    pub(super) trailers: HeaderMap,
    pub(super) end: BodyEnd,
    /// The largest body that is kept, compressed or not.
    pub(super) max: usize,
}

/// The reason for the end of reading.
#[derive(Debug, Default)]
pub(super) enum BodyEnd {
    Complete,
    /// The body is larger than its limit.
    TooLarge,
    /// The connection broke, or there was no time left.
    #[default]
    Incomplete,
    Failed(ExportError),
}

impl ResponseBody {
    fn new(limit: &ReceiveLimit) -> Self {
        Self { max: limit.max_body(), ..Self::default() }
    }

    /// Reads a body up to its limit.
    pub(super) async fn read(body: Incoming, limit: &ReceiveLimit) -> Self {
        let mut read = Self::new(limit);
        read.fill(body, limit, read.max).await;
        read
    }

    /// Reads a body and its trailers. Of a larger body, the begin is kept.
    #[cfg(feature = "grpc")]
    pub(super) async fn read_with_trailers(body: Incoming, limit: &ReceiveLimit) -> Self {
        let mut read = Self::new(limit);
        read.fill(body, limit, read.max.max(MAX_BYTES_BEFORE_STATUS)).await;
        read
    }

    /// Reads the body of a refusal. A server may close the connection before the body is complete,
    /// or send it slowly.
    pub(super) async fn read_briefly(body: Incoming, limit: &ReceiveLimit) -> Self {
        let mut read = Self::new(limit);
        let _ = tokio::time::timeout(MESSAGE_TIMEOUT, read.fill(body, limit, read.max)).await;
        read
    }

    async fn fill(&mut self, mut body: Incoming, limit: &ReceiveLimit, max: usize) {
        let mut received: usize = 0;
        let mut small: usize = 0;
        while let Some(frame) = body.frame().await {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    self.end = BodyEnd::Failed(limit.explain(classify(&error)));
                    return;
                }
            };
            match frame.into_data() {
                Ok(data) => {
                    limit.reset_by(data.len());
                    received += data.len();
                    small += usize::from(data.len() < SMALL_BYTES);
                    let left = self.max - self.data.len();
                    self.data.extend_from_slice(data.get(..left).unwrap_or(&data));
                }
                Err(frame) => self.trailers = frame.into_trailers().unwrap_or_default(),
            }
            if small > MAX_SMALL_PARTS {
                // Another attempt could duplicate items, since the server may have accepted these.
                let detail =
                    format!("its body has more than {MAX_SMALL_PARTS} parts below {SMALL_BYTES} bytes");
                self.end = BodyEnd::Failed(ExportError::permanent(ErrorType::InvalidResponse, detail));
                return;
            }
            if received > max {
                self.end = BodyEnd::TooLarge;
                return;
            }
        }
        self.end = if received > self.max { BodyEnd::TooLarge } else { BodyEnd::Complete };
    }
}

/// Returns at most `max` bytes of the uncompressed content. Some servers compress without being
/// asked.
pub(super) fn uncompressed(data: Vec<u8>, max: usize) -> Vec<u8> {
    // Neither JSON nor Protocol Buffers nor text begins with these bytes.
    if !data.starts_with(&[0x1f, 0x8b]) {
        return data;
    }
    let mut content = Vec::new();
    let decoder = flate2::read::GzDecoder::new(&*data);
    // The readable part of a broken body is enough for a message.
    let _ = decoder.take(max as u64).read_to_end(&mut content);
    content
}
