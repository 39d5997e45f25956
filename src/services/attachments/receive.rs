//! Taking in an attachment as it arrives: looked at, counted and hashed on its way to where it stays, never held whole.

use aws_lc_rs::digest::{self, SHA256};
use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::attachment::{Attachment, DECIDES, FileKind, safe_name};
use crate::domain::event::EventKind;
use crate::domain::id::{AttachmentId, ReportId};
use crate::domain::message::MessageAudience;
use crate::domain::policy;
use crate::domain::report::Report;
use crate::domain::status::Capacity;
use crate::objects::{Bytes, Writing};
use crate::services::attachments::{object_name, record, seen, writer};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::{Context, Error};
use crate::store::attachments;
use crate::store::db::Conn;

/// Whether the actor may add an attachment at all: asked before anything of it is read.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` when the report has as many as it may have.
pub async fn may_add(context: &Context, actor: Actor, report: ReportId) -> Result<(), Error> {
    let most = context.settings.attachments_per_report;
    context
        .db
        .read(move |conn| {
            let report = seen(conn, &actor, report)?;
            let audiences = [
                MessageAudience::Reporter,
                MessageAudience::Government,
                MessageAudience::Authority,
            ];
            let asked = audiences.map(|audience| authorise(&actor, &report, audience));
            if asked.iter().all(Result::is_err) {
                return asked
                    .into_iter()
                    .next()
                    .unwrap_or(Err(Error::NotFound))
                    .map(drop);
            }
            refuse_beyond(conn, report.id, most)
        })
        .await
}

fn authorise(actor: &Actor, report: &Report, audience: MessageAudience) -> Result<Capacity, Error> {
    let capacity =
        policy::writes_as(actor, report, audience).ok_or(Error::Forbidden("not_allowed"))?;
    if actor.may(policy::scope_of(capacity)) {
        Ok(capacity)
    } else {
        Err(Error::Forbidden("insufficient_scope"))
    }
}

fn refuse_beyond(conn: &mut Conn, report: ReportId, most: u32) -> Result<(), Error> {
    if attachments::count(conn, report)? < i64::from(most) {
        Ok(())
    } else {
        Err(Error::Conflict("too_many_attachments"))
    }
}

/// A file on its way in.
pub struct Incoming {
    id: AttachmentId,
    report: ReportId,
    given_name: String,
    limit: u64,
    writing: Writing,
    hash: digest::Context,
    bytes: u64,
    /// The start, until it is long enough to tell what the file is.
    start: Vec<u8>,
    kind: Option<FileKind>,
}

/// A file that is all there, its bytes in their place; without a row it is nobody's.
#[derive(Debug, Clone)]
pub struct Received {
    id: AttachmentId,
    report: ReportId,
    name: String,
    kind: FileKind,
    bytes: i64,
    digest: String,
}

impl Incoming {
    /// Begins to take in a file.
    ///
    /// # Errors
    /// When the place of attachments cannot be reached.
    pub async fn begin(
        context: &Context,
        report: ReportId,
        given_name: String,
    ) -> Result<Self, Error> {
        let id = AttachmentId::new();
        Ok(Self {
            id,
            report,
            given_name,
            limit: context.settings.attachment_limit,
            writing: context.objects.begin(&object_name(report, id)).await?,
            hash: digest::Context::new(&SHA256),
            bytes: 0,
            start: Vec::new(),
            kind: None,
        })
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// `Invalid` when the file is too large or is nothing that is taken; the caller gives it up then.
    pub async fn put(&mut self, piece: Bytes) -> Result<(), Error> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.limit {
            return Err(too_large(self.limit));
        }
        if self.kind.is_none() {
            let wanted = DECIDES - self.start.len();
            self.start
                .extend_from_slice(&piece[..piece.len().min(wanted)]);
            if self.start.len() == DECIDES {
                self.decide()?;
            }
        }
        self.hash.update(&piece);
        Ok(self.writing.put(piece).await?)
    }

    fn decide(&mut self) -> Result<FileKind, Error> {
        let kind = match self.kind {
            Some(kind) => kind,
            None if self.bytes == 0 => return Err(Error::field("/file", "file_empty")),
            None => FileKind::of(&self.start, &self.given_name)
                .ok_or_else(|| Error::field("/file", "file_kind"))?,
        };
        self.kind = Some(kind);
        Ok(kind)
    }

    /// All of it has come.
    ///
    /// # Errors
    /// As `put`; nothing of it is left then.
    pub async fn finish(mut self) -> Result<Received, Error> {
        let kind = match self.decide() {
            Ok(kind) => kind,
            Err(refused) => {
                self.give_up().await;
                return Err(refused);
            }
        };
        self.writing.finish().await?;
        let digest = self.hash.finish();
        Ok(Received {
            id: self.id,
            report: self.report,
            name: safe_name(&self.given_name, kind),
            kind,
            bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            digest: digest
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        })
    }

    /// It does not come, or is not wanted: nothing of it is left.
    pub async fn give_up(self) {
        if let Err(error) = self.writing.abort().await {
            tracing::warn!(%error, "an upload that was given up left something; tidying takes it away");
        }
    }
}

/// The fault of a file beyond the limit.
pub fn too_large(limit: u64) -> Error {
    let fault = crate::domain::invalid::FieldError::new("/file", "file_too_large");
    Error::Invalid(vec![fault.with("limit", limit)])
}

impl Received {
    /// What tells one upload from another, for an Idempotency-Key.
    pub fn fingerprint(&self, audience: MessageAudience) -> String {
        format!("{audience}\n{}\n{}", self.name, self.digest)
    }

    /// Takes the bytes away again: no row was made of them.
    pub async fn discard(&self, context: &Context) {
        let name = object_name(self.report, self.id);
        if let Err(error) = context.objects.remove(&name).await {
            tracing::warn!(%error, "an upload that was not kept left its bytes; tidying takes them away");
        }
    }
}

/// Makes an attachment of what was received: row, event and saved answer in one transaction. When it is none, nothing of
/// the bytes is left.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` when the report has as many as it may have.
pub async fn keep<F>(
    context: &Context,
    actor: Actor,
    received: Received,
    audience: MessageAudience,
    key: Option<Key>,
    render: F,
) -> Result<Answer, Error>
where
    F: FnOnce(&Attachment) -> Result<Answer, Error> + Send + 'static,
{
    let ctx = context.clone();
    let new = received.clone();
    let kept = context
        .db
        .write(move |conn| {
            let now = ctx.clock.now();
            idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
                render(&add(conn, &ctx, &actor, new, audience, now)?)
            })
        })
        .await;
    if kept.as_ref().map_or(true, |answer| answer.replayed) {
        received.discard(context).await;
    }
    kept
}

fn add(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    received: Received,
    audience: MessageAudience,
    now: DateTime<Utc>,
) -> Result<Attachment, Error> {
    let report = seen(conn, actor, received.report)?;
    let capacity = authorise(actor, &report, audience)?;
    refuse_beyond(conn, report.id, context.settings.attachments_per_report)?;
    let attachment = Attachment {
        id: received.id,
        report: report.id,
        audience,
        organisation: actor.home.id,
        organisation_name: actor.home.name.clone(),
        capacity,
        uploaded_by: writer(actor),
        name: received.name,
        kind: received.kind,
        bytes: received.bytes,
        digest: received.digest,
        created_at: now,
        deleted_by: None,
        deleted_at: None,
        removed_at: None,
        version: 1,
    };
    attachments::insert(conn, &attachment)?;
    let kind = EventKind::AttachmentAdded;
    record(
        conn,
        context,
        actor,
        capacity,
        &report,
        &attachment,
        kind,
        now,
    )?;
    Ok(attachment)
}
