//! Background work: what goes on without a request.

pub mod counting;
pub mod deadlines;
pub mod outbox;
pub mod reindex;
pub mod tidy;
