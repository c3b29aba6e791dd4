//! The bridge from the `log` crate.

use opentelemetry::{
    Key,
    logs::{AnyValue, LogRecord as _},
};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    callsites,
    filter::ReloadableFilter,
    internal_events::is_internal,
    level::{from_log, severity},
    logger::LoggerFactory,
    record::{add_location, init_record},
    record_emitter::RecordEmitter,
    value::{display_lossy, format_value, integer_value},
};
use crate::{context::shielded, format::EXCEPTION_MESSAGE};

/// Converts records of the `log` crate and keeps their target and level.
#[derive(Debug)]
pub(crate) struct LogBridge {
    emitter: RecordEmitter,
    filter: ReloadableFilter,
    code_location: bool,
}

impl LogBridge {
    pub(crate) fn new(factory: &LoggerFactory) -> Self {
        Self {
            emitter: factory.emitter("log"),
            filter: factory.filter.clone(),
            code_location: factory.code_location,
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
        let mut out = self.emitter.create_log_record();
        init_record(&mut out, record.target().to_owned(), severity(from_log(record.level())));
        out.set_body(format_value(*record.args()));
        // The source and the values may be those of the program. The visitor returns no error.
        let key_values = record.key_values();
        let _ = shielded(|| key_values.visit(&mut KeyValueVisitor(&mut out)));
        if self.code_location {
            let file = match record.file_static() {
                Some(file) => Some(AnyValue::from(file)),
                None => record.file().map(|file| file.to_owned().into()),
            };
            add_location(&mut out, file, record.line());
        }
        self.emitter.emit(&mut out);
    }

    fn flush(&self) {}
}

/// Copies the key-values of a `log` record and keeps their types.
struct KeyValueVisitor<'r>(&'r mut SdkLogRecord);

impl<'kvs> log::kv::VisitSource<'kvs> for KeyValueVisitor<'_> {
    fn visit_pair(
        &mut self,
        key: log::kv::Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        let visitor = ValueVisitor { key: Key::new(key.as_str().to_owned()), record: self.0 };
        // An error or a panic costs this value, not those that follow.
        let _ = shielded(|| value.visit(visitor));
        Ok(())
    }
}

/// Copies the value of one key.
struct ValueVisitor<'r> {
    key: Key,
    record: &'r mut SdkLogRecord,
}

impl ValueVisitor<'_> {
    fn add(&mut self, value: impl Into<AnyValue>) {
        self.record.add_attribute(self.key.clone(), value);
    }
}

/// Implements the methods that only add the value as an attribute.
macro_rules! visit {
    ($($method:ident($value:ident: $type:ty) => $attribute:expr;)+) => {
        $(fn $method(&mut self, $value: $type) -> Result<(), log::kv::Error> {
            self.add($attribute);
            Ok(())
        })+
    };
}

impl log::kv::VisitValue<'_> for ValueVisitor<'_> {
    visit! {
        visit_any(value: log::kv::Value<'_>) => format_value(format_args!("{value}"));
        visit_u64(value: u64) => integer_value(value);
        visit_i64(value: i64) => value;
        visit_u128(value: u128) => integer_value(value);
        visit_i128(value: i128) => integer_value(value);
        visit_f64(value: f64) => value;
        visit_bool(value: bool) => value;
        visit_str(value: &str) => value.to_owned();
        visit_char(value: char) => value.to_string();
    }

    /// Adds no attribute for a value that is absent.
    fn visit_null(&mut self) -> Result<(), log::kv::Error> {
        Ok(())
    }

    fn visit_error(&mut self, value: &(dyn std::error::Error + 'static)) -> Result<(), log::kv::Error> {
        let message = display_lossy(value);
        self.record.add_attribute(EXCEPTION_MESSAGE, message.clone());
        self.add(message);
        Ok(())
    }
}
