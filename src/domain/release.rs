//! How far a report may be released, when a release ends, and what differs between two.

use chrono::{DateTime, Utc};

use crate::domain::event::Correction;
use crate::domain::report::{Confidentiality, Report};
use crate::domain::sharing::{ShareAudience, SharedVersion};
use crate::domain::status::Status;

impl ShareAudience {
    /// Whether a report of this confidentiality may be released so far.
    pub fn fits(self, confidentiality: Confidentiality) -> bool {
        match confidentiality {
            Confidentiality::PublicAfterReview => true,
            Confidentiality::GovernmentOnly => self == ShareAudience::Government,
            Confidentiality::Confidential => false,
        }
    }
}

/// Ends what may no longer be: a report that became narrower than its release, or that was withdrawn.
pub fn limit(report: &mut Report, now: DateTime<Utc>) {
    let version = report.handling.sharing.version.as_ref();
    let stays = version.is_some_and(|version| {
        version.audience.fits(report.confidentiality) && report.status != Status::Withdrawn
    });
    if !stays {
        report.handling.sharing.end(now);
    }
}

/// What differs between two released versions, as old and new.
pub fn differences(before: &Report, after: &Report) -> Vec<Correction> {
    let texts = |report: &Report| {
        let of = |version: &SharedVersion| {
            let audience = version.audience.to_string();
            [audience, version.title.clone(), version.summary.clone()].map(|text| vec![text])
        };
        let version = report.handling.sharing.version.as_ref();
        version.map(of).unwrap_or_default()
    };
    ["audience", "title", "summary"]
        .into_iter()
        .zip(texts(before).into_iter().zip(texts(after)))
        .map(|(field, (old, new))| Correction {
            field: field.into(),
            old,
            new,
        })
        .filter(|correction| correction.old != correction.new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_released_wider_than_its_confidentiality() {
        use Confidentiality::*;
        let fits = |audience: ShareAudience| {
            [PublicAfterReview, GovernmentOnly, Confidential].map(|one| audience.fits(one))
        };
        assert_eq!(fits(ShareAudience::Government), [true, true, false]);
        assert_eq!(fits(ShareAudience::Public), [true, false, false]);
    }
}
