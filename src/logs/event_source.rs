//! Events of `tracing` as sources of records.

use tracing::{Event, Metadata};

use super::{
    level::{from_tracing, severity},
    record::add_location,
    record_source::{Fields, Head, RecordLimits, RecordSource, SourceValue, Target},
    record_visitor::RecordVisitor,
    regular_events,
};

/// An event.
pub(super) struct EventSource<'e> {
    pub(super) event: &'e Event<'e>,
    /// The original metadata if the event is a record of the `log` crate.
    pub(super) log: Option<&'e Metadata<'e>>,
    pub(super) code_location: bool,
}

impl<'e> EventSource<'e> {
    pub(super) fn head(&self) -> Head<'e> {
        let own = self.event.metadata();
        Head {
            target: self.log.map_or(Target::Static(own.target()), |log| Target::Text(log.target())),
            severity: severity(from_tracing(*own.level())),
        }
    }
}

impl RecordSource for EventSource<'_> {
    #[inline]
    fn is_regular(&self, limits: RecordLimits) -> bool {
        let metadata = self.event.metadata();
        // The location has two attributes, the message of an error has one.
        metadata.fields().len() + 3 <= limits.attributes && regular_events::contain(metadata)
    }

    fn read(&mut self, fields: &mut impl Fields) {
        self.event.record(&mut RecordVisitor { fields, is_log: self.log.is_some() });
        if self.code_location {
            let own = self.event.metadata();
            match self.log {
                None => add_location(fields, own.file().map(SourceValue::Static), own.line()),
                Some(log) => add_location(fields, log.file().map(SourceValue::Text), log.line()),
            }
        }
    }
}
