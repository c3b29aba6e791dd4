//! Reads a declarative file.

use std::{fs, path::Path, sync::Arc};

use super::{
    fault::Fault, file_format, ignored, judge::Findings, meaning, node::Place, parse::parse,
    table::CONFIGURATION, variables::Variables, writer::Writer, written_keys::WrittenKeys,
};
use crate::{
    config::{Config, Registered, value::ParseError},
    error::{Origin, Problem},
    load::{decoded::Decoded, environment::Environment, layer::Layer, layer_source::LayerSource},
};

/// The greatest size of a file in bytes.
const MAX_SIZE: u64 = 1024 * 1024;

/// A declarative file.
pub(crate) struct Declared {
    pub(crate) layer: Layer,
    pub(crate) written: Arc<WrittenKeys>,
    /// The version of the schema.
    pub(crate) file_format: String,
    /// The detector `service` is enabled, which reads a variable.
    pub(crate) detects_service: bool,
    /// Variables that are set and that the file does not use.
    pub(crate) ignored: Vec<String>,
}

/// Reads the text of the file at `path`. Returns `None` if it cannot be read.
pub(crate) fn text(path: &Path, problems: &mut Vec<Problem>) -> Option<String> {
    let text = read(path, problems);
    text.map_err(|problem| problems.push(problem)).ok()
}

fn read(path: &Path, problems: &mut Vec<Problem>) -> Result<String, Problem> {
    let cannot_read = |error: std::io::Error| {
        Problem::new(format!("cannot read {}: {error}", path.display())).with_source(error)
    };
    let size = fs::metadata(path).map_err(cannot_read)?.len();
    if size > MAX_SIZE {
        return Err(Problem::new(format!("{} has {size} bytes, more than {MAX_SIZE}", path.display())));
    }
    let Decoded { text, problem } = Decoded::new(fs::read(path).map_err(cannot_read)?);
    if let Some((offset, problem)) = problem {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let place = Place { line: narrow(line), column: narrow(column) };
        problems.push(problem.with_origin(WrittenKeys::new(path).origin_at(place)));
    }
    Ok(text)
}

/// Reads a text, as if it were that of the file at `path`. Returns `None` if its version or its
/// syntax is not known.
pub(crate) fn from_text(
    path: &Path,
    text: &str,
    environment: &Environment,
    registered: &Registered,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<Declared> {
    let variables = Variables::new(environment);
    let mut findings = Findings::new(registered);
    let parsed = parse(text, &variables, &mut findings.faults);
    let mut writer = Writer::new(path);
    let parsed = parsed.and_then(|root| Ok((file_format::check(&root)?, root)));
    let ((file_format, newer), mut root) = match parsed {
        Ok(parsed) => parsed,
        Err(fault) => {
            // A bad scalar above a syntax error is a problem as well.
            findings
                .faults
                .retain(|other| fault.error.message.starts_with("invalid YAML") && other.place < fault.place);
            findings.faults.push(fault);
            problems.extend(findings.faults.into_iter().map(|fault| problem(&writer.written, fault)));
            return None;
        }
    };
    findings.warnings.extend(newer);
    findings.mapping(&mut root, &CONFIGURATION);
    let detects_service = meaning::write(&root, &mut writer);
    let Writer { values, written, faults, warnings: of_meaning } = writer;
    let to_problem = |fault| problem(&written, fault);
    problems.extend(findings.faults.into_iter().chain(faults).map(to_problem));
    warnings.extend(findings.warnings.into_iter().chain(of_meaning).map(to_problem));
    let written = Arc::new(written);
    let mut layer = Layer { values, source: LayerSource::Declarative(Arc::clone(&written)) };
    let of_file = problems.len();
    for problem in layer.check::<Config>() {
        // What follows from a problem of the file is not one of its own.
        let follows = problems[..of_file].iter().any(|other| is_related(other.key(), problem.key()));
        if !follows && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    let mut referenced = variables.into_referenced();
    if detects_service {
        referenced.insert("OTEL_SERVICE_NAME".to_owned());
    }
    let ignored = ignored::variables(environment, &referenced);
    Some(Declared { layer, written, file_format, detects_service, ignored })
}

/// Returns whether one of two paths contains the other.
pub(crate) fn is_related(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let contains = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    contains(one, other) || contains(other, one)
}

fn problem(written: &WrittenKeys, Fault { place, path, error }: Fault) -> Problem {
    let ParseError { message, help, .. } = error;
    let origin: Origin = written.origin_at(place);
    let problem = Problem::new(message).with_optional_help(help).with_origin(origin);
    if path.is_empty() { problem } else { problem.with_key(path) }
}
