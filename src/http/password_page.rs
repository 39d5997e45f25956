//! The page that a mailed link opens, to set a password on. It is the only page for people: everything in it is in this
//! binary, its content policy allows exactly its own script and style, and it talks to this service alone. The token of the
//! link stands behind the `#` of the address, which a browser does not send: it is in no log.

use std::sync::LazyLock;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::{HttpResponse, get};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = include_str!("pages/password.css");
const SCRIPT: &str = include_str!("pages/password.js");
const FRAME: &str = include_str!("pages/password.html");

static PAGE: LazyLock<String> =
    LazyLock::new(|| FRAME.replace("{style}", STYLE).replace("{script}", SCRIPT));

static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'none'",
        source(SCRIPT),
        source(STYLE)
    )
});

/// A script or style as a content policy names it.
fn source(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    )
}

#[get("/password")]
pub async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(PAGE.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_exactly_what_is_in_the_page() {
        let between = |open: &str, close: &str| {
            let (_, rest) = PAGE.split_once(open).unwrap();
            rest.split_once(close).unwrap().0.to_owned()
        };
        assert_eq!(PAGE.matches("<script").count(), 1);
        assert_eq!(PAGE.matches("<style").count(), 1);
        assert!(POLICY.contains(&source(&between("<script>", "</script>"))));
        assert!(POLICY.contains(&source(&between("<style>", "</style>"))));
        assert!(!POLICY.contains("unsafe"));
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for outside in [
            "http:", "https:", "src=", "url(", "@import", " style=", " onclick",
        ] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
