//! Atom feeds (RFC 4287, nieuwsbronnen) of the public registers.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};
use atom_syndication::{Category, Entry, Feed, Link, Person, Text};
use chrono::{DateTime, Utc};

use crate::services::Context;

/// Entries in a feed at most.
pub const MOST: i64 = 50;

/// An entry: something in a register.
pub struct News {
    /// Where it is read for good, which is its id as well.
    pub path: String,
    pub title: String,
    pub summary: String,
    pub published: Option<DateTime<Utc>>,
    pub updated: DateTime<Utc>,
    /// Name of the authority; the desk where there is none.
    pub author: Option<String>,
    pub categories: Vec<String>,
}

/// A feed at the path that was asked for.
pub fn feed(
    context: &Context,
    request: &HttpRequest,
    title: &str,
    news: impl Iterator<Item = News>,
) -> HttpResponse {
    let address = |path: &str| context.settings.link(path);
    let entries: Vec<Entry> = news.map(|one| entry(one, &address)).collect();
    let here = match request.query_string() {
        "" => address(request.path()),
        query => address(&format!("{}?{query}", request.path())),
    };
    let newest = entries.iter().map(|entry| entry.updated).max();
    let feed = Feed {
        title: Text::plain(title),
        id: here.clone(),
        // A feed of nothing was never changed.
        updated: newest.unwrap_or_else(|| DateTime::<Utc>::UNIX_EPOCH.fixed_offset()),
        lang: Some("nl".into()),
        links: vec![Link {
            href: here,
            rel: "self".into(),
            ..Link::default()
        }],
        entries,
        ..Feed::default()
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/atom+xml; charset=utf-8"))
        .body(feed.to_string())
}

fn entry(news: News, address: &impl Fn(&str) -> String) -> Entry {
    let link = address(&news.path);
    Entry {
        title: Text::plain(news.title),
        id: link.clone(),
        updated: news.updated.fixed_offset(),
        published: news.published.map(|at| at.fixed_offset()),
        summary: Some(Text::plain(news.summary)),
        authors: vec![Person {
            name: news.author.unwrap_or_else(|| "Loket Meldpunt".into()),
            ..Person::default()
        }],
        categories: news
            .categories
            .into_iter()
            .map(|term| Category {
                term,
                ..Category::default()
            })
            .collect(),
        links: vec![Link {
            href: link,
            rel: "alternate".into(),
            ..Link::default()
        }],
        ..Entry::default()
    }
}
