//! The one place where the parts are put together: settings, database, clock, API, workers; and how they stop.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, rt};
use tokio::time::{Instant, sleep, timeout_at};
use tracing_actix_web::TracingLogger;

use crate::audit;
use crate::clock::{SharedClock, SystemClock};
use crate::config::Settings;
use crate::http::access_log::AccessLog;
use crate::http::{envelope, gate, health, limits, metrics, observe, router, strict};
use crate::mail::message;
use crate::mail::transport::Transport;
use crate::services::{Context, Error, seed};
use crate::store::db::Db;
use crate::worker::outbox::{Deliverer, Stop};
use crate::worker::{counting, deadlines, reindex, tidy};

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
    let audit = audit::Log::open(&settings.audit_log)?;
    let db = Db::open(&settings.database()?, settings.database_connections)?;
    let mut context = Context::new(db, clock, settings);
    context.audit = Arc::new(audit);
    Ok(context)
}

/// The way out for mail; none where other nodes send it. Its settings are checked before anything is written, so that a
/// wrong one stops the start.
///
/// # Errors
/// One sentence for the operator.
pub fn transport(settings: &Settings) -> Result<Option<Transport>, String> {
    message::sender(&settings.mail_from)?;
    if settings.no_worker {
        return Ok(None);
    }
    Transport::from_settings(settings).map(Some)
}

/// What `prepare` found to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// Steps that the schema was behind.
    pub steps: usize,
    /// The facts were not there yet.
    pub facts: bool,
}

/// Brings the schema up to date, loads the facts once, and has the signing keys ready. Safe on several nodes at once.
///
/// # Errors
/// One sentence for the operator.
pub fn prepare(context: &Context) -> Result<Prepared, String> {
    let prepared = migrate(context)?;
    context.keys.load(&context.db, context.clock.now())?;
    Ok(prepared)
}

/// As `prepare`, but for the keys: whoever signs nothing needs none.
///
/// # Errors
/// As `prepare`.
pub fn migrate(context: &Context) -> Result<Prepared, String> {
    let now = context.clock.now();
    let steps = schema(context)?;
    let facts = context
        .db
        .write_blocking::<_, Error, _>(move |conn| seed::load(conn, now))
        .map_err(|e| format!("the facts cannot be loaded: {e:?}"))?;
    Ok(Prepared { steps, facts })
}

/// Brings the schema up to date; where that is done apart, a schema that is behind stops the start.
fn schema(context: &Context) -> Result<usize, String> {
    if !context.settings.no_migrate {
        return context.db.migrate();
    }
    match context.db.pending_migrations()? {
        0 => Ok(0),
        steps => Err(format!(
            "the schema is behind (migrations to make: {steps}) and MELDPUNT_NO_MIGRATE is set: run `meldpunt migrate` first"
        )),
    }
}

/// The API on a listener that is already bound. It stops when its handle says so.
pub fn server(context: Context, listener: TcpListener) -> std::io::Result<Server> {
    let workers = usize::from(context.settings.workers);
    let shutdown = context.settings.shutdown_seconds;
    let blocking = blocking_threads(&context.settings);
    let server = HttpServer::new(move || {
        App::new()
            .configure(router::routes(&context))
            .wrap(from_fn(gate::gate))
            .wrap(from_fn(strict::strict))
            .wrap(from_fn(limits::limits))
            .wrap(router::cors(&context))
            .wrap(from_fn(envelope::envelope))
            .wrap(from_fn(observe::observe))
            .wrap(TracingLogger::<AccessLog>::new())
    })
    .workers(workers)
    // Threads that wait for a connection to the database are of no use, and each keeps memory of its own.
    .worker_max_blocking_threads(blocking)
    .shutdown_timeout(shutdown)
    .client_request_timeout(HEADERS_WITHIN)
    .keep_alive(IDLE)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(server)
}

/// Threads of one worker for what blocks: so that all connections to the database can be in use, and passwords be checked
/// beside them.
fn blocking_threads(settings: &Settings) -> usize {
    let connections = usize::try_from(settings.database_connections).unwrap_or(usize::MAX);
    connections.div_ceil(usize::from(settings.workers)) + 2
}

/// How long a connection is kept that asks nothing. A stop waits for these, so it is short; a proxy must give them up
/// sooner (docs/operations.md), or some of its requests find one just closed.
const IDLE: Duration = Duration::from_secs(5);

/// How long the head of a request may take to arrive; of bodies `http::body` says it.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// The figures, on a listener of their own. They are answered until the very end, so that the stop itself can be watched.
pub fn metrics_server(context: Context, listener: TcpListener) -> std::io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(metrics::routes(&context)))
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(server)
}

/// The health of a node without an API.
fn health_server(context: Context, listener: TcpListener) -> std::io::Result<Server> {
    let shutdown = context.settings.shutdown_seconds;
    let server = HttpServer::new(move || App::new().configure(router::health_alone(&context)))
        .workers(1)
        .shutdown_timeout(shutdown)
        .disable_signals()
        .listen(listener)?
        .run();
    Ok(server)
}

/// Serves until the process is told to stop, and does the background work when it has a way out for mail. `ready` is
/// called once requests are answered, on a thread that may block; when it fails, the service stops.
///
/// # Errors
/// One sentence for the operator.
pub fn serve(
    context: Context,
    transport: Option<Transport>,
    listener: TcpListener,
    ready: impl FnOnce(&Context) -> Result<(), String> + Send + 'static,
) -> Result<(), String> {
    run(context.clone(), transport, ready, move || {
        server(context, listener)
    })
}

/// Does the background work until the process is told to stop. The listener answers whether it is alive and ready,
/// nothing else.
///
/// # Errors
/// One sentence for the operator.
pub fn work(
    context: Context,
    transport: Transport,
    listener: TcpListener,
    ready: impl FnOnce(&Context) -> Result<(), String> + Send + 'static,
) -> Result<(), String> {
    run(context.clone(), Some(transport), ready, move || {
        health_server(context, listener)
    })
}

fn run(
    context: Context,
    transport: Option<Transport>,
    ready: impl FnOnce(&Context) -> Result<(), String> + Send + 'static,
    server: impl FnOnce() -> std::io::Result<Server>,
) -> Result<(), String> {
    rt::System::new().block_on(async move {
        let told = Signals::listen().map_err(|e| format!("cannot listen for signals: {e}"))?;
        let deliverer = transport
            .map(|transport| Deliverer::new(context.clone(), transport))
            .transpose()?;
        let server = server().map_err(|e| format!("cannot serve: {e}"))?;
        let handle = server.handle();
        let server = rt::spawn(server);
        if let Some(address) = context.settings.metrics_listen {
            let told = |e: std::io::Error| {
                format!("MELDPUNT_METRICS_LISTEN: cannot listen on {address}: {e}")
            };
            let listener = TcpListener::bind(address).map_err(told)?;
            tracing::info!(address = %listener.local_addr().map_err(told)?, "metrics");
            rt::spawn(metrics_server(context.clone(), listener).map_err(told)?);
        }
        let work = Work::start(&context, deliverer)?;
        let inner = context.clone();
        let announced = rt::task::spawn_blocking(move || ready(&inner));
        let outcome = tokio::select! {
            () = told.first() => None,
            ended = server => Some(match ended {
                Ok(Ok(())) => Err("the server ended by itself".to_owned()),
                Ok(Err(e)) => Err(format!("the server ended: {e}")),
                Err(e) => Err(format!("the server was cut off: {e}")),
            }),
            () = work.ended() => Some(Err("the delivery of mail ended by itself".to_owned())),
            Err(why) = failure(announced) => Some(Err(why)),
        };
        match outcome {
            None => shut_down(&context, &handle, &work, &told).await,
            Some(Err(why)) => {
                handle.stop(false).await;
                work.stop();
                return Err(why);
            }
            Some(Ok(())) => {}
        }
        Ok(())
    })
}

/// Comes back only when what was started failed.
async fn failure(announced: rt::task::JoinHandle<Result<(), String>>) -> Result<(), String> {
    match announced.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(why)) => Err(why),
        Err(cut) => Err(format!("the start was cut off: {cut}")),
    }
}

/// The background work of this node: a thread that delivers mail, a task that tidies and one that watches deadlines. Nothing where others do it.
struct Work(Option<(Stop, JoinHandle<()>)>);

impl Work {
    fn start(context: &Context, deliverer: Option<Deliverer>) -> Result<Self, String> {
        let Some(deliverer) = deliverer else {
            return Ok(Self(None));
        };
        let stop = deliverer.stopper();
        let thread = deliverer
            .spawn()
            .map_err(|e| format!("no thread for the mail: {e}"))?;
        rt::spawn(tidy::run(context.clone()));
        rt::spawn(deadlines::run(context.clone()));
        rt::spawn(reindex::run(context.clone()));
        rt::spawn(counting::run(context.clone()));
        Ok(Self(Some((stop, thread))))
    }

    fn stop(&self) {
        if let Some((stop, _)) = &self.0 {
            stop.stop();
        }
    }

    fn is_finished(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|(_, thread)| thread.is_finished())
    }

    /// Comes back only when the thread ends though nobody stopped it: a fault, for whatever restarts the process.
    async fn ended(&self) {
        while self.0.is_none() || !self.is_finished() {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Readiness falls first, so that no new work is sent here; then what was accepted is finished, and the message in flight.
async fn shut_down(context: &Context, handle: &ServerHandle, work: &Work, told: &Signals) {
    let deadline = Instant::now() + context.settings.shutdown();
    health::STOPPING.store(true, Ordering::Relaxed);
    tracing::info!("told to stop");
    let drain = Duration::from_secs(context.settings.drain_seconds);
    // Told twice: whoever waits for it is in a hurry.
    tokio::select! {
        () = sleep(drain) => {}
        () = told.again() => {}
    }
    work.stop();
    if timeout_at(deadline, handle.stop(true)).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
    // Not joined: a server that keeps the connection would keep us past the deadline. The lease brings the message back.
    while !work.is_finished() && Instant::now() < deadline {
        sleep(Duration::from_millis(10)).await;
    }
    if work.is_finished() {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped while a message was under way; it may be sent again");
    }
}

/// What tells a process to stop: SIGTERM of whatever runs it, SIGINT of a keyboard.
struct Signals {
    heard: tokio::sync::watch::Receiver<usize>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let (tell, heard) = tokio::sync::watch::channel(0);
        rt::spawn(async move {
            loop {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = int.recv() => {}
                }
                tell.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { heard })
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        let (tell, heard) = tokio::sync::watch::channel(0);
        rt::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                tell.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { heard })
    }

    async fn first(&self) {
        self.reach(1).await;
    }

    async fn again(&self) {
        self.reach(2).await;
    }

    async fn reach(&self, count: usize) {
        let mut heard = self.heard.clone();
        // The sender lives as long as the runtime.
        let _ = heard.wait_for(|so_far| *so_far >= count).await;
    }
}
