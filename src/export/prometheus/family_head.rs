//! The lines before the samples of a family.

use super::{
    escaping::NameKind,
    family::{Families, Family},
    kind::FamilyType,
    label_text::push_name,
    label_value::{push_escaped, push_help},
    page_format::Syntax,
};

/// The suffixes that the samples of a counter and of an info have in OpenMetrics, and their
/// families have not.
const COUNTER_SUFFIX: &str = "_total";
const INFO_SUFFIX: &str = "_info";

/// The metadata of a family.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FamilyHead<'f> {
    pub(super) name: &'f str,
    pub(super) type_name: &'static str,
    pub(super) help: &'f str,
    /// The suffix of the name that is a unit.
    pub(super) unit: String,
}

impl<'f> FamilyHead<'f> {
    /// Returns the metadata of the family `name` of a page.
    pub(super) fn new(name: &'f str, family: &Family<'f>, families: &Families<'_>, syntax: Syntax) -> Self {
        let type_name = family.kind.as_str();
        let head = Self { name, type_name, help: family.help, unit: String::new() };
        if syntax == Syntax::Text {
            return head;
        }
        let head = match (syntax, family.kind) {
            (Syntax::OpenMetrics, FamilyType::Counter) => head.without_suffix(COUNTER_SUFFIX, families),
            _ => head,
        };
        let unit = family.unit();
        let stem = head.name.strip_suffix(COUNTER_SUFFIX).unwrap_or(head.name).strip_suffix(&*unit);
        let has_unit = !unit.is_empty() && stem.is_some_and(|stem| stem.ends_with('_'));
        // In OpenMetrics, the unit is the end of the name.
        let is_end = syntax == Syntax::Protobuf || head.name.ends_with(&*unit);
        Self { unit: if has_unit && is_end { unit } else { String::new() }, ..head }
    }

    /// Returns the metadata of the resource, which is a metric `name`.
    pub(super) fn of_resource(name: &'f str, families: &Families<'_>, syntax: Syntax) -> Self {
        let (type_name, help) = (FamilyType::Gauge.as_str(), "Target metadata");
        let head = Self { name, type_name, help, unit: String::new() };
        match syntax {
            Syntax::OpenMetrics => {
                Self { type_name: "info", ..head }.without_suffix(INFO_SUFFIX, families).or_gauge()
            }
            Syntax::Text | Syntax::Protobuf => head,
        }
    }

    /// Returns the metadata in OpenMetrics, where samples have a suffix that their family has not.
    ///
    /// A name without the suffix, or one that leaves the name of another family, stays as it is:
    /// the names of samples are the same in all formats. The type is unknown then.
    fn without_suffix(self, suffix: &str, families: &Families<'_>) -> Self {
        match self.name.strip_suffix(suffix) {
            Some(name) if !name.is_empty() && !families.by_name.contains_key(name) => Self { name, ..self },
            _ => Self { type_name: "unknown", ..self },
        }
    }

    fn or_gauge(self) -> Self {
        let is_unknown = self.type_name == "unknown";
        Self { type_name: if is_unknown { FamilyType::Gauge.as_str() } else { self.type_name }, ..self }
    }

    /// Appends the lines of the metadata. `syntax` is one of the text formats.
    pub(super) fn push(&self, out: &mut Vec<u8>, syntax: Syntax) {
        let Self { name, type_name, help, unit } = self;
        let mut quoted = Vec::new();
        push_name(&mut quoted, name, NameKind::Metric);
        let mut push_line = |keyword: &str, push_value: &dyn Fn(&mut Vec<u8>)| {
            out.extend_from_slice(b"# ");
            out.extend_from_slice(keyword.as_bytes());
            out.push(b' ');
            out.extend_from_slice(&quoted);
            out.push(b' ');
            push_value(out);
            out.push(b'\n');
        };
        if !help.is_empty() {
            push_line("HELP", &|out| match syntax {
                Syntax::OpenMetrics => push_escaped(out, help),
                Syntax::Text | Syntax::Protobuf => push_help(out, help),
            });
        }
        push_line("TYPE", &|out| out.extend_from_slice(type_name.as_bytes()));
        if !unit.is_empty() {
            push_line("UNIT", &|out| out.extend_from_slice(unit.as_bytes()));
        }
    }
}
