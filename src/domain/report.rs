//! The report (melding): what was sent in, and where its handling stands.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::actor::{Language, PrincipalKind};
use crate::domain::citation::Citation;
use crate::domain::clocks::{Clock, Ledger};
use crate::domain::code::code_list;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::id::{MeasureId, OrganisationId, PrincipalId, ReportId};
pub use crate::domain::remedy::Remedy;
use crate::domain::routing::{Priority, Routing};
use crate::domain::sharing::Sharing;
use crate::domain::status::{Capacity, Phase, Status};

code_list! {
    /// How far a report may travel (Dutch: vertrouwelijkheid). From widest to narrowest.
    pub enum Confidentiality {
        PublicAfterReview = "public_after_review",
        GovernmentOnly = "government_only",
        Confidential = "confidential",
    }
}

code_list! {
    /// What came of a report (Dutch: uitkomst).
    pub enum Outcome {
        /// The rule already allows it (bestaande ruimte); the article that does is named.
        ExistingRoom = "existing_room",
        Explanation = "explanation",
        PracticeChanged = "practice_changed",
        ExemptionGranted = "exemption_granted",
        Experiment = "experiment",
        RegulationAmended = "regulation_amended",
        ActAmended = "act_amended",
        BoundByEuLaw = "bound_by_eu_law",
        NoObstruction = "no_obstruction",
        DeclinedWithReasons = "declined_with_reasons",
        OutOfScope = "out_of_scope",
    }
}

impl Outcome {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Outcome::ExistingRoom => ("Bestaande ruimte", "Existing room"),
            Outcome::Explanation => ("Uitleg", "Explanation"),
            Outcome::PracticeChanged => ("Werkwijze aangepast", "Practice changed"),
            Outcome::ExemptionGranted => ("Ontheffing verleend", "Exemption granted"),
            Outcome::Experiment => ("Experiment", "Experiment"),
            Outcome::RegulationAmended => ("Regeling aangepast", "Regulation amended"),
            Outcome::ActAmended => ("Wet aangepast", "Act amended"),
            Outcome::BoundByEuLaw => ("Gebonden aan EU-recht", "Bound by EU law"),
            Outcome::NoObstruction => ("Geen belemmering", "No obstruction"),
            Outcome::DeclinedWithReasons => ("Gemotiveerd afgewezen", "Declined with reasons"),
            Outcome::OutOfScope => ("Valt buiten het meldpunt", "Out of scope"),
        };
        language.pick(nl, en)
    }
}

impl Confidentiality {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Confidentiality::PublicAfterReview => {
                ("openbaar na beoordeling", "public after review")
            }
            Confidentiality::GovernmentOnly => ("alleen voor de overheid", "for government alone"),
            Confidentiality::Confidential => ("vertrouwelijk", "confidential"),
        };
        language.pick(nl, en)
    }
}

impl Verdict {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Verdict::Solved => ("opgelost", "solved"),
            Verdict::Partly => ("deels opgelost", "partly solved"),
            Verdict::Not => ("niet opgelost", "not solved"),
        };
        language.pick(nl, en)
    }
}

impl MeasureKind {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            MeasureKind::Amendment => ("Wijziging van de regel", "Amendment of the rule"),
            MeasureKind::Experiment => ("Experiment", "Experiment"),
            MeasureKind::ChangedPractice => ("Andere werkwijze", "Changed practice"),
            MeasureKind::Exemption => ("Ontheffing", "Exemption"),
            MeasureKind::Other => ("Anders", "Other"),
        };
        language.pick(nl, en)
    }
}

code_list! {
    /// How an obstacle is taken away (Dutch: soort maatregel).
    pub enum MeasureKind {
        Amendment = "amendment",
        Experiment = "experiment",
        ChangedPractice = "changed_practice",
        Exemption = "exemption",
        Other = "other",
    }
}

code_list! {
    /// Whether the obstacle is gone, says the reporter (Dutch: oordeel).
    pub enum Verdict {
        /// The obstacle is gone (opgelost).
        Solved = "solved",
        /// Some of it is left (deels opgelost).
        Partly = "partly",
        /// It is as it was (niet opgelost).
        Not = "not",
    }
}

/// What the reporter wrote. A draft may leave most of it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Content {
    pub title: String,
    pub description: String,
    pub effect: String,
    pub proposed_solution: Option<String>,
    pub citations: Vec<Cited>,
    pub domains: Vec<String>,
    /// CBS codes as `GM1714`.
    pub municipalities: Vec<String>,
    /// Province codes as `PV29`: those named and those the municipalities lie in.
    pub provinces: Vec<String>,
    /// The provinces that the reporter named itself.
    pub named_provinces: Vec<String>,
    /// Codes of the regions the municipalities belong to; a label, never a legal fact.
    pub regions: Vec<String>,
    pub requested: Vec<Remedy>,
    pub contact: Option<Contact>,
}

/// A citation with what the reference data knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cited {
    #[serde(flatten)]
    pub citation: Citation,
    pub primary: bool,
    /// Official title, when the regulation is known.
    pub title: Option<String>,
    /// What people call it, as `WPO`.
    pub short_title: Option<String>,
    /// What the reader should know: `unknown_regulation`, `repealed_regulation`, `unverified_identifier`.
    pub warnings: Vec<String>,
}

/// Whom to reach about a report. Seen by the desk, the lead and the reporter's organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub email: String,
    pub language: Language,
}

/// Who sent a report in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub id: PrincipalId,
    pub kind: PrincipalKind,
    pub name: String,
}

/// A question to the reporter (verzoek om aanvulling).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub text: String,
    /// As whom it was asked; the same goes on without an answer.
    pub asked_as: Capacity,
    pub asked_at: DateTime<Utc>,
    pub answer: Option<String>,
}

/// What the lead intends, and why (standpunt). Not a decision open to objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub outcome: Outcome,
    pub explanation: String,
    pub taken_at: DateTime<Utc>,
}

/// How a report ended (afhandeling).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub outcome: Outcome,
    pub explanation: String,
    /// Why the outcome is another than the position intended.
    pub deviation_reason: Option<String>,
    /// Official publication, as `stb-2026-123`.
    pub publication: Option<String>,
    /// The article that gives the room, for `existing_room`.
    pub room: Option<String>,
    /// Where the experiment's or exemption's own decision stands.
    pub decision_reference: Option<String>,
    pub settled_at: DateTime<Utc>,
    /// The report it was settled through, for one merged into another.
    pub through: Option<ReportId>,
}

/// What takes the obstacle away (Dutch: maatregel).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measure {
    /// Id of the measure (maatregel).
    #[schema(value_type = uuid::Uuid)]
    pub id: MeasureId,
    /// How the obstacle is taken away (soort maatregel).
    pub kind: MeasureKind,
    /// Who carries it out: a post or unit, in words (uitvoerder).
    pub owner: String,
    /// When it is to be done (streefdatum).
    pub target_date: NaiveDate,
    /// What it brought; none while it is under way (resultaat).
    pub result: Option<String>,
}

/// Who works on a report at an authority or at the desk (Dutch: behandelaar); one an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignee {
    pub id: PrincipalId,
    pub name: String,
    pub organisation: OrganisationId,
    /// Of the desk, which may work on every report; else the organisation has to be an authority on it.
    pub desk: bool,
    pub since: DateTime<Utc>,
}

/// The opinion of a contributing authority (Dutch: advies). Internal to government.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    pub organisation: OrganisationId,
    /// Who gave it.
    pub name: String,
    pub text: String,
    /// The outcome it comes down to.
    pub outcome: Option<Outcome>,
    pub given_at: DateTime<Utc>,
}

/// What the reporter says of a settled report (Dutch: terugkoppeling).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub verdict: Verdict,
    pub remark: Option<String>,
    pub given_at: DateTime<Utc>,
}

/// The coordinator was called in (Dutch: escalatie).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// As whom; the service itself when a term was long over.
    pub by: Capacity,
    /// The term that was long over.
    pub clock: Option<ClockKind>,
    pub reason: Option<String>,
    pub since: DateTime<Utc>,
}

/// What a merged report goes back to when the merge is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeforeMerge {
    pub status: Status,
    pub resume_status: Option<Status>,
    pub lead: Option<OrganisationId>,
    /// The merge made its lead a contributor to the report it joined.
    #[serde(default)]
    pub lead_joined: bool,
}

/// Another report: its id, and the number people say aloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRef {
    pub id: ReportId,
    pub reference: Option<String>,
}

impl From<&Report> for ReportRef {
    fn from(report: &Report) -> Self {
        Self {
            id: report.id,
            reference: report.reference.clone(),
        }
    }
}

/// Where the handling stands, beyond what lists filter and sort on.
// A column that later versions add to: what an older one left out has its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Handling {
    pub contributors: Vec<OrganisationId>,
    /// Organisations with the progress view: former leads, reporters of merged-in reports.
    pub followers: Vec<OrganisationId>,
    pub routing: Option<Routing>,
    /// A person routed it; the service does not try again.
    pub routed_by_hand: bool,
    /// What a rule says of how pressing it is.
    pub priority: Option<Priority>,
    /// The desk has done something with it; the reporter no longer changes it at will.
    pub taken_up: bool,
    pub returns: u32,
    pub reopening_asked: bool,
    pub question: Option<Question>,
    pub position: Option<Position>,
    pub settlement: Option<Settlement>,
    pub measures: Vec<Measure>,
    #[serde(flatten)]
    pub ledger: Ledger,
    /// Code of the deadline profile; none for the standard one.
    pub deadline_profile: Option<String>,
    pub assignees: Vec<Assignee>,
    pub advice: Vec<Advice>,
    pub feedback: Option<Feedback>,
    pub escalation: Option<Escalation>,
    pub before_merge: Option<BeforeMerge>,
    /// What the desk released of it, and who stands behind it.
    pub sharing: Sharing,
    /// The report it was split from.
    pub part_of: Option<ReportRef>,
    /// The reports that were split from it.
    pub parts: Vec<ReportRef>,
    /// Reference of the report it was merged into: what its reporter may know of it.
    pub merged_into_reference: Option<String>,
}

/// A report with its handling.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub id: ReportId,
    /// `MKR-2026-000123`, given at submission.
    pub reference: Option<String>,
    /// The sender's own case number, unique within its organisation.
    pub external_reference: Option<String>,
    /// The organisation whose report it is.
    pub submitter: OrganisationId,
    pub sender: Sender,
    /// Entered by the desk for the submitter.
    pub on_behalf: bool,
    pub content: Content,
    pub confidentiality: Confidentiality,
    pub status: Status,
    /// Where a report whose reporter was asked something goes back to.
    pub resume_status: Option<Status>,
    pub lead: Option<OrganisationId>,
    /// Returned twice: only a coordinator routes it.
    pub contested: bool,
    pub merged_into: Option<ReportId>,
    pub handling: Handling,
    pub created_at: DateTime<Utc>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

impl Report {
    pub fn phase(&self) -> Phase {
        self.status.phase(self.resume_status)
    }

    /// The clocks of which somebody may be late now. While the reporter is asked something only its answer is due: the
    /// others stand still. Feedback on a settled report is asked, not due.
    pub fn running_clocks(&self) -> impl Iterator<Item = &Clock> {
        let asked = self.status == Status::InformationRequested;
        let open = self.status.is_open();
        self.handling.ledger.clocks.iter().filter(move |clock| {
            open && clock.runs() && (!asked || clock.kind == ClockKind::Answer)
        })
    }

    /// The running clock that ends first.
    pub fn next_clock(&self) -> Option<&Clock> {
        self.running_clocks().min_by_key(|clock| clock.due_on)
    }

    /// The day on which the next alert about it is to be raised.
    pub fn next_alert_on(&self) -> Option<NaiveDate> {
        self.running_clocks().filter_map(Clock::next_alert_on).min()
    }

    /// Who works on it at an organisation.
    pub fn assignee_at(&self, organisation: OrganisationId) -> Option<&Assignee> {
        self.handling
            .assignees
            .iter()
            .find(|assignee| assignee.organisation == organisation)
    }

    /// The day by which the next thing is due.
    pub fn due_on(&self) -> Option<NaiveDate> {
        self.next_clock().map(|clock| clock.due_on)
    }

    /// The rule that hinders: the primary citation, else the first.
    pub fn primary(&self) -> Option<&Cited> {
        self.content
            .citations
            .iter()
            .find(|cited| cited.primary)
            .or(self.content.citations.first())
    }

    /// Every authority on it: the lead and the contributors.
    pub fn authorities(&self) -> impl Iterator<Item = OrganisationId> + '_ {
        self.lead
            .into_iter()
            .chain(self.handling.contributors.iter().copied())
    }
}

impl Report {
    /// Whether the reporter may still change what it wrote: in a draft, once submitted until the desk takes it up, and
    /// while it is asked something.
    pub fn is_editable(&self) -> bool {
        match self.status {
            Status::Draft | Status::InformationRequested => true,
            Status::Submitted => !self.handling.taken_up && self.handling.returns == 0,
            _ => false,
        }
    }
}

impl Report {
    /// The title for those who see how it goes and no more: the one the desk reviewed, where there is one.
    pub fn title_from_afar(&self) -> &str {
        let reviewed = self.handling.sharing.reviewed_title.as_ref();
        reviewed.unwrap_or(&self.content.title)
    }

    /// How many organisations stand behind it beside its reporter.
    pub fn endorsement_count(&self) -> usize {
        self.handling.sharing.behind(self.submitter).len()
    }

    /// Whether an organisation sees how it goes: a former lead, the reporter of a report merged into it, an endorser.
    /// How pressing it is: as any other unless a rule said more.
    pub fn priority(&self) -> Priority {
        self.handling.priority.unwrap_or(Priority::Normal)
    }

    pub fn is_followed_by(&self, organisation: OrganisationId) -> bool {
        let handling = &self.handling;
        handling.followers.contains(&organisation)
            || handling.sharing.endorsers.contains(&organisation)
    }
}

impl Cited {
    /// What people call it, as "WPO artikel 153".
    pub fn label(&self) -> String {
        let Citation {
            identifier,
            text,
            article,
            ..
        } = &self.citation;
        let name = [&self.short_title, &self.title, identifier, text]
            .into_iter()
            .flatten()
            .next();
        let name = name.map_or("?", String::as_str);
        match article {
            Some(article) => format!("{name} artikel {article}"),
            None => name.to_owned(),
        }
    }
}
