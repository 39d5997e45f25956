//! By what reports are counted, and which two of these may be crossed.

use crate::domain::actor::Language;
use crate::domain::code::code_list;

code_list! {
    /// By what reports are counted (Dutch: dimensie). A report may have several values of one: it counts once with each, and
    /// once in the total.
    pub enum Dimension {
        /// Where the report stands.
        Status = "status",
        /// Stage of the handling (fase).
        Phase = "phase",
        /// What came of it (uitkomst).
        Outcome = "outcome",
        /// The authority that leads (eerstverantwoordelijke).
        Authority = "authority",
        /// Policy domain (beleidsterrein).
        Domain = "domain",
        /// Region that affected municipalities belong to (regio).
        Region = "region",
        /// Province affected (provincie).
        Province = "province",
        /// Regulation that hinders (regeling).
        Regulation = "regulation",
        /// Article of a regulation (artikel).
        Article = "article",
        /// Kind of the organisation that reported (soort melder).
        ReporterKind = "reporter_kind",
        /// Day of submission, in Amsterdam (dag van indiening).
        SubmittedDay = "submitted_day",
        /// ISO week of submission (week van indiening).
        SubmittedWeek = "submitted_week",
        /// Month of submission (maand van indiening).
        SubmittedMonth = "submitted_month",
        /// Year of submission (jaar van indiening).
        SubmittedYear = "submitted_year",
        /// Month in which it was settled (maand van afhandeling).
        SettledMonth = "settled_month",
        /// Year in which it was settled (jaar van afhandeling).
        SettledYear = "settled_year",
    }
}

impl Dimension {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        use Dimension::*;
        let (nl, en) = match self {
            Status => ("Status", "Status"),
            Phase => ("Fase", "Phase"),
            Outcome => ("Uitkomst", "Outcome"),
            Authority => ("Eerstverantwoordelijke", "Lead authority"),
            Domain => ("Beleidsterrein", "Policy domain"),
            Region => ("Regio", "Region"),
            Province => ("Provincie", "Province"),
            Regulation => ("Regeling", "Regulation"),
            Article => ("Artikel", "Article"),
            ReporterKind => ("Soort melder", "Kind of reporter"),
            SubmittedDay => ("Dag van indiening", "Day of submission"),
            SubmittedWeek => ("Week van indiening", "Week of submission"),
            SubmittedMonth => ("Maand van indiening", "Month of submission"),
            SubmittedYear => ("Jaar van indiening", "Year of submission"),
            SettledMonth => ("Maand van afhandeling", "Month of settlement"),
            SettledYear => ("Jaar van afhandeling", "Year of settlement"),
        };
        language.pick(nl, en)
    }

    /// Those of which one follows from the other, or that cut the same thing finer: they are not crossed.
    fn family(self) -> u8 {
        use Dimension::*;
        match self {
            Status | Phase => 0,
            Outcome => 1,
            Authority => 2,
            Domain => 3,
            Region => 4,
            Province => 5,
            Regulation | Article => 6,
            ReporterKind => 7,
            SubmittedDay | SubmittedWeek | SubmittedMonth | SubmittedYear => 8,
            SettledMonth | SettledYear => 9,
        }
    }

    /// It has many values: where it is crossed, reports are counted and not who stands behind them.
    pub fn is_fine(self) -> bool {
        use Dimension::*;
        matches!(self, Regulation | Article | SubmittedDay | SubmittedWeek)
    }

    /// It tells when.
    pub fn is_period(self) -> bool {
        self.family() >= 8
    }

    /// Whether reports are counted by both at once. Two fine ones would have a cell for almost every report.
    pub fn crosses(self, other: Dimension) -> bool {
        self.family() != other.family() && !(self.is_fine() && other.is_fine())
    }

    /// Whether organisations are told apart where the two are crossed.
    pub fn tells_organisations_with(self, other: Dimension) -> bool {
        !self.is_fine() && !other.is_fine()
    }
}
