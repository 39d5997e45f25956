//! Counts against floods, in the memory of this node: each key has a bucket that fills by what it does and drips empty with
//! time. However many keys come by, the memory is bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Keys that are kept at most: some megabytes.
const MOST_KEYS: usize = 50_000;

/// How a bucket stands after a request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub limit: u32,
    pub remaining: u32,
    /// Until the bucket is empty again.
    pub reset: Duration,
}

/// Buckets of one size: `burst` at once, then one every `every` (the generic cell rate algorithm: one instant a key).
pub struct Buckets<K> {
    burst: u32,
    every: Duration,
    /// When the bucket of a key will be empty.
    empty_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    pub fn new(burst: u32, every: Duration) -> Self {
        Self {
            burst,
            every,
            empty_at: Mutex::default(),
        }
    }

    /// So many a minute, and so many at once after a quiet minute.
    pub fn per_minute(count: u32) -> Self {
        Self::new(count, Duration::from_secs(60) / count.max(1))
    }

    /// Puts one in the bucket of a key; how long to wait when it is full.
    pub fn take(&self, key: K, now: Instant) -> Result<Left, Duration> {
        let whole = self.every * self.burst;
        let mut kept = self.lock();
        let empty_at = kept.get(&key).map_or(now, |at| (*at).max(now)) + self.every;
        let filled = empty_at - now;
        if filled > whole {
            return Err(filled - whole);
        }
        if kept.len() >= MOST_KEYS && !kept.contains_key(&key) {
            make_room(&mut kept, now);
        }
        kept.insert(key, empty_at);
        let spare = (whole - filled).as_nanos() / self.every.as_nanos().max(1);
        Ok(Left {
            limit: self.burst,
            remaining: u32::try_from(spare).unwrap_or(self.burst),
            reset: filled,
        })
    }

    /// Takes one out again: it was not what is counted.
    pub fn give_back(&self, key: K) {
        if let Some(at) = self.lock().get_mut(&key) {
            *at = at.checked_sub(self.every).unwrap_or(*at);
        }
    }

    /// Whether there is anything in the bucket of a key.
    pub fn holds(&self, key: K, now: Instant) -> bool {
        self.lock().get(&key).is_some_and(|at| *at > now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        // A panic while it was held leaves a map that is whole.
        self.empty_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the empty buckets; when that is not enough, the emptier half: the worst offenders stay.
fn make_room<K: Copy + Eq + Hash>(kept: &mut HashMap<K, Instant>, now: Instant) {
    kept.retain(|_, at| *at > now);
    if kept.len() >= MOST_KEYS {
        let mut all: Vec<Instant> = kept.values().copied().collect();
        let (_, middle, _) = all.select_nth_unstable(MOST_KEYS / 2);
        let middle = *middle;
        kept.retain(|_, at| *at > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn so_many_at_once_and_then_one_at_a_time() {
        let buckets = Buckets::new(3, 10 * SECOND);
        let start = Instant::now();
        let left = |taken: Result<Left, Duration>| taken.map(|left| left.remaining);
        assert_eq!(left(buckets.take("a", start)), Ok(2));
        assert_eq!(left(buckets.take("a", start)), Ok(1));
        assert_eq!(left(buckets.take("a", start)), Ok(0));
        assert_eq!(buckets.take("a", start), Err(10 * SECOND));
        assert_eq!(left(buckets.take("b", start)), Ok(2), "each key for itself");
        assert_eq!(buckets.take("a", start + 4 * SECOND), Err(6 * SECOND));
        assert_eq!(left(buckets.take("a", start + 10 * SECOND)), Ok(0));
        assert_eq!(left(buckets.take("a", start + 60 * SECOND)), Ok(2));
    }

    #[test]
    fn what_is_given_back_was_never_taken() {
        let buckets = Buckets::new(1, 10 * SECOND);
        let start = Instant::now();
        for _ in 0..5 {
            assert!(buckets.take(1, start).is_ok());
            assert!(buckets.holds(1, start));
            buckets.give_back(1);
            assert!(!buckets.holds(1, start));
        }
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_and_frees_no_offender() {
        let buckets = Buckets::new(5, SECOND);
        let now = Instant::now();
        for _ in 0..5 {
            assert!(buckets.take(0, now).is_ok());
        }
        for key in 1..3 * MOST_KEYS {
            assert!(buckets.take(key, now).is_ok());
        }
        assert!(buckets.lock().len() <= MOST_KEYS);
        assert!(buckets.take(0, now).is_err(), "still full");
    }
}
