//! Propagation of context between services.

use super::value::{list::List, own_or::OwnOr, string_enum};

string_enum! {
    /// A format that passes trace context or baggage between services.
    pub(crate) enum PropagatorName {
        /// W3C Trace Context.
        TraceContext = "tracecontext",
        /// W3C Baggage.
        Baggage = "baggage",
        /// Zipkin's B3 in one header.
        B3 = "b3",
        /// Zipkin's B3 in several headers.
        B3Multi = "b3multi",
        /// The format of Jaeger's clients, with its baggage.
        Jaeger = "jaeger",
        /// The format of OpenTracing's basic tracers, with its baggage.
        OpenTracing = "ottrace",
        /// The format of AWS X-Ray.
        XRay = "xray",
    }
}

/// The value of `propagators`.
pub(crate) type PropagatorList = List<OwnOr<PropagatorName>>;
