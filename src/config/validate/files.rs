//! Rules for rolling files.

use super::rule_violation::RuleViolation;
use crate::config::{Config, value::byte_size::ByteSize};

/// Checks the sizes of rolling files.
pub(super) fn files(config: &Config, found: &mut Vec<RuleViolation>) {
    sizes("file", config.file.max_size, config.file.max_total_size, found);
}

fn sizes(table: &str, one: Option<ByteSize>, all: Option<ByteSize>, found: &mut Vec<RuleViolation>) {
    if let (Some(one), Some(all)) = (one, all)
        && one.bytes() > all.bytes()
    {
        let (one_key, all_key) = (format!("{table}.max_size"), format!("{table}.max_total_size"));
        let message = format!("a file of \"{one}\" exceeds the size of all files, \"{all}\" ({all_key})");
        let help = format!("reduce `{one_key}`, for example to \"{}\"", all.divided_by(8));
        found.push(RuleViolation::error(&[&one_key, &all_key], message).with_help(help));
    }
}
