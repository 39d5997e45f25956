//! Who stands behind a report beside its reporter: the reporters of reports merged into it, and the organisations that
//! endorsed it or one of those.

use crate::domain::endorsement::Endorsement;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::report::Report;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::{endorsements, reports};

/// Those who follow a report from a distance, and hear of it.
#[derive(Debug, Clone, Default)]
pub struct Followers {
    /// The reports merged into it: their reporters hear of their own report.
    pub merged: Vec<Report>,
    /// The endorsements of it and of those; an organisation stands there once, and not when its own report was merged in.
    pub endorsements: Vec<Endorsement>,
}

/// Everybody who follows a report; one statement, and another when somebody endorsed it.
pub fn followers(conn: &mut Conn, report: &Report) -> Result<Followers, Error> {
    let merged = reports::joined_to(conn, report.id)?;
    let sharing = &report.handling.sharing;
    let endorsements = if sharing.endorsers.is_empty() {
        Vec::new()
    } else {
        let mut seen: Vec<OrganisationId> = merged.iter().map(|one| one.submitter).collect();
        seen.push(report.submitter);
        let mut standing = endorsements::standing(conn, &ids(report.id, &merged))?;
        standing.retain(|one| {
            let first = !seen.contains(&one.organisation);
            seen.push(one.organisation);
            first
        });
        standing
    };
    Ok(Followers {
        merged,
        endorsements,
    })
}

/// Notes in a report who stands behind it, when these reports are merged into it.
pub fn count(conn: &mut Conn, report: &mut Report, merged: &[Report]) -> Result<(), Error> {
    let standing = endorsements::standing(conn, &ids(report.id, merged))?;
    let endorsers = standing.into_iter().map(|one| one.organisation);
    let joined = merged.iter().map(|one| one.submitter);
    let submitter = report.submitter;
    let sharing = &mut report.handling.sharing;
    sharing.endorsers = once_each(endorsers);
    sharing.joined = once_each(joined.filter(|one| *one != submitter));
    Ok(())
}

fn ids(report: ReportId, merged: &[Report]) -> Vec<ReportId> {
    std::iter::once(report)
        .chain(merged.iter().map(|one| one.id))
        .collect()
}

fn once_each(organisations: impl Iterator<Item = OrganisationId>) -> Vec<OrganisationId> {
    let mut seen = Vec::new();
    for one in organisations {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
