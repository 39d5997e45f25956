//! Keyset pages: an opaque cursor names the last row seen, so that no list gets slower with its depth and no row comes
//! twice while others are added.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::domain::invalid::FieldError;
use crate::services::Error;

pub const DEFAULT_LIMIT: i64 = 20;

/// A page of a list (Dutch: pagina).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The rows of this page (regels).
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; null on the last (volgende pagina).
    pub next_cursor: Option<String>,
}

/// Packs the key of the last row. It is no secret: whoever alters it only moves within what it may see.
pub fn encode<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// Unpacks a cursor of ours.
pub fn decode<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Error> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let unpacked = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        // No text holds a NUL, and a database refuses one.
        .filter(|bytes| !bytes.windows(6).any(|six| six == br"\u0000"))
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    unpacked.map(Some).ok_or_else(wrong_cursor)
}

/// The fault of a cursor that is not one of this list's.
pub fn wrong_cursor() -> Error {
    Error::InvalidQuery(vec![FieldError::new("cursor", "wrong_cursor")])
}

/// Cuts the one row too many that was asked for, and makes the cursor for what follows.
pub fn cut<T, K: Serialize>(
    mut rows: Vec<T>,
    limit: i64,
    key: impl Fn(&T) -> K,
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more {
        rows.last().map(|last| encode(&key(last)))
    } else {
        None
    };
    (rows, next)
}

/// The page with its `Link` headers, all filters kept.
pub fn respond<T: Serialize>(request: &HttpRequest, page: &Page<T>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for link in links(request, page.next_cursor.as_deref()) {
        response.append_header((LINK, link));
    }
    response.json(page)
}

/// The values of the `Link` headers of a page: the first and the next.
pub fn links(request: &HttpRequest, next_cursor: Option<&str>) -> Vec<String> {
    let kept: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    let link = |pairs: &[&str], rel: &str| {
        let query = pairs.join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("<{}{mark}{query}>; rel=\"{rel}\"", request.path())
    };
    let mut links = vec![link(&kept, "first")];
    if let Some(next) = next_cursor {
        let cursor = format!("cursor={next}");
        let mut pairs = kept.clone();
        pairs.push(&cursor);
        links.push(link(&pairs, "next"));
    }
    links
}
