//! The binary itself, in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command line, run in a folder of its own, without this process's environment.
pub fn meldpunt(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldpunt"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

/// A process that ends with the test.
pub struct Running(Child);

impl Running {
    /// Starts one and reads what it prints, up to the line that says it can be used.
    pub fn of(mut command: Command, until: &str) -> (Self, Vec<String>) {
        let mut running = Self::launch(&mut command);
        let lines = running.until(until);
        (running, lines)
    }

    /// Starts one; `until` waits for it.
    pub fn launch(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Reads what it prints, up to the line that says it can be used.
    pub fn until(&mut self, until: &str) -> Vec<String> {
        let printed = BufReader::new(self.0.stdout.take().unwrap());
        let mut lines = Vec::new();
        for line in printed.lines().map_while(Result::ok) {
            let last = line.contains(until);
            lines.push(line);
            if last {
                return lines;
            }
        }
        panic!("it ended: {lines:?}");
    }

    /// Tells it to stop, and returns the exit code.
    pub fn stop(mut self, signal: &str) -> Option<i32> {
        let id = self.0.id().to_string();
        Command::new("kill").args([signal, &id]).status().unwrap();
        self.0.wait().unwrap().code()
    }

    /// SIGKILL: nothing in it gets a chance to end well.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
