//! The parts of a pipeline that run, by the settings that they were built from. A reload keeps
//! those whose settings are the same.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use opentelemetry_sdk::trace::SpanData;

use super::{
    exporter_key::ExporterKey,
    metrics::{
        periodic_push::PeriodicPush,
        push_worker::{PushTarget, SharedItems},
    },
    prometheus_page::PrometheusPage,
};
use crate::{
    config::{self, FileFormat, OtlpLines, RollingFileSettings, Signal},
    export::{
        console::{ConsoleExporter, ConsoleSpanDestination},
        line_writer::LineWriter,
        otlp_file::LineOutput,
        queue::{BatchQueue, ScopedRecord},
        stats::recorder::StatsRecorder,
    },
};

/// The parts that run.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    pub(super) spans: Queues<SpanData>,
    pub(super) records: Queues<ScopedRecord>,
    pub(super) targets: BTreeMap<String, RunningTarget>,
    /// The data points that the exporters have received, also those that were removed.
    pub(super) items: BTreeMap<String, SharedItems>,
    pub(super) pushes: BTreeMap<Duration, RunningPush>,
    pub(super) console: Option<RunningConsole>,
    pub(super) console_spans: Option<Arc<ConsoleSpanDestination>>,
    pub(super) file: Option<RunningFile>,
    pub(super) lines: HashMap<(Signal, String), RunningLines>,
    pub(super) page: Option<PrometheusPage>,
    /// The accounts of all exporters, also of those that were removed.
    pub(super) accounts: Accounts,
}

/// The parts that stay even if the configuration that has created them is refused. They hold the
/// writer of the program, and count for its exporters.
#[derive(Debug)]
pub(super) struct CreatedOnce {
    pub(super) console: Option<RunningConsole>,
    pub(super) accounts: Accounts,
}

impl Running {
    /// Keeps what was created for a configuration that was refused.
    pub(super) fn keep(&mut self, CreatedOnce { console, accounts }: CreatedOnce) {
        if self.console.is_none() {
            self.console = console;
        }
        self.accounts = accounts;
    }
}

/// Accounts by the signal and the name of their exporter.
pub(super) type Accounts = HashMap<(Signal, String), Arc<StatsRecorder>>;

/// Queues by the name of their exporter.
pub(super) type Queues<T> = BTreeMap<String, RunningQueue<T>>;

/// A queue, and the settings of the exporter behind it.
#[derive(Debug)]
pub(super) struct RunningQueue<T> {
    pub(super) queue: Arc<BatchQueue<T>>,
    pub(super) key: ExporterKey,
}

impl<T> Clone for RunningQueue<T> {
    fn clone(&self) -> Self {
        Self { queue: Arc::clone(&self.queue), key: self.key.clone() }
    }
}

/// An exporter of metrics, and its settings.
#[derive(Debug, Clone)]
pub(super) struct RunningTarget {
    pub(super) target: Arc<PushTarget>,
    pub(super) key: ExporterKey,
}

/// The pushes at one interval.
#[derive(Debug, Clone)]
pub(super) struct RunningPush {
    pub(super) push: Arc<PeriodicPush>,
    /// The exporters in their order.
    pub(super) exporters: Vec<String>,
    pub(super) flush_timeout: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct RunningConsole {
    pub(super) console: Arc<ConsoleExporter>,
    pub(super) config: config::Console,
}

#[derive(Debug, Clone)]
pub(super) struct RunningFile {
    pub(super) lines: Arc<LineWriter>,
    pub(super) settings: RollingFileSettings,
    pub(super) format: FileFormat,
}

#[derive(Debug, Clone)]
pub(super) struct RunningLines {
    pub(super) output: Arc<LineOutput>,
    pub(super) settings: OtlpLines,
}

/// An item that queues hold.
pub(super) trait Queued: fmt::Debug + Send + Sized + 'static {
    fn queues(running: &Running) -> &Queues<Self>;

    fn queues_mut(running: &mut Running) -> &mut Queues<Self>;
}

impl Queued for SpanData {
    fn queues(running: &Running) -> &Queues<Self> {
        &running.spans
    }

    fn queues_mut(running: &mut Running) -> &mut Queues<Self> {
        &mut running.spans
    }
}

impl Queued for ScopedRecord {
    fn queues(running: &Running) -> &Queues<Self> {
        &running.records
    }

    fn queues_mut(running: &mut Running) -> &mut Queues<Self> {
        &mut running.records
    }
}
