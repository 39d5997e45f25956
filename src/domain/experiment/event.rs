//! What happened to an experiment: one event a change, written in the same transaction, never altered.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::{Actor, Language};
use crate::domain::event::Correction;
use crate::domain::experiment::clocks::ExperimentClock;
use crate::domain::experiment::decision::DecisionKind;
pub use crate::domain::experiment::event_kind::ExperimentEventKind;
use crate::domain::experiment::{Experiment, ExperimentCapacity, ExperimentStatus};
use crate::domain::id::{EventId, ExperimentId, OrganisationId, PrincipalId};
use crate::domain::legislation::LegislativeStage;
use crate::domain::wording;

/// Who is told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Nobody,
    /// The liaisons of the authority that owns the rule.
    Authority,
    AuthorityAndCoordinators,
    /// The people of the organisation that proposed it.
    Proposer,
    /// The people of the organisation that the event names.
    Named,
    /// The proposer, the authority, who takes part, and the reporters and endorsers of the reports that led to it.
    Everybody,
}

/// Whom an event is told to: each step of the course to everybody, a request to who decides on it, an answer to who asked,
/// what is to be observed to who observes it.
pub fn audience(event: &ExperimentEvent) -> Audience {
    use ExperimentEventKind::*;
    match event.kind {
        Register | Start | Extend | BeginEvaluation | DeliverEvaluation | Decide
        | UpdateLegislation | Close | Stop => Audience::Everybody,
        DueSoon | Late if event.details.clock == Some(ExperimentClock::Observations) => {
            Audience::Named
        }
        SubmitForCheck | AskToJoin | AskToLeave | DueSoon => Audience::Authority,
        Late => Audience::AuthorityAndCoordinators,
        ReturnProposal => Audience::Proposer,
        Admit | DeclineRequest | Release | Succession => Audience::Named,
        Proposed | PlanChanged | CompleteMilestone | Observed | ObservationCorrected => {
            Audience::Nobody
        }
    }
}

/// What an event says beyond who, when and what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExperimentDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<LegislativeStage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publication: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<ExperimentClock>,
    /// How many values were entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observations: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Correction>,
    /// Number of the plan version it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_version: Option<i32>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentEvent {
    pub id: EventId,
    pub experiment: ExperimentId,
    pub at: DateTime<Utc>,
    pub kind: ExperimentEventKind,
    pub from: Option<ExperimentStatus>,
    pub to: ExperimentStatus,
    pub version: i32,
    pub principal: Option<PrincipalId>,
    pub author_name: String,
    pub organisation: Option<OrganisationId>,
    pub organisation_name: Option<String>,
    pub capacity: ExperimentCapacity,
    pub details: ExperimentDetails,
}

impl ExperimentEvent {
    /// Somebody did something.
    pub fn by(
        actor: &Actor,
        capacity: ExperimentCapacity,
        before: Option<&Experiment>,
        after: &Experiment,
        kind: ExperimentEventKind,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            principal: Some(actor.id),
            author_name: actor.name.clone(),
            organisation: Some(actor.home.id),
            organisation_name: Some(actor.home.name.clone()),
            capacity,
            ..Self::by_service(before, after, kind, now)
        }
    }

    /// The service did something by itself.
    pub fn by_service(
        before: Option<&Experiment>,
        after: &Experiment,
        kind: ExperimentEventKind,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: EventId::new(),
            experiment: after.id,
            at: now,
            kind,
            from: before.map(|before| before.status),
            to: after.status,
            version: after.version,
            principal: None,
            author_name: "Meldpunt".into(),
            organisation: None,
            organisation_name: None,
            capacity: ExperimentCapacity::Service,
            details: ExperimentDetails::default(),
        }
    }

    pub fn with(mut self, details: ExperimentDetails) -> Self {
        self.details = details;
        self
    }
}

/// An event in a sentence. `name` gives the names of organisations.
pub fn tell(
    event: &ExperimentEvent,
    name: impl Fn(OrganisationId) -> Option<String>,
    language: Language,
) -> String {
    use ExperimentEventKind as K;
    let details = &event.details;
    let who = event.organisation_name.as_deref().map_or_else(
        || event.author_name.clone(),
        |home| wording::organisation(home, language),
    );
    let whom = details
        .organisation
        .and_then(name)
        .map(|name| wording::organisation(&name, language))
        .unwrap_or_else(|| language.pick("een deelnemer", "a participant").to_owned());
    let date = details
        .date
        .map(|date| wording::day(date, language))
        .unwrap_or_default();
    let decision = details.decision.map_or("", |kind| kind.label(language));
    let clock = details.clock.map_or("", |clock| clock.label(language));
    let (nl, en) = match event.kind {
        K::Proposed => (
            "{who} heeft het experiment voorgesteld.",
            "{who} proposed the experiment.",
        ),
        K::PlanChanged => ("{who} heeft het plan gewijzigd.", "{who} changed the plan."),
        K::SubmitForCheck => (
            "{who} heeft het voorstel voor de juridische toets aangeboden.",
            "{who} handed in the proposal for the legal check.",
        ),
        K::ReturnProposal => (
            "{who} heeft het voorstel teruggegeven.",
            "{who} returned the proposal.",
        ),
        K::Register => (
            "{who} heeft het experiment geregistreerd.",
            "{who} registered the experiment.",
        ),
        K::Start => (
            "{who} heeft het experiment gestart; het plan ligt vast.",
            "{who} started the experiment; its plan is frozen.",
        ),
        K::Extend => (
            "{who} heeft het experiment verlengd tot en met {date}.",
            "{who} extended the experiment until {date}.",
        ),
        K::BeginEvaluation => (
            "{who} is met de evaluatie begonnen.",
            "{who} began the evaluation.",
        ),
        K::DeliverEvaluation => (
            "{who} heeft de evaluatie opgeleverd.",
            "{who} delivered the evaluation.",
        ),
        K::Decide => (
            "{who} heeft het besluit vastgelegd: {decision}.",
            "{who} recorded the decision: {decision}.",
        ),
        K::UpdateLegislation => (
            "{who} heeft het wetgevingsdossier bijgewerkt.",
            "{who} updated the legislative file.",
        ),
        K::Close => (
            "{who} heeft het experiment afgesloten.",
            "{who} closed the experiment.",
        ),
        K::Stop => (
            "{who} heeft het experiment voortijdig beëindigd.",
            "{who} stopped the experiment before its end.",
        ),
        K::AskToJoin => ("{who} heeft gevraagd mee te doen.", "{who} asked to join."),
        K::Admit => (
            "{who} heeft {whom} toegelaten vanaf {date}.",
            "{who} admitted {whom} from {date}.",
        ),
        K::DeclineRequest => (
            "{who} heeft het verzoek van {whom} afgewezen.",
            "{who} declined the request of {whom}.",
        ),
        K::AskToLeave => ("{who} heeft gevraagd te stoppen.", "{who} asked to leave."),
        K::Release => (
            "{who} heeft de deelname van {whom} beëindigd per {date}.",
            "{who} ended the participation of {whom} on {date}.",
        ),
        K::CompleteMilestone => (
            "{who} heeft een mijlpaal afgerond.",
            "{who} completed a milestone.",
        ),
        K::Observed => (
            "{who} heeft waarnemingen ingevoerd: {count}.",
            "{who} entered observations: {count}.",
        ),
        K::ObservationCorrected => (
            "{who} heeft een waarneming gecorrigeerd.",
            "{who} corrected an observation.",
        ),
        K::Succession => (
            "{who} heeft vastgelegd dat {whom} de opvolger is van een organisatie in dit experiment.",
            "{who} recorded that {whom} is the successor of an organisation in this experiment.",
        ),
        K::DueSoon if details.organisation.is_some() => (
            "Binnenkort verwacht: {clock} van {whom}, uiterlijk {date} (nog in te voeren: {count}).",
            "Due soon: {clock} of {whom}, by {date} (still to be entered: {count}).",
        ),
        K::Late if details.organisation.is_some() => (
            "Te laat: {clock} van {whom}, verwacht op {date} (ontbreekt: {count}).",
            "Late: {clock} of {whom}, was due on {date} (missing: {count}).",
        ),
        K::DueSoon => (
            "Binnenkort verwacht: {clock}, uiterlijk {date}.",
            "Due soon: {clock}, by {date}.",
        ),
        K::Late => (
            "Te laat: {clock}, verwacht op {date}.",
            "Late: {clock}, was due on {date}.",
        ),
    };
    let count = details.observations.unwrap_or_default().to_string();
    language
        .pick(nl, en)
        .replace("{who}", &wording_start(&who))
        .replace("{whom}", &whom)
        .replace("{date}", &date)
        .replace("{decision}", decision)
        .replace("{clock}", clock)
        .replace("{count}", &count)
}

/// A sentence begins with a capital.
fn wording_start(who: &str) -> String {
    let mut letters = who.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
