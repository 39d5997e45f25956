//! Meldpunt: the ticketing service of the Dutch reporting point for obstructive regulation.
//!
//! The rooms, from the ground up; a file imports only from its own room and from those above it in this list:
//! `domain` (pure rules), `reference` (embedded facts), `clock`, `crypto` (secrets), `config`, `audit` (who did what),
//! `metrics` (what is counted), `store` (SQL), `objects` (the bytes of attachments), `mail` (texts
//! and transports), `services` (use cases), `http` (the API), `worker` (background work), `app` (puts the parts together), `cli`.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod mail;
pub mod metrics;
pub mod objects;
pub mod reference;
pub mod services;
pub mod store;
pub mod worker;
