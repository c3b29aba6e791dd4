//! The web service as a process, in three variants.

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

/// The argument that makes this program the service that is wired by hand.
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

/// Builds the example as its users do, beside this program.
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
        // Where the file is, whose start line would be no news.
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

    /// Without telemetry it says nothing, so it is asked.
    fn wait(&mut self) {
        let deadline = Instant::now() + TIMEOUT;
        while TcpStream::connect(self.address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "the service has ended");
            assert!(Instant::now() < deadline, "the service does not answer");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The processor time that it has used, in user mode and the kernel.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // The name, in parentheses, is the second field, and the two times are the 14th and 15th,
        // in hundredths of a second.
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = rest.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Ends it as an orchestrator does.
    pub fn terminate(mut self) {
        self.process.signal("TERM");
        assert!(self.process.wait().unwrap().success());
    }
}
