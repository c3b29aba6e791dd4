//! The exporters that metrics are pushed to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use arc_swap::ArcSwap;

use super::{
    periodic_push::PeriodicPush,
    push_worker::{LinePush, PushTarget, SharedItems},
};
use crate::{
    config::{ExporterName, Metrics, Signal, Timeout},
    error::Error,
    export::{collector::Collector, otlp::MetricItems},
    pipeline::{
        builder::PipelineBuilder,
        exporter_key::ExporterKey,
        running::{RunningPush, RunningTarget},
    },
};

/// The longest time to wait for a write of lines, without a timeout for exports.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// Prepares the exporters, and a thread for each interval, so that a slow export delays no other
/// interval. What runs with the same settings stays. With `is_converted`, OTLP gets differences of
/// the collected sums.
pub(super) fn prepare(
    metrics: &Metrics,
    exporters: &[ExporterName],
    collector: &Arc<Collector>,
    is_converted: bool,
    builder: &mut PipelineBuilder<'_>,
) -> Result<(), Error> {
    let mut pushes: BTreeMap<Duration, Vec<(String, Arc<PushTarget>)>> = BTreeMap::new();
    for name in exporters {
        if let Some(RunningTarget { target, key }) = target(name, metrics.timeout, is_converted, builder)? {
            let interval = builder.settings.config.metric_interval(name);
            pushes.entry(interval).or_default().push((name.to_string(), Arc::clone(&target)));
            builder.next.targets.insert(name.to_string(), RunningTarget { target, key });
        }
    }
    let timeout = builder.shutdown_timeout();
    for (interval, targets) in pushes {
        let (exporters, targets): (Vec<_>, Vec<_>) = targets.into_iter().unzip();
        let running = builder.previous.pushes.get(&interval);
        let running =
            running.filter(|running| running.exporters == exporters && running.flush_timeout == timeout);
        let push = match running {
            Some(running) => Arc::clone(&running.push),
            None => {
                let collector = Arc::clone(collector);
                Arc::new(PeriodicPush::start(collector, targets, interval, timeout, builder.diagnostics())?)
            }
        };
        builder.add_destination(Signal::Metrics, Arc::clone(&push) as _);
        builder.next.pushes.insert(interval, RunningPush { push, exporters, flush_timeout: timeout });
    }
    end_replaced(builder);
    Ok(())
}

/// Ends the threads whose exporters others serve from now on, without another push: an exporter
/// that is added would miss its differences. A thread with an exporter that is removed pushes once
/// more.
fn end_replaced(builder: &mut PipelineBuilder<'_>) {
    for running in builder.previous.pushes.values() {
        let stays = builder.next.pushes.values().any(|next| Arc::ptr_eq(&next.push, &running.push));
        let is_used = |name: &String| builder.next.targets.contains_key(name);
        if !stays && running.exporters.iter().all(is_used) {
            let push = Arc::clone(&running.push);
            builder.on_activation(move || push.abandon());
        }
    }
}

/// Returns the target of an exporter; `None` for one that is not pushed to.
fn target(
    name: &ExporterName,
    timeout: Timeout,
    is_converted: bool,
    builder: &mut PipelineBuilder<'_>,
) -> Result<Option<RunningTarget>, Error> {
    let running = builder.previous.targets.get(name.as_str());
    let running = running.map(|running| (Arc::clone(&running.target), running.key.clone()));
    let (target, key) = match name {
        ExporterName::Console => (console(running, builder), ExporterKey::Other),
        ExporterName::Otlp | ExporterName::Named(_) => {
            if let Some(custom) = builder.custom_metrics(name, timeout)? {
                let target =
                    running.map_or_else(|| Arc::new(PushTarget::Custom(custom)), |running| running.0);
                return Ok(Some(RunningTarget { target, key: ExporterKey::Other }));
            }
            let settings = builder.otlp_settings(name, Signal::Metrics)?;
            let stats = builder.otlp_account(name, Signal::Metrics, &settings);
            let key = ExporterKey::otlp(&settings, timeout);
            let target = match running {
                Some((running, of_running)) if of_running == key => running,
                Some((running, _)) => {
                    let exporter = Arc::new(builder.otlp(name, &settings, timeout, &stats)?);
                    let target = Arc::clone(&running);
                    builder.on_activation(move || target.set_otlp(exporter));
                    running
                }
                None => {
                    let exporter = Arc::new(builder.otlp(name, &settings, timeout, &stats)?);
                    let items = items(name, is_converted, builder);
                    Arc::new(PushTarget::Otlp(ArcSwap::new(exporter), items))
                }
            };
            (target, key)
        }
        ExporterName::OtlpFile | ExporterName::OtlpStdout => {
            let output = builder.otlp_lines(name, Signal::Metrics);
            let exporter = builder.otlp_file(name, Signal::Metrics, &output)?;
            let limit = timeout.limit().unwrap_or(WRITE_LIMIT);
            let push = Arc::new(LinePush { exporter, limit });
            let key = ExporterKey::Lines { output, timeout };
            let target = match running {
                Some((running, of_running)) if of_running == key => running,
                Some((running, _)) => {
                    let target = Arc::clone(&running);
                    builder.on_activation(move || target.set_lines(push));
                    running
                }
                None => {
                    let items = items(name, is_converted, builder);
                    Arc::new(PushTarget::OtlpFile(ArcSwap::new(push), items))
                }
            };
            (target, key)
        }
        // Prometheus scrapes. The validation rejects files.
        ExporterName::Prometheus | ExporterName::File => return Ok(None),
    };
    Ok(Some(RunningTarget { target, key }))
}

fn console(
    running: Option<(Arc<PushTarget>, ExporterKey)>,
    builder: &mut PipelineBuilder<'_>,
) -> Arc<PushTarget> {
    let console = builder.console(Signal::Metrics);
    match running {
        Some((running, _)) => {
            let target = Arc::clone(&running);
            builder.on_activation(move || target.set_console(console));
            running
        }
        None => Arc::new(PushTarget::Console(ArcSwap::new(console))),
    }
}

/// Returns what an exporter of this name has received. After it was removed and added again, the
/// next difference begins where the last one ended.
fn items(name: &ExporterName, is_converted: bool, builder: &mut PipelineBuilder<'_>) -> SharedItems {
    let items = builder.next.items.entry(name.to_string());
    Arc::clone(items.or_insert_with(|| Arc::new(Mutex::new(MetricItems::new(is_converted)))))
}
