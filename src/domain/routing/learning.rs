//! Learning from corrections: what was returned or rerouted by hand says where a rule is wrong, and where one is missing.
//! It only ever proposes; a person decides.

use std::collections::HashMap;

use crate::domain::code::code_list;
use crate::domain::id::{OrganisationId, ReportId};

code_list! {
    /// What became of the routing of a report (Dutch: verloop van de routering).
    pub enum OutcomeKind {
        /// A rule routed it.
        Routed = "routed",
        /// The authority that a rule gave it to returned it.
        Returned = "returned",
        /// A person gave it to another authority than the one that had it.
        Rerouted = "rerouted",
        /// A person chose the authority where no rule did.
        Chosen = "chosen",
    }
}

code_list! {
    /// Where a proposed rule stands (Dutch: stand van het voorstel).
    pub enum ProposalState {
        /// A coordinator has not decided yet (open).
        Open = "open",
        /// A rule was made of it (overgenomen).
        Accepted = "accepted",
        /// It was put aside, with a reason (afgewezen).
        Dismissed = "dismissed",
    }
}

/// What became of the routing of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub report: ReportId,
    pub kind: OutcomeKind,
    /// The rule that had routed it, and its version.
    pub rule: Option<(i32, i32)>,
    /// What its primary citation is.
    pub regulation: Option<String>,
    pub article: Option<String>,
    pub from: Option<OrganisationId>,
    pub to: Option<OrganisationId>,
}

/// Corrections from which on a rule is flagged, and a new one proposed.
pub const ENOUGH: i64 = 3;

/// Of what a rule routed, the part in hundredths from which on its corrections count as often.
const OFTEN: i64 = 30;

/// Of the reports about an article, the part in hundredths that has to have gone to one authority.
const CLEAR: usize = 75;

/// Whether a rule is overruled often: at least three times, and of three in ten of what it routed.
pub fn often_overruled(routed: i64, corrected: i64) -> bool {
    corrected >= ENOUGH && corrected * 100 >= routed * OFTEN
}

/// A lead that corrections speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clear {
    pub lead: OrganisationId,
    /// Reports that went there by a person's hand.
    pub times: usize,
    /// All reports about the same that were routed.
    pub of_all: usize,
}

/// The authority that people send reports about an article to: three of them at least, and three in four of all that were
/// routed. `outcomes` are those of the article, oldest first; where a report went last counts.
pub fn clear_lead(
    outcomes: impl IntoIterator<Item = (ReportId, OutcomeKind, Option<OrganisationId>)>,
) -> Option<Clear> {
    let mut last: HashMap<ReportId, (OutcomeKind, OrganisationId)> = HashMap::new();
    for (report, kind, to) in outcomes {
        if let Some(to) = to {
            last.insert(report, (kind, to));
        }
    }
    let mut by_hand: HashMap<OrganisationId, usize> = HashMap::new();
    for (kind, to) in last.values() {
        if matches!(kind, OutcomeKind::Rerouted | OutcomeKind::Chosen) {
            *by_hand.entry(*to).or_default() += 1;
        }
    }
    let (lead, times) = by_hand
        .into_iter()
        .max_by_key(|(lead, times)| (*times, *lead))?;
    let enough = usize::try_from(ENOUGH).unwrap_or(usize::MAX);
    (times >= enough && times * 100 >= last.len() * CLEAR).then_some(Clear {
        lead,
        times,
        of_all: last.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(number: u128) -> OrganisationId {
        OrganisationId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn report(number: u128) -> ReportId {
        ReportId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn three_of_the_same_hand_and_three_in_four_are_clear() {
        use OutcomeKind::{Chosen, Rerouted, Returned, Routed};
        let (a, b) = (Some(organisation(1)), Some(organisation(2)));
        let rows = |rows: &[(u128, OutcomeKind, Option<OrganisationId>)]| {
            clear_lead(rows.iter().map(|(id, kind, to)| (report(*id), *kind, *to)))
        };
        // Each was routed to one, returned, and rerouted to the other.
        let three: Vec<_> = (0..3)
            .flat_map(|id| [(id, Routed, a), (id, Returned, None), (id, Rerouted, b)])
            .collect();
        let clear = rows(&three).unwrap();
        assert_eq!((Some(clear.lead), clear.times, clear.of_all), (b, 3, 3));
        assert_eq!(rows(&three[..6]), None, "twice is not enough");
        let mixed: Vec<_> = three
            .iter()
            .copied()
            .chain((10..12).map(|id| (id, Routed, a)))
            .collect();
        assert_eq!(rows(&mixed), None, "three of five are not clear");
        let chosen = [
            (1, Chosen, a),
            (2, Chosen, a),
            (3, Chosen, a),
            (4, Chosen, b),
        ];
        assert_eq!(rows(&chosen).unwrap().times, 3);
        // What went back to where the rule had sent it is no correction.
        let back: Vec<_> = three.iter().copied().chain([(0, Routed, a)]).collect();
        assert_eq!(rows(&back), None);
    }

    #[test]
    fn a_rule_is_flagged_by_number_and_by_part() {
        for (routed, corrected, often) in [
            (0, 0, false),
            (2, 2, false),
            (3, 3, true),
            (10, 3, true),
            (11, 3, false),
            (100, 29, false),
            (100, 30, true),
        ] {
            assert_eq!(
                often_overruled(routed, corrected),
                often,
                "{corrected} of {routed}"
            );
        }
    }
}
