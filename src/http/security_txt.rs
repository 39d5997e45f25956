//! Where to report a weakness: `/.well-known/security.txt` (RFC 9116). Without a contact in the settings it is not there.

use std::fmt::Write;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, TimeZone, Utc};

use crate::config::Settings;
use crate::http::problem::Failure;
use crate::services::Context;

/// The RFC recommends less than a year.
const GOOD_FOR: TimeDelta = TimeDelta::days(180);

#[get("/.well-known/security.txt")]
pub async fn security_txt(ctx: web::Data<Context>) -> Result<HttpResponse, Failure> {
    let text = text(&ctx.settings, ctx.clock.now()).ok_or(Failure::UnknownPath)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body(text))
}

fn text(settings: &Settings, now: DateTime<Utc>) -> Option<String> {
    if settings.security_contact.is_empty() {
        return None;
    }
    let mut text = String::new();
    for contact in &settings.security_contact {
        let _ = writeln!(text, "Contact: {contact}");
    }
    // By the day, so that the text stays the same for one.
    let day = now + GOOD_FOR;
    let expires = Utc
        .with_ymd_and_hms(day.year(), day.month(), day.day(), 0, 0, 0)
        .single()?;
    let _ = writeln!(
        text,
        "Expires: {}",
        expires.to_rfc3339_opts(SecondsFormat::Secs, true)
    );
    let _ = writeln!(text, "Preferred-Languages: nl, en");
    let _ = writeln!(
        text,
        "Canonical: {}",
        settings.link("/.well-known/security.txt")
    );
    if let Some(policy) = &settings.security_policy {
        let _ = writeln!(text, "Policy: {policy}");
    }
    Some(text)
}
