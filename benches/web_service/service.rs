//! Runs the web service as a process, in three variants.

use std::{
    env, fs,
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use test_support::{
    TIMEOUT,
    port::free_port,
    process::{self, Process, build_directory},
};

/// The argument that turns this program into the service that is wired by hand.
pub const BY_HAND: &str = "by-hand";

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/web_service");

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Off,
    On,
    ByHand,
}

impl Variant {
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::ByHand];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "telemetry off",
            Self::On => "autotelemetry",
            Self::ByHand => "wired by hand",
        }
    }
}

pub struct Service {
    process: Process,
    address: SocketAddr,
}

/// Builds the example with its own features, into the directory of this program.
pub fn build() {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "web_service", "--target-dir"])
        .arg(build_directory().parent().unwrap())
        .current_dir(EXAMPLE)
        .status()
        .unwrap();
    assert!(status.success());
}

impl Service {
    pub fn start(variant: Variant, endpoint: &str) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = match variant {
            Variant::Off | Variant::On => process::clean(build_directory().join("web_service")),
            Variant::ByHand => process::clean(env::current_exe().unwrap()),
        };
        if variant == Variant::ByHand {
            command.arg(BY_HAND);
        }
        // The directory of the file. The level hides the start line.
        command.arg(address.to_string()).current_dir(EXAMPLE).env("AUTOTEL_DIAGNOSTICS__LEVEL", "warn");
        command.env("AUTOTEL_PROFILE", "collector").env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        if variant == Variant::Off {
            command.env("OTEL_SDK_DISABLED", "true");
        }
        let process = Process::spawn(command.stdout(Stdio::null()));
        let mut service = Self { process, address };
        service.wait();
        service
    }

    /// Waits until the service accepts connections; without telemetry it prints nothing.
    fn wait(&mut self) {
        let deadline = Instant::now() + TIMEOUT;
        while TcpStream::connect(self.address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "the service has exited");
            assert!(Instant::now() < deadline, "the service does not accept connections");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the CPU time used so far, in user mode and in the kernel.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // Field 2 is the name in parentheses; fields 14 and 15 are the times in hundredths of a
        // second.
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = rest.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Stops the service with SIGTERM, as an orchestrator does.
    pub fn terminate(mut self) {
        self.process.signal("TERM");
        assert!(self.process.wait().unwrap().success());
    }
}
