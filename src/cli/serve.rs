//! `meldpunt serve`: the API and the workers in one process.

use std::net::TcpListener;

use crate::app;
use crate::config::Settings;

pub fn run(settings: Settings) -> Result<(), String> {
    let listener = TcpListener::bind(settings.listen)
        .map_err(|e| format!("cannot listen on {}: {e}", settings.listen))?;
    let context = app::context(settings)?;
    context.db.migrate()?;
    context.keys.load(&context.db, context.clock.now())?;
    let server = app::server(context, listener).map_err(|e| e.to_string())?;
    actix_web::rt::System::new()
        .block_on(server)
        .map_err(|e| e.to_string())
}
