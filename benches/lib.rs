//! Runs cases side by side, for the benchmarks of this package.
//!
//! Each case runs in its own processes, in rounds over all cases. A figure is the lowest mean of
//! all bursts, because other load on the machine affects it least. If valgrind is installed,
//! callgrind counts the instructions of the thread that calls. Bursts are smaller than a batch, and
//! queues are flushed between them.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{
    env, fs,
    hint::black_box,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    process::{Command, ExitCode},
    thread,
    time::Instant,
};

/// Fewer calls than items in a batch, of either implementation.
pub const BURST: usize = 400;
const BURSTS: usize = 300;
const ROUNDS: usize = 5;

/// A case: one call, and the work between bursts.
pub struct Case {
    call: Box<dyn Fn(i64)>,
    between: Box<dyn Fn()>,
}

impl Case {
    /// Returns a case that does nothing between bursts.
    pub fn new(call: impl Fn(i64) + 'static) -> Self {
        Self { call: Box::new(call), between: Box::new(|| {}) }
    }

    /// Adds the work between bursts.
    #[must_use]
    pub fn between(self, between: impl Fn() + 'static) -> Self {
        Self { between: Box::new(between), ..self }
    }
}

/// Runs the cases and prints a table. Each case is given with its baseline.
///
/// The arguments of the program select cases: those whose name contains the first argument. With a
/// second one, the case of that name runs that number of bursts in this process.
#[must_use]
pub fn compare(cases: &[(&str, &str)], case: fn(&str) -> Case) -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [name, bursts] = arguments.as_slice() {
        println!("{}", run(&case(name), bursts.parse().unwrap()));
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| arguments.first().is_none_or(|part| name.contains(part.as_str()));
    let cases: Vec<_> = cases.iter().filter(|(name, _)| wanted(name)).collect();
    let mut times = vec![f64::MAX; cases.len()];
    for _ in 0..ROUNDS {
        for ((name, _), time) in cases.iter().zip(&mut times) {
            let output = Command::new(env::current_exe().unwrap())
                .args([name, BURSTS.to_string().as_str()])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            *time = time.min(text.trim().parse().unwrap_or_else(|_| panic!("{name}: {text}")));
        }
    }
    let counts: Vec<_> = cases.iter().map(|(name, _)| instructions(name)).collect();
    println!("{:40} {:>9} {:>7} {:>13} {:>7}", "", "ns", "ratio", "instructions", "ratio");
    for (index, (name, baseline)) in cases.iter().enumerate() {
        let base = cases.iter().position(|(other, _)| other == baseline).unwrap_or(index);
        let (time, time_ratio) = (times[index], times[index] / times[base]);
        print!("{name:40} {time:9.1} {time_ratio:7.2}");
        match (counts[index], counts[base]) {
            (Some(count), Some(of_base)) => println!(" {count:13.0} {:7.2}", count / of_base),
            _ => println!(),
        }
    }
    ExitCode::SUCCESS
}

/// Returns the lowest mean time of a call over many bursts, in nanoseconds.
fn run(case: &Case, bursts: usize) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..bursts {
        let start = Instant::now();
        for number in 0..BURST {
            (case.call)(black_box(i64::try_from(number).unwrap()));
        }
        let burst = start.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a burst is short")]
        let nanos = burst.as_nanos() as f64 / BURST as f64;
        least = least.min(nanos);
        (case.between)();
    }
    least
}

/// Returns the instructions per call on the calling thread: the difference between runs with many
/// and with few bursts.
fn instructions(name: &str) -> Option<f64> {
    let count = |bursts: &str| {
        let directory = env::temp_dir().join(format!("autotelemetry-bench-{}", std::process::id()));
        fs::create_dir_all(&directory).ok()?;
        let out = directory.join("callgrind.out");
        let program = env::current_exe().ok()?;
        let status = Command::new("valgrind")
            .args(["-q", "--tool=callgrind", "--separate-threads=yes"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(program)
            .args([name, bursts])
            .output()
            .ok()?;
        // Callgrind writes one file per thread; the first thread makes the calls.
        let report = fs::read_to_string(directory.join("callgrind.out-01")).ok()?;
        let _ = fs::remove_dir_all(&directory);
        let total = report.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
        status.status.success().then(|| total.trim().parse::<f64>().ok())?
    };
    #[expect(clippy::cast_precision_loss, reason = "a burst is short")]
    Some((count("12")? - count("2")?) / (10 * BURST) as f64)
}

/// Starts an OTLP server that accepts every request.
pub fn accept_all() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut writer = stream;
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                } else if line == "\r\n" {
                    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap();
                    writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                }
                line.clear();
            }
        }
    });
    address
}
