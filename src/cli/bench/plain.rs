//! The limit of reading over HTTP: a server of the same make, with as many workers and connections, whose handlers run the
//! bare query and send the bytes that the service sent. A command of its own, which `meldpunt bench` starts.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::serve::{bind, say};
use crate::cli::wait;
use crate::config::Settings;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::status::Status;
use crate::services::Error;
use crate::store::db::Db;
use crate::store::reports::{self, Filter, Sort, Visible};

#[derive(Debug, Args)]
pub struct Plain {
    /// File with the answers to give.
    #[arg(long)]
    answers: PathBuf,

    #[command(flatten)]
    settings: Settings,
}

/// What the service answered, and what was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answers {
    pub authority: Uuid,
    /// The page, to be written anew each time: the bare query and its serialisation.
    pub list: Value,
    /// Reports by their ids.
    pub reports: HashMap<Uuid, String>,
}

struct State {
    db: Db,
    filter: Filter,
    answers: Answers,
}

/// Status of the limited list, as `pages::limited_list` asks it.
pub const LISTED: Status = Status::InReview;

pub fn run(plain: &Plain) -> Result<(), String> {
    let settings = &plain.settings;
    let listener = bind(settings.listen)?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let text = std::fs::read_to_string(&plain.answers)
        .map_err(|e| format!("cannot read {}: {e}", plain.answers.display()))?;
    let answers: Answers = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let state = Arc::new(State {
        db: Db::open(&settings.database()?, settings.database_connections)?,
        filter: Filter {
            status: vec![LISTED],
            authority: vec![OrganisationId::from_uuid(answers.authority)],
            ..Filter::default()
        },
        answers,
    });
    let workers = usize::from(settings.workers);
    wait(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::from(state.clone()))
                .route("/v1/reports", web::get().to(list))
                .route("/v1/reports/{id}", web::get().to(read))
                .route("/health/ready", web::get().to(HttpResponse::Ok))
        })
        .workers(workers)
        .listen(listener)
        .map_err(|e| format!("cannot serve: {e}"))?
        .run();
        say(&format!("meldpunt: ready on http://{address}"));
        server.await.map_err(|e| e.to_string())
    })
}

async fn read(state: web::Data<State>, id: web::Path<Uuid>) -> HttpResponse {
    let id = id.into_inner();
    let found = state
        .db
        .read(move |conn| Ok::<_, Error>(reports::find_bare(conn, ReportId::from_uuid(id))?))
        .await;
    match (found, state.answers.reports.get(&id)) {
        (Ok(true), Some(body)) => json(body.clone()),
        _ => HttpResponse::NotFound().finish(),
    }
}

async fn list(state: web::Data<State>) -> HttpResponse {
    let filter = state.filter.clone();
    let found = state
        .db
        .read(move |conn| {
            let visible = Visible {
                desk: true,
                ..Visible::default()
            };
            let sort = Sort::SubmittedDescending;
            Ok::<_, Error>(reports::list_bare(conn, &visible, &filter, sort, 21)?)
        })
        .await;
    match found {
        Ok(_) => json(state.answers.list.to_string()),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn json(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(body)
}
