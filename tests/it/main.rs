//! The integration suite: one binary, run by scripts/test once with TEST_BACKEND=sqlite and once with
//! TEST_BACKEND=postgres. A test starts a `TestApp`, a whole service on a database of its own, and speaks HTTP to it.
//! `harness` checks every response against the OpenAPI document and the rules that hold for all of them, so a test only
//! says what is special about it. One file a capability.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod architecture;
mod attachments;
mod backup;
mod bench;
mod bulk;
mod casework;
mod cli;
mod conversation;
mod deadlines;
mod design_rules;
mod endorsements;
mod experiment_guards;
mod experiment_observations;
mod experiment_readers;
mod experiment_story;
mod experiments;
mod hardening;
mod harness;
mod hostile;
mod identity;
mod import;
mod links;
mod mail;
mod matrix;
mod measures;
mod messages;
mod migrations;
mod nodes;
mod observe;
mod openapi;
mod operate;
mod public_register;
mod reference;
mod reports;
mod routing_rules;
mod samples;
mod saved_searches;
mod search;
mod sharing;
mod similar;
mod simulation;
mod split;
mod standard_texts;
mod statements;
mod statistics;
mod stopping;
mod story;
mod tls;
mod transitions;
mod watchers;
