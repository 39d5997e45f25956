//! Fingerprints of sums, by which millions of them are held against others in no room at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::code::Code;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::footprint::{
    Cell, Footprint, Lengths, Occasion, Promise, Stander, Standers, Standing, Steps,
};

/// Of what the sums are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Reports,
    Standings,
    Standers,
    Lengths,
    Promises,
    Occasions,
}

/// Sums that have a fingerprint together: all of a kind, and where they are of cells those by the same dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sums {
    kind: Kind,
    by: Option<Dimension>,
    across: Option<Dimension>,
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Reports => "reports",
            Kind::Standings => "who stands behind reports",
            Kind::Standers => "different organisations behind reports",
            Kind::Lengths => "durations",
            Kind::Promises => "promises",
            Kind::Occasions => "what befell reports",
        })?;
        for (word, dimension) in [("by", self.by), ("and", self.across)] {
            if let Some(dimension) = dimension {
                write!(f, " {word} {}", dimension.as_str())?;
            }
        }
        Ok(())
    }
}

/// The fingerprints of some sums. They are the same whatever the order, and whether a sum is added at once or in parts: each
/// is a digest of where the sum is counted, times the sum, all added up in 64 bits. Sums that differ have the same one once
/// in 2^32 times at most.
#[derive(Debug, Clone, Default)]
pub struct Fingerprints(BTreeMap<Sums, u64>);

impl Fingerprints {
    fn add(
        &mut self,
        kind: Kind,
        (by, across): (Option<Dimension>, Option<Dimension>),
        at: impl Hash,
        sum: i64,
    ) {
        let mut digest = DefaultHasher::new();
        at.hash(&mut digest);
        let sums = Sums { kind, by, across };
        let print = self.0.entry(sums).or_default();
        // Odd, so that no part of the sum is lost.
        *print = print.wrapping_add((digest.finish() | 1).wrapping_mul(sum.cast_unsigned()));
    }

    /// Adds the reports of a cell.
    pub fn reports(&mut self, cell: &Cell, reports: i64) {
        self.add(Kind::Reports, (cell.by, cell.across), cell, reports);
    }

    /// Adds how many different ones stand behind a cell.
    pub fn standers(&mut self, cell: &Cell, standers: &Standers) {
        let numbers = [
            standers.organisations,
            standers.endorsers,
            standers.backers,
            standers.municipalities,
        ];
        for (what, number) in numbers.into_iter().enumerate() {
            let of = (cell.by, cell.across);
            self.add(Kind::Standers, of, (cell, what), number);
        }
    }

    /// Adds what somebody is to the reports of a cell.
    pub fn standing(&mut self, stander: &Stander, standing: &Standing) {
        let sums = [standing.reported, standing.endorsed, standing.hit];
        for (what, sum) in sums.into_iter().enumerate() {
            let of = (stander.cell.by, stander.cell.across);
            self.add(Kind::Standings, of, (stander, what), sum);
        }
    }

    /// Adds how long steps took.
    pub fn lengths(&mut self, steps: &Steps, lengths: &Lengths) {
        let none = (None, None);
        let in_time: Option<u32> = None;
        self.add(Kind::Lengths, none, (steps, in_time), lengths.in_time);
        for (place, times) in &lengths.days {
            self.add(Kind::Lengths, none, (steps, Some(*place)), *times);
        }
    }

    /// Adds promises that run.
    pub fn promises(&mut self, promise: &Promise, running: i64) {
        self.add(Kind::Promises, (None, None), promise, running);
    }

    /// Adds what befell reports.
    pub fn occasions(&mut self, occasion: &Occasion, times: i64) {
        self.add(Kind::Occasions, (None, None), occasion, times);
    }

    /// Adds all of a footprint.
    pub fn footprint(&mut self, footprint: &Footprint) {
        for (cell, reports) in &footprint.reports {
            self.reports(cell, *reports);
        }
        for (stander, standing) in &footprint.standings {
            self.standing(stander, standing);
        }
        for (steps, lengths) in &footprint.lengths {
            self.lengths(steps, lengths);
        }
        for (promise, running) in &footprint.promises {
            self.promises(promise, *running);
        }
        for (occasion, times) in &footprint.occasions {
            self.occasions(occasion, *times);
        }
    }

    /// The sums whose fingerprints are not the same.
    pub fn differing(&self, other: &Self) -> Vec<Sums> {
        let print = |of: &Self, sums: &Sums| of.0.get(sums).copied().unwrap_or_default();
        let all: BTreeSet<&Sums> = self.0.keys().chain(other.0.keys()).collect();
        all.into_iter()
            .filter(|sums| print(self, sums) != print(other, sums))
            .copied()
            .collect()
    }
}
