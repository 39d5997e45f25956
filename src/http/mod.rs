//! The API: actix-web. One file a resource, with its handlers and their request and response types side by side.
//!
//! A handler is short: extract, call one use case inside `ctx.db.read` or `ctx.db.write`, turn the outcome into a response.
//! - `auth::Auth` proves who calls; a use case cannot be called without the `Actor` inside. `auth::Granted<S>` also checks a
//!   scope of the token.
//! - `body::Body<T>` and `query::Query<T>` check the request against the schema in the OpenAPI document and name every
//!   faulty field at once; past them values only need checks that take data.
//! - `conditional` does ETag and If-Match, `idempotency` the Idempotency-Key, `paging` cursors and `Link`.
//! - An error is a `services::Error`; `problem` alone turns it into a response. Return it, never build one.

pub mod access_log;
pub mod address;
pub mod api;
pub mod attachments;
pub mod audit_events;
pub mod auth;
pub mod body;
pub mod bulk;
pub mod chain;
mod chart;
pub mod claim;
pub mod clients;
pub mod clocks;
pub mod conditional;
pub mod deadline_profiles;
pub mod demo_mail;
pub mod endorsements;
pub mod envelope;
pub mod events;
pub mod experiment_input;
pub mod experiment_page;
pub mod experiment_views;
pub mod experiments;
pub mod feed;
pub mod gate;
pub mod health;
pub mod history;
pub mod idempotency;
pub mod json;
pub mod limits;
pub mod links;
pub mod me;
mod measures;
pub mod messages;
pub mod metrics;
pub mod municipalities;
pub mod notices;
pub mod observations;
pub mod observe;
pub mod openapi;
pub mod organisation_ref;
pub mod organisations;
pub mod paging;
pub mod password_page;
pub mod people;
pub mod policy_domains;
pub mod problem;
pub mod problems_page;
pub mod program;
pub mod provinces;
pub mod public_catalogue;
pub mod public_experiments;
pub mod public_reports;
pub mod query;
pub mod record;
pub mod reference;
pub mod regions;
pub mod regulation_input;
pub mod regulations;
pub mod report_input;
pub mod report_messages;
pub mod report_parts;
pub mod report_views;
pub mod reports;
pub mod router;
pub mod routing;
pub mod routing_proposals;
pub mod routing_rules;
pub mod routing_simulations;
pub mod rule_version;
pub mod said;
pub mod saved_searches;
pub mod schema;
mod security_txt;
pub mod sessions;
mod settlement;
mod shared_reports;
mod sheet;
pub mod similar;
#[cfg(feature = "otel")]
pub mod spans;
pub mod split;
pub mod standard_texts;
pub mod statistics;
pub mod strict;
pub mod successions;
pub mod tokens;
pub mod trace;
pub mod transitions;
pub mod watchers;
