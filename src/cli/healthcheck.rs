//! `meldpunt healthcheck`: asks a running service whether it is ready; for whatever keeps containers running.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::cli::serve::{reachable, say};
use crate::cli::wire;

/// Whom to ask.
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// Address and port that the service listens on.
    #[arg(long, env = "MELDPUNT_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Ask this address instead: `http://HOST:PORT`.
    #[arg(long)]
    url: Option<String>,

    /// Seconds to wait for an answer.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

pub fn run(check: &Healthcheck) -> Result<(), String> {
    let host = match &check.url {
        None => reachable(check.listen).to_string(),
        Some(url) => host(url)?,
    };
    let wait = Duration::from_secs(check.timeout);
    let answer = wire::call(&host, "GET", "/health/ready", &[], "", wait)
        .map_err(|e| format!("not ready: {e}"))?;
    if answer.status == 200 {
        say(&format!("ready: {host}"));
        Ok(())
    } else {
        Err(format!("not ready: {host} answers {}", answer.status))
    }
}

fn host(url: &str) -> Result<String, String> {
    let wrong = || format!("--url: expected http://HOST:PORT, not {url:?}");
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let host = rest.trim_end_matches('/');
    if host.is_empty() || host.contains(['/', '@', '?']) {
        return Err(wrong());
    }
    let named = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(if named {
        host.to_owned()
    } else {
        format!("{host}:80")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses() {
        assert_eq!(host("http://meldpunt:8080/").unwrap(), "meldpunt:8080");
        assert_eq!(host("http://meldpunt").unwrap(), "meldpunt:80");
        assert_eq!(host("http://[::1]:8080").unwrap(), "[::1]:8080");
        for wrong in ["https://x", "x:80", "http://", "http://u:p@x", "http://x/y"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }
}
