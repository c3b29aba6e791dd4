//! Batching of spans and log records.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::value::{
    byte_size::ByteSize,
    duration::{Interval, Timeout, at_least},
    number::{Concurrency, Size},
};

/// The limits of a queue, and the longest delay before a partial batch is exported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSettings {
    pub(crate) max_queue_size: usize,
    pub(crate) max_queue_bytes: usize,
    pub(crate) max_export_batch_size: usize,
    /// The number of batches that are exported at the same time while exports succeed.
    pub(crate) max_concurrent_exports: usize,
    pub(crate) schedule_delay: Duration,
}

/// Batching of one signal for one destination. A key that is not set has the value of the
/// batching of the signal.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BatchKeys {
    /// The maximum time that an item waits before it is sent, at least 10 ms.
    #[serde(deserialize_with = "at_least::<10, _, _>")]
    pub(crate) schedule_delay: Option<Interval>,

    /// The maximum duration of the export of one batch, including retries. `"0s"` means that
    /// only the `timeout` of the destination applies.
    pub(crate) export_timeout: Option<Timeout>,

    /// The capacity of the queue in items, 1 to 1,000,000.
    pub(crate) max_queue_size: Option<Size>,

    /// The memory of queued items, 64 kB to 1 TiB.
    pub(crate) max_queue_bytes: Option<ByteSize>,

    /// The maximum number of items per export, at most `max_queue_size`.
    pub(crate) max_export_batch_size: Option<Size>,

    /// The number of batches that are sent to the destination at the same time, 1 to 64.
    pub(crate) max_concurrent_exports: Option<Concurrency>,
}

/// Declares the batching of one signal. Serde takes a default from a type, and the signals differ
/// in their default delay, so each of them has its own type.
macro_rules! batch_table {
    ($(#[$meta:meta])* $name:ident, $delay_ms:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            /// The maximum time that an item waits before it is sent, at least 10 ms.
            #[serde(deserialize_with = "at_least::<10, _, _>")]
            pub(crate) schedule_delay: Interval,

            /// The maximum duration of the export of one batch, including retries. `"0s"` means
            /// that only the `timeout` of the destination applies.
            pub(crate) export_timeout: Timeout,

            /// The capacity of the queue in items, 1 to 1,000,000. While it is full, new items are
            /// dropped and counted.
            pub(crate) max_queue_size: Size,

            /// The memory of queued items, 64 kB to 1 TiB. While they need as much, new items are
            /// dropped and counted, even if `max_queue_size` is not reached.
            pub(crate) max_queue_bytes: ByteSize,

            /// The maximum number of items per export, at most `max_queue_size`. Default: 512, or
            /// `max_queue_size` if that is smaller.
            #[cfg_attr(feature = "schema", schemars(extend("default" = 512)))]
            pub(crate) max_export_batch_size: Option<Size>,

            /// The number of batches that are sent to one destination at the same time, 1 to 64.
            /// With a single one, the rate is at most one batch per round trip. Several may arrive
            /// in another order. A destination that is down or overloaded gets one at a time.
            pub(crate) max_concurrent_exports: Concurrency,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    schedule_delay: Interval::from_millis($delay_ms),
                    export_timeout: Timeout::from_secs(30),
                    max_queue_size: Size::new(2048),
                    max_queue_bytes: ByteSize::from_mib(32),
                    max_export_batch_size: None,
                    max_concurrent_exports: Concurrency::new(8),
                }
            }
        }

        impl $name {
            /// Returns the settings of the queue.
            pub(crate) fn settings(&self) -> BatchSettings {
                // The exporter keeps the timeout.
                let Self {
                    schedule_delay,
                    export_timeout: _,
                    max_queue_size,
                    max_queue_bytes,
                    max_export_batch_size: _,
                    max_concurrent_exports,
                } = self;
                BatchSettings {
                    max_queue_size: max_queue_size.get() as usize,
                    max_queue_bytes: max_queue_bytes.get(),
                    max_export_batch_size: self.batch_size() as usize,
                    max_concurrent_exports: max_concurrent_exports.get() as usize,
                    schedule_delay: schedule_delay.get(),
                }
            }

            /// Returns the batching of one destination, with absent keys taken from `self`.
            pub(crate) fn for_destination(&self, own: &BatchKeys) -> Self {
                let BatchKeys {
                    schedule_delay,
                    export_timeout,
                    max_queue_size,
                    max_queue_bytes,
                    max_export_batch_size,
                    max_concurrent_exports,
                } = own;
                Self {
                    schedule_delay: schedule_delay.unwrap_or(self.schedule_delay),
                    export_timeout: export_timeout.unwrap_or(self.export_timeout),
                    max_queue_size: max_queue_size.unwrap_or(self.max_queue_size),
                    max_queue_bytes: max_queue_bytes.unwrap_or(self.max_queue_bytes),
                    max_export_batch_size: max_export_batch_size.or(self.max_export_batch_size),
                    max_concurrent_exports: max_concurrent_exports.unwrap_or(self.max_concurrent_exports),
                }
            }

            /// Returns the effective batching, with the default that depends on another key.
            #[must_use]
            pub(crate) fn resolved(&self) -> Self {
                Self { max_export_batch_size: Some(Size::new(self.batch_size())), ..self.clone() }
            }

            /// Returns the effective batch size.
            #[must_use]
            pub(crate) fn batch_size(&self) -> u32 {
                self.max_export_batch_size.map_or_else(|| self.max_queue_size.get().min(512), Size::get)
            }
        }
    };
}

batch_table!(
    /// Batching of spans.
    SpanBatch, 5_000
);

batch_table!(
    /// Batching of log records.
    LogBatch, 1_000
);
