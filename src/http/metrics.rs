//! `/metrics`, in the form that Prometheus reads, on a listener of its own: it asks for no sign-in, so it is not for the
//! outside.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};

use crate::metrics::{MEDIA, Snapshot};
use crate::services::{Context, Error};
use crate::store::db::Address;
use crate::store::figures::BATCH_BOUNDS;
use crate::store::outbox;
use crate::store::service_state;

pub fn routes(context: &Context) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let context = context.clone();
    move |config| {
        config.app_data(web::Data::new(context)).service(metrics);
    }
}

#[get("/metrics")]
async fn metrics(ctx: web::Data<Context>) -> HttpResponse {
    let mut looked_up = Snapshot::default();
    process(&looked_up);
    database(&mut looked_up, &ctx);
    waiting(&looked_up, &ctx).await;
    match ctx.metrics.text(&looked_up) {
        Ok(text) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, MEDIA))
            .body(text),
        Err(error) => {
            tracing::error!(%error, "the figures cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn database(figures: &mut Snapshot, ctx: &Context) {
    let database = match ctx.db.address() {
        Address::Sqlite(_) => "sqlite",
        Address::Postgres(_) => "postgres",
    };
    figures.gauge(
        "meldpunt_build_info",
        "Version, and the database it runs on",
        &[
            ("version", env!("CARGO_PKG_VERSION")),
            ("database", database),
        ],
        1.0,
    );
    let counted = ctx.db.figures();
    let connections = ctx.db.connections();
    for (state, count) in [("in_use", connections.in_use), ("idle", connections.idle)] {
        figures.gauge(
            "meldpunt_database_connections",
            "Connections of the pool",
            &[("state", state)],
            f64::from(count),
        );
    }
    figures.gauge(
        "meldpunt_database_connections_max",
        "Connections that the pool may have",
        &[],
        f64::from(connections.most),
    );
    let many = |count: u64| whole(i64::try_from(count).unwrap_or(i64::MAX));
    figures.counter(
        "meldpunt_database_checkouts_total",
        "Connections taken from the pool",
        many(counted.checkouts()),
    );
    figures.counter(
        "meldpunt_database_wait_seconds_total",
        "Time that they were waited for",
        counted.waited().as_secs_f64(),
    );
    figures.counter(
        "meldpunt_database_timeouts_total",
        "Waits for a connection that were given up",
        many(counted.timeouts()),
    );
    figures.counter(
        "meldpunt_database_statements_total",
        "Statements, those that open and close transactions left out",
        many(counted.statements()),
    );
    if database == "sqlite" {
        let buckets: Vec<(usize, u64)> = BATCH_BOUNDS.into_iter().zip(counted.commits()).collect();
        figures.histogram(
            "meldpunt_database_commit_changes",
            "Changes that were committed together",
            &buckets,
            counted.changes(),
        );
    }
}

/// What waits in the outbox and whether that is paused, asked of the database. When it does not answer, what it did not say is left
/// out: 0 would be a lie.
async fn waiting(figures: &Snapshot, ctx: &Context) {
    let asked = ctx
        .db
        .read(|conn| {
            let paused = service_state::outbox_pause(conn)?.is_some();
            Ok::<_, Error>((outbox::waiting(conn)?, paused))
        })
        .await;
    figures.gauge(
        "meldpunt_database_up",
        "Whether the database answers",
        &[],
        f64::from(u8::from(asked.is_ok())),
    );
    let Ok((waiting, paused)) = asked else {
        return;
    };
    figures.gauge(
        "meldpunt_outbox_paused",
        "Whether an operator or a restored backup keeps all mail in",
        &[],
        f64::from(u8::from(paused)),
    );
    for (state, count) in [("queued", waiting.queued), ("dead", waiting.dead)] {
        figures.gauge(
            "meldpunt_outbox_notices",
            "Notices that are not sent: still to be, or given up",
            &[("state", state)],
            whole(count),
        );
    }
    let age = |since: DateTime<Utc>| (ctx.clock.now() - since).num_milliseconds().max(0);
    figures.gauge(
        "meldpunt_outbox_oldest_seconds",
        "Age of the oldest notice that is still to be sent; 0 when there is none",
        &[],
        whole(waiting.oldest.map_or(0, age)) / 1000.0,
    );
}

/// The figures that every Prometheus client gives, under their usual names.
fn process(figures: &Snapshot) {
    if let Some(bytes) = crate::metrics::resident_bytes() {
        figures.gauge(
            "process_resident_memory_bytes",
            "Memory in use",
            &[],
            whole(bytes),
        );
    }
}

fn whole(count: i64) -> f64 {
    count as f64
}
