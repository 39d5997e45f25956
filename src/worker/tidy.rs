//! Throws away what has served: sign-ins long over, answers of idempotent requests past their day, signing
//! keys whose last token has lapsed, the bytes of attachments that nothing names.

use std::time::Duration;

use crate::services::keys::rotation;
use crate::services::{Context, Error, attachments, idempotency, sign_in};

/// How often.
const EVERY: Duration = Duration::from_secs(3600);

/// Goes on until it is dropped. Several nodes may do it at once: the same rows go once.
pub async fn run(context: Context) {
    loop {
        tokio::time::sleep(EVERY).await;
        match round(&context).await {
            Ok((sessions, answers)) => tracing::debug!(sessions, answers, "tidied"),
            Err(error) => tracing::warn!(?error, "tidying failed; the next round tries again"),
        }
        match attachments::tidy::round(&context).await {
            Ok(gone) => tracing::debug!(gone, "attachments tidied"),
            Err(error) => tracing::warn!(
                ?error,
                "tidying of attachments failed; the next round tries again"
            ),
        }
    }
}

/// One round; how many sign-ins and how many saved answers went.
pub async fn round(context: &Context) -> Result<(usize, usize), Error> {
    let now = context.clock.now();
    context
        .db
        .write(move |conn| {
            rotation::retire_lapsed(conn, now)?;
            Ok((sign_in::tidy(conn, now)?, idempotency::tidy(conn, now)?))
        })
        .await
}
