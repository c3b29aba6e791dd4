//! A real nginx, in front of a Collector or instead of one.

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{TIMEOUT, collector::free_port};

pub struct Nginx {
    process: Child,
    ports: Vec<u16>,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// With a port of its own for each of `servers`, which are what stands between the braces of `server`. `global` stands
    /// beside them.
    pub fn start(global: &str, servers: &[&str], http2: bool) -> Self {
        // As with the Collector, ports that were free a moment ago.
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
        // Its workers have to read the directory, which only its owner can.
        let config = format!(
            "user root;\ndaemon off;\npid nginx.pid;\nworker_processes 1;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{global}\n{servers}}}\n"
        );
        std::fs::write(directory.path().join("nginx.conf"), config).unwrap();
        let mut process = Command::new("nginx")
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
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
        // Asked, so that it ends its workers.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}
