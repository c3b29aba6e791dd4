//! Rules for the sampler and its arguments.

use super::rule_violation::RuleViolation;
use crate::config::{Sampler, traces::Traces};

/// The maximum number of levels in a tree of samplers. Each is a call at the start of a span.
const MAX_DEPTH: usize = 16;

const SAMPLER: &str = "traces.sampler";
const SAMPLER_ARG: &str = "traces.sampler_arg";

pub(super) fn check(traces: &Traces, found: &mut Vec<RuleViolation>) {
    match &traces.sampler {
        Sampler::Name(name) => {
            if traces.sampler_arg.is_some() && !name.takes_ratio() {
                let message = format!("has no effect on the sampler \"{name}\"");
                found.push(
                    RuleViolation::warning(&[SAMPLER_ARG], message).with_help(
                        "use \"traceidratio\" or \"parentbased_traceidratio\", or remove this key",
                    ),
                );
            }
        }
        Sampler::Tree(tree) => {
            if traces.sampler_arg.is_some() {
                let message = "cannot be combined with a table as `traces.sampler`";
                found.push(RuleViolation::error(&[SAMPLER_ARG, SAMPLER], message).with_help(
                    "remove this key, and write the ratio into the table: \
                     { trace_id_ratio_based = { ratio = 0.1 } }",
                ));
            }
            if tree.depth() > MAX_DEPTH {
                let message = format!("samplers are nested more than {MAX_DEPTH} levels deep");
                found.push(RuleViolation::error(&[SAMPLER], message).with_help("simplify the tree"));
            }
        }
    }
}
