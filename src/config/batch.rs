//! How spans and log records are gathered before they are sent.

use serde::{Deserialize, Serialize};

use super::value::{
    duration::{Interval, Timeout, at_least},
    number::Size,
};

/// Items wait in a queue and leave it in batches. The signals differ in how long they wait by default, and serde takes a
/// default from a type, so each signal has one of its own.
macro_rules! batch_table {
    ($(#[$meta:meta])* $name:ident, $delay_ms:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            /// The longest time that an item waits before it is sent, at least 10 ms.
            #[serde(deserialize_with = "at_least::<10, _, _>")]
            pub schedule_delay: Interval,

            /// The longest time that sending one batch may take, retries included. `"0s"` means no limit of its own.
            pub export_timeout: Timeout,

            /// How many items can wait, 1 to 1,000,000. When the queue is full, further items are dropped and counted.
            pub max_queue_size: Size,

            /// How many items are sent at once, at most the size of the queue. Default: 512, or the size of a smaller
            /// queue.
            pub max_export_batch_size: Option<Size>,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    schedule_delay: Interval::from_millis($delay_ms),
                    export_timeout: Timeout::from_secs(30),
                    max_queue_size: Size::new(2048),
                    max_export_batch_size: None,
                }
            }
        }

        impl $name {
            /// The batch size that is really used.
            #[must_use]
            pub fn batch_size(&self) -> u32 {
                self.max_export_batch_size.map_or_else(|| self.max_queue_size.get().min(512), Size::get)
            }
        }
    };
}

batch_table!(
    /// The batches of spans.
    SpanBatch, 5_000
);

batch_table!(
    /// The batches of log records.
    LogBatch, 1_000
);
