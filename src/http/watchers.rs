//! Watchers of a report (volgers).

use actix_web::{HttpResponse, delete, get, put, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::OrganisationId;
use crate::http::auth::{Granted, ReadReports};
use crate::http::problem::Failure;
use crate::http::report_messages::NamedOrganisation;
use crate::http::reports::report_id;
use crate::services::{Context, watchers};
use crate::store::watchers::Watcher;

/// Who watches a report, by organisation (Dutch: volgers).
#[derive(Debug, Serialize, ToSchema)]
pub struct Watchers {
    /// The organisations whose people watch it (organisaties).
    items: Vec<WatchersOfOrganisation>,
}

/// The watchers of one organisation (Dutch: volgers van een organisatie). Of others than your own only how many.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "organisation": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1c", "name": "Gemeente Sluis"}, "count": 1,
    "people": [{"name": "Jan de Vries", "since": "2026-11-24T09:12:00Z"}]
}))]
pub struct WatchersOfOrganisation {
    /// The organisation (organisatie).
    organisation: NamedOrganisation,
    /// How many of its people watch (aantal).
    count: usize,
    /// Who they are; null for another organisation than yours (wie).
    people: Option<Vec<WatcherView>>,
}

/// Somebody who watches a report (Dutch: volger).
#[derive(Debug, Serialize, ToSchema)]
pub struct WatcherView {
    /// Name (naam).
    name: String,
    /// Since when (sinds).
    since: DateTime<Utc>,
}

fn by_organisation(watchers: Vec<Watcher>, home: OrganisationId) -> Vec<WatchersOfOrganisation> {
    let mut found: Vec<WatchersOfOrganisation> = Vec::new();
    for watcher in watchers {
        let id = watcher.organisation.uuid();
        let known = found.iter().position(|one| one.organisation.id == id);
        let at = known.unwrap_or_else(|| {
            found.push(WatchersOfOrganisation {
                organisation: NamedOrganisation {
                    id,
                    name: watcher.organisation_name,
                },
                count: 0,
                people: (watcher.organisation == home).then(Vec::new),
            });
            found.len() - 1
        });
        let one = &mut found[at];
        one.count += 1;
        if let Some(people) = &mut one.people {
            people.push(WatcherView {
                name: watcher.name,
                since: watcher.since,
            });
        }
    }
    found
}

/// List the watchers of a report
///
/// Who is told how the report goes (volgers), for those who see all of it: of your own organisation by name, of others how
/// many.
#[utoipa::path(
    tag = "reports",
    params(("id" = uuid::Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The watchers (volgers)", body = Watchers)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/watchers")]
pub async fn list_watchers(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    let home = actor.home.id;
    let found = ctx
        .db
        .read(move |conn| watchers::list(conn, &actor, report))
        .await?;
    let items = by_organisation(found, home);
    Ok(HttpResponse::Ok().json(Watchers { items }))
}

/// Watch a report
///
/// Has you mailed when its status changes (melding volgen), as far as you see it then. Doing it again changes nothing.
#[utoipa::path(
    tag = "reports",
    params(("id" = uuid::Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 204, description = "You watch it (u volgt de melding)")),
    security(("oauth2" = ["reports:read"])),
)]
#[put("/reports/{id}/watch")]
pub async fn watch_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    let inner = ctx.clone();
    ctx.db
        .write(move |conn| watchers::watch(conn, &inner, &actor, report))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Watch a report no longer
///
/// No more mail because you watch it (niet meer volgen); what you are told as a party you are told still.
#[utoipa::path(
    tag = "reports",
    params(("id" = uuid::Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 204, description = "You do not watch it (u volgt de melding niet)")),
    security(("oauth2" = ["reports:read"])),
)]
#[delete("/reports/{id}/watch")]
pub async fn unwatch_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let report = report_id(&id)?;
    ctx.db
        .write(move |conn| watchers::stop(conn, &actor, report))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
