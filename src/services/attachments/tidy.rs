//! Taking away bytes that no attachment has any more.

use chrono::TimeDelta;
use futures_util::StreamExt;

use crate::domain::id::{AttachmentId, ReportId};
use crate::objects::Found;
use crate::services::attachments::object_name;
use crate::services::{Context, Error};
use crate::store::{attachments, service_state};

/// Bytes without a row are left alone that long: their upload may be under way.
const GRACE: TimeDelta = TimeDelta::days(1);
/// Taken at once.
const BATCH: usize = 500;

/// Takes away the bytes of attachments: of those named, right after they were deleted. What does not succeed the next
/// round of tidying does.
pub async fn remove(context: &Context, of: &[(ReportId, AttachmentId)]) -> usize {
    let mut removed = 0;
    for (report, id) in of {
        match context.objects.remove(&object_name(*report, *id)).await {
            Err(error) => tracing::warn!(%error, "the bytes of a deleted attachment stay for now"),
            Ok(()) => {
                let (id, now) = (*id, context.clock.now());
                let noted = context
                    .db
                    .write(move |conn| Ok::<_, Error>(attachments::set_removed(conn, id, now)?))
                    .await;
                match noted {
                    Ok(()) => removed += 1,
                    Err(error) => tracing::warn!(?error, "a removed attachment is not noted yet"),
                }
            }
        }
    }
    removed
}

/// One round: the bytes of deleted attachments, those without a row, and what unfinished uploads left; how many went. While
/// a restored database waits to be taken into use, nothing is taken for nobody's: its rows may be older than the bytes.
///
/// # Errors
/// When the database or the store of bytes fails; the next round tries again.
pub async fn round(context: &Context) -> Result<usize, Error> {
    let (deleted, paused) = context
        .db
        .read(|conn| {
            let batch = i64::try_from(BATCH).unwrap_or(i64::MAX);
            let deleted = attachments::to_remove(conn, batch)?;
            Ok::<_, Error>((deleted, service_state::outbox_pause(conn)?.is_some()))
        })
        .await?;
    let deleted: Vec<_> = deleted
        .into_iter()
        .map(|(id, report)| (report, id))
        .collect();
    let mut gone = remove(context, &deleted).await;
    if paused {
        return Ok(gone);
    }
    let before = context.clock.now() - GRACE;
    let mut orphans = Vec::new();
    {
        let objects = context.objects.list().await?;
        let mut batches = objects.chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let batch: Vec<Found> = batch.into_iter().collect::<Result<_, _>>()?;
            let old = batch.into_iter().filter(|found| found.written_at < before);
            orphans.extend(without_row(context, old.map(|found| found.name).collect()).await?);
        }
    }
    for name in orphans {
        context.objects.remove(&name).await?;
        gone += 1;
    }
    let objects = context.objects.clone();
    let swept = tokio::task::spawn_blocking(move || objects.sweep(before)).await;
    let swept = swept.map_err(|e| Error::Internal(e.to_string()))?;
    Ok(gone + swept.map_err(|e| Error::Internal(format!("attachments: {e}")))?)
}

/// Of names that are ours in form, those that no attachment has. Whatever else lies there is left alone.
async fn without_row(context: &Context, names: Vec<String>) -> Result<Vec<String>, Error> {
    let named: Vec<(AttachmentId, String)> = names
        .into_iter()
        .filter_map(|name| {
            let (report, id) = name.split_once('/')?;
            report.parse::<ReportId>().ok()?;
            Some((id.parse().ok()?, name))
        })
        .collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<AttachmentId> = named.iter().map(|(id, _)| *id).collect();
    let kept = context
        .db
        .read(move |conn| Ok::<_, Error>(attachments::kept(conn, &ids)?))
        .await?;
    let orphan = |(id, name): (AttachmentId, String)| (!kept.contains(&id)).then_some(name);
    Ok(named.into_iter().filter_map(orphan).collect())
}
