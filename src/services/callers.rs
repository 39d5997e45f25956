//! Whoever called a moment ago, so that a busy caller is not looked up for each of its requests. What is known of a caller
//! is good for half a second; a change of people, clients, sign-ins or organisations on this node ends it at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::crypto::sha256_hex;
use crate::domain::actor::Actor;
use crate::services::{Context, Error, sign_in};

/// A change on another node counts here after this long at most.
const A_MOMENT: Duration = Duration::from_millis(500);
/// Callers that are remembered at most.
const MOST: usize = 10_000;

struct Seen {
    actor: Arc<Actor>,
    /// By the machine's uptime and by the clock: neither may have gone on for longer than a moment.
    at: Instant,
    clock: DateTime<Utc>,
    token_lapses: DateTime<Utc>,
}

impl Seen {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        let moment = TimeDelta::from_std(A_MOMENT).unwrap_or_default();
        self.at.elapsed() < A_MOMENT
            && (TimeDelta::zero()..moment).contains(&(now - self.clock))
            && now < self.token_lapses
    }
}

#[derive(Default)]
struct Memory {
    /// By the hash of the token.
    seen: HashMap<String, Seen>,
    /// Counts how often all was forgotten.
    forgotten: u64,
}

/// See the module.
#[derive(Default)]
pub struct Callers(Mutex<Memory>);

impl Callers {
    /// Who a token stands for.
    ///
    /// # Errors
    /// `Unauthenticated` with what is wrong with the token.
    pub async fn of(&self, context: &Context, token: &str) -> Result<Arc<Actor>, Error> {
        let now = context.clock.now();
        let key = sha256_hex(token.as_bytes());
        let forgotten = {
            let memory = self.memory();
            match memory.seen.get(&key).filter(|seen| seen.is_fresh(now)) {
                Some(seen) => return Ok(seen.actor.clone()),
                None => memory.forgotten,
            }
        };
        let (actor, token_lapses) = sign_in::authenticate(context, token).await?;
        let actor = Arc::new(actor);
        let mut memory = self.memory();
        // What was read before somebody changed it is not worth remembering.
        if memory.forgotten == forgotten {
            if memory.seen.len() >= MOST {
                memory.seen.retain(|_, seen| seen.is_fresh(now));
            }
            if memory.seen.len() < MOST {
                let seen = Seen {
                    actor: actor.clone(),
                    at: Instant::now(),
                    clock: now,
                    token_lapses,
                };
                memory.seen.insert(key, seen);
            }
        }
        Ok(actor)
    }

    /// Forgets all: something about them may have changed.
    pub fn forget(&self) {
        let mut memory = self.memory();
        memory.forgotten += 1;
        memory.seen.clear();
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
