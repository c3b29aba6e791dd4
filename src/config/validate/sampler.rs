//! Rules for the sampler and its arguments.

use super::rule_violation::RuleViolation;
use crate::config::{
    Endpoint, OwnOr, Registered, Sampler, SamplerName, SamplerTree,
    sampler::{CompositeTree, RuleBased, RuleParent, SamplingRule},
    traces::Traces,
};

/// The maximum number of levels in a tree of samplers. Each is a call at the start of a span.
const MAX_DEPTH: usize = 16;

/// The port in the examples of the specification.
const JAEGER_GRPC_PORT: u16 = 14_250;

/// Samplers that require a table.
const TABLES: [&str; 8] = [
    "trace_id_ratio_based",
    "parent_based",
    "always_record",
    "rule_based",
    "probability",
    "rate_limiting",
    "jaeger_remote",
    "composite",
];

const SAMPLER: &str = "traces.sampler";
const SAMPLER_ARG: &str = "traces.sampler_arg";

pub(super) fn check(traces: &Traces, registered: &Registered, found: &mut Vec<RuleViolation>) {
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
        Sampler::Own(name) if !registered.samplers.contains(name) => {
            let added = registered.samplers.iter().map(String::as_str);
            let error = OwnOr::<SamplerName>::not_added(name, added);
            let violation = RuleViolation::error(&[SAMPLER], error.message);
            let table = TABLES.contains(&&**name).then(|| format!("write a table: {{ {name} = {{ … }} }}"));
            found.push(RuleViolation { help: table.or(error.help), ..violation });
        }
        Sampler::Own(name) => {
            if traces.sampler_arg.is_some() {
                let message = format!("has no effect on the sampler \"{name}\"");
                found.push(RuleViolation::warning(&[SAMPLER_ARG], message).with_help("remove this key"));
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
            } else {
                check_tree(tree, SAMPLER, false, found);
            }
        }
    }
}

/// Checks the sampler at `path`, and those below it. With `is_of_roots`, it decides about spans
/// without a parent only.
fn check_tree(tree: &SamplerTree, path: &str, is_of_roots: bool, found: &mut Vec<RuleViolation>) {
    if let SamplerTree::TraceIdRatioBased(_) = tree
        && !is_of_roots
    {
        let key = format!("{path}.trace_id_ratio_based");
        let message = "may leave traces incomplete: SDKs decide differently about spans with a parent";
        found.push(
            RuleViolation::warning(&[&key], message)
                .with_help("move it to `parent_based.root`, or use `probability`"),
        );
    }
    if let SamplerTree::RuleBased(sampler) = tree {
        check_rules(sampler, &format!("{path}.rule_based"), found);
    }
    if let SamplerTree::JaegerRemote(sampler) = tree {
        check_endpoint(&sampler.endpoint, &format!("{path}.jaeger_remote.endpoint"), found);
    }
    if let SamplerTree::Composite(sampler) = tree {
        check_composite(sampler, &format!("{path}.composite"), found);
    }
    for (index, (key, sampler)) in tree.children().into_iter().enumerate() {
        let is_of_roots = match tree {
            SamplerTree::ParentBased(_) => key == "parent_based.root",
            SamplerTree::RuleBased(rules) => is_of_roots || rules.rules[index].parent == [RuleParent::None],
            // The server decides about its place.
            SamplerTree::JaegerRemote(_) => true,
            _ => is_of_roots,
        };
        check_tree(sampler, &format!("{path}.{key}"), is_of_roots, found);
    }
}

fn check_endpoint(endpoint: &Endpoint, key: &str, found: &mut Vec<RuleViolation>) {
    if !endpoint.has_scheme() {
        let help = format!("write \"http://{endpoint}\" or \"https://{endpoint}\"");
        found.push(RuleViolation::error(&[key], "the endpoint has no scheme").with_help(help));
    } else if endpoint.is_https() && !cfg!(feature = "tls") {
        found.push(RuleViolation::compiled_out(&[key], "tls"));
    } else if endpoint.port() == JAEGER_GRPC_PORT {
        let message = format!("{JAEGER_GRPC_PORT} is the port of Jaeger for gRPC, and the sampler uses HTTP");
        found.push(RuleViolation::warning(&[key], message).with_help("use the port 5778, or 14268"));
    }
}

/// Checks the part of a composite sampler at `path`, and those below it.
fn check_composite(tree: &CompositeTree, path: &str, found: &mut Vec<RuleViolation>) {
    if let CompositeTree::RuleBased(sampler) = tree {
        check_rules(sampler, &format!("{path}.rule_based"), found);
    }
    for (key, sampler) in tree.children() {
        check_composite(sampler, &format!("{path}.{key}"), found);
    }
}

/// Checks that the last rule, and no other, matches every span.
fn check_rules<S>(sampler: &RuleBased<S>, path: &str, found: &mut Vec<RuleViolation>) {
    let last = sampler.rules.len() - 1;
    match sampler.rules.iter().position(SamplingRule::matches_all) {
        Some(index) if index < last => {
            let key = format!("{path}.rules.{index}");
            let message = "has no conditions, so the rules after it are never used";
            found.push(
                RuleViolation::warning(&[&key], message).with_help("add a condition, or move it to the end"),
            );
        }
        Some(_) => {}
        None => {
            let message = "spans that match no rule are not sampled";
            found.push(
                RuleViolation::warning(&[&format!("{path}.rules")], message)
                    .with_help("add a last rule without conditions, such as { sampler = \"always_on\" }"),
            );
        }
    }
}
