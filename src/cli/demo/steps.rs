//! What a step of the past is.

use serde::Deserialize;
use serde_json::Value;

/// One step of long ago.
#[derive(Deserialize)]
pub struct Step {
    /// How many days ago, below zero.
    pub day: i64,
    /// Address of who does it.
    pub by: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum What {
    /// Hands in a report, known by this name from then on.
    Report {
        report: String,
        with: Value,
    },
    Propose {
        propose: String,
        with: Value,
    },
    Plan {
        plan: String,
        with: Value,
    },
    /// Enters lines of indicator, participant, day, value and perhaps a note.
    Sheet {
        sheet: String,
        with: Vec<Vec<Value>>,
    },
    Milestone {
        milestone: String,
        with: String,
    },
    /// Tells how far the implementation of a report is.
    News {
        of: String,
        news: String,
    },
    /// Says to have the obstacle of a report that is released as well.
    Endorse {
        endorse: String,
        with: String,
    },
    /// Makes a transition of a report or an experiment.
    Act {
        of: String,
        act: Value,
    },
}
