//! The page that the `type` of a problem leads to: every code with its texts, at `/docs/problems`.

use std::fmt::Write;
use std::sync::LazyLock;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, get};

use crate::http::messages::{DETAILS, FIELDS};
use crate::mail::text::escape;

const STYLE: &str = "body{font:16px/1.5 Verdana,'DejaVu Sans',sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;\
    color:#1b1f24;background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;\
    border-bottom:1px solid #d5dae0;vertical-align:top;overflow-wrap:anywhere}th code{white-space:nowrap}tr:target{background:#fff3c4}a{color:#154273}";

static PAGE: LazyLock<String> = LazyLock::new(page_text);

#[get("/docs/problems")]
pub async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header(("cache-control", "public, max-age=300"))
        .body(PAGE.as_str())
}

fn page_text() -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"nl\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Foutmeldingen · Meldpunt</title><style>{STYLE}</style></head><body><main>\
         <h1>Foutmeldingen</h1><p>Elke fout heeft een vaste code. Noem bij vragen het verzoeknummer \
         (<code>requestId</code>). <span lang=\"en\">Every error has a stable code. Name the <code>requestId</code> when \
         asking for help.</span> <a href=\"/docs\">API</a></p>"
    );
    table(
        &mut page,
        "Van een verzoek (<span lang=\"en\">of a request</span>)",
        "",
        DETAILS,
    );
    table(
        &mut page,
        "Van een veld (<span lang=\"en\">of a field</span>)",
        "field-",
        FIELDS,
    );
    page.push_str("</main></body></html>");
    page
}

fn table(page: &mut String, heading: &str, prefix: &str, words: &[(&str, &str, &str)]) {
    let _ = write!(
        page,
        "<h2>{heading}</h2><table><thead><tr><th scope=\"col\">Code</th><th scope=\"col\">Nederlands</th>\
         <th scope=\"col\" lang=\"en\">English</th></tr></thead><tbody>"
    );
    for (code, nl, en) in words {
        let _ = write!(
            page,
            "<tr id=\"{prefix}{code}\"><th scope=\"row\"><code>{code}</code></th><td>{}</td><td lang=\"en\">{}</td></tr>",
            escape(nl),
            escape(en)
        );
    }
    page.push_str("</tbody></table>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_place() {
        let page = page_text();
        for (code, ..) in DETAILS {
            assert_eq!(page.matches(&format!("id=\"{code}\"")).count(), 1, "{code}");
        }
        for (code, ..) in FIELDS {
            assert_eq!(
                page.matches(&format!("id=\"field-{code}\"")).count(),
                1,
                "{code}"
            );
        }
    }
}
