//! Counts what changed, so that who reads figures need not wait for it.

use std::time::Duration;

use crate::services::Context;
use crate::services::counting::{self, BATCH};

/// Between two batches others write.
const BREATH: Duration = Duration::from_millis(20);
/// When nothing is left.
const EVERY: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_secs(30);

/// Goes on until it is dropped. Several nodes may do it at once.
pub async fn run(context: Context) {
    let all = usize::try_from(BATCH).unwrap_or(usize::MAX);
    loop {
        let of_it = context.clone();
        let counted = tokio::task::spawn_blocking(move || counting::round(&of_it, BATCH)).await;
        let wait = match counted {
            Ok(Ok(seen)) if seen < all => EVERY,
            Ok(Ok(_)) => BREATH,
            error => {
                tracing::warn!(?error, "counting failed; it goes on in half a minute");
                AGAIN
            }
        };
        tokio::time::sleep(wait).await;
    }
}
