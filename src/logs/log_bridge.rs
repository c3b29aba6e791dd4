//! The bridge from the `log` crate.

use opentelemetry::{
    Key,
    logs::{AnyValue, LogRecord as _},
};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    Filter, LoggerFactory,
    filter::{from_log, is_internal, severity},
    prefiltered_logger::PrefilteredLogger,
    record::{EXCEPTION_MESSAGE, add_location, display_lossy, formatted, init_record, integer},
};

/// Turns `log` records into records of the pipeline, with their own target and level.
#[derive(Debug)]
pub(crate) struct LogBridge {
    logger: PrefilteredLogger,
    filter: Filter,
    code_location: bool,
}

impl LogBridge {
    pub(crate) fn new(factory: &LoggerFactory) -> Self {
        Self {
            logger: factory.prefiltered("log"),
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
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut out = self.logger.create_log_record();
        init_record(&mut out, record.target().to_owned(), severity(from_log(record.level())));
        out.set_body(formatted(*record.args()));
        // It never ends early, since `Fields` does not.
        let _ = record.key_values().visit(&mut Fields(&mut out));
        if self.code_location {
            let file = match record.file_static() {
                Some(file) => Some(AnyValue::from(file)),
                None => record.file().map(|file| file.to_owned().into()),
            };
            add_location(&mut out, file, record.line());
        }
        self.logger.emit(out);
    }

    fn flush(&self) {}
}

/// Copies the key-values of a `log` record, each with its type.
struct Fields<'r>(&'r mut SdkLogRecord);

impl<'kvs> log::kv::VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(
        &mut self,
        key: log::kv::Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        value.visit(Field { key: Key::new(key.as_str().to_owned()), record: self.0 })
    }
}

/// One key-value.
struct Field<'r> {
    key: Key,
    record: &'r mut SdkLogRecord,
}

impl Field<'_> {
    fn add(&mut self, value: impl Into<AnyValue>) {
        self.record.add_attribute(self.key.clone(), value);
    }
}

/// Implements the methods that need no more than the value as an attribute.
macro_rules! visit {
    ($($method:ident($value:ident: $type:ty) => $attribute:expr;)+) => {
        $(fn $method(&mut self, $value: $type) -> Result<(), log::kv::Error> {
            self.add($attribute);
            Ok(())
        })+
    };
}

impl log::kv::VisitValue<'_> for Field<'_> {
    visit! {
        visit_any(value: log::kv::Value<'_>) => formatted(format_args!("{value}"));
        visit_u64(value: u64) => integer(value);
        visit_i64(value: i64) => value;
        visit_u128(value: u128) => integer(value);
        visit_i128(value: i128) => integer(value);
        visit_f64(value: f64) => value;
        visit_bool(value: bool) => value;
        visit_str(value: &str) => value.to_owned();
        visit_char(value: char) => value.to_string();
    }

    /// A value that is not there is an attribute that is not there.
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
