//! Renders log records as lines: text for people, JSON for machines.

mod any_value;
mod drop_notice;
mod exception;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod json_string;
mod line_format;
mod palette;
mod record;
pub(crate) mod text;
mod time;
pub(crate) mod value;

pub(crate) use self::{
    any_value::to_any_value,
    drop_notice::drop_notice,
    exception::{EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, repeats_message},
    line_format::LineFormat,
    palette::Palette,
    record::target,
    time::format_timestamp,
};
