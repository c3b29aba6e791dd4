//! How context travels between services.

use super::value::{list::List, string_enum};

string_enum! {
    /// A format in which trace context and baggage travel between services.
    pub enum Propagator {
        /// W3C Trace Context.
        TraceContext = "tracecontext",
        /// W3C Baggage.
        Baggage = "baggage",
    }
}

/// The value of `propagators`.
pub type PropagatorList = List<Propagator>;
