//! What a made-up report says, and the mail about how it began.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use crate::cli::bench::plan::{Plan, id_at};
use crate::cli::bench::world::{Municipality, World};
use crate::domain::actor::Language;
use crate::domain::citation::{Citation, Register};
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::event::Event;
use crate::domain::id::{NoticeId, ReportId};
use crate::domain::notice::{Audience, NoticeKind, NoticeState, notices};
use crate::domain::report::{
    Cited, Confidentiality, Contact, Content, Handling, Remedy, Report, Sender,
};
use crate::domain::status::Status;
use crate::mail::facts::{Facts, Reader};
use crate::store::outbox::Notice;

/// A report as it is before it is sent in.
pub fn draft(
    world: &World,
    plan: Plan,
    i: u32,
    id: ReportId,
    home: &Municipality,
    rng: &mut Rng,
) -> Report {
    let at = plan.begun(i);
    Report {
        id,
        reference: None,
        external_reference: plan
            .has_external_reference(i)
            .then(|| plan.external_reference(i)),
        submitter: home.reporter.home.id,
        sender: Sender {
            id: home.reporter.id,
            kind: home.reporter.kind,
            name: home.reporter.name.clone(),
        },
        on_behalf: false,
        content: content(world, home, at, rng),
        confidentiality: match rng.u32(0..20) {
            0 => Confidentiality::Confidential,
            1..=3 => Confidentiality::GovernmentOnly,
            _ => Confidentiality::PublicAfterReview,
        },
        status: Status::Draft,
        resume_status: None,
        lead: None,
        contested: false,
        merged_into: None,
        handling: Handling::default(),
        created_at: at,
        submitted_at: None,
        settled_at: None,
        updated_at: at,
        version: 1,
    }
}

fn content(world: &World, home: &Municipality, at: DateTime<Utc>, rng: &mut Rng) -> Content {
    let sample = &world.samples[rng.usize(0..world.samples.len())];
    let other = &world.samples[rng.usize(0..world.samples.len())];
    let citations = citations(world, at, rng);
    let mut domains: Vec<String> = citations
        .first()
        .and_then(|cited| cited.citation.regulation())
        .and_then(|id| world.regulations.iter().find(|one| one.identifier == id))
        .map(|regulation| regulation.domains.clone())
        .unwrap_or_default();
    domains.truncate(rng.usize(1..3));
    if domains.is_empty() {
        domains.push(world.domains[rng.usize(0..world.domains.len())].0.clone());
    }
    let mut places = vec![home];
    if rng.u32(0..10) == 0 {
        places.push(&world.municipalities[rng.usize(0..world.municipalities.len())]);
    }
    let mut municipalities: Vec<String> = places.iter().map(|one| one.code.clone()).collect();
    municipalities.dedup();
    let mut provinces: Vec<String> = places.iter().map(|one| one.province.clone()).collect();
    provinces.sort();
    provinces.dedup();
    let mut regions: Vec<String> = places.iter().flat_map(|one| one.regions.clone()).collect();
    regions.sort();
    regions.dedup();
    Content {
        title: sample.title.clone(),
        description: format!("{}\n\n{}", sample.description, other.description),
        effect: sample.effect.clone(),
        proposed_solution: Some(other.proposed_solution.clone()),
        citations,
        domains,
        municipalities,
        provinces,
        named_provinces: Vec::new(),
        regions,
        requested: vec![Remedy::ALL[rng.usize(0..Remedy::ALL.len())]],
        contact: Some(Contact {
            name: "Team beleid".into(),
            email: format!("beleid@{}.example", home.code.to_lowercase()),
            language: Language::Nl,
        }),
    }
}

/// Mostly one regulation we know, at times two, at times only words.
fn citations(world: &World, at: DateTime<Utc>, rng: &mut Rng) -> Vec<Cited> {
    let count = match rng.u32(0..20) {
        0 => 0,
        1..=3 => 2,
        _ => 1,
    };
    let in_words = rng.u32(0..20) == 0;
    let mut cited: Vec<Cited> = Vec::new();
    for nth in 0..count {
        let regulation = &world.regulations[skewed(rng, world.regulations.len())];
        let known = !in_words || nth > 0;
        let citation = Citation {
            register: if known {
                regulation.register
            } else {
                Register::Unknown
            },
            identifier: known.then(|| regulation.identifier.clone()),
            text: (!known).then(|| "de verordening van de provincie".to_owned()),
            article: Some(rng.u32(1..180).to_string()),
            paragraph: (rng.u32(0..3) > 0).then(|| rng.u32(1..6).to_string()),
            part: None,
            consulted_on: Some(local_date(at)),
        };
        if cited.iter().any(|one| one.citation == citation) {
            continue;
        }
        cited.push(Cited {
            primary: nth == 0,
            title: known.then(|| regulation.title.clone()),
            short_title: regulation.short_title.clone().filter(|_| known),
            warnings: if known {
                Vec::new()
            } else {
                vec!["unknown_regulation".into()]
            },
            citation,
        });
    }
    cited
}

/// A place in a list, rather one at its start.
pub fn skewed(rng: &mut Rng, length: usize) -> usize {
    let lot = rng.f64();
    // The product is below the length.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "lists of some hundreds"
    )]
    let at = (lot * lot * length as f64) as usize;
    at.min(length.saturating_sub(1))
}

/// The mail about how it began, long sent.
pub fn told_of(world: &World, report: &Report, events: &[Event], rng: &mut Rng) -> Vec<Notice> {
    let mut told = Vec::new();
    for event in events.iter().take(2) {
        for (audience, kind) in notices(event.kind) {
            let (name, email, reader) = match (audience, &report.content.contact, report.lead) {
                (Audience::Reporter, Some(to), _) => {
                    (to.name.clone(), to.email.clone(), Reader::Reporter)
                }
                (Audience::Lead, _, Some(lead)) => match world.liaisons.get(&lead) {
                    Some(liaison) => (
                        liaison.name.clone(),
                        "contact@bench.example".into(),
                        Reader::Lead,
                    ),
                    None => continue,
                },
                _ => continue,
            };
            let nth = u8::try_from(told.len()).unwrap_or(u8::MAX);
            let id: NoticeId = id_at(rng, event.at, nth);
            told.push(sent(report, event, *kind, id, (name, email, reader)));
        }
    }
    told
}

fn sent(
    report: &Report,
    event: &Event,
    kind: NoticeKind,
    id: NoticeId,
    (to_name, to_email, reader): (String, String, Reader),
) -> Notice {
    let clock = report
        .handling
        .ledger
        .clocks
        .iter()
        .find(|clock| clock.kind == ClockKind::Position);
    let facts = Facts {
        reader: Some(reader),
        link: Some(format!("http://127.0.0.1/v1/reports/{}", report.id)),
        reference: report.reference.clone(),
        title: Some(report.content.title.clone()),
        rule: report.primary().map(Cited::label),
        status: Some(event.to),
        clock: clock.map(|clock| clock.kind),
        due_on: clock.map(|clock| clock.due_on),
        ..Facts::default()
    };
    Notice {
        id,
        report: Some(report.id),
        event: Some(event.id),
        kind,
        to_name,
        to_email,
        language: Language::Nl,
        data: serde_json::to_value(facts).unwrap_or_default(),
        message_id: format!("<notice-{id}@bench.example>"),
        thread_id: Some(format!("<report-{}@bench.example>", report.id)),
        state: NoticeState::Sent,
        attempts: 1,
        next_attempt_at: event.at,
        leased_until: None,
        last_error: None,
        created_at: event.at,
        sent_at: Some(event.at + TimeDelta::seconds(1)),
        version: 2,
    }
}
