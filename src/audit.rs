//! The audit log: who did what to which object, when, from where and how it ended. Apart from the other logs, which may be
//! turned down or thrown away; always a JSON object a line; ids only, no names, addresses of mail or secrets.
//!
//! `http::observe` writes one line for each call of an operation, once it is known how it ended. What only the inside of a
//! call knows it gets by `note` and `object`, which may be called from anywhere in it, also inside `db.write`; outside of a
//! call they do nothing. A command writes its line itself, with `Log::write`.

use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::actor::Actor;
use crate::domain::code::Code;

/// The address that a call came from.
pub type Source = std::net::IpAddr;

/// Where the lines go.
#[derive(Debug)]
enum Sink {
    Off,
    Stderr,
    Stdout,
    File(File),
}

/// The audit log.
#[derive(Debug)]
pub struct Log(Sink);

impl Log {
    /// Opens what the setting names: `stderr`, `stdout`, `off`, or a file to add to, made for its owner alone.
    ///
    /// # Errors
    /// A sentence for the operator when the file cannot be opened.
    pub fn open(setting: &str) -> Result<Self, String> {
        Ok(Self(match setting {
            "off" => Sink::Off,
            "stderr" => Sink::Stderr,
            "stdout" => Sink::Stdout,
            path => {
                let mut options = File::options();
                options.create(true).append(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(path);
                Sink::File(
                    file.map_err(|e| format!("MELDPUNT_AUDIT_LOG: cannot open {path}: {e}"))?,
                )
            }
        }))
    }

    /// One that keeps nothing.
    pub fn off() -> Self {
        Self(Sink::Off)
    }

    /// Writes a line, in one piece, so that lines of several processes do not mix.
    ///
    /// # Errors
    /// When it is not written: the disk is full, or nobody listens any more.
    pub fn write(&self, entry: &Entry<'_>) -> std::io::Result<()> {
        if matches!(self.0, Sink::Off) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        match &self.0 {
            Sink::Off => Ok(()),
            Sink::Stderr => std::io::stderr().lock().write_all(&line),
            Sink::Stdout => {
                let mut out = std::io::stdout().lock();
                out.write_all(&line).and_then(|()| out.flush())
            }
            Sink::File(file) => {
                let mut file = file;
                file.write_all(&line)
            }
        }
    }
}

/// Who acts, as far as that is known.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    /// The person or API client; none for who did not sign in.
    #[serde(rename = "actor", skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// `person`, `client`, `operator` for a command on the machine, else `anonymous`.
    #[serde(rename = "actorKind")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
    /// Number of the operator's account on the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
}

impl Who {
    pub const ANONYMOUS: Self = Self {
        id: None,
        kind: "anonymous",
        organisation: None,
        session: None,
        user: None,
    };

    /// Whoever runs this process.
    pub fn operator() -> Self {
        #[cfg(unix)]
        let user = std::fs::metadata("/proc/self")
            .ok()
            .map(|process| std::os::unix::fs::MetadataExt::uid(&process));
        #[cfg(not(unix))]
        let user = None;
        Self {
            kind: "operator",
            user,
            ..Self::ANONYMOUS
        }
    }
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        Self {
            id: Some(actor.id.uuid()),
            kind: actor.kind.as_str(),
            organisation: Some(actor.home.id.uuid()),
            session: actor.session.map(|session| session.uuid()),
            user: None,
        }
    }
}

/// One line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry<'a> {
    /// Always `audit`, for whoever has all logs in one stream.
    pub log: &'static str,
    pub at: DateTime<Utc>,
    /// The operation, by its `operationId` in the API document, or the command.
    pub action: &'a str,
    /// What it was done to, as `reports/0193…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<&'a str>,
    #[serde(flatten)]
    pub who: Who,
    /// `success`, `denied`, `refused`, `failed`, or `unknown` when the caller went away before the end.
    pub result: &'static str,
    #[serde(flatten)]
    pub call: Option<Call<'a>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// What a line about a call over HTTP has besides.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The code of the problem, when it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    pub method: &'a str,
    pub route: &'a str,
    pub request_id: &'a str,
    pub trace_id: &'a str,
}

impl<'a> Entry<'a> {
    /// A command on the machine that succeeded.
    pub fn command(action: &'a str, object: &'a str, at: DateTime<Utc>) -> Self {
        Self {
            log: "audit",
            at,
            action,
            object: Some(object),
            who: Who::operator(),
            result: "success",
            call: None,
            details: Map::new(),
        }
    }

    /// Says more.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// What was noted during a call.
#[derive(Debug, Default)]
pub struct Notes {
    pub who: Option<Who>,
    pub object: Option<String>,
    pub details: Map<String, Value>,
}

/// The notes of one call, shared by all that work on it.
pub type Shared = Arc<Mutex<Notes>>;

tokio::task_local! {
    static NOTES: Shared;
}

/// Runs a call, whose notes go there.
pub async fn noting<F: Future>(notes: Shared, call: F) -> F::Output {
    NOTES.scope(notes, call).await
}

/// Work that is done on another thread, its notes going to the call that asks for it.
pub fn carried<C: ?Sized, T>(work: impl FnOnce(&mut C) -> T) -> impl FnOnce(&mut C) -> T {
    let notes = NOTES.try_with(Arc::clone).ok();
    move |with| match notes {
        Some(notes) => NOTES.sync_scope(notes, || work(with)),
        None => work(with),
    }
}

fn with_notes(change: impl FnOnce(&mut Notes)) {
    let _ = NOTES.try_with(|notes| change(&mut lock(notes)));
}

/// The notes, whatever became of who held them.
pub fn lock(notes: &Shared) -> std::sync::MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says who calls.
pub fn who(actor: impl Into<Who>) {
    let who = actor.into();
    with_notes(|notes| notes.who = Some(who));
}

/// Names the object, where the address of the request does not: `people` and the id.
pub fn object(collection: &str, id: impl std::fmt::Display) {
    with_notes(|notes| notes.object = Some(format!("{collection}/{id}")));
}

/// Says something about the call. Ids and codes only: never a name, an address of mail, a text that somebody wrote, or a
/// secret.
pub fn note(name: &'static str, value: impl Into<Value>) {
    let value = value.into();
    with_notes(|notes| {
        notes.details.insert(name.to_owned(), value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn notes_reach_their_call_from_another_thread() {
        let notes = Shared::default();
        noting(notes.clone(), async {
            object("people", 1);
            let work = carried(|sum: &mut i32| {
                *sum += 1;
                note("after", *sum);
            });
            std::thread::spawn(move || work(&mut 1)).join().unwrap();
        })
        .await;
        note("outside", true);
        let notes = lock(&notes);
        assert_eq!(notes.object.as_deref(), Some("people/1"));
        assert_eq!(
            Value::from(notes.details.clone()),
            serde_json::json!({ "after": 2 })
        );
    }

    #[test]
    fn a_file_is_added_to_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let at = DateTime::UNIX_EPOCH;
        for object in ["people/1", "people/2"] {
            let log = Log::open(&path.to_string_lossy()).unwrap();
            log.write(&Entry::command("admin person", object, at).with("roles", vec!["desk"]))
                .unwrap();
        }
        let lines: Vec<Value> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["object"], "people/2");
        assert_eq!(lines[1]["actorKind"], "operator");
        assert_eq!(lines[1]["details"]["roles"][0], "desk");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(
            Log::open("/nowhere/at/all/audit.log")
                .unwrap_err()
                .contains("MELDPUNT_AUDIT_LOG")
        );
    }
}
