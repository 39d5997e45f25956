//! The one place where the parts are put together: settings, database, clock, API.

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use tracing_actix_web::TracingLogger;

use crate::clock::{SharedClock, SystemClock};
use crate::config::Settings;
use crate::http::{envelope, router};
use crate::services::Context;
use crate::store::db::Db;

/// Opens the database and gathers what the use cases run on.
///
/// # Errors
/// One sentence for the operator.
pub fn context(settings: Settings) -> Result<Context, String> {
    context_with(settings, Arc::new(SystemClock))
}

/// As `context`, with a clock of one's own.
pub fn context_with(settings: Settings, clock: SharedClock) -> Result<Context, String> {
    settings.check()?;
    let db = Db::open(&settings.database()?, settings.database_connections)?;
    Ok(Context::new(db, clock, settings))
}

/// The API on a listener that is already bound. It stops when its handle says so.
pub fn server(context: Context, listener: TcpListener) -> std::io::Result<Server> {
    let workers = usize::from(context.settings.workers);
    let shutdown = context.settings.shutdown_seconds;
    let server = HttpServer::new(move || {
        App::new()
            .configure(router::routes(&context))
            .wrap(router::cors(&context))
            .wrap(from_fn(envelope::envelope))
            .wrap(TracingLogger::default())
    })
    .workers(workers)
    .shutdown_timeout(shutdown)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(server)
}
