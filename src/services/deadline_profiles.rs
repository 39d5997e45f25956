//! Deadline profiles: a coordinator changes what is promised from now on.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::audit;
use crate::domain::actor::Actor;
use crate::domain::deadline_profile::{DeadlineProfile, STANDARD, Terms};
use crate::domain::policy;
use crate::domain::report::Report;
use crate::services::Error;
use crate::store::db::{Conn, is_unique_violation};
use crate::store::{deadline_profiles, service_state};

/// A profile to be.
#[derive(Debug, Clone)]
pub struct NewProfile {
    pub code: String,
    pub label: String,
    pub label_en: String,
    pub terms: Terms,
    pub reason: String,
}

/// What is to change about a profile.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub label: Option<String>,
    pub label_en: Option<String>,
    /// The terms as a whole, made from those before.
    pub terms: Option<Terms>,
    pub reason: String,
}

/// The profile that the clocks of a report start by now.
pub fn of_report(conn: &mut Conn, report: &Report) -> Result<DeadlineProfile, Error> {
    let code = report.handling.deadline_profile.as_deref();
    in_force(conn, code.unwrap_or(STANDARD))
}

/// The profiles of several reports: each is asked for once.
#[derive(Default)]
pub struct Known(HashMap<String, DeadlineProfile>);

impl Known {
    /// As `of_report`.
    pub fn of(&mut self, conn: &mut Conn, report: &Report) -> Result<&DeadlineProfile, Error> {
        let code = report
            .handling
            .deadline_profile
            .as_deref()
            .unwrap_or(STANDARD);
        if !self.0.contains_key(code) {
            self.0.insert(code.to_owned(), in_force(conn, code)?);
        }
        self.0
            .get(code)
            .ok_or_else(|| Error::Internal(format!("no deadline profile {code}")))
    }
}

/// The latest version of a profile. The standard one is there before its row is.
fn in_force(conn: &mut Conn, code: &str) -> Result<DeadlineProfile, Error> {
    match deadline_profiles::current(conn, code)? {
        Some(profile) => Ok(profile),
        None if code == STANDARD => Ok(DeadlineProfile::standard(DateTime::<Utc>::MIN_UTC)),
        None => Err(Error::Internal(format!("no deadline profile {code}"))),
    }
}

/// A profile, or one version of it.
pub fn get(conn: &mut Conn, code: &str, version: Option<i32>) -> Result<DeadlineProfile, Error> {
    let found = match version {
        Some(version) => deadline_profiles::version(conn, code, version)?,
        None => deadline_profiles::current(conn, code)?,
    };
    found.ok_or(Error::NotFound)
}

/// Adds a profile.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    new: NewProfile,
    now: DateTime<Utc>,
) -> Result<DeadlineProfile, Error> {
    allowed(actor)?;
    let profile = DeadlineProfile {
        code: new.code,
        version: 1,
        label: new.label,
        label_en: new.label_en,
        terms: new.terms,
        reason: new.reason,
        made_at: now,
        made_by: Some(actor.id),
    };
    write(conn, &profile, Error::Conflict("code_taken"))?;
    service_state::routing_changed(conn, now)?;
    Ok(profile)
}

/// Writes a new version of a profile. Running clocks keep the version they started with.
pub fn change(
    conn: &mut Conn,
    actor: &Actor,
    code: &str,
    seen: i32,
    change: ProfileChange,
    now: DateTime<Utc>,
) -> Result<DeadlineProfile, Error> {
    allowed(actor)?;
    let before = get(conn, code, None)?;
    if before.version != seen {
        return Err(Error::Stale);
    }
    let profile = DeadlineProfile {
        version: before.version + 1,
        label: change.label.unwrap_or(before.label),
        label_en: change.label_en.unwrap_or(before.label_en),
        terms: change.terms.unwrap_or(before.terms),
        reason: change.reason,
        made_at: now,
        made_by: Some(actor.id),
        code: before.code,
    };
    write(conn, &profile, Error::Stale)?;
    service_state::routing_changed(conn, now)?;
    Ok(profile)
}

fn allowed(actor: &Actor) -> Result<(), Error> {
    if policy::may_change_deadline_profiles(actor) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}

fn write(conn: &mut Conn, profile: &DeadlineProfile, taken: Error) -> Result<(), Error> {
    let faults = profile.terms.faults();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    audit::note("profile", profile.code.clone());
    audit::note("profileVersion", profile.version.to_string());
    deadline_profiles::insert(conn, profile).map_err(|error| {
        if is_unique_violation(&error) {
            taken
        } else {
            error.into()
        }
    })
}
