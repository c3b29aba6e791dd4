//! Metrics that become one family: the samples below one `# TYPE` line.

use std::collections::{BTreeMap, HashMap};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::metrics::data::{Metric, ResourceMetrics};

use super::{
    kind::{FamilyType, MetricKind},
    label_plan::ConstantLabel,
    name::MetricNamer,
    page_format::Escaping,
    scope::scope_labels,
    unit::UnitWords,
};

/// All metrics of one name, of any meter.
#[derive(Debug)]
pub(super) struct Family<'m> {
    pub(super) kind: FamilyType,
    /// The description of the first member that has one.
    pub(super) help: &'m str,
    pub(super) members: Vec<Member<'m>>,
}

impl Family<'_> {
    /// Returns the unit of the first member, as the suffix of a name.
    pub(super) fn unit(&self) -> String {
        self.members
            .first()
            .map_or_else(String::new, |member| UnitWords::of(member.metric.unit(), member.kind).suffix())
    }
}

/// A metric of a family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'m> {
    pub(super) metric: &'m Metric,
    pub(super) kind: MetricKind,
    /// The index of its meter.
    pub(super) scope: usize,
}

/// The metrics of a page, ordered.
#[derive(Debug)]
pub(super) struct Families<'m> {
    /// The labels of each meter.
    pub(super) scopes: Vec<Vec<ConstantLabel>>,
    pub(super) by_name: BTreeMap<String, Family<'m>>,
    /// A sentence about each metric, and each description, that is not on the page.
    pub(super) conflicts: Vec<String>,
}

impl<'m> Families<'m> {
    /// Groups metrics by their names.
    ///
    /// Of metrics that exclude each other, the first one wins. The order is that of the names of
    /// meters and instruments, so the result does not depend on the order of their creation.
    ///
    /// `reserved` is the name of the metric that holds the resource.
    pub(super) fn group(
        metrics: &'m ResourceMetrics,
        namer: &MetricNamer,
        escaping: Escaping,
        reserved: Option<&str>,
    ) -> Self {
        let mut scopes: Vec<_> = metrics
            .scope_metrics()
            .map(|of_scope| (of_scope.scope(), scope_labels(of_scope.scope()), of_scope))
            .collect();
        scopes.sort_by(|(scope, labels, _), (other, other_labels, _)| {
            (scope.name(), labels).cmp(&(other.name(), other_labels))
        });
        let mut grouping = Grouping {
            scopes: scopes.iter().map(|(scope, ..)| *scope).collect(),
            owners: HashMap::new(),
            families: BTreeMap::new(),
            conflicts: Vec::new(),
        };
        if let Some(name) = reserved {
            grouping.owners.insert(name.to_owned(), None);
        }
        for (index, (.., of_scope)) in scopes.iter().enumerate() {
            let mut members: Vec<_> = of_scope
                .metrics()
                .map(|metric| Member { metric, kind: MetricKind::of(metric), scope: index })
                .collect();
            members.sort_by_key(|member| (member.metric.name(), member.kind, member.metric.unit()));
            for member in members {
                let Member { metric, kind, .. } = member;
                grouping.add(namer.name(metric.name(), metric.unit(), kind, escaping), member);
            }
        }
        Self {
            by_name: grouping.families,
            conflicts: grouping.conflicts,
            scopes: scopes.into_iter().map(|(_, labels, _)| labels).collect(),
        }
    }
}

/// The state of [`Families::group`].
struct Grouping<'m> {
    scopes: Vec<&'m InstrumentationScope>,
    /// The first metric with samples of this name; `None` is the resource.
    owners: HashMap<String, Option<Member<'m>>>,
    families: BTreeMap<String, Family<'m>>,
    conflicts: Vec<String>,
}

impl<'m> Grouping<'m> {
    fn add(&mut self, name: String, member: Member<'m>) {
        let kind = member.kind.family_type();
        if let Some(family) = self.families.get_mut(&name)
            && family.kind == kind
        {
            let help = member.metric.description();
            if family.help.is_empty() {
                family.help = help;
            } else if !help.is_empty() && help != family.help {
                self.conflicts.push(format!(
                    "{} has another description than {} on the Prometheus page; the latter is shown",
                    describe(&self.scopes, member),
                    describe(&self.scopes, family.members[0]),
                ));
            }
            family.members.push(member);
            return;
        }
        let samples = sample_names(&name, member.kind);
        if let Some((sample, owner)) = samples.iter().find_map(|name| Some((name, self.owners.get(name)?))) {
            let owner = match owner {
                Some(owner) => describe(&self.scopes, *owner),
                None => "the resource".to_owned(),
            };
            self.conflicts.push(format!(
                "{} is not on the Prometheus page, because {owner} has the name \"{sample}\" there; rename one of them",
                describe(&self.scopes, member),
            ));
            return;
        }
        self.owners.extend(samples.into_iter().map(|sample| (sample, Some(member))));
        let help = member.metric.description();
        self.families.insert(name, Family { kind, help, members: vec![member] });
    }
}

/// Returns the names of the samples of a family, and its own name.
fn sample_names(name: &str, kind: MetricKind) -> Vec<String> {
    let suffixes: &[&str] =
        if kind == MetricKind::Histogram { &["", "_bucket", "_sum", "_count"] } else { &[""] };
    suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
}

/// Returns a name for messages: `the counter "conflict" of the meter "shop"`.
fn describe(scopes: &[&InstrumentationScope], member: Member<'_>) -> String {
    let kind = match member.kind {
        MetricKind::Counter => "counter",
        MetricKind::UpDownCounter => "up-down counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    };
    format!("the {kind} {:?} of the meter {:?}", member.metric.name(), scopes[member.scope].name())
}
