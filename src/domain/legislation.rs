//! The change of a rule on its way: the legislative file of an experiment that led to it, or of a measure.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
use crate::domain::invalid::FieldError;
use crate::domain::publication::{Publication, PublicationKind};

code_list! {
    /// How far the change of the law is (Dutch: stadium van het wetgevingsdossier).
    pub enum LegislativeStage {
        /// Being drafted (voorbereiding).
        Preparation = "preparation",
        /// Open for comments (internetconsultatie).
        Consultation = "consultation",
        /// With the Council of State for advice (Raad van State).
        CouncilOfState = "council_of_state",
        /// With parliament (parlementaire behandeling).
        Parliament = "parliament",
        /// Adopted, not yet made known (aangenomen).
        Adopted = "adopted",
        /// Made known in the official gazette (bekendgemaakt).
        Published = "published",
    }
}

impl LegislativeStage {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        use LegislativeStage::*;
        let (nl, en) = match self {
            Preparation => ("in voorbereiding", "in preparation"),
            Consultation => ("internetconsultatie", "consultation"),
            CouncilOfState => ("bij de Raad van State", "with the Council of State"),
            Parliament => ("bij het parlement", "with parliament"),
            Adopted => ("aangenomen", "adopted"),
            Published => ("bekendgemaakt", "published"),
        };
        language.pick(nl, en)
    }
}

/// How far the change of a rule is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegislativeFile {
    pub stage: LegislativeStage,
    /// Number of the parliamentary file (kamerstukdossier), as `36410`.
    pub dossier: Option<String>,
    /// Official publications, as `stb-2027-12`, in the order in which they were recorded.
    pub publications: Vec<String>,
    pub updated_on: NaiveDate,
}

/// What is told of it.
#[derive(Debug, Clone, Default)]
pub struct News {
    pub stage: Option<LegislativeStage>,
    pub dossier: Option<String>,
    pub publication: Option<Publication>,
}

impl LegislativeFile {
    /// The file after what was told; what was known before stays.
    ///
    /// # Errors
    /// A publication in a gazette with another stage than published, or that stage without one.
    pub fn after(known: Option<&Self>, news: &News, today: NaiveDate) -> Result<Self, FieldError> {
        let mut publications = known.map_or_else(Vec::new, |file| file.publications.clone());
        let stage = news
            .stage
            .or(known.map(|file| file.stage))
            .unwrap_or(LegislativeStage::Preparation);
        if let Some(publication) = &news.publication {
            if !publications.contains(&publication.id) {
                publications.push(publication.id.clone());
            }
            let gazette = publication.kind != PublicationKind::ParliamentaryPaper;
            if gazette && stage != LegislativeStage::Published {
                return Err(FieldError::new("/stage", "stage_needs_published"));
            }
        }
        let file = Self {
            stage,
            dossier: news
                .dossier
                .clone()
                .or_else(|| known.and_then(|file| file.dossier.clone())),
            publications,
            updated_on: today,
        };
        if stage == LegislativeStage::Published && file.gazette().is_none() {
            return Err(FieldError::new("/publication", "required"));
        }
        Ok(file)
    }

    /// The first place where the change was made known.
    pub fn gazette(&self) -> Option<&str> {
        let mut all = self.publications.iter().map(String::as_str);
        all.find(|id| !id.starts_with("kst-"))
    }

    /// The change was made known.
    pub fn is_published(&self) -> bool {
        self.stage == LegislativeStage::Published && self.gazette().is_some()
    }
}
