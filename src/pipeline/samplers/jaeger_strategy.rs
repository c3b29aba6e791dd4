//! Strategies of a Jaeger server, in its JSON.

use std::{collections::HashMap, sync::Arc};

use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult};
use serde::Deserialize;

use super::{rate_limiting::RateLimitingSampler, span_start::SpanStart, token_bucket::TokenBucket};

/// The maximum number of operations with a ratio of their own.
const MAX_OPERATIONS: usize = 2000;

/// The response of the server. Absent numbers are 0, as in the JSON of Protocol Buffers.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StrategyResponse {
    strategy_type: StrategyType,
    probabilistic_sampling: Option<ProbabilisticStrategy>,
    rate_limiting_sampling: Option<RateLimitingStrategy>,
    operation_sampling: Option<OperationStrategies>,
}

#[derive(Debug, Default, Deserialize)]
enum StrategyType {
    #[default]
    #[serde(rename = "PROBABILISTIC")]
    Probabilistic,
    #[serde(rename = "RATE_LIMITING")]
    RateLimiting,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProbabilisticStrategy {
    sampling_rate: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RateLimitingStrategy {
    max_traces_per_second: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationStrategies {
    default_sampling_probability: f64,
    default_lower_bound_traces_per_second: f64,
    #[serde(rename = "perOperationStrategies")]
    per_operation: Vec<OperationStrategy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationStrategy {
    operation: String,
    probabilistic_sampling: ProbabilisticStrategy,
}

/// A strategy.
#[derive(Debug)]
pub(super) enum JaegerStrategy {
    Ratio(Sampler),
    Rate(RateLimitingSampler),
    Never,
    PerOperation { operations: HashMap<String, GuaranteedRatio>, others: GuaranteedRatio },
}

/// A ratio of traces, and in addition a number of traces per second.
#[derive(Debug)]
pub(super) struct GuaranteedRatio {
    ratio: Sampler,
    /// `None` guarantees nothing.
    guaranteed: Option<Arc<TokenBucket>>,
}

impl JaegerStrategy {
    /// Reads the response of a server.
    ///
    /// # Errors
    ///
    /// Returns a description of the reason why it is no strategy.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let response: StrategyResponse =
            serde_json::from_slice(json).map_err(|error| format!("no sampling strategy: {error}"))?;
        if let Some(strategies) = response.operation_sampling {
            return Self::per_operation(strategies);
        }
        match (response.strategy_type, response.probabilistic_sampling, response.rate_limiting_sampling) {
            (StrategyType::Probabilistic, Some(strategy), _) => {
                ratio(strategy.sampling_rate).map(Self::Ratio)
            }
            (StrategyType::RateLimiting, _, Some(strategy)) => {
                let per_second = rate(strategy.max_traces_per_second)?;
                Ok(per_second.map_or(Self::Never, |rate| Self::Rate(RateLimitingSampler::new(rate))))
            }
            _ => Err("no sampling strategy: it has no values".to_owned()),
        }
    }

    fn per_operation(strategies: OperationStrategies) -> Result<Self, String> {
        let OperationStrategies {
            default_sampling_probability,
            default_lower_bound_traces_per_second,
            per_operation,
        } = strategies;
        let per_second = rate(default_lower_bound_traces_per_second)?;
        let guaranteed = |share| {
            let guaranteed = per_second.map(|rate| Arc::new(TokenBucket::new(rate)));
            ratio(share).map(|ratio| GuaranteedRatio { ratio, guaranteed })
        };
        let operations = per_operation.into_iter().take(MAX_OPERATIONS);
        let operations = operations.map(|strategy| {
            Ok((strategy.operation, guaranteed(strategy.probabilistic_sampling.sampling_rate)?))
        });
        Ok(Self::PerOperation {
            operations: operations.collect::<Result<_, String>>()?,
            others: guaranteed(default_sampling_probability)?,
        })
    }

    /// Continues the rates of an earlier strategy. Otherwise each response would allow a burst.
    pub(super) fn continue_from(&mut self, last: &Self) {
        match (self, last) {
            (Self::Rate(rate), Self::Rate(last)) => rate.continue_from(last),
            (
                Self::PerOperation { operations, others },
                Self::PerOperation { operations: last, others: last_others },
            ) => {
                others.continue_from(last_others);
                for (name, strategy) in operations {
                    if let Some(last) = last.get(name) {
                        strategy.continue_from(last);
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn sample(&self, span: &SpanStart<'_>) -> SamplingResult {
        match self {
            Self::Ratio(ratio) => span.sample_by(ratio),
            Self::Rate(rate) => span.sample_by(rate),
            Self::Never => span.decide(SamplingDecision::Drop),
            Self::PerOperation { operations, others } => {
                operations.get(span.name).unwrap_or(others).sample(span)
            }
        }
    }
}

impl GuaranteedRatio {
    fn continue_from(&mut self, last: &Self) {
        if let (Some(bucket), Some(last)) = (&mut self.guaranteed, &last.guaranteed) {
            TokenBucket::continue_from(bucket, last);
        }
    }

    fn sample(&self, span: &SpanStart<'_>) -> SamplingResult {
        let result = span.sample_by(&self.ratio);
        // Each trace counts, so that the guarantee is only used when the ratio keeps too few.
        let is_guaranteed = self.guaranteed.as_ref().is_some_and(|bucket| bucket.take());
        match result.decision {
            SamplingDecision::Drop if is_guaranteed => span.decide(SamplingDecision::RecordAndSample),
            _ => result,
        }
    }
}

fn ratio(ratio: f64) -> Result<Sampler, String> {
    if (0.0..=1.0).contains(&ratio) {
        Ok(Sampler::TraceIdRatioBased(ratio))
    } else {
        Err(format!("the ratio {ratio} is not between 0 and 1"))
    }
}

/// Returns a positive rate, or `None` for 0.
fn rate(per_second: f64) -> Result<Option<f64>, String> {
    if per_second >= 0.0 && per_second.is_finite() {
        Ok((per_second > 0.0).then_some(per_second))
    } else {
        Err(format!("{per_second} is not a rate"))
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::{TraceId, trace::SpanKind};

    use super::*;

    /// Returns how many of four spans with this name are kept.
    fn kept(strategy: &JaegerStrategy, name: &str) -> usize {
        let decide = |trace: u128| {
            let span = SpanStart {
                parent_context: None,
                trace_id: TraceId::from(trace),
                name,
                kind: &SpanKind::Server,
                attributes: &[],
                links: &[],
            };
            strategy.sample(&span).decision == SamplingDecision::RecordAndSample
        };
        (1..=4).filter(|quarter| decide((quarter << 62) - 1)).count()
    }

    #[test]
    fn strategies_of_servers_are_read() {
        for (json, expected) in [
            (r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}"#, 2),
            (r#"{"probabilisticSampling":{"samplingRate":1},"unknown":[]}"#, 4),
            (r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{}}"#, 0),
            (r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":3}}"#, 3),
            (r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{}}"#, 0),
        ] {
            assert_eq!(kept(&JaegerStrategy::parse(json.as_bytes()).unwrap(), "span"), expected, "{json}");
        }
    }

    #[test]
    fn operations_have_their_own_ratios() {
        let json = br#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1},
            "operationSampling":{"defaultSamplingProbability":0.25,"perOperationStrategies":[
                {"operation":"checkout","probabilisticSampling":{"samplingRate":1}},
                {"operation":"health","probabilisticSampling":{}}]}}"#;
        let strategy = JaegerStrategy::parse(json).unwrap();
        assert_eq!(["checkout", "health", "others"].map(|name| kept(&strategy, name)), [4, 0, 1]);

        let json = br#"{"operationSampling":{"defaultLowerBoundTracesPerSecond":0.01,
            "perOperationStrategies":[{"operation":"health"}]}}"#;
        let strategy = JaegerStrategy::parse(json).unwrap();
        assert_eq!(["health", "health", "a", "b"].map(|name| kept(&strategy, name)), [1, 0, 1, 0]);
    }

    #[test]
    fn rates_continue_with_the_next_strategy() {
        let rate = |per_second: u8| {
            format!(
                r#"{{"strategyType":"RATE_LIMITING","rateLimitingSampling":{{"maxTracesPerSecond":{per_second}}}}}"#
            )
        };
        let guaranteed = |ratio: f64| {
            format!(
                r#"{{"operationSampling":{{"defaultSamplingProbability":{ratio},
                "defaultLowerBoundTracesPerSecond":0.01,"perOperationStrategies":[{{"operation":"a"}}]}}}}"#
            )
        };
        for (before, after, name, expected) in [
            (rate(1), rate(1), "span", 0),
            (rate(1), rate(2), "span", 2),
            (guaranteed(0.0), guaranteed(0.0), "a", 0),
            (guaranteed(0.0), guaranteed(0.25), "others", 1),
            (rate(1), guaranteed(0.0), "a", 1),
        ] {
            let parse = |json: &str| JaegerStrategy::parse(json.as_bytes()).unwrap();
            let (before, mut after) = (parse(&before), parse(&after));
            assert_eq!(kept(&before, name), 1);
            after.continue_from(&before);
            assert_eq!(kept(&after, name), expected, "{after:?}");
        }
    }

    #[test]
    fn bad_strategies_are_refused() {
        for json in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"strategyType":"OTHER"}"#,
            r#"{"probabilisticSampling":{"samplingRate":1.5}}"#,
            r#"{"probabilisticSampling":{"samplingRate":"1"}}"#,
            r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":-1}}"#,
            r#"{"operationSampling":{"perOperationStrategies":[{"probabilisticSampling":{"samplingRate":-1}}]}}"#,
        ] {
            assert!(JaegerStrategy::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
