//! A program with telemetry that does what it is told: one command a line, one answer a line. What it says on standard
//! error is kept.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Stdio},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, Signal, prelude::*};
use serde_json::{Value as Json, json};

use super::{TIMEOUT, program};

/// Marks the answers among what the test's own frame prints.
const MARK: &str = "answer: ";

pub struct Subject {
    process: Child,
    commands: ChildStdin,
    answers: mpsc::Receiver<String>,
    said: Arc<(Mutex<String>, Condvar)>,
}

impl Subject {
    /// Runs the function `child_main` of this binary, in this environment.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = program::function("", "child_main");
        command.env("OTEL_SERVICE_NAME", "subject").envs(variables.iter().copied());
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, answers) = mpsc::channel();
        let out = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some((_, answer)) = line.split_once(MARK) {
                    let _ = sender.send(answer.to_owned());
                }
            }
        });
        let said = Arc::<(Mutex<String>, Condvar)>::default();
        let shared = Arc::clone(&said);
        let err = BufReader::new(process.stderr.take().unwrap());
        thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let mut text = shared.0.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
                shared.1.notify_all();
            }
        });
        let commands = process.stdin.take().unwrap();
        Self { process, commands, answers, said }
    }

    /// Gives a command without waiting for its end.
    pub fn ask(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    pub fn answer(&self, within: Duration) -> String {
        self.answers.recv_timeout(within).unwrap_or_else(|_| panic!("no answer; it said: {}", self.said()))
    }

    /// Gives a command and waits for its end.
    pub fn tell(&mut self, command: &str) -> String {
        self.ask(command);
        self.answer(TIMEOUT)
    }

    /// The account of a signal.
    pub fn stats(&mut self, signal: &str) -> Account {
        Account(serde_json::from_str(&self.tell(&format!("stats {signal}"))).unwrap())
    }

    /// Waits until the account of a signal satisfies `enough`.
    pub fn wait_for(&mut self, signal: &str, enough: impl Fn(&Account) -> bool) -> Account {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let stats = self.stats(signal);
            if enough(&stats) {
                return stats;
            }
            assert!(Instant::now() < deadline, "{stats:?}; it said: {}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has said on standard error so far.
    pub fn said(&self) -> String {
        self.said.0.lock().unwrap().clone()
    }

    /// Waits until it has said `text`, and returns all that it said.
    pub fn wait_said(&self, text: &str) -> String {
        let deadline = Instant::now() + TIMEOUT;
        let mut said = self.said.0.lock().unwrap();
        while !said.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it did not say {text:?}, but:\n{said}");
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
        said.clone()
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `ExporterStats` of the other process.
#[derive(Debug, Clone)]
pub struct Account(Json);

impl Account {
    pub fn get(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn last_error(&self) -> &str {
        self.0["last_error"].as_str().unwrap_or_default()
    }

    pub fn is_exact(&self) -> bool {
        let parts = ["exported", "failed", "dropped", "queued"];
        self.get("emitted") == parts.iter().map(|part| self.get(part)).sum::<u64>()
    }
}

/// What the program does. Its configuration comes from its environment.
pub fn obey() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let mut next = 0;
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        let command = words.next().unwrap();
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        let answer = match command {
            "emit" => {
                let count = number();
                emit(&tools, next..next + count, None);
                next += count;
                String::new()
            }
            // The same with an attribute of so many bytes.
            "large" => {
                let (count, size) = (number(), number());
                emit(&tools, next..next + count, Some(usize::try_from(size).unwrap()));
                next += count;
                String::new()
            }
            "count" => {
                tools.meter("subject").u64_counter("things").build().add(number(), &[]);
                String::new()
            }
            // So many a second for so many seconds.
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
                    "emitted": stats.emitted, "exported": stats.exported, "failed": stats.failed,
                    "dropped": stats.dropped, "queue_full": stats.dropped_by_reason.queue_full,
                    "shut_down": stats.dropped_by_reason.shut_down, "queued": stats.queued,
                    "last_error": stats.last_error,
                })
                .to_string()
            }
            other => panic!("{other}?"),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{MARK}{answer}").unwrap();
        out.flush().unwrap();
    }
}

/// A span and a log record of each of these numbers, and a text so large.
fn emit(tools: &ObservabilityTools, numbers: std::ops::Range<u64>, size: Option<usize>) {
    let (tracer, logger) = (tools.tracer("subject"), tools.logger("subject"));
    for number in numbers {
        let mut attributes = vec![KeyValue::new("n", i64::try_from(number).unwrap())];
        attributes.extend(size.map(|size| KeyValue::new("text", "x".repeat(size))));
        tracer.start_as_current_span("work").set_attributes(attributes.clone());
        logger.info("hello", &attributes);
    }
}

/// Emits at a steady pace, and returns the next number.
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
