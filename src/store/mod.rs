//! Every line of SQL. One file an aggregate; `db` is the only one that knows there are two databases. Functions take a
//! connection and return domain types.

pub mod any_of;
pub mod attachments;
pub mod bulk;
pub mod checkup;
pub mod connection;
pub mod db;
pub mod deadline_profiles;
pub mod endorsements;
pub mod events;
pub mod figures;
pub mod idempotency;
pub mod keys;
pub mod listing;
pub mod messages;
pub mod organisations;
pub mod outbox;
pub mod places;
pub mod policy_domains;
pub mod principals;
pub mod recipients;
pub mod reference_loads;
pub mod regions;
pub mod register;
pub mod regulations;
pub mod reindex;
pub mod report_links;
pub mod reports;
pub mod routing_knowledge;
pub mod routing_outcomes;
pub mod routing_proposals;
pub mod routing_rules;
pub mod savepoint;
pub mod schema;
pub mod search;
pub mod server;
pub mod service_state;
pub mod sessions;
pub mod shared_reports;
mod shared_versions;
pub mod snapshot;
pub mod standard_texts;
#[cfg(test)]
pub mod testing;
pub mod types;
pub mod watchers;
mod writer;
