//! The meter provider.

use super::{
    super::{fault::Fault, node::Node, writer::Writer},
    exporter::Exporters,
    periodic_reader::{self, PeriodicReader},
    scopes, views,
};
use crate::config::{Signal, value::ParseError};

/// The maximum of a cardinality limit.
const MAX_CARDINALITY: i64 = 1_000_000;

const KINDS: [&str; 7] = [
    "counter",
    "gauge",
    "histogram",
    "observable_counter",
    "observable_gauge",
    "observable_up_down_counter",
    "up_down_counter",
];

/// Writes the keys of metrics. Without a provider, no metrics are exported.
pub(super) fn write(provider: Option<&Node>, w: &mut Writer) {
    let Some(provider) = provider else { return w.set_default("metrics.exporters", Vec::<String>::new()) };
    match provider.get("readers") {
        Some(list) => readers(list, w),
        None => w.set_default("metrics.exporters", Vec::<String>::new()),
    }
    if let Some(list) = provider.get("views") {
        views::write(list, w);
    }
    // The SDK records no exemplars. The default of the schema is not worth a warning.
    if provider.some("exemplar_filter").is_some_and(|filter| filter.text() != Some("trace_based")) {
        w.copy("metrics.exemplar_filter", provider, "exemplar_filter");
    }
    if let Some(configurator) = provider.get("meter_configurator/development") {
        scopes::write("metrics.scopes", configurator, "meters", w);
    }
}

/// A value on which all readers must agree: its name, and its value in the first reader.
struct Shared<'n> {
    name: &'static str,
    default: &'static str,
    first: Option<(String, &'n Node)>,
}

impl<'n> Shared<'n> {
    const fn new(name: &'static str, default: &'static str) -> Self {
        Self { name, default, first: None }
    }

    /// Returns whether `holder` is the first one. Another value is an error.
    fn is_first(&mut self, holder: &'n Node, w: &mut Writer) -> bool {
        let node = holder.some(self.name);
        let value = match node {
            Some(node) => match (node.text(), node.integer()) {
                (Some(text), _) => text.to_owned(),
                (None, number) => number.unwrap_or_default().to_string(),
            },
            None => self.default.to_owned(),
        };
        let at = node.unwrap_or(holder);
        match &self.first {
            None => {
                self.first = Some((value, at));
                true
            }
            Some((first, other)) => {
                if *first != value {
                    let message = format!("`{}` is {value}, but {first} in {}", self.name, other.path);
                    let error = ParseError::of_key(format!("{message}: all readers must agree"));
                    w.faults.push(Fault::at_key(at, error.with_help("use the same value")));
                }
                false
            }
        }
    }
}

fn readers(list: &Node, w: &mut Writer) {
    let mut exporters = Exporters::new(Signal::Metrics);
    let mut temporality = Shared::new("temporality_preference", "cumulative");
    let mut histograms = Shared::new("default_histogram_aggregation", "explicit_bucket_histogram");
    let mut pull: Option<&Node> = None;
    let mut periodic = Vec::new();
    let mut limits: Option<&Node> = None;
    for (index, (kind, reader)) in list.items().iter().filter_map(Node::choice).enumerate() {
        cardinality(index, reader, &mut limits, w);
        let Some(exporter) = reader.get("exporter") else { continue };
        if kind == "pull" {
            if let Some(first) = pull {
                let error = ParseError::of_key(format!("is a second one, beside {}", first.path));
                w.faults.push(Fault::at_key(reader, error.with_help("remove one of them")));
                continue;
            }
            pull = Some(reader);
            exporters.add(exporter, w);
            continue;
        }
        let Some(written) = exporters.add(exporter, w) else { continue };
        let Some((_, exporter)) = exporter.choice() else { continue };
        periodic.push(PeriodicReader { node: reader, exporter, written });
        if temporality.is_first(exporter, w)
            && let Some(preference) = exporter.some("temporality_preference")
        {
            let name = preference.text().unwrap_or_default().replace('_', "");
            w.set("metrics.temporality", name, preference);
        }
        if histograms.is_first(exporter, w) {
            w.copy("metrics.histogram_aggregation", exporter, "default_histogram_aggregation");
        }
    }
    periodic_reader::write(&periodic, w);
    exporters.finish(list, w);
}

/// Writes the limits of the first reader. Those of the others must be the same.
fn cardinality<'n>(index: usize, reader: &'n Node, first: &mut Option<&'n Node>, w: &mut Writer) {
    let limits = reader.get("cardinality_limits");
    if index == 0 {
        *first = limits;
        if let Some(limits) = limits {
            w.copy_at_most("metrics.cardinality_limit", limits, "default", MAX_CARDINALITY);
            for kind in KINDS {
                let key = format!("metrics.cardinality_limits.{kind}");
                w.copy_at_most(&key, limits, kind, MAX_CARDINALITY);
            }
        }
    } else if limits != *first {
        let error = ParseError::of_key("`cardinality_limits` differ from those of the first reader");
        w.faults.push(Fault::at_key(
            limits.unwrap_or(reader),
            error.with_help("use the same limits in all readers"),
        ));
    }
}
