//! A real nginx, in front of a Collector or in place of one.

use std::{
    net::TcpStream,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{TIMEOUT, port::free_port, process::Process, programs::Program};

pub struct Nginx {
    process: Process,
    ports: Vec<u16>,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// Starts nginx with one port for each of `servers`.
    ///
    /// A server is the content of a `server` block; `global` is placed beside these blocks.
    pub fn start(global: &str, servers: &[&str], http2: bool) -> Self {
        // The ports were free a moment ago, which is no guarantee.
        for _ in 0..5 {
            if let Some(nginx) = Self::try_start(global, servers, http2) {
                return nginx;
            }
        }
        panic!("nginx does not start");
    }

    fn try_start(global: &str, servers: &[&str], http2: bool) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let ports: Vec<_> = servers.iter().map(|_| free_port()).collect();
        let version = if http2 { " http2" } else { "" };
        let servers = servers
            .iter()
            .zip(&ports)
            .map(|(server, port)| format!("server {{ listen 127.0.0.1:{port}{version}; {server} }}\n"));
        let servers: String = servers.collect();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};\n"))
            .concat();
        // Only its owner can read the directory, and the workers must.
        let config = format!(
            "user root;\ndaemon off;\npid nginx.pid;\nworker_processes 1;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{global}\n{servers}}}\n"
        );
        std::fs::write(directory.path().join("nginx.conf"), config).unwrap();
        let mut command = Program::Nginx.command();
        command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]).arg(directory.path()).stderr(Stdio::null());
        let mut process = Process::spawn(&mut command);
        let deadline = Instant::now() + TIMEOUT;
        while !ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "nginx does not answer");
            thread::sleep(Duration::from_millis(5));
        }
        Some(Self { process, ports, _directory: directory })
    }

    pub fn url(&self, server: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[server])
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A signal that it can handle, so that it ends its workers.
        self.process.signal("TERM");
        let _ = self.process.wait();
    }
}
