//! The numbers of data points.

/// The value of a measurement on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum WireNumber {
    Int(i64),
    Double(f64),
}

/// The type of the measurements of an instrument.
pub(crate) trait Number: Copy {
    /// Returns the nearest value of the wire.
    fn to_wire(self) -> WireNumber;

    /// Returns the value in a histogram, which has only floating-point numbers.
    fn to_f64(self) -> f64;
}

impl Number for f64 {
    fn to_wire(self) -> WireNumber {
        WireNumber::Double(self)
    }

    fn to_f64(self) -> f64 {
        self
    }
}

impl Number for i64 {
    fn to_wire(self) -> WireNumber {
        WireNumber::Int(self)
    }

    #[allow(clippy::cast_precision_loss, reason = "the wire has no larger number")]
    fn to_f64(self) -> f64 {
        self as f64
    }
}

impl Number for u64 {
    fn to_wire(self) -> WireNumber {
        WireNumber::Int(i64::try_from(self).unwrap_or(i64::MAX))
    }

    #[allow(clippy::cast_precision_loss, reason = "the wire has no larger number")]
    fn to_f64(self) -> f64 {
        self as f64
    }
}
