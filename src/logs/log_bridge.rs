//! The bridge from the `log` crate.

use std::sync::{Arc, atomic::Ordering};

use super::{
    callsites,
    filter::ReloadableFilter,
    internal_events::is_internal,
    key_bits::KeyBits,
    level::{from_log, severity},
    logger::{CodeLocation, LoggerFactory},
    record::add_location,
    record_emitter::RecordEmitter,
    record_source::{Fields, Head, Place, RecordLimits, RecordSource, SourceValue, Target},
    value::{display_lossy, with_integer},
};
use crate::{format::EXCEPTION_MESSAGE, shield::shielded};

/// Converts records of the `log` crate and keeps their target and level.
#[derive(Debug)]
pub(crate) struct LogBridge {
    emitter: RecordEmitter,
    filter: ReloadableFilter,
    code_location: CodeLocation,
}

impl LogBridge {
    pub(crate) fn new(factory: &LoggerFactory) -> Self {
        Self {
            emitter: factory.emitter("log"),
            filter: factory.filter.clone(),
            code_location: Arc::clone(&factory.code_location),
        }
    }
}

impl log::Log for LogBridge {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        !is_internal(metadata.target()) && self.filter.enabled(metadata.target(), from_log(metadata.level()))
    }

    fn log(&self, record: &log::Record<'_>) {
        // The subscriber has the event or span of which `tracing` makes a copy.
        if !self.enabled(record.metadata()) || callsites::is_copy(record) {
            return;
        }
        let severity = severity(from_log(record.level()));
        let head = Head { target: Target::Text(record.target()), severity };
        let code_location = self.code_location.load(Ordering::Relaxed);
        self.emitter.emit(head, LogSource { record, code_location });
    }

    fn flush(&self) {}
}

/// A record of the `log` crate.
struct LogSource<'r> {
    record: &'r log::Record<'r>,
    code_location: bool,
}

impl RecordSource for LogSource<'_> {
    fn is_regular(&self, limits: RecordLimits) -> bool {
        let mut keys = KeyVisitor { count: 0, keys: KeyBits::default(), is_reserved: false };
        let key_values = self.record.key_values();
        let _ = shielded(|| key_values.visit(&mut keys));
        // The location has two attributes, the message of an error has one.
        !keys.is_reserved && !keys.keys.may_repeat() && keys.count + 3 <= limits.attributes
    }

    fn read(&mut self, fields: &mut impl Fields) {
        let record = self.record;
        fields.set(Place::Body, SourceValue::Formatted(*record.args()));
        // The source and the values may be those of the program. The visitor returns no error.
        let key_values = record.key_values();
        let _ = shielded(|| key_values.visit(&mut KeyValueVisitor(fields)));
        if self.code_location {
            let file = match record.file_static() {
                Some(file) => Some(SourceValue::Static(file)),
                None => record.file().map(SourceValue::Text),
            };
            add_location(fields, file, record.line());
        }
    }
}

/// Looks at the keys of a `log` record.
struct KeyVisitor {
    count: usize,
    keys: KeyBits,
    is_reserved: bool,
}

impl<'kvs> log::kv::VisitSource<'kvs> for KeyVisitor {
    fn visit_pair(&mut self, key: log::kv::Key<'kvs>, _: log::kv::Value<'kvs>) -> Result<(), log::kv::Error> {
        let key = key.as_str();
        self.count += 1;
        self.keys.add(key);
        self.is_reserved |= key == EXCEPTION_MESSAGE || key.starts_with("code.");
        Ok(())
    }
}

/// Passes the key-values of a `log` record on and keeps their types.
struct KeyValueVisitor<'f, F>(&'f mut F);

impl<'kvs, F: Fields> log::kv::VisitSource<'kvs> for KeyValueVisitor<'_, F> {
    fn visit_pair(
        &mut self,
        key: log::kv::Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        let place = match key.to_static_str() {
            Some(key) => Place::Static(key),
            None => Place::Text(key.as_str()),
        };
        let visitor = ValueVisitor { place, fields: self.0 };
        // An error or a panic costs this value, not those that follow.
        let _ = shielded(|| value.visit(visitor));
        Ok(())
    }
}

/// Passes the value of one key on.
struct ValueVisitor<'k, 'f, F> {
    place: Place<'k>,
    fields: &'f mut F,
}

/// Implements the methods that only pass the value on.
macro_rules! visit {
    ($($method:ident($value:ident: $type:ty) => $field_value:expr;)+) => {
        $(fn $method(&mut self, $value: $type) -> Result<(), log::kv::Error> {
            self.fields.set(self.place, $field_value);
            Ok(())
        })+
    };
}

impl<F: Fields> log::kv::VisitValue<'_> for ValueVisitor<'_, '_, F> {
    visit! {
        visit_any(value: log::kv::Value<'_>) => SourceValue::Formatted(format_args!("{value}"));
        visit_i64(value: i64) => SourceValue::Int(value);
        visit_f64(value: f64) => SourceValue::Double(value);
        visit_bool(value: bool) => SourceValue::Bool(value);
        visit_str(value: &str) => SourceValue::Text(value);
        visit_char(value: char) => SourceValue::Text(value.encode_utf8(&mut [0; 4]));
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), log::kv::Error> {
        with_integer(value, |value| self.fields.set(self.place, value));
        Ok(())
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), log::kv::Error> {
        with_integer(value, |value| self.fields.set(self.place, value));
        Ok(())
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), log::kv::Error> {
        with_integer(value, |value| self.fields.set(self.place, value));
        Ok(())
    }

    /// Adds no attribute for a value that is absent.
    fn visit_null(&mut self) -> Result<(), log::kv::Error> {
        Ok(())
    }

    fn visit_error(&mut self, value: &(dyn std::error::Error + 'static)) -> Result<(), log::kv::Error> {
        let message = display_lossy(value);
        self.fields.add_exception(&message);
        self.fields.set(self.place, SourceValue::Text(&message));
        Ok(())
    }
}
