//! Tables as sheets (CSV, RFC 4180) for whoever asks for them by `Accept`.

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use serde::Serialize;

use crate::services::Error;

/// The media type of a sheet.
pub const MEDIA: &str = "text/csv; charset=utf-8";

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// Whether a sheet is asked for rather than JSON.
pub fn asks_for_csv(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT);
    let accept = accept
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.to_ascii_lowercase().contains("text/csv")
}

/// Rows as a sheet, below the names of their columns.
///
/// # Errors
/// When it cannot be written, which is a fault of the software.
pub fn written<const N: usize>(
    columns: Option<&[&str; N]>,
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Bytes, Error> {
    let failed = |e: csv::Error| Error::Internal(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(columns) = columns {
        writer.write_record(columns).map_err(failed)?;
    }
    for row in rows {
        writer.write_record(row.map(harmless)).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(bytes.into())
}

/// Rows as lines of JSON.
///
/// # Errors
/// When they cannot be written, which is a fault of the software.
pub fn json_lines<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<Bytes, Error> {
    let mut text = String::new();
    for row in rows {
        text += &serde_json::to_string(&row).map_err(|e| Error::Internal(e.to_string()))?;
        text.push('\n');
    }
    Ok(text.into())
}

/// A part of an export; what cannot be read ends the answer early, which its missing end tells.
pub fn sent(part: Result<Bytes, Error>) -> Result<Bytes, std::io::Error> {
    part.map_err(|error| {
        tracing::error!(?error, "an export ends early");
        std::io::Error::other("an export ends early")
    })
}

/// An export as it comes, to be saved under a name: a sheet or lines of JSON.
pub fn download(
    csv: bool,
    name: &str,
    body: impl Stream<Item = Result<Bytes, std::io::Error>> + 'static,
) -> HttpResponse {
    let (media, ending) = if csv {
        (MEDIA, "csv")
    } else {
        ("application/jsonl", "jsonl")
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media))
        .insert_header((VARY, "Accept"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{ending}\""),
        ))
        .streaming(Box::pin(body))
}
