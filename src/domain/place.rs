//! Places: municipalities, provinces, and the regions that policy groups them in.

use chrono::NaiveDate;

use crate::domain::actor::Language;
use crate::domain::code::code_list;

/// Whether something holds on a day, given its first day and the first day on which it no longer holds.
pub fn holds_on(from: Option<NaiveDate>, until: Option<NaiveDate>, day: NaiveDate) -> bool {
    from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until)
}

code_list! {
    /// What a region is called after: a label of policy, never a legal fact (Dutch: soort regio).
    pub enum RegionKind {
        /// Decline region (krimpregio).
        Decline = "decline",
        /// Anticipating region (anticipeerregio).
        Anticipating = "anticipating",
    }
}

impl RegionKind {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        match self {
            RegionKind::Decline => language.pick("krimpregio", "decline region"),
            RegionKind::Anticipating => language.pick("anticipeerregio", "anticipating region"),
        }
    }
}

code_list! {
    /// How sure the list of a region's municipalities is (Dutch: zekerheid).
    pub enum Confidence {
        High = "high",
        Medium = "medium",
        Low = "low",
    }
}

/// A province (provincie).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Province {
    /// CBS code, such as `PV29`.
    pub code: String,
    pub name: String,
    pub tooi: String,
}

/// A municipality (gemeente), existing or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Municipality {
    /// CBS code, such as `GM1714`.
    pub code: String,
    pub name: String,
    pub province_code: String,
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer exists.
    pub valid_until: Option<NaiveDate>,
    /// Codes of those it went into.
    pub successors: Vec<String>,
    pub version: i32,
}

impl Municipality {
    /// Whether it exists on a day.
    pub fn exists_on(&self, day: NaiveDate) -> bool {
        holds_on(self.valid_from, self.valid_until, day)
    }
}

/// A decline or anticipating region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Such as `KR-ZEEUWS-VLAANDEREN`.
    pub code: String,
    pub kind: RegionKind,
    pub name: String,
    /// Codes of its municipalities, sorted.
    pub municipalities: Vec<String>,
    /// Codes of the provinces those lie in, sorted; derived.
    pub provinces: Vec<String>,
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer holds.
    pub valid_until: Option<NaiveDate>,
    /// Where the list of municipalities comes from.
    pub source: String,
    pub confidence: Confidence,
    pub version: i32,
}
