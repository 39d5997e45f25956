//! Health, for whatever keeps the service running: live while the process answers, ready while it can work.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, get, web};
use serde_json::json;

use crate::http::problem::Failure;
use crate::services::{Context, Error};

/// Falls when the service is told to stop, before it stops taking requests.
pub static STOPPING: AtomicBool = AtomicBool::new(false);

#[get("/health/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

#[get("/health/ready")]
pub async fn ready(ctx: web::Data<Context>) -> Result<HttpResponse, Failure> {
    if STOPPING.load(Ordering::Relaxed) {
        return Err(Error::Busy("stopping".into()).into());
    }
    ctx.db
        .ping()
        .await
        .map_err(|_| Error::Busy("the database does not answer".into()))?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok" })))
}
