//! Searching: which reports hold the words that were typed, how well they fit, and where the words stand.

use std::collections::{HashMap, HashSet};

use crate::domain::actor::{Actor, Role};
use crate::domain::id::{MessageId, ReportId};
use crate::domain::message::{Message, MessageAudience};
use crate::domain::policy;
use crate::domain::report::{Cited, Report};
use crate::domain::search::{Highlight, SearchQuery, highlight};
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::messages;
use crate::store::reports::{self, After, Filter, Party, Visible};
use crate::store::search::{self, Hit};

/// Of what fits, the newest this many are ranked: a word that stands everywhere costs no more than another.
const RANKED: i64 = 1000;

/// What was found.
pub struct Found {
    pub query: SearchQuery,
    /// How well each report fits, the best first.
    fits: Vec<(f64, ReportId)>,
    messages: Vec<(ReportId, MessageId)>,
}

impl Found {
    pub fn ids(&self) -> Vec<ReportId> {
        self.fits.iter().map(|(_, id)| *id).collect()
    }

    /// How well a report fits.
    pub fn fit(&self, id: ReportId) -> f64 {
        let found = self.fits.iter().find(|(_, known)| *known == id);
        found.map_or(0.0, |(fit, _)| *fit)
    }
}

/// The reports that use some words most, the best first, of the newest `looked_at`: by what they say themselves, or by what
/// is shared of them.
pub fn closest(
    conn: &mut Conn,
    query: &SearchQuery,
    shared: bool,
    (looked_at, most): (i64, usize),
) -> Result<Vec<ReportId>, Error> {
    let hits = search::best(conn, query, shared, looked_at)?;
    let of_reports = hits.iter().filter(|(_, hit)| hit.message_id.is_none());
    Ok(of_reports
        .take(most)
        .map(|(_, hit)| hit.report_id)
        .collect())
}

/// Looks words up: in reports, and in the messages that the actor reads. Which of the reports it sees is for the list to say.
pub fn find(conn: &mut Conn, actor: &Actor, text: &str) -> Result<Found, Error> {
    let query = SearchQuery::parse(text);
    let hits = search::best(conn, &query, false, RANKED)?;
    let of_messages: Vec<ReportId> = hits
        .iter()
        .filter(|(_, hit)| hit.message_id.is_some())
        .map(|(_, hit)| hit.report_id)
        .collect();
    let mut parties: HashMap<ReportId, Vec<Party>> = HashMap::new();
    if !of_messages.is_empty() {
        for (id, party) in reports::parties_of(conn, actor.home.id, &of_messages)? {
            parties.entry(id).or_default().push(party);
        }
    }
    let mut fits: HashMap<ReportId, f64> = HashMap::new();
    let mut messages = Vec::new();
    for (rank, hit) in hits {
        let of_it = parties.get(&hit.report_id).map_or(&[][..], Vec::as_slice);
        if hit.message_id.is_some() && !reads(actor, &hit, of_it) {
            continue;
        }
        messages.extend(hit.message_id.map(|message| (hit.report_id, message)));
        let fit = fits.entry(hit.report_id).or_insert(rank);
        *fit = fit.max(rank);
    }
    let mut fits: Vec<(f64, ReportId)> = fits.into_iter().map(|(id, fit)| (fit, id)).collect();
    fits.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    Ok(Found {
        query,
        fits,
        messages,
    })
}

/// What `policy::reads` says of a message, from what an organisation is to its report. Who reads as an analyst finds by
/// what reports say alone.
fn reads(actor: &Actor, hit: &Hit, parties: &[Party]) -> bool {
    let Some(audience) = hit.audience else {
        return false;
    };
    let works = actor.has(Role::Liaison)
        && (parties.contains(&Party::Lead) || parties.contains(&Party::Contributor));
    match audience.0 {
        MessageAudience::Reporter => {
            actor.is_desk()
                || works
                || (actor.has(Role::Reporter) && parties.contains(&Party::Reporter))
        }
        MessageAudience::Government => actor.is_desk() || works,
        MessageAudience::Authority => works && hit.organisation_id == Some(actor.home.id),
    }
}

/// A page of what was found and may be seen, the best first; one row more than the page when there is another.
pub fn page(
    conn: &mut Conn,
    found: &Found,
    visible: &Visible,
    filter: &Filter,
    after: Option<&After>,
    limit: i64,
) -> Result<Vec<Report>, Error> {
    if found.fits.is_empty() {
        return Ok(Vec::new());
    }
    let seen: HashSet<ReportId> = reports::ids(conn, visible, filter)?.into_iter().collect();
    let beyond = |fit: f64, id: ReportId| match after {
        Some(After::Fit(last, last_id)) => {
            fit.total_cmp(last).then(id.cmp(last_id)) == std::cmp::Ordering::Less
        }
        _ => true,
    };
    let page: Vec<ReportId> = found
        .fits
        .iter()
        .filter(|(fit, id)| seen.contains(id) && beyond(*fit, *id))
        .map(|(_, id)| *id)
        .take(usize::try_from(limit).unwrap_or(0))
        .collect();
    Ok(reports::in_order(conn, &page)?)
}

/// The messages that were found about some reports, to show where.
pub fn messages_of(
    conn: &mut Conn,
    found: &Found,
    shown: &[ReportId],
) -> Result<Vec<Message>, Error> {
    let wanted: Vec<&(ReportId, MessageId)> = found
        .messages
        .iter()
        .filter(|(report, _)| shown.contains(report))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let about: Vec<ReportId> = wanted.iter().map(|(report, _)| *report).collect();
    let mut sent = messages::sent_about(conn, &about)?;
    sent.retain(|message| wanted.iter().any(|(_, id)| *id == message.id));
    Ok(sent)
}

/// Where the words stand in a report that the actor sees whole, and in the messages of it that it reads.
pub fn highlights(
    actor: &Actor,
    report: &Report,
    query: &SearchQuery,
    messages: &[Message],
) -> Vec<Highlight> {
    let content = &report.content;
    let cited: Vec<String> = content.citations.iter().map(Cited::label).collect();
    let cited = cited.join("; ");
    let said = messages
        .iter()
        .filter(|message| message.report == report.id)
        .filter(|message| policy::sees_message(actor, report, message))
        .map(|message| ("message", message.text.as_str()));
    [
        ("title", content.title.as_str()),
        ("description", &content.description),
        ("effect", &content.effect),
        (
            "proposedSolution",
            content.proposed_solution.as_deref().unwrap_or_default(),
        ),
        ("regulations", &cited),
    ]
    .into_iter()
    .chain(said)
    .filter_map(|(field, text)| highlight(field, text, query))
    .collect()
}
