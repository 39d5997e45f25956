//! `meldpunt serve`: the API and the workers in one process.

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::app;
use crate::cli::logging;
use crate::config::Settings;

pub fn run(mut settings: Settings) -> Result<(), String> {
    logging::start(&settings)?;
    let listener = bind(settings.listen)?;
    // Port 0 stands for any that is free.
    settings.listen = listener.local_addr().map_err(|e| e.to_string())?;
    let transport = app::transport(&settings)?;
    let context = app::context(settings)?;
    let prepared = app::prepare(&context)?;
    if prepared.steps > 0 || prepared.facts {
        tracing::info!(steps = prepared.steps, facts = prepared.facts, "migrated");
    }
    app::serve(context, transport, listener, |context| {
        let address = context.settings.listen;
        if context.settings.log_format == "json" {
            tracing::info!(%address, "ready");
        } else {
            say(&format!("meldpunt: ready on http://{address}"));
        }
        Ok(())
    })
}

/// Takes the address before anything else is done: whoever starts a second service by mistake is told at once.
pub fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|e| {
        let why = match e.kind() {
            ErrorKind::AddrInUse => "address in use".to_owned(),
            ErrorKind::PermissionDenied => "permission denied".to_owned(),
            ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => e.to_string(),
        };
        format!(
            "cannot listen on {address}: {why}; choose another with --listen or MELDPUNT_LISTEN"
        )
    })
}

/// Where a service that listens here is reached from the same machine.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Prints a line; whoever does not listen to it is no fault.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
