//! The made-up reports: number `i` of a seed is always the same but for the ids of organisations and people. What becomes
//! of one is done by the workflow itself, so that nothing is in the database that could not have come there by the API.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Builder;

use crate::cli::bench::world::{Municipality, World};
use crate::domain::actor::{Actor, Language};
use crate::domain::citation::{Citation, Register};
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::event::{Details, Event};
use crate::domain::id::{EventId, Id, MeasureId, NoticeId, ReportId};
use crate::domain::notice::{Audience, NoticeKind, NoticeState, notices};
use crate::domain::report::{
    Cited, ClockKind, Confidentiality, Contact, Content, Handling, MeasureKind, Outcome, Remedy,
    Report, Sender,
};
use crate::domain::routing;
use crate::domain::status::{Action, Status};
use crate::domain::workflow::{self, Input, MeasureInput};
use crate::mail::facts::{Facts, Reader};
use crate::services::recording::Step;
use crate::services::routing::{facts, follow_rules};
use crate::store::outbox::Notice;

/// The last of them came in before this moment, and whatever happened to any of them did.
const END: DateTime<Utc> = match DateTime::from_timestamp(1_793_491_200, 0) {
    Some(end) => end,
    None => DateTime::UNIX_EPOCH,
};
/// They came in during so many days.
const DAYS: i64 = 1_000;

/// A report with what happened to it and who was told.
pub struct Told {
    pub report: Report,
    pub events: Vec<Event>,
    pub notices: Vec<Notice>,
}

/// How many of which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub reports: u32,
}

impl Plan {
    /// When report `i` was begun; they ascend.
    pub fn begun(self, i: u32) -> DateTime<Utc> {
        let step = DAYS * 86_400_000_000 / i64::from(self.reports.max(1));
        END - TimeDelta::microseconds(step * i64::from(self.reports - i))
    }

    fn rng(self, i: u32) -> Rng {
        // Neighbouring seeds make neighbouring first numbers; the product keeps them apart.
        Rng::with_seed((self.seed ^ u64::from(i)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The id of report `i`.
    pub fn id(self, i: u32) -> ReportId {
        id_at(&mut self.rng(i), self.begun(i), 0)
    }

    /// The sender's own number of report `i`, unique.
    pub fn external_reference(self, i: u32) -> String {
        format!("Z{}-{i}", self.begun(i).year())
    }

    /// The number that people say aloud, as handed out one after another.
    pub fn reference(self, i: u32) -> String {
        format!("MKR-{}-{:06}", local_date(self.begun(i)).year(), i + 1)
    }
}

impl Plan {
    /// One in so many is never submitted.
    pub fn stays_draft(self, i: u32) -> bool {
        i % DRAFTS == 7
    }

    pub fn has_external_reference(self, i: u32) -> bool {
        i % 5 != 3
    }
}

/// An id of a moment; `step` keeps those of one moment in order.
fn id_at<T>(rng: &mut Rng, at: DateTime<Utc>, step: u8) -> Id<T> {
    let mut bytes = [0; 10];
    rng.fill(&mut bytes);
    bytes[..2].copy_from_slice(&[0, step]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Id::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// How far a report gets, at most: the actions that follow on its submission, with their weights.
const COURSES: &[(u32, &[Action])] = {
    use Action::*;
    &[
        (10, &[]),
        (12, &[Route]),
        (6, &[Route, RequestInformation]),
        (18, &[Route, Accept]),
        (3, &[Route, Accept, RequestInformation, ProvideInformation]),
        (6, &[Route, Accept, TakePosition]),
        (8, &[Route, Accept, TakePosition, StartImplementation]),
        (28, &[Route, Accept, TakePosition, Settle]),
        (
            4,
            &[Route, Accept, TakePosition, StartImplementation, Settle],
        ),
        (2, &[Route, Return]),
        (3, &[Withdraw]),
    ]
};
/// One in so many reports stays a draft.
const DRAFTS: u32 = 50;

/// Tells report `i`.
///
/// # Errors
/// When the workflow refuses a step, which a test rules out.
pub fn tell(world: &World, plan: Plan, i: u32) -> Result<Told, String> {
    let mut rng = plan.rng(i);
    let begun = plan.begun(i);
    let id = id_at(&mut rng, begun, 0);
    // Few send much: the square of a number between 0 and 1 leans to 0.
    let home = &world.municipalities[skewed(&mut rng, world.municipalities.len())];
    let mut report = draft(world, plan, i, id, home, &mut rng);
    let mut teller = Teller {
        world,
        rng,
        events: Vec::new(),
        at: begun,
    };
    if plan.stays_draft(i) {
        let step = Step::created(&report, &home.reporter, begun);
        teller.keep(step);
    } else {
        teller.submit(&mut report, &home.reporter, plan.reference(i))?;
        for action in teller.course() {
            if report.lead.is_some() && *action == Action::Route {
                continue;
            }
            teller.at += TimeDelta::hours(teller.rng.i64(2..24 * 30));
            if teller.at >= END || !teller.act(&mut report, *action, &home.reporter)? {
                break;
            }
        }
    }
    let Teller {
        mut rng, events, ..
    } = teller;
    let notices = told_of(world, &report, &events, &mut rng);
    Ok(Told {
        report,
        events,
        notices,
    })
}

fn skewed(rng: &mut Rng, length: usize) -> usize {
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

struct Teller<'a> {
    world: &'a World,
    rng: Rng,
    events: Vec<Event>,
    at: DateTime<Utc>,
}

impl Teller<'_> {
    fn keep(&mut self, step: Step) {
        let mut event = step.event;
        let nth = u8::try_from(self.events.len()).unwrap_or(u8::MAX);
        let id: EventId = id_at(&mut self.rng, event.at, nth);
        event.id = id;
        self.events.push(event);
    }

    fn course(&mut self) -> &'static [Action] {
        let all = COURSES.iter().map(|(weight, _)| weight).sum();
        let mut lot = self.rng.u32(0..all);
        for (weight, course) in COURSES {
            if lot < *weight {
                return course;
            }
            lot -= weight;
        }
        &[]
    }

    fn submit(
        &mut self,
        report: &mut Report,
        reporter: &Actor,
        reference: String,
    ) -> Result<(), String> {
        let draft = report.clone();
        self.apply(report, Action::Submit, reporter, &Input::default())?;
        report.reference = Some(reference);
        report.version = 1;
        if let Some(event) = self.events.last_mut() {
            event.version = 1;
            event.from = Some(draft.status);
        }
        let today = local_date(self.at);
        let routing = routing::evaluate(&self.world.rules, &facts(&report.content), today);
        let routed = follow_rules(report, routing, self.at);
        routed.into_iter().for_each(|step| self.keep(step));
        Ok(())
    }

    /// Takes a step; false when it leads nowhere for this report.
    fn act(
        &mut self,
        report: &mut Report,
        action: Action,
        reporter: &Actor,
    ) -> Result<bool, String> {
        let lead = report.lead.and_then(|lead| self.world.liaisons.get(&lead));
        let actor = match action {
            Action::Route => &self.world.desk,
            Action::Withdraw | Action::ProvideInformation => reporter,
            // What was to be carried out is settled by the desk.
            Action::Settle if !report.handling.measures.is_empty() => &self.world.desk,
            _ => match lead {
                Some(lead) => lead,
                None => return Ok(false),
            },
        };
        let input = self.input(report, action);
        self.apply(report, action, actor, &input)?;
        Ok(true)
    }

    fn apply(
        &mut self,
        report: &mut Report,
        action: Action,
        actor: &Actor,
        input: &Input,
    ) -> Result<(), String> {
        let refused = |why| format!("{action} of {}: {why:?}", report.id);
        let (row, capacity) = workflow::find(actor, report, action).map_err(refused)?;
        let mut after = workflow::apply(report, row, capacity, input, self.at).map_err(refused)?;
        // Its own id is of the moment it was made.
        for measure in &mut after.handling.measures {
            measure.id = MeasureId::from_uuid(report.id.uuid());
        }
        let said = Details {
            lead: after.lead.filter(|_| after.lead != report.lead),
            explanation: input.explanation.clone(),
            public_explanation: input.public_explanation.clone(),
            outcome: input.outcome,
            reason: input.reason.clone(),
            question: input.question.clone(),
            answer: input.answer.clone(),
            measure: after.handling.measures.last().cloned(),
            ..Details::default()
        };
        self.keep(Step::by(actor, capacity, report, &after, action.into(), self.at).with(said));
        *report = after;
        Ok(())
    }

    fn input(&mut self, report: &Report, action: Action) -> Input {
        let text = |text: &str| Some(text.to_owned());
        let mut input = Input::default();
        match action {
            Action::Route => {
                let domain = report.content.domains.first();
                let mut leads = self.world.domains.iter();
                let lead = leads.find(|(code, _)| Some(code) == domain);
                input.lead = lead.map(|(_, lead)| *lead);
                input.explanation = text("De regel valt onder dit beleidsterrein.");
            }
            Action::Return => input.reason = text("Deze regel is niet van ons."),
            Action::RequestInformation => {
                input.question = text("Om hoeveel inwoners gaat het, en sinds wanneer speelt dit?");
            }
            Action::ProvideInformation => {
                input.answer =
                    text("Ongeveer vierhonderd inwoners, sinds de sluiting van de vestiging.");
            }
            Action::TakePosition | Action::Settle => {
                input.outcome = Some(match &report.handling.position {
                    Some(position) => position.outcome,
                    None => OUTCOMES[self.rng.usize(0..OUTCOMES.len())],
                });
                if !report.handling.measures.is_empty() {
                    input.outcome = Some(Outcome::PracticeChanged);
                    input.reason = text("Een andere werkwijze bleek genoeg.");
                }
                input.public_explanation =
                    text("De bepaling laat dit toe; de toelichting wordt verduidelijkt.");
            }
            Action::StartImplementation => {
                input.measure = Some(MeasureInput {
                    id: None,
                    kind: MeasureKind::ChangedPractice,
                    owner: "directie Regio".into(),
                    target_date: local_date(self.at + TimeDelta::days(200)),
                    result: None,
                });
            }
            Action::Withdraw => input.reason = text("Het is op een andere manier opgelost."),
            _ => {}
        }
        input
    }
}

/// What comes of one without a measure.
const OUTCOMES: [Outcome; 3] = [
    Outcome::Explanation,
    Outcome::NoObstruction,
    Outcome::DeclinedWithReasons,
];

fn draft(
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

/// The mail about how it began, long sent.
fn told_of(world: &World, report: &Report, events: &[Event], rng: &mut Rng) -> Vec<Notice> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::app;
    use crate::config::Settings;
    use crate::services::Error;

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            database_url: format!("sqlite://{}", folder.path().join("x.db").display()),
            ..Settings::defaults().unwrap()
        };
        let context = app::context(settings).unwrap();
        app::prepare(&context).unwrap();
        let ctx = context.clone();
        let entered = context
            .db
            .write_blocking::<_, Error, _>(move |conn| World::enter(&ctx, conn, local_date(END)));
        entered.unwrap()
    }

    const PLAN: Plan = Plan {
        seed: 7,
        reports: 2_000,
    };

    #[test]
    fn every_story_is_one_the_workflow_allows() {
        let world = world();
        let told: Vec<Told> = (0..PLAN.reports)
            .map(|i| tell(&world, PLAN, i).unwrap())
            .collect();
        let count = |status: Status| {
            told.iter()
                .filter(|one| one.report.status == status)
                .count()
        };
        for status in [
            Status::Draft,
            Status::Submitted,
            Status::Routed,
            Status::InformationRequested,
            Status::InReview,
            Status::PositionTaken,
            Status::InImplementation,
            Status::Settled,
            Status::Withdrawn,
        ] {
            assert!(count(status) > 10, "{status}: {}", count(status));
        }
        let different = |of: fn(&Told) -> Option<String>| {
            let found: BTreeSet<_> = told.iter().filter_map(of).collect();
            found.len()
        };
        assert!(different(|one| one.report.lead.map(|lead| lead.to_string())) > 8);
        assert!(different(|one| one.report.content.domains.first().cloned()) > 20);
        assert!(different(|one| one.report.content.municipalities.first().cloned()) > 200);
        assert!(different(|one| one.report.primary().map(Cited::label)) > 200);
        assert_eq!(
            different(|one| one.report.reference.clone()),
            told.len() - count(Status::Draft)
        );
        for (i, one) in (0..).zip(&told) {
            assert_eq!(one.report.id, PLAN.id(i));
            let versions: Vec<i32> = one.events.iter().map(|event| event.version).collect();
            assert!(versions.is_sorted(), "{versions:?}");
            assert_eq!(versions.last(), Some(&one.report.version));
            assert!(one.events.iter().map(|event| event.id).is_sorted());
            assert!(one.report.updated_at <= END);
        }
        assert!(told.iter().map(|one| one.report.id).is_sorted());
    }

    #[test]
    fn the_same_seed_tells_the_same() {
        let world = world();
        let told = |plan: Plan, i| {
            let one = tell(&world, plan, i).unwrap();
            (one.report, one.events, one.notices)
        };
        for i in [0, 7, 99, 1_999] {
            assert_eq!(told(PLAN, i), told(PLAN, i));
        }
        let other = Plan { seed: 8, ..PLAN };
        assert_ne!(told(PLAN, 1).0.content, told(other, 1).0.content);
    }
}
