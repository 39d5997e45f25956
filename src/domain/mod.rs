//! Pure rules: no I/O, no clock, no SQL, no HTTP. Whatever a rule needs is passed in.

pub mod ability;
pub mod actor;
pub mod article;
pub mod calendar;
pub mod citation;
pub mod clocks;
pub mod code;
pub mod deadline;
pub mod event;
pub mod id;
pub mod identifier;
pub mod invalid;
pub mod key_life;
pub mod message;
pub mod notice;
pub mod organisation;
pub mod place;
pub mod policy;
pub mod publication;
pub mod register;
pub mod regulation;
pub mod report;
pub mod routing;
pub mod status;
pub mod workflow;
