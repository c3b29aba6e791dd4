//! A process under test: it emits telemetry on command.
//!
//! Each line of its standard input is a command, and each command has one line of reply. Its
//! standard error is kept.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Stdio},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, Signal, prelude::*};
use serde_json::{Value as Json, json};

use crate::{
    TIMEOUT,
    process::{self, Process},
};

/// Marks the replies among the output of the test harness.
const MARK: &str = "reply: ";

pub struct Child {
    process: Process,
    commands: ChildStdin,
    replies: mpsc::Receiver<String>,
    stderr: Arc<(Mutex<String>, Condvar)>,
    /// Reads standard error to its end.
    reader: thread::JoinHandle<()>,
}

impl Child {
    /// Starts the test function `child_main` of this binary with these variables. That function
    /// calls [`run`].
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = process::function("", "child_main");
        command.env("OTEL_SERVICE_NAME", "child").envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let (sender, replies) = mpsc::channel();
        let out = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some((_, reply)) = line.split_once(MARK) {
                    let _ = sender.send(reply.to_owned());
                }
            }
        });
        let stderr = Arc::<(Mutex<String>, Condvar)>::default();
        let shared = Arc::clone(&stderr);
        let err = BufReader::new(process.stderr.take().unwrap());
        let reader = thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let mut text = shared.0.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
                shared.1.notify_all();
            }
        });
        let commands = process.stdin.take().unwrap();
        Self { process, commands, replies, stderr, reader }
    }

    /// Sends a command without waiting for its reply.
    pub fn send(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// Waits for the reply to the oldest command without one.
    pub fn reply(&self, within: Duration) -> String {
        let reply = self.replies.recv_timeout(within);
        reply.unwrap_or_else(|_| panic!("no reply; standard error: {}", self.stderr()))
    }

    /// Sends a command and waits for its reply.
    pub fn call(&mut self, command: &str) -> String {
        self.send(command);
        self.reply(TIMEOUT)
    }

    /// Returns the statistics of the OTLP exporter of a signal.
    pub fn stats(&mut self, signal: &str) -> Stats {
        Stats(serde_json::from_str(&self.call(&format!("stats {signal}"))).unwrap())
    }

    /// Waits until the statistics of a signal satisfy `enough`, and returns them.
    pub fn wait_stats(&mut self, signal: &str, enough: impl Fn(&Stats) -> bool) -> Stats {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let stats = self.stats(signal);
            if enough(&stats) {
                return stats;
            }
            assert!(Instant::now() < deadline, "{stats:?}; standard error: {}", self.stderr());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Returns what the process has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.0.lock().unwrap().clone()
    }

    /// Waits until standard error contains `text`, and returns standard error.
    pub fn wait_stderr(&self, text: &str) -> String {
        let deadline = Instant::now() + TIMEOUT;
        let mut stderr = self.stderr.0.lock().unwrap();
        while !stderr.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "standard error lacks {text:?}:\n{stderr}");
            stderr = self.stderr.1.wait_timeout(stderr, left).unwrap().0;
        }
        stderr.clone()
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends the process, and returns all that it has written to standard error.
    pub fn exit(self) -> String {
        let Self { mut process, commands, stderr, reader, .. } = self;
        drop(commands);
        process.wait().unwrap();
        reader.join().unwrap();
        stderr.0.lock().unwrap().clone()
    }
}

/// The `ExporterStats` of the child.
#[derive(Debug, Clone)]
pub struct Stats(Json);

impl Stats {
    pub fn get(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn last_error(&self) -> &str {
        self.0["last_error"].as_str().unwrap_or_default()
    }

    /// Returns whether each emitted item is in exactly one other count.
    pub fn adds_up(&self) -> bool {
        let parts = ["exported", "failed", "dropped", "queued"];
        self.get("emitted") == parts.iter().map(|part| self.get(part)).sum::<u64>()
    }
}

/// Runs commands from standard input until it closes. The configuration comes from the environment.
pub fn run() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let mut next = 0;
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        let command = words.next().unwrap();
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        let reply = match command {
            "emit" => {
                let count = number();
                emit(&tools, next..next + count, None);
                next += count;
                String::new()
            }
            // COUNT items, each with an attribute of SIZE bytes.
            "large" => {
                let (count, size) = (number(), number());
                emit(&tools, next..next + count, Some(usize::try_from(size).unwrap()));
                next += count;
                String::new()
            }
            "count" => {
                tools.meter("child").u64_counter("things").build().add(number(), &[]);
                String::new()
            }
            // RATE items per second for SECONDS.
            "load" => {
                let (rate, seconds) = (number(), number());
                next = load(&tools, next, rate, Duration::from_secs(seconds));
                next.to_string()
            }
            "flush" => format!("{:?}", tools.force_flush()),
            "shutdown" => format!("{:?}", tools.shutdown()),
            "stats" => {
                let signal = Signal::ALL.into_iter().find(|signal| line.ends_with(&signal.to_string()));
                let stats = tools.stats();
                let stats = stats.exporter(signal.unwrap(), "otlp").unwrap();
                json!({
                    "emitted": stats.emitted(), "exported": stats.exported(), "failed": stats.failed(),
                    "dropped": stats.dropped(), "queue_full": stats.dropped_by_reason().queue_full(),
                    "shut_down": stats.dropped_by_reason().shut_down(), "queued": stats.queued(),
                    "last_error": stats.last_error(),
                })
                .to_string()
            }
            other => panic!("unknown command {other}"),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{MARK}{reply}").unwrap();
        out.flush().unwrap();
    }
}

/// Emits a span and a log record for each number, with an attribute of `size` bytes if there is a
/// size.
fn emit(tools: &ObservabilityTools, numbers: std::ops::Range<u64>, size: Option<usize>) {
    let (tracer, logger) = (tools.tracer("child"), tools.logger("child"));
    for number in numbers {
        let mut attributes = vec![KeyValue::new("n", i64::try_from(number).unwrap())];
        attributes.extend(size.map(|size| KeyValue::new("text", "x".repeat(size))));
        tracer.start_as_current_span("work").set_attributes(attributes.clone());
        logger.info("hello", &attributes);
    }
}

/// Emits at a constant rate, and returns the next number.
fn load(tools: &ObservabilityTools, first: u64, rate: u64, time: Duration) -> u64 {
    let start = Instant::now();
    let mut next = first;
    loop {
        let elapsed = start.elapsed().min(time);
        let due = first + u64::try_from(elapsed.as_millis()).unwrap() * rate / 1000;
        emit(tools, next..due, None);
        next = due;
        if elapsed == time {
            return next;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
