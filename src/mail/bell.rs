//! Wakes the worker that delivers mail, so that a lone notice leaves at once and not at the next look.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rung by whoever queued something, after its transaction; waited for by the worker. A ring that nobody waits for is
/// kept until somebody does. Nothing is lost without it: the worker looks by itself as well.
#[derive(Clone, Default)]
pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    pub fn ring(&self) {
        let (rung, waiting) = &*self.0;
        *rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        waiting.notify_one();
    }

    /// Waits until the bell rings, at most this long.
    pub fn wait(&self, at_most: Duration) {
        let (rung, waiting) = &*self.0;
        let guard = rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut guard, _) = waiting
            .wait_timeout_while(guard, at_most, |rung| !*rung)
            .unwrap_or_else(PoisonError::into_inner);
        *guard = false;
    }
}
