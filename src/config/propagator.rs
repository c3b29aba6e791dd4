//! Propagation of context between services.

use super::value::{list::List, string_enum};

string_enum! {
    /// A format that passes trace context or baggage between services.
    pub(crate) enum PropagatorName {
        /// W3C Trace Context.
        TraceContext = "tracecontext",
        /// W3C Baggage.
        Baggage = "baggage",
    }
}

/// The value of `propagators`.
pub(crate) type PropagatorList = List<PropagatorName>;
