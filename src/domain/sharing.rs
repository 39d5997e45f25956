//! What the desk releases of a report to others than its parties (Dutch: delen), and who stands behind it beside its
//! reporter (medemeldingen).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::code::code_list;
use crate::domain::id::OrganisationId;

code_list! {
    /// For whom a report is released (Dutch: gedeeld met). From narrowest to widest.
    pub enum ShareAudience {
        /// Organisations of government: ministries, municipalities, provinces, water boards (overheid).
        Government = "government",
        /// Everybody (openbaar).
        Public = "public",
    }
}

/// The reviewed version of a report: what the desk wrote for others to read (gedeelde versie).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedVersion {
    pub audience: ShareAudience,
    pub title: String,
    pub summary: String,
    /// How many times the desk has released it, this time included.
    pub revision: u32,
    /// When this version was released.
    pub shared_at: DateTime<Utc>,
}

/// What is released of a report, and who stands behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sharing {
    pub version: Option<SharedVersion>,
    /// The title the desk reviewed last, also when nothing is released any more: what those read who follow from a distance.
    pub reviewed_title: Option<String>,
    /// How many times it was released.
    pub revisions: u32,
    /// When what everybody could read was taken back; none while it may be read, or never was.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Organisations whose endorsement stands, of this report or of one merged into it.
    pub endorsers: Vec<OrganisationId>,
    /// Organisations whose own report was merged into it.
    pub joined: Vec<OrganisationId>,
}

impl Sharing {
    /// The organisations that stand behind a report beside its reporter: each once, whatever it did.
    pub fn behind(&self, submitter: OrganisationId) -> Vec<OrganisationId> {
        let mut behind: Vec<OrganisationId> = self
            .endorsers
            .iter()
            .chain(&self.joined)
            .copied()
            .filter(|one| *one != submitter)
            .collect();
        behind.sort_unstable();
        behind.dedup();
        behind
    }

    /// Ends what is released. That everybody could read it once stays known.
    pub fn end(&mut self, now: DateTime<Utc>) {
        let ended = self.version.take();
        if ended.is_some_and(|version| version.audience == ShareAudience::Public) {
            self.withdrawn_at = Some(now);
        }
    }

    /// Releases a reviewed version: the first, or a new one in its place.
    pub fn release(
        &mut self,
        audience: ShareAudience,
        title: String,
        summary: String,
        now: DateTime<Utc>,
    ) {
        self.revisions += 1;
        self.end(now);
        if audience == ShareAudience::Public {
            self.withdrawn_at = None;
        }
        self.reviewed_title = Some(title.clone());
        self.version = Some(SharedVersion {
            audience,
            title,
            summary,
            revision: self.revisions,
            shared_at: now,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_stands_behind_a_report_once() {
        let [submitter, one, other] = [(); 3].map(|()| OrganisationId::new());
        let sharing = Sharing {
            endorsers: vec![one, other, submitter],
            joined: vec![one],
            ..Sharing::default()
        };
        assert_eq!(sharing.behind(submitter).len(), 2);
    }
}
