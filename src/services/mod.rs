//! Use cases, one file each: authorise → load → let the domain decide → write all in one transaction → return. Every
//! function gets the `Actor` and a connection that is already inside `db.read` or `db.write`.

pub mod assignments;
pub mod attachments;
pub mod backing;
pub mod backups;
pub mod bulk;
pub mod callers;
pub mod chain;
pub mod claim;
pub mod clients;
pub mod counting;
pub mod dead_letters;
pub mod deadline_profiles;
pub mod deadlines;
pub mod doctor;
pub mod endorsements;
pub mod experiment_alerts;
pub mod experiment_notices;
pub mod experiment_origins;
pub mod experiments;
pub mod guard;
pub mod idempotency;
pub mod import;
pub mod keys;
pub mod links;
pub mod mail_pause;
pub mod measures;
pub mod members;
pub mod messages;
pub mod my_sessions;
pub mod notices;
pub mod observations;
pub mod organisations;
pub mod passwords;
pub mod people;
pub mod places;
pub mod record;
pub mod recording;
pub mod reference;
pub mod register;
pub mod regulations;
pub mod report_links;
pub mod reports;
pub mod routing;
pub mod routing_alerts;
pub mod routing_evaluation;
pub mod routing_learning;
pub mod routing_proposals;
pub mod routing_rules;
pub mod routing_simulation;
pub mod rule_book;
pub mod saved_searches;
pub mod seed;
pub mod settlement;
pub mod sharing;
pub mod sign_in;
pub mod standard_texts;
pub mod statistics;
pub mod succession;
pub mod throttle;
pub mod tokens;
pub mod transitions;
pub mod watchers;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::audit;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::crypto::CryptoError;
use crate::domain::id::PrincipalId;
use crate::domain::invalid::FieldError;
use crate::domain::workflow::Refusal;
use crate::mail::bell::Bell;
use crate::metrics::Metrics;
use crate::objects::{Failed, Objects};
use crate::services::callers::Callers;
use crate::services::guard::Guard;
use crate::services::keys::KeyRing;
use crate::services::passwords::Passwords;
use crate::services::throttle::Buckets;
use crate::store::db::{Db, DbError};

/// What the use cases run on.
#[derive(Clone)]
pub struct Context {
    pub db: Db,
    pub clock: SharedClock,
    pub settings: Arc<Settings>,
    pub keys: Arc<KeyRing>,
    pub passwords: Arc<Passwords>,
    pub guard: Arc<Guard>,
    pub limits: Arc<Limits>,
    pub callers: Arc<Callers>,
    /// The routing rules in force.
    pub rules: Arc<rule_book::Remembered>,
    /// Held by who counts what changed.
    pub counting: Arc<tokio::sync::Mutex<()>>,
    /// Rung after a change, so that the mail it queued leaves at once.
    pub bell: Bell,
    /// The bytes of attachments.
    pub objects: Arc<Objects>,
    pub audit: Arc<audit::Log>,
    pub metrics: Arc<Metrics>,
    /// In the demo alone: the folder with the mail, to be read on a page.
    pub demo_mail: Option<PathBuf>,
}

impl Context {
    /// Reads nothing yet: the keys are loaded by `keys.load`, or at first use.
    pub fn new(db: Db, clock: SharedClock, settings: Settings) -> Self {
        let metrics = Metrics::default();
        metrics.started(clock.now());
        let settings = Arc::new(settings);
        Self {
            keys: Arc::new(KeyRing::new(&settings, db.address())),
            passwords: Arc::new(Passwords::new(settings.password_memory)),
            guard: Arc::new(Guard::new(settings.sign_in_failures)),
            limits: Arc::new(Limits::new(&settings)),
            callers: Arc::default(),
            rules: Arc::default(),
            counting: Arc::default(),
            db,
            clock,
            objects: Arc::new(Objects::new(settings.clone())),
            settings,
            bell: Bell::default(),
            audit: Arc::new(audit::Log::off()),
            metrics: Arc::new(metrics),
            demo_mail: None,
        }
    }
}

/// How many requests a minute this node takes, of one address and of one principal; none for no limit.
pub struct Limits {
    pub addresses: Option<Buckets<IpAddr>>,
    pub principals: Option<Buckets<PrincipalId>>,
}

impl Limits {
    fn new(settings: &Settings) -> Self {
        Self {
            addresses: (settings.rate_address > 0)
                .then(|| Buckets::per_minute(settings.rate_address)),
            principals: (settings.rate_principal > 0)
                .then(|| Buckets::per_minute(settings.rate_principal)),
        }
    }
}

/// Why a use case did not do what was asked. `http::problem` turns it into a response, once.
#[derive(Debug)]
pub enum Error {
    /// Faulty fields of the body.
    Invalid(Vec<FieldError>),
    /// Faulty query keys or headers.
    InvalidQuery(Vec<FieldError>),
    /// No valid sign-in; the code says why.
    Unauthenticated(&'static str),
    /// Known to exist, but not for this actor; the code says why.
    Forbidden(&'static str),
    /// Not there, or not there for this actor.
    NotFound,
    /// The action is not legal now; these are.
    Illegal(Vec<&'static str>),
    /// What it is about lacks something for the action, at these places.
    NotReady(Vec<FieldError>),
    /// In conflict with how things stand; the code says why.
    Conflict(&'static str),
    /// `If-Match` names another version.
    Stale,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// The Idempotency-Key was used with another request.
    KeyReused,
    /// OAuth's own error (RFC 6749, 5.2).
    OAuth(&'static str),
    /// Too often, too fast; the code says what, and when it may be tried again.
    TooMany { code: &'static str, wait: Duration },
    /// Overloaded or without its database.
    Busy(String),
    /// No room is left to write.
    Full(String),
    /// Anything unforeseen; logged, never shown.
    Internal(String),
}

impl Error {
    pub fn field(pointer: impl Into<String>, code: &'static str) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, code)])
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<CryptoError> for Error {
    fn from(error: CryptoError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy(why) => Self::Busy(why),
            DbError::Full(why) => Self::Full(why),
            DbError::Query(diesel::result::Error::NotFound) => Self::NotFound,
            DbError::Query(error) => Self::Internal(error.to_string()),
            DbError::Panicked(why) => Self::Internal(why),
        }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Full(why) => Self::Full(why),
            other => Self::Internal(format!("attachments: {other}")),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Illegal => Self::Illegal(Vec::new()),
            Refusal::Guard(code) => Self::Conflict(code),
            Refusal::Invalid(errors) => Self::Invalid(errors),
        }
    }
}
