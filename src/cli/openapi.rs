//! `meldpunt openapi`: prints the OpenAPI document as it is committed.

use std::io::Write;

use crate::http::openapi;

/// The address in the committed document.
pub const DEFAULT_API_URL: &str = "https://meldpunt.example/v1";

pub fn run() -> Result<(), String> {
    // A reader that stops early, as `head` does, is no fault.
    let _ = std::io::stdout().write_all(openapi::text(DEFAULT_API_URL).as_bytes());
    Ok(())
}
