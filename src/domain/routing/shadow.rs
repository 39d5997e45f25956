//! Rules that can never decide, because another is always before them.

use crate::domain::routing::condition::{Rank, Specificity, Test};
use crate::domain::routing::rule_set::Ready;
use crate::domain::routing::{Rule, RuleSet};

/// The rule that is always before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shadow {
    pub number: i32,
    /// It has the same order and another lead: the two always tie, and the desk decides.
    pub tied: bool,
}

impl Test {
    /// How specific it is at the least and at the most when it holds.
    fn bounds(&self) -> (Specificity, Specificity) {
        let at = |rank| Specificity { rank, besides: 0 };
        let leaf = |rank| (at(rank), at(rank));
        match self {
            Test::All(of) => {
                let mut parts = of.iter().map(Test::bounds);
                let first = parts.next().unwrap_or(leaf(Rank::Nothing));
                let both = |one: Specificity, two: Specificity| Specificity {
                    rank: one.rank.max(two.rank),
                    // What holds beside: of every part one, and what each had beside itself.
                    besides: one.besides
                        + two.besides
                        + usize::from(one.rank != Rank::Nothing && two.rank != Rank::Nothing),
                };
                parts.fold(first, |(least, most), (least_of, most_of)| {
                    (both(least, least_of), both(most, most_of))
                })
            }
            Test::Any(of) => {
                let parts: Vec<_> = of.iter().map(Test::bounds).collect();
                let least = parts.iter().map(|(least, _)| *least).min();
                let most = parts.iter().map(|(_, most)| *most).max();
                (
                    least.unwrap_or(at(Rank::Nothing)),
                    most.unwrap_or(at(Rank::Nothing)),
                )
            }
            Test::Not(_) => leaf(Rank::Nothing),
            Test::Regulation { articles, .. } if articles.is_empty() => leaf(Rank::Regulation),
            Test::Regulation { articles, .. } => {
                let one = articles.iter().filter(|range| range.is_one()).count();
                let rank = |some: bool| at(if some { Rank::Article } else { Rank::Articles });
                (rank(one == articles.len()), rank(one > 0))
            }
            Test::RegionKind(_) | Test::Province(_) | Test::Words { .. } => leaf(Rank::Text),
            Test::Domain(_) | Test::Level(_) | Test::ReporterKind(_) | Test::Requested(_) => {
                leaf(Rank::Subject)
            }
        }
    }
}

impl RuleSet {
    /// The rule in force that keeps another from ever deciding; `rule` itself, in whatever version, is left out.
    pub fn shadow_of(&self, rule: &Rule) -> Option<Shadow> {
        rule.actions.lead?;
        let test = Test::from(&rule.condition);
        let most = test.bounds().1;
        let shadows = |before: &&Ready| {
            let (other, covering) = (&before.rule, &before.test);
            other.number != rule.number
                && other.actions.lead.is_some()
                && other.order <= rule.order
                && (other.order < rule.order || other.actions.lead != rule.actions.lead)
                && other.valid_from <= rule.valid_from
                && other
                    .valid_until
                    .is_none_or(|until| rule.valid_until.is_some_and(|own| own <= until))
                && covering.bounds().0 >= most
                && covering.covers(&test)
        };
        let found = self.near(&test).find(shadows)?;
        Some(Shadow {
            number: found.rule.number,
            tied: found.rule.order == rule.order,
        })
    }
}
