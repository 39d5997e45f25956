//! The one source of the time. Rules get it passed in; only this module asks the machine.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// Tells the time. A trait so that tests can move it; the machine's clock is never set.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock, to the microsecond: what both databases keep.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        chrono::SubsecRound::trunc_subsecs(now, 6)
    }
}
