//! The proof of a report's clocks: its ledger made anew from its timeline, to be held against the stored one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::clocks::{Ledger, Moment};
use crate::domain::deadline_profile::{DeadlineProfile, ProfileRef};
use crate::domain::event::Event;

/// The ledger made anew from a report's events, oldest first. `profiles` holds every version that an event names.
pub fn replay<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    profiles: &HashMap<ProfileRef, DeadlineProfile>,
) -> Ledger {
    let standard = DeadlineProfile::standard(DateTime::<Utc>::MIN_UTC);
    let mut ledger = Ledger::default();
    for event in events {
        if let Some(taken_over) = &event.details.clocks {
            ledger = taken_over.clone();
            continue;
        }
        let profile = event
            .details
            .deadline_profile
            .as_ref()
            .and_then(|reference| profiles.get(reference))
            .unwrap_or(&standard);
        ledger.follow(&Moment {
            kind: event.kind,
            capacity: event.author.capacity,
            to: event.to,
            at: event.at,
            profile,
            clock: event.details.clock,
        });
    }
    ledger
}
