//! How many reports are made up, of which seed, and what is known of each before it is told.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Builder;

use crate::domain::deadline::local_date;
use crate::domain::id::{Id, ReportId};

/// The last of them came in before this moment, and whatever happened to any of them did.
pub const END: DateTime<Utc> = match DateTime::from_timestamp(1_793_491_200, 0) {
    Some(end) => end,
    None => DateTime::UNIX_EPOCH,
};
/// They came in during so many days.
const DAYS: i64 = 1_000;

/// One in so many reports stays a draft.
const DRAFTS: u32 = 50;

/// How many of which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub reports: u32,
}

impl Plan {
    /// When report `i` was begun; they ascend.
    pub fn begun(self, i: u32) -> DateTime<Utc> {
        let step = DAYS * 86_400_000_000 / i64::from(self.reports.max(1));
        END - TimeDelta::microseconds(step * i64::from(self.reports - i))
    }

    pub fn rng(self, i: u32) -> Rng {
        // Neighbouring seeds make neighbouring first numbers; the product keeps them apart.
        Rng::with_seed((self.seed ^ u64::from(i)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The id of report `i`.
    pub fn id(self, i: u32) -> ReportId {
        id_at(&mut self.rng(i), self.begun(i), 0)
    }

    /// The sender's own number of report `i`, unique.
    pub fn external_reference(self, i: u32) -> String {
        format!("Z{}-{i}", self.begun(i).year())
    }

    /// The number that people say aloud, as handed out one after another.
    pub fn reference(self, i: u32) -> String {
        format!("MKR-{}-{:06}", local_date(self.begun(i)).year(), i + 1)
    }

    /// One in so many is never submitted.
    pub fn stays_draft(self, i: u32) -> bool {
        i % DRAFTS == 7
    }

    pub fn has_external_reference(self, i: u32) -> bool {
        i % 5 != 3
    }
}

/// An id of a moment; `step` keeps those of one moment in order.
pub fn id_at<T>(rng: &mut Rng, at: DateTime<Utc>, step: u8) -> Id<T> {
    let mut bytes = [0; 10];
    rng.fill(&mut bytes);
    bytes[..2].copy_from_slice(&[0, step]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Id::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}
