//! Every line of SQL. One file an aggregate; `db` is the only one that knows there are two databases. Functions take a
//! connection and return domain types.

pub mod db;
pub mod events;
pub mod idempotency;
pub mod outbox;
pub mod recipients;
pub mod reports;
pub mod schema;
#[cfg(test)]
pub mod testing;
pub mod types;
