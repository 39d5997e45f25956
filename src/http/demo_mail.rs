//! The mail that was written to a folder, on a plain page. Mounted by the demo alone: it shows everybody's mail to
//! whoever asks.
//!
//! A message is shown from what a mail program would read, not from what was queued. Its HTML stands in a frame without
//! rights, under a policy that loads nothing.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use mail_parser::{Message, MessageParser};

use crate::http::problem::Failure;
use crate::mail::folder;
use crate::mail::text::escape;
use crate::services::Error;

/// The page itself: no script, its own style alone, frames of this service alone.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";
/// The HTML of a message: nothing but its inline style; links leave the frame only by hand.
const MAIL_POLICY: &str = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'self'";
/// Messages on the list.
const MOST: usize = 200;

const STYLE: &str = "body{font:16px/1.5 Verdana,'DejaVu Sans',sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;\
    color:#1b1f24;background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;\
    border-bottom:1px solid #d5dae0;vertical-align:top;overflow-wrap:anywhere}pre{background:#f3f5f7;padding:1rem;overflow:auto;\
    white-space:pre-wrap}iframe{width:100%;height:52rem;border:1px solid #d5dae0}td:first-child{white-space:nowrap}a{color:#154273}";

/// Adds the pages below `/demo/mail`.
pub fn configure(folder: PathBuf) -> impl Fn(&mut web::ServiceConfig) {
    move |config| {
        config.service(
            web::scope("/demo/mail")
                .app_data(web::Data::new(Folder(folder.clone())))
                .route("", web::get().to(list))
                .route("/{name}", web::get().to(show))
                .route("/{name}/html", web::get().to(html)),
        );
    }
}

struct Folder(PathBuf);

/// The newest messages.
async fn list(folder: web::Data<Folder>) -> Result<HttpResponse, Failure> {
    let page = run(move || Ok(list_page(&folder.0))).await?;
    Ok(respond(PAGE_POLICY, page))
}

/// One message: headers, plain text, and its HTML in a frame.
async fn show(folder: web::Data<Folder>, name: web::Path<String>) -> Result<HttpResponse, Failure> {
    let page = run(move || {
        let raw = folder::read(&folder.0, &name).ok_or(Error::NotFound)?;
        let message = parse(&raw)?;
        Ok(message_page(&name, &raw, &message))
    })
    .await?;
    Ok(respond(PAGE_POLICY, page))
}

/// The HTML of one message, as it is.
async fn html(folder: web::Data<Folder>, name: web::Path<String>) -> Result<HttpResponse, Failure> {
    let body = run(move || {
        let raw = folder::read(&folder.0, &name).ok_or(Error::NotFound)?;
        let body = parse(&raw)?.body_html(0).map(|html| html.into_owned());
        body.ok_or(Error::NotFound)
    })
    .await?;
    Ok(respond(MAIL_POLICY, body))
}

async fn run(
    work: impl FnOnce() -> Result<String, Error> + Send + 'static,
) -> Result<String, Failure> {
    let done = web::block(work)
        .await
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(done?)
}

fn respond(policy: &str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(body)
}

fn parse(raw: &[u8]) -> Result<Message<'_>, Error> {
    MessageParser::default().parse(raw).ok_or(Error::NotFound)
}

fn list_page(folder: &Path) -> String {
    let mut rows = String::new();
    for name in folder::newest(folder, MOST) {
        let Some(raw) = folder::read(folder, &name) else {
            continue;
        };
        let Ok(message) = parse(&raw) else { continue };
        let date = message.date().map(ToString::to_string).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td><a href=\"/demo/mail/{}\">{}</a></td></tr>",
            escape(&date),
            escape(&recipient(&message)),
            escape(&name),
            escape(message.subject().unwrap_or("(geen onderwerp)")),
        );
    }
    let body = if rows.is_empty() {
        "<p>Er is nog geen mail.</p>".to_owned()
    } else {
        format!(
            "<table><thead><tr><th>Datum</th><th>Aan</th><th>Onderwerp</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    frame(
        "Mail van de demo",
        &format!("<p>Deze pagina bestaat alleen in de demo. Er is niets echt verzonden.</p>{body}"),
    )
}

fn message_page(name: &str, raw: &[u8], message: &Message<'_>) -> String {
    let subject = message.subject().unwrap_or("(geen onderwerp)");
    let text = message.body_text(0).unwrap_or_default();
    let end = raw
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or(raw.len());
    let headers = String::from_utf8_lossy(&raw[..end]);
    let body = format!(
        "<p><a href=\"/demo/mail\">Alle berichten</a></p><p>Aan: {to}</p>\
         <iframe sandbox=\"allow-popups\" src=\"/demo/mail/{name}/html\" title=\"Opgemaakte tekst\"></iframe>\
         <h2>Platte tekst</h2><pre>{text}</pre><h2>Kopregels</h2><pre>{headers}</pre>",
        to = escape(&recipient(message)),
        name = escape(name),
        text = escape(&text),
        headers = escape(&headers),
    );
    frame(subject, &body)
}

fn recipient(message: &Message<'_>) -> String {
    let to = message.to().and_then(|to| to.first());
    let part = |text: Option<&str>| text.unwrap_or_default().to_owned();
    to.map(|to| format!("{} <{}>", part(to.name()), part(to.address())))
        .unwrap_or_default()
}

fn frame(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html><html lang=\"nl\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn mails() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mail = |subject: &str| {
            format!(
                "From: a@x\r\nTo: \"<b>Jan\" <jan@x>\r\nSubject: {subject}\r\nContent-Type: text/html\r\n\r\n<p>hallo</p>"
            )
        };
        fs::write(folder.path().join("notice-1.eml"), mail("oud")).unwrap();
        fs::write(
            folder.path().join("notice-2.eml"),
            mail("<script>nieuw</script>"),
        )
        .unwrap();
        fs::write(folder.path().join(".notice-3.partial"), "half").unwrap();
        folder
    }

    #[test]
    fn the_newest_comes_first_and_nothing_is_taken_as_markup() {
        let folder = mails();
        let page = list_page(folder.path());
        assert!(page.find("nieuw").unwrap() < page.find("oud").unwrap());
        assert!(!page.contains("<script") && !page.contains("<b>Jan") && !page.contains("half"));
        let raw = folder::read(folder.path(), "notice-2.eml").unwrap();
        let page = message_page("notice-2.eml", &raw, &parse(&raw).unwrap());
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    }
}
