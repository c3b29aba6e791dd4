//! The benchmarks of this package are its only content.
