//! Watches deadlines: raises what nears its end or is over; and the routing rules whose authority has ended.

use std::time::Duration;

use crate::services::{Context, deadlines, experiment_alerts, routing_alerts};

/// How often. A term ends at midnight; nobody has to know within the minute.
const EVERY: Duration = Duration::from_secs(60);

/// Goes on until it is dropped. Several nodes may do it at once: each alert is raised once.
pub async fn run(context: Context) {
    loop {
        match deadlines::raise_due(&context).await {
            Ok(round) if round.raised > 0 => {
                context.bell.ring();
                tracing::info!(raised = round.raised, "raised alerts about deadlines");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(
                    ?error,
                    "watching deadlines failed; the next round tries again"
                );
            }
        }
        match experiment_alerts::raise(&context).await {
            Ok(0) => {}
            Ok(raised) => {
                context.bell.ring();
                tracing::info!(raised, "raised alerts about experiments");
            }
            Err(error) => {
                tracing::warn!(
                    ?error,
                    "watching experiments failed; the next round tries again"
                );
            }
        }
        match routing_alerts::raise(&context).await {
            Ok(0) => {}
            Ok(rules) => {
                context.bell.ring();
                tracing::warn!(rules, "routing rules name an organisation that has ended");
            }
            Err(error) => {
                tracing::warn!(?error, "watching rules failed; the next round tries again");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
