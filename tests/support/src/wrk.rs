//! Load on an HTTP server, produced by `wrk`.

use crate::programs::Program;

/// The number of connections. Each has one request in flight at any time.
pub const CONNECTIONS: u64 = 64;

pub struct Load {
    /// The requests that received a response in time.
    pub requests: u64,
    pub per_second: f64,
    /// The 99th percentile of the latency, in milliseconds.
    pub p99: f64,
    /// The report of `wrk`.
    pub output: String,
}

/// Runs `wrk` and asserts that each request succeeds.
pub fn load(url: &str, seconds: u64) -> Load {
    let connections = CONNECTIONS.to_string();
    let duration = format!("{seconds}s");
    let output = Program::Wrk
        .command()
        .args(["--threads", "2", "--connections", &connections, "--duration", &duration, "--latency", url])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // The report mentions errors only if there are any.
    let is_clean = output.status.success() && !text.contains("errors") && !text.contains("Non-2xx");
    assert!(is_clean, "{text}{}", String::from_utf8_lossy(&output.stderr));
    let words: Vec<_> = text.split_whitespace().collect();
    let after = |word: &str| words[words.iter().position(|other| *other == word).unwrap() + 1];
    let requests = words[words.iter().position(|word| *word == "requests").unwrap() - 1];
    Load {
        requests: requests.parse().unwrap(),
        per_second: after("Requests/sec:").parse().unwrap(),
        p99: milliseconds(after("99%")),
        output: text,
    }
}

/// Parses `980.00us`, `1.25ms` or `1.01s`.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)];
    let read = |(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor);
    units.into_iter().find_map(read).unwrap_or_else(|| panic!("{text} is not a duration"))
}
