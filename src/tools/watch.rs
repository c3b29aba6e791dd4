//! Watches the files of the configuration, if `reload.watch` is set.
//!
//! The files are read at an interval. Notifications of the operating system are not used: a config
//! map changes a symbolic link above the file, editors replace files, and network file systems send
//! nothing.

use std::{
    collections::hash_map::DefaultHasher,
    hash::Hasher as _,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{live_tools::LiveTools, watch_state::WatchState};
use crate::{
    config::Config,
    error::{Error, Problem},
    export::{otlp, runtime::start_thread},
    load::read_file,
};

/// The time for which a file must stay the same. Before, it may be half-written.
const SETTLING: Duration = Duration::from_millis(200);

/// The time after which a problem is reported again.
const REMINDER: Duration = Duration::from_secs(3600);

/// The number of looks after which certificates that do not fit are reported. A key may be replaced
/// some time after its certificate.
const TLS_ATTEMPTS: u32 = 3;

/// The content of all files, as it was read.
#[derive(Debug, PartialEq)]
struct Snapshot {
    /// A hash of the configuration file.
    file: Option<u64>,
    /// The configuration with its secrets.
    config: Box<Config>,
    /// A hash of the certificates and keys.
    tls_files: u64,
    problems: Vec<Problem>,
}

/// The last look at the files that had a consequence.
#[derive(Debug, Default)]
struct Seen {
    snapshot: Option<Snapshot>,
    /// The time of the last report about problems; `None` if the files are in force.
    reported: Option<Instant>,
    /// The looks at certificates that do not fit.
    tls_attempts: u32,
}

/// Starts the thread if the configuration asks for it and none runs. One that runs uses the
/// configuration.
pub(super) fn start(live: &Arc<LiveTools>) {
    let is_wanted = live.loaded().config().reload.watch && !live.is_off();
    if !live.watch.begin(is_wanted) {
        return;
    }
    let (weak, state) = (Arc::downgrade(live), Arc::clone(&live.watch));
    let started = start_thread("autotelemetry-reload", move || run(&weak, &state));
    if let Err(error) = started {
        live.watch.end();
        live.diagnostics().error(format_args!("cannot watch the configuration: {error}"));
    }
}

fn run(live: &Weak<LiveTools>, state: &WatchState) {
    let mut seen = Seen::default();
    if let Some(live) = live.upgrade() {
        // A change since the start is found at the first look.
        seen.snapshot = live.snapshot().filter(|snapshot| live.is_in_force(snapshot));
    }
    let mut last_look = Instant::now();
    loop {
        // Read first: the configuration is at least as new.
        let reloads = state.reloads();
        let Some(reload) = live.upgrade().map(|live| live.loaded().config().reload.clone()) else { break };
        if !reload.watch {
            if state.end_after(reloads) {
                return;
            }
            continue;
        }
        let left = reload.interval.get().saturating_sub(last_look.elapsed());
        if !state.wait_for_reload(left, reloads) {
            break;
        }
        if last_look.elapsed() < reload.interval.get() {
            continue;
        }
        let Some(live) = live.upgrade() else { break };
        if !live.look(&mut seen, state) {
            break;
        }
        last_look = Instant::now();
    }
    state.end();
}

impl LiveTools {
    /// Reads all files.
    fn snapshot(&self) -> Option<Snapshot> {
        let mut reloading = self.reloading();
        let (loaded, problems) = reloading.sources.as_mut()?.read_and_inspect(otlp::inspect);
        let content = loaded.file.as_ref().and_then(|file| read_file(file).ok());
        let config = loaded.settings.config;
        Some(Snapshot {
            file: content.map(hash),
            tls_files: otlp::tls_content_of_all(&config),
            config,
            problems,
        })
    }

    /// Returns whether a reload of these files would change nothing.
    fn is_in_force(&self, snapshot: &Snapshot) -> bool {
        snapshot.problems.is_empty() && self.has_config(&snapshot.config) && self.has_tls_files(snapshot)
    }

    /// Returns whether a reload of this configuration would change no value.
    fn has_config(&self, config: &Config) -> bool {
        let running = self.loaded();
        let mut config = config.clone();
        config.hold_restart_keys(running.config());
        config == *running.config()
    }

    /// Returns whether these certificates and keys are in force.
    fn has_tls_files(&self, snapshot: &Snapshot) -> bool {
        snapshot.tls_files == self.reloading().tls_files
    }

    /// Reloads if the files have changed. Returns `false` if the thread must end.
    fn look(&self, seen: &mut Seen, state: &WatchState) -> bool {
        let Some(first) = self.snapshot() else { return false };
        if seen.snapshot.as_ref() == Some(&first) {
            return self.look_again(seen, first);
        }
        if !state.wait(SETTLING) {
            return false;
        }
        let Some(second) = self.snapshot() else { return false };
        if first != second {
            // The next look finds the rest.
            return true;
        }
        match self.reload() {
            Ok(_) => *seen = Seen { snapshot: Some(second), ..Seen::default() },
            Err(_) if self.is_shut_down() => return false,
            Err(error) => {
                let has_new_files_only = self.has_config(&second.config) && !self.has_tls_files(&second);
                seen.tls_attempts += 1;
                if has_new_files_only && seen.tls_attempts < TLS_ATTEMPTS {
                    return true;
                }
                self.report_refusal(&error);
                *seen = Seen { snapshot: Some(second), reported: Some(Instant::now()), tls_attempts: 0 };
            }
        }
        true
    }

    /// Tries again if files that have not changed were refused for another reason than their
    /// content: a port may be free by now. Returns `false` if the thread must end.
    fn look_again(&self, seen: &mut Seen, snapshot: Snapshot) -> bool {
        let Some(reported) = seen.reported else { return true };
        let error = if snapshot.problems.is_empty() {
            match self.reload() {
                Ok(_) => {
                    *seen = Seen { snapshot: Some(snapshot), ..Seen::default() };
                    return true;
                }
                Err(_) if self.is_shut_down() => return false,
                Err(error) => error,
            }
        } else {
            Error::configuration(snapshot.problems)
        };
        if reported.elapsed() >= REMINDER {
            seen.reported = Some(Instant::now());
            self.report_refusal(&error);
        }
        true
    }

    fn report_refusal(&self, error: &Error) {
        // The file may be the same, and a certificate beside it another one.
        let file = self.file_name();
        self.diagnostics().error(format_args!("{file} is not used after a change: {error}"));
    }
}

fn hash(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
