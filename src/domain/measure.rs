//! A measure other than an experiment: what takes an obstacle away, for one report or for many. Who carries it out, by when,
//! how far it is every half year, and what shows that it is done.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::code::code_list;
use crate::domain::deadline::{Term, nominal_end};
use crate::domain::id::{MeasureId, OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::legislation::{LegislativeFile, LegislativeStage, News};
use crate::domain::publication::Publication;
use crate::domain::report::{Measure, MeasureKind, Outcome};
use crate::domain::settles_as::SettlesAs;

/// How far it is, is told at least this often.
const UPDATE_EVERY: Term = Term::Weeks(26);
/// Most reports that one measure serves: as many as one call settles together.
pub const MOST_REPORTS: usize = 100;
/// Most times that it is told how far a measure is: a century of half years.
const MOST_UPDATES: usize = 200;

code_list! {
    /// Where a measure stands (Dutch: stand van de maatregel).
    pub enum MeasureState {
        /// Is carried out (loopt).
        UnderWay = "under_way",
        /// Is done (uitgevoerd).
        Done = "done",
        /// Will not be (vervallen).
        Dropped = "dropped",
    }
}

code_list! {
    /// What is done with a measure (Dutch: handeling).
    pub enum MeasureAction {
        /// Tells how far it is (voortgang melden).
        Update = "update",
        /// It serves other reports too (meldingen toevoegen).
        AddReports = "add_reports",
        /// It is done (uitgevoerd).
        Complete = "complete",
        /// It will not be done (laten vervallen).
        Drop = "drop",
    }
}

/// What was told of how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureUpdate {
    pub on: NaiveDate,
    /// Name of the organisation that told it.
    pub by: String,
    pub note: String,
    /// What shows it: an address or a reference.
    pub evidence: Option<String>,
}

/// What has come of it so far.
// A column that later versions add to: what an older one left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeasureCourse {
    pub updates: Vec<MeasureUpdate>,
    /// Of an amendment: how far the change of the rule is.
    pub legislation: Option<LegislativeFile>,
    /// Of an exemption: where its decision stands.
    pub decision_reference: Option<String>,
    /// What it brought, or why it was dropped.
    pub result: Option<String>,
    pub ended_on: Option<NaiveDate>,
}

/// A measure with the reports that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureRecord {
    pub id: MeasureId,
    pub kind: MeasureKind,
    pub title: String,
    /// Post or unit that carries it out.
    pub owner: String,
    /// The authority whose measure it is.
    pub authority: OrganisationId,
    pub reports: Vec<ReportId>,
    pub state: MeasureState,
    pub target_date: NaiveDate,
    pub course: MeasureCourse,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// What an action comes with.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub note: Option<String>,
    pub evidence: Option<String>,
    pub owner: Option<String>,
    pub target_date: Option<NaiveDate>,
    pub reports: Option<Vec<ReportId>>,
    pub result: Option<String>,
    pub decision_reference: Option<String>,
    pub stage: Option<LegislativeStage>,
    pub dossier: Option<String>,
    pub publication: Option<Publication>,
}

impl MeasureRecord {
    /// By when it is told how far it is; none once it has ended.
    pub fn update_due_on(&self) -> Option<NaiveDate> {
        let begun = crate::domain::deadline::local_date(self.created_at);
        let last = self.course.updates.last().map_or(begun, |update| update.on);
        (self.state == MeasureState::UnderWay).then(|| nominal_end(last, UPDATE_EVERY))
    }

    /// As a report has it.
    pub fn at_report(&self) -> Measure {
        Measure {
            id: self.id,
            kind: self.kind,
            owner: self.owner.clone(),
            target_date: self.target_date,
            result: self.course.result.clone(),
        }
    }

    /// What would settle the reports that it serves; none while it is under way.
    pub fn settles_as(&self) -> Option<SettlesAs> {
        match (self.state, self.kind) {
            (MeasureState::UnderWay, _) => None,
            (MeasureState::Dropped, _) => Some(SettlesAs::plain(Outcome::DeclinedWithReasons)),
            (MeasureState::Done, MeasureKind::Amendment) => {
                SettlesAs::amended(self.course.legislation.as_ref(), true)
            }
            (MeasureState::Done, MeasureKind::ChangedPractice) => {
                Some(SettlesAs::plain(Outcome::PracticeChanged))
            }
            (MeasureState::Done, MeasureKind::Exemption) => Some(SettlesAs {
                decision_reference: self.course.decision_reference.clone(),
                ..SettlesAs::plain(Outcome::ExemptionGranted)
            }),
            (MeasureState::Done, MeasureKind::Experiment | MeasureKind::Other) => {
                Some(SettlesAs::plain(Outcome::Explanation))
            }
        }
    }

    /// The measure after an action, done by an organisation of this name.
    ///
    /// # Errors
    /// Every field that is missing, is for another action or another kind of measure, or does not fit.
    pub fn after(
        &self,
        action: MeasureAction,
        input: &Input,
        by: &str,
        today: NaiveDate,
    ) -> Result<Self, Vec<FieldError>> {
        let mut faults = self.field_faults(action, input);
        let mut next = self.clone();
        let news = News {
            stage: input.stage,
            dossier: input.dossier.clone(),
            publication: input.publication.clone(),
        };
        if news.stage.is_some() || news.dossier.is_some() || news.publication.is_some() {
            match LegislativeFile::after(self.course.legislation.as_ref(), &news, today) {
                Ok(file) => next.course.legislation = Some(file),
                Err(fault) => faults.push(fault),
            }
        }
        if input.target_date.is_some_and(|date| date < today) {
            faults.push(FieldError::new("/targetDate", "date_in_past").with("earliest", today));
        }
        if self.is_full() && action == MeasureAction::Update {
            faults.push(FieldError::new("/note", "too_many_updates"));
        }
        next.owner = input.owner.clone().unwrap_or(next.owner);
        next.target_date = input.target_date.unwrap_or(next.target_date);
        next.course.decision_reference = input
            .decision_reference
            .clone()
            .or(next.course.decision_reference);
        for report in input.reports.iter().flatten() {
            if !next.reports.contains(report) {
                next.reports.push(*report);
            }
        }
        if next.reports.len() > MOST_REPORTS {
            faults.push(FieldError::new("/reports", "too_many_reports"));
        }
        next.told(input.note.as_deref().or(input.result.as_deref()), by, today);
        if let (Some(told), Some(evidence)) = (next.course.updates.last_mut(), &input.evidence) {
            told.evidence = Some(evidence.clone());
        }
        match action {
            MeasureAction::Complete => {
                next.end(MeasureState::Done, input.result.clone(), today);
                faults.extend(next.missing_when_done());
            }
            MeasureAction::Drop => next.end(MeasureState::Dropped, input.result.clone(), today),
            MeasureAction::Update | MeasureAction::AddReports => {}
        }
        if faults.is_empty() {
            Ok(next)
        } else {
            Err(faults)
        }
    }

    /// There is no room for more of how far it is.
    pub fn is_full(&self) -> bool {
        self.course.updates.len() >= MOST_UPDATES
    }

    /// Notes what was told of how far it is.
    pub fn told(&mut self, note: Option<&str>, by: &str, today: NaiveDate) {
        let Some(note) = note else {
            return;
        };
        self.course.updates.push(MeasureUpdate {
            on: today,
            by: by.to_owned(),
            note: note.to_owned(),
            evidence: None,
        });
    }

    /// Ends it, with what it brought or why it was dropped.
    pub fn end(&mut self, state: MeasureState, result: Option<String>, today: NaiveDate) {
        self.state = state;
        self.course.result = result;
        self.course.ended_on = Some(today);
    }

    /// What shows that a measure is done: an amendment was made known, an exemption was decided, of the others something can
    /// be seen.
    fn missing_when_done(&self) -> Option<FieldError> {
        let course = &self.course;
        match self.kind {
            MeasureKind::Amendment => {
                let file = course.legislation.as_ref();
                let published = file.is_some_and(LegislativeFile::is_published);
                (!published).then(|| FieldError::new("/publication", "measure_needs_publication"))
            }
            MeasureKind::Exemption => course
                .decision_reference
                .is_none()
                .then(|| FieldError::new("/decisionReference", "measure_needs_decision")),
            _ => {
                let shown = course
                    .updates
                    .iter()
                    .any(|update| update.evidence.is_some());
                (!shown).then(|| FieldError::new("/evidence", "measure_needs_evidence"))
            }
        }
    }

    fn field_faults(&self, action: MeasureAction, input: &Input) -> Vec<FieldError> {
        use MeasureAction::{AddReports, Complete, Drop, Update};
        let tells: &[MeasureAction] = &[Update, Complete];
        let rows: [(&str, bool, bool, &[MeasureAction]); 10] = [
            ("/note", input.note.is_some(), action == Update, &[Update]),
            (
                "/reports",
                input.reports.is_some(),
                action == AddReports,
                &[AddReports],
            ),
            (
                "/result",
                input.result.is_some(),
                matches!(action, Complete | Drop),
                &[Complete, Drop],
            ),
            ("/evidence", input.evidence.is_some(), false, tells),
            ("/owner", input.owner.is_some(), false, &[Update]),
            ("/targetDate", input.target_date.is_some(), false, &[Update]),
            (
                "/decisionReference",
                input.decision_reference.is_some(),
                false,
                tells,
            ),
            ("/stage", input.stage.is_some(), false, tells),
            ("/dossier", input.dossier.is_some(), false, tells),
            ("/publication", input.publication.is_some(), false, tells),
        ];
        let other_kind = |at: &str| match at {
            "/stage" | "/dossier" | "/publication" => self.kind != MeasureKind::Amendment,
            "/decisionReference" => self.kind != MeasureKind::Exemption,
            _ => false,
        };
        let mut faults = Vec::new();
        for (at, given, required, taken) in rows {
            if required && !given {
                faults.push(FieldError::new(at, "required"));
            } else if given && !taken.contains(&action) {
                let fault = FieldError::new(at, "not_for_this_action");
                faults.push(fault.with("action", action));
            } else if given && other_kind(at) {
                faults.push(FieldError::new(at, "not_for_this_measure"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn measure(kind: MeasureKind) -> MeasureRecord {
        let now = "2026-11-25T10:00:00Z".parse().unwrap();
        MeasureRecord {
            id: MeasureId::new(),
            kind,
            title: "Norm".into(),
            owner: "Directie".into(),
            authority: OrganisationId::new(),
            reports: vec![ReportId::new()],
            state: MeasureState::UnderWay,
            target_date: day("2028-01-01"),
            course: MeasureCourse::default(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    #[test]
    fn what_shows_that_it_is_done_differs_by_kind() {
        let publication = Publication::parse("stb-2027-12");
        let published = Input {
            stage: Some(LegislativeStage::Published),
            publication,
            ..Input::default()
        };
        let decided = Input {
            decision_reference: Some("OCW/2027/12".into()),
            ..Input::default()
        };
        let seen = Input {
            evidence: Some("https://www.rijksoverheid.nl/".into()),
            ..Input::default()
        };
        for (kind, shows, code, outcome) in [
            (
                MeasureKind::Amendment,
                published,
                "measure_needs_publication",
                Outcome::ActAmended,
            ),
            (
                MeasureKind::Exemption,
                decided,
                "measure_needs_decision",
                Outcome::ExemptionGranted,
            ),
            (
                MeasureKind::ChangedPractice,
                seen.clone(),
                "measure_needs_evidence",
                Outcome::PracticeChanged,
            ),
            (
                MeasureKind::Other,
                seen,
                "measure_needs_evidence",
                Outcome::Explanation,
            ),
        ] {
            let of = measure(kind);
            let result = Some("Klaar.".to_owned());
            let bare = Input {
                result: result.clone(),
                ..Input::default()
            };
            let today = day("2027-06-01");
            let faults = of.after(MeasureAction::Complete, &bare, "OCW", today);
            assert_eq!(faults.unwrap_err()[0].code, code);
            let with = Input { result, ..shows };
            let done = of
                .after(MeasureAction::Complete, &with, "OCW", today)
                .unwrap();
            assert_eq!(done.settles_as().unwrap().outcome, outcome);
            assert_eq!((of.settles_as(), done.update_due_on()), (None, None));
        }
    }

    #[test]
    fn how_far_it_is_is_told_every_half_year() {
        let of = measure(MeasureKind::Other);
        assert_eq!(of.update_due_on(), Some(day("2027-05-26")));
        let told = Input {
            note: Some("Op schema.".into()),
            ..Input::default()
        };
        let told = of
            .after(MeasureAction::Update, &told, "OCW", day("2027-05-01"))
            .unwrap();
        assert_eq!(told.update_due_on(), Some(day("2027-10-30")));
    }
}
