//! A server in a process of its own, so that its memory is its own and the load does not run inside it. It ends when this
//! is dropped.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::wire;

/// Longest that a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// From its start until it answered that it is ready.
    pub ready_after: Duration,
    log: File,
}

impl Server {
    /// Starts this program with a command that says where it listens, and waits until it is ready. What it logs goes to a
    /// file in the folder.
    ///
    /// # Errors
    /// One sentence, with the last line it logged.
    pub fn start(
        command: &[&str],
        environment: &[(String, String)],
        folder: &Path,
    ) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let log_path = folder.join("server.log");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|e| format!("cannot write {}: {e}", log_path.display()))?;
        let copy = log.try_clone().map_err(|e| e.to_string())?;
        let started = Instant::now();
        let mut process = Command::new(program)
            .args(command)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(copy)
            .spawn()
            .map_err(|e| format!("the server cannot be started: {e}"))?;
        let said = process.stdout.take().map(BufReader::new);
        let address = said
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(Result::ok)
            .find_map(|line| line.rsplit_once("http://")?.1.parse().ok());
        let Some(address) = address else {
            let _ = process.wait();
            let text = std::fs::read_to_string(&log_path).unwrap_or_default();
            let last = text.lines().last().unwrap_or("it said nothing");
            return Err(format!("the server did not start: {last}"));
        };
        let mut server = Self {
            process,
            address,
            ready_after: Duration::ZERO,
            log,
        };
        server.wait_until_ready(started)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, started: Instant) -> Result<(), String> {
        let host = self.address.to_string();
        while started.elapsed() < PATIENCE {
            let answer = wire::call(&host, "GET", "/health/ready", &[], "", PATIENCE);
            if answer.is_ok_and(|answer| answer.status == 200) {
                self.ready_after = started.elapsed();
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("the server did not become ready".into())
    }

    /// The memory it has in use, in MiB; none where the system does not tell.
    pub fn memory(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kib / 1_024.0)
    }

    /// Forgets what was logged, which after millions of requests fills a disk.
    pub fn forget_log(&self) {
        let _ = self.log.set_len(0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
