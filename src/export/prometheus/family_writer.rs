//! Writes families in the format of a page.

use super::{
    family::{Families, Family, Member},
    family_head::FamilyHead,
    kind::{FamilyType, MetricKind},
    label_hashes::LabelHashes,
    label_plan::ConstantLabel,
    label_set::{LabelStyle, LabelWriter},
    merge::MergedPoints,
    metric_family::FamilyMessage,
    number::Number,
    page::PageWriter,
    page_format::Syntax,
    points::{PointValue, for_each_point},
    sample::SampleWriter,
};

/// Writes families, one after the other.
#[derive(Debug)]
pub(super) struct FamilyWriter {
    style: LabelStyle,
    /// The labels of all samples of each meter.
    constants: Vec<Vec<ConstantLabel>>,
    hashes: LabelHashes,
    labels: Vec<u8>,
}

/// Writes the points of one family.
enum PointWriter {
    Text(SampleWriter),
    Protobuf(FamilyMessage),
}

impl PointWriter {
    /// Returns whether the point is on the page.
    #[inline]
    fn push(&mut self, out: &mut Vec<u8>, labels: &[u8], value: &PointValue<'_>) -> bool {
        match self {
            Self::Text(samples) => {
                samples.push(out, labels, value);
                true
            }
            Self::Protobuf(message) => message.push(out, labels, value),
        }
    }

    fn end(self, page: &mut PageWriter) {
        match self {
            Self::Text(_) => {}
            Self::Protobuf(message) => message.end(page),
        }
    }
}

impl FamilyWriter {
    pub(super) fn new(style: LabelStyle, constants: Vec<Vec<ConstantLabel>>) -> Self {
        Self { style, constants, hashes: LabelHashes::default(), labels: Vec::new() }
    }

    /// Writes the metric of the resource.
    pub(super) fn push_resource(
        &mut self,
        page: &mut PageWriter,
        name: &str,
        attributes: &[ConstantLabel],
        families: &Families<'_>,
    ) {
        let head = FamilyHead::of_resource(name, families, self.style.syntax);
        let mut points = self.begin(page, name, &head, FamilyType::Gauge);
        self.labels.clear();
        LabelWriter::new(attributes, self.style, false).push(&mut self.labels, &[]);
        points.push(&mut page.current, &self.labels, &PointValue::Number(Number::U64(1)));
        points.end(page);
    }

    /// Writes a family. Adds a sentence about each kind of loss to `conflicts`.
    pub(super) fn push(
        &mut self,
        page: &mut PageWriter,
        name: &str,
        family: &Family<'_>,
        families: &Families<'_>,
        conflicts: &mut Vec<String>,
    ) {
        let head = FamilyHead::new(name, family, families, self.style.syntax);
        let mut points = self.begin(page, name, &head, family.kind);
        let start = page.mark();
        let mut is_complete = true;
        if !self.push_distinct(page, &mut points, family, &mut is_complete) {
            page.rewind(start);
            is_complete = true;
            if self.push_merged(page, &mut points, family, &mut is_complete) {
                conflicts.push(format!(
                    "several values of the {} \"{name}\" have the same labels on the Prometheus page; only one of them is shown",
                    family.kind.as_str()
                ));
            }
        }
        points.end(page);
        if !is_complete {
            conflicts.push(format!(
                "values of the histogram \"{name}\" are not on the Prometheus page in Protocol Buffers, because their range needs wider buckets than a native histogram has"
            ));
        }
    }

    fn begin(
        &self,
        page: &mut PageWriter,
        name: &str,
        head: &FamilyHead<'_>,
        family_type: FamilyType,
    ) -> PointWriter {
        match self.style.syntax {
            Syntax::Protobuf => PointWriter::Protobuf(FamilyMessage::begin(page, head, family_type)),
            syntax @ (Syntax::Text | Syntax::OpenMetrics) => {
                head.push(&mut page.current, syntax);
                PointWriter::Text(SampleWriter::new(name, syntax))
            }
        }
    }

    fn label_writer<'c>(
        constants: &'c [Vec<ConstantLabel>],
        style: LabelStyle,
        member: Member<'_>,
    ) -> LabelWriter<'c> {
        LabelWriter::new(&constants[member.scope], style, member.kind == MetricKind::Histogram)
    }

    /// Writes all points. Returns `false` at the first one whose labels may not be new.
    fn push_distinct(
        &mut self,
        page: &mut PageWriter,
        points: &mut PointWriter,
        family: &Family<'_>,
        is_complete: &mut bool,
    ) -> bool {
        let mut is_distinct = true;
        self.hashes.clear();
        for member in &family.members {
            let mut labels = Self::label_writer(&self.constants, self.style, *member);
            for_each_point(member.metric, |attributes, value| {
                self.labels.clear();
                labels.push(&mut self.labels, attributes);
                is_distinct = is_distinct && self.hashes.insert(&self.labels);
                if is_distinct {
                    *is_complete &= points.push(&mut page.current, &self.labels, &value);
                    page.end_point();
                }
            });
        }
        is_distinct
    }

    /// Writes one point for all that have the same labels. Returns whether values were lost.
    fn push_merged(
        &mut self,
        page: &mut PageWriter,
        points: &mut PointWriter,
        family: &Family<'_>,
        is_complete: &mut bool,
    ) -> bool {
        let mut merged = MergedPoints::default();
        for (index, member) in family.members.iter().enumerate() {
            let mut labels = Self::label_writer(&self.constants, self.style, *member);
            for_each_point(member.metric, |attributes, value| {
                self.labels.clear();
                labels.push(&mut self.labels, attributes);
                merged.add(&self.labels, (index, *member), attributes, &value);
            });
        }
        merged.for_each(|labels, value| {
            *is_complete &= points.push(&mut page.current, labels, &value);
            page.end_point();
        });
        merged.has_lost
    }
}
