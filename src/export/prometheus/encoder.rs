//! Encodes metrics as a page.

use std::io;

use opentelemetry_sdk::{Resource, metrics::data::ResourceMetrics};

use super::{
    escaping::NameKind,
    family::Families,
    family_writer::FamilyWriter,
    label_name::LabelNamer,
    label_plan::ConstantLabel,
    label_set::LabelStyle,
    label_value::value_text,
    name::MetricNamer,
    page::PageWriter,
    page_format::{PageFormat, Syntax},
};
use crate::config::{IncludeExclude, Prometheus};

/// The name of the metric that holds the resource.
const TARGET_INFO: &str = "target_info";

/// The settings of the page.
#[derive(Debug)]
pub(super) struct Encoder {
    namer: MetricNamer,
    has_target_info: bool,
    has_scope_info: bool,
    resource_labels: IncludeExclude,
}

impl Encoder {
    pub(super) fn new(config: &Prometheus) -> Self {
        let Prometheus {
            listen: _,
            host: _,
            port: _,
            path: _,
            target_info,
            scope_info,
            translation_strategy,
            namespace,
            resource_labels,
        } = config;
        Self {
            namer: MetricNamer::new(namespace.as_ref(), *translation_strategy),
            has_target_info: *target_info,
            has_scope_info: *scope_info,
            resource_labels: resource_labels.clone(),
        }
    }

    /// Writes the page. Returns a sentence about each metric or value that is not on it.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing needs the page any more.
    pub(super) fn encode(
        &self,
        metrics: &ResourceMetrics,
        format: PageFormat,
        page: &mut PageWriter,
    ) -> io::Result<Vec<String>> {
        let PageFormat { exposition, escaping } = format;
        let syntax = exposition.syntax();
        let resource = metrics.resource();
        let target_info = escaping.escape(TARGET_INFO, NameKind::Metric);
        let target_info = (self.has_target_info && !resource.is_empty()).then_some(&*target_info);
        let mut families = Families::group(metrics, &self.namer, escaping, target_info);
        let mut conflicts = std::mem::take(&mut families.conflicts);
        let namer = LabelNamer { is_utf8: self.namer.is_utf8, escaping };
        let constants = self.constants(std::mem::take(&mut families.scopes), resource);
        let mut writer = FamilyWriter::new(LabelStyle { namer, syntax }, constants);
        if let Some(name) = target_info {
            writer.push_resource(page, name, &resource_labels(resource), &families);
        }
        for (name, family) in &families.by_name {
            writer.push(page, name, family, &families, &mut conflicts);
            page.release()?;
        }
        if syntax == Syntax::OpenMetrics {
            page.current.extend_from_slice(b"# EOF\n");
        }
        Ok(conflicts)
    }

    /// Returns the labels that all samples of a meter have, for each meter.
    fn constants(&self, scopes: Vec<Vec<ConstantLabel>>, resource: &Resource) -> Vec<Vec<ConstantLabel>> {
        let mut of_resource = resource_labels(resource);
        of_resource.retain(|label| self.resource_labels.selects(&label.key));
        let constants = scopes.into_iter().map(|labels| {
            let of_scope = if self.has_scope_info { labels } else { Vec::new() };
            of_scope.into_iter().chain(of_resource.iter().cloned()).collect()
        });
        constants.collect()
    }
}

fn resource_labels(resource: &Resource) -> Vec<ConstantLabel> {
    let label =
        |(key, value)| ConstantLabel { key: ToString::to_string(key), value: value_text(value).into_owned() };
    let mut labels: Vec<_> = resource.iter().map(label).collect();
    labels.sort();
    labels
}
