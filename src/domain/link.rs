//! Links between reports (koppelingen): what two reports have to do with each other, without one going on under the other.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
use crate::domain::id::{LinkId, ReportId};

/// How many links a report may have.
pub const MOST_LINKS: usize = 100;

code_list! {
    /// What one report is to the other (Dutch: soort koppeling). The link points from the report that it says something of.
    pub enum LinkKind {
        /// It has to do with the other; points both ways (verwant).
        Related = "related",
        /// The same obstacle, handled apart (dubbel van).
        DuplicateOf = "duplicate_of",
        /// It came up in handling the other (volgt uit).
        FollowsFrom = "follows_from",
    }
}

code_list! {
    /// Which way a link points, seen from one of its reports (Dutch: richting).
    pub enum LinkDirection {
        /// It says something of this report.
        Outgoing = "outgoing",
        /// It says something of the other.
        Incoming = "incoming",
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub from: ReportId,
    pub to: ReportId,
    pub kind: LinkKind,
    pub linked_at: DateTime<Utc>,
}

/// A link as an event of one of its reports tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRef {
    pub id: LinkId,
    pub kind: LinkKind,
    pub direction: LinkDirection,
    /// The other report.
    pub report: ReportId,
}

impl LinkRef {
    /// What the report is to the other, in words.
    pub fn label(&self, language: Language) -> &'static str {
        use {LinkDirection as Way, LinkKind as Kind};
        match (self.kind, self.direction) {
            (Kind::Related, _) => language.pick("verwant", "related"),
            (Kind::DuplicateOf, Way::Outgoing) => {
                language.pick("een dubbel daarvan", "a duplicate of it")
            }
            (Kind::DuplicateOf, Way::Incoming) => language.pick(
                "daar staat hetzelfde knelpunt",
                "the same obstacle stands there",
            ),
            (Kind::FollowsFrom, Way::Outgoing) => language.pick("volgt daaruit", "follows from it"),
            (Kind::FollowsFrom, Way::Incoming) => {
                language.pick("die volgt hieruit", "which follows from this one")
            }
        }
    }
}

impl Link {
    /// Which way it points and to whom, seen from one of its reports.
    pub fn seen_from(&self, report: ReportId) -> LinkRef {
        let (direction, other) = if self.from == report {
            (LinkDirection::Outgoing, self.to)
        } else {
            (LinkDirection::Incoming, self.from)
        };
        LinkRef {
            id: self.id,
            kind: self.kind,
            direction,
            report: other,
        }
    }

    /// Whether it may stand beside those that its two reports have; else the code of the reason. A pair has one link of a
    /// kind, whichever way it points.
    pub fn fits(&self, of_from: &[Link], of_to: &[Link]) -> Result<(), &'static str> {
        if self.from == self.to {
            return Err("link_to_itself");
        }
        let there =
            |link: &Link| link.kind == self.kind && (link.from == self.to || link.to == self.to);
        if of_from.iter().any(there) {
            return Err("link_exists");
        }
        if of_from.len() >= MOST_LINKS || of_to.len() >= MOST_LINKS {
            return Err("too_many_links");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(from: ReportId, kind: LinkKind, to: ReportId) -> Link {
        Link {
            id: LinkId::new(),
            from,
            to,
            kind,
            linked_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_pair_has_one_link_of_a_kind_whichever_way_it_points() {
        let (a, b) = (ReportId::new(), ReportId::new());
        for kind in [LinkKind::Related, LinkKind::DuplicateOf] {
            let there = [link(a, kind, b)];
            assert_eq!(link(a, kind, b).fits(&there, &there), Err("link_exists"));
            assert_eq!(link(b, kind, a).fits(&there, &there), Err("link_exists"));
            let other = link(b, LinkKind::FollowsFrom, a);
            assert_eq!(other.fits(&there, &there), Ok(()));
        }
        assert_eq!(
            link(a, LinkKind::Related, a).fits(&[], &[]),
            Err("link_to_itself")
        );
    }

    #[test]
    fn a_report_has_so_many_links_and_no_more() {
        let (a, b) = (ReportId::new(), ReportId::new());
        let many: Vec<Link> = (0..MOST_LINKS)
            .map(|_| link(a, LinkKind::Related, ReportId::new()))
            .collect();
        let next = link(a, LinkKind::Related, b);
        assert_eq!(next.fits(&many, &[]), Err("too_many_links"));
        assert_eq!(next.fits(&[], &many), Err("too_many_links"));
        assert_eq!(next.fits(&many[1..], &[]), Ok(()));
    }
}
