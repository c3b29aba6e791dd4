//! Samplers.

use crate::load::declarative::node_type::{
    Kind::{Integer, Mapping, Ratio, Text, Word},
    NodeType, Row, list, mapping, scalar,
};

const TREE: &str = "traces.sampler";

const RATIO: Row = scalar("ratio", Ratio, "traces.sampler", "From 0 to 1. Default: 1.");

pub(super) static SAMPLER: NodeType = NodeType::choice(
    "Sampler",
    "sampler",
    &[
        mapping("always_off", &ALWAYS_OFF, TREE, ""),
        mapping("always_on", &ALWAYS_ON, TREE, ""),
        mapping("always_record", &ALWAYS_RECORD, TREE, "Records what its `root` drops."),
        mapping("composite/development", &COMPOSABLE, TREE, ""),
        mapping("jaeger_remote/development", &JAEGER_REMOTE, TREE, "Asks by HTTP."),
        mapping("parent_based", &PARENT_BASED, TREE, ""),
        mapping("probability/development", &PROBABILITY, TREE, ""),
        mapping(
            "trace_id_ratio_based",
            &TRACE_ID_RATIO_BASED,
            TREE,
            "A warning anywhere but in `parent_based.root`.",
        ),
    ],
);

/// Returns whether the schema has a sampler of this name.
pub(in crate::load::declarative) fn is_sampler(name: &str) -> bool {
    SAMPLER.row(name).or_else(|| COMPOSABLE.row(name)).is_some()
}

static ALWAYS_OFF: NodeType = NodeType::nullable("AlwaysOffSampler", &[]);
static ALWAYS_ON: NodeType = NodeType::nullable("AlwaysOnSampler", &[]);
static ALWAYS_RECORD: NodeType =
    NodeType::new("AlwaysRecordSampler", &[mapping("root", &SAMPLER, TREE, "").required()]);
static TRACE_ID_RATIO_BASED: NodeType = NodeType::nullable("TraceIdRatioBasedSampler", &[RATIO]);
static PROBABILITY: NodeType = NodeType::nullable("ExperimentalProbabilitySampler", &[RATIO]);
static PARENT_BASED: NodeType = NodeType::nullable(
    "ParentBasedSampler",
    &[
        mapping("root", &SAMPLER, TREE, "Default: `always_on`."),
        mapping("remote_parent_sampled", &SAMPLER, TREE, "Default: `always_on`."),
        mapping("remote_parent_not_sampled", &SAMPLER, TREE, "Default: `always_off`."),
        mapping("local_parent_sampled", &SAMPLER, TREE, "Default: `always_on`."),
        mapping("local_parent_not_sampled", &SAMPLER, TREE, "Default: `always_off`."),
    ],
);
static JAEGER_REMOTE: NodeType = NodeType::nullable(
    "ExperimentalJaegerRemoteSampler",
    &[
        scalar("endpoint", Text, TREE, "The URL of the server.").required().not_null(),
        scalar("interval", Integer(0), TREE, "Milliseconds, raised to 100 with a warning. Default: 60000."),
        mapping("initial_sampler", &SAMPLER, TREE, "").required(),
    ],
);

static COMPOSABLE: NodeType = NodeType::choice(
    "ExperimentalComposableSampler",
    "sampler",
    &[
        mapping("always_off", &COMPOSABLE_OFF, TREE, ""),
        mapping("always_on", &COMPOSABLE_ON, TREE, ""),
        mapping("parent_threshold", &PARENT_THRESHOLD, TREE, ""),
        mapping("probability", &COMPOSABLE_PROBABILITY, TREE, ""),
        mapping("rule_based", &RULE_BASED, TREE, "Without rules, no span is sampled."),
    ],
);
static COMPOSABLE_OFF: NodeType = NodeType::nullable("ExperimentalComposableAlwaysOffSampler", &[]);
static COMPOSABLE_ON: NodeType = NodeType::nullable("ExperimentalComposableAlwaysOnSampler", &[]);
static PARENT_THRESHOLD: NodeType = NodeType::new(
    "ExperimentalComposableParentThresholdSampler",
    &[mapping("root", &COMPOSABLE, TREE, "").required()],
);
static COMPOSABLE_PROBABILITY: NodeType =
    NodeType::nullable("ExperimentalComposableProbabilitySampler", &[RATIO]);
static RULE_BASED: NodeType = NodeType::nullable(
    "ExperimentalComposableRuleBasedSampler",
    &[list("rules", &Mapping(&RULE), TREE, "The first match decides.")],
);
static RULE: NodeType = NodeType::new(
    "ExperimentalComposableRuleBasedSamplerRule",
    &[
        mapping("attribute_values", &ATTRIBUTE_VALUES, TREE, ""),
        mapping("attribute_patterns", &ATTRIBUTE_PATTERNS, TREE, ""),
        list("span_kinds", &Word(&["internal", "server", "client", "producer", "consumer"]), TREE, ""),
        list("parent", &Word(&["none", "remote", "local"]), TREE, ""),
        mapping("sampler", &COMPOSABLE, TREE, "").required(),
    ],
);
static ATTRIBUTE_VALUES: NodeType = NodeType::new(
    "ExperimentalComposableRuleBasedSamplerRuleAttributeValues",
    &[scalar("key", Text, TREE, "").required().not_null(), list("values", &Text, TREE, "").required()],
);
static ATTRIBUTE_PATTERNS: NodeType = NodeType::new(
    "ExperimentalComposableRuleBasedSamplerRuleAttributePatterns",
    &[
        scalar("key", Text, TREE, "").required().not_null(),
        list("included", &Text, TREE, "Patterns with `*` and `?`. Default: all."),
        list("excluded", &Text, TREE, "They win over `included`."),
    ],
);
