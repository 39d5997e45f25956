//! The life of a signing key: announced, signing, replaced, retired. It follows from instants alone, so that every node
//! comes to the same answer at the same time without a word between them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::code::code_list;

/// A new key is published for so long before it signs. Nodes look for changes every minute, and who checks our tokens may
/// keep the list of keys for five.
pub const ANNOUNCED: TimeDelta = TimeDelta::minutes(15);

/// A replaced key verifies for as long as the longest token it can have signed (an hour), and as another node may go on
/// signing before it hears of a hasty rotation.
const REPLACED_VERIFIES: TimeDelta = TimeDelta::hours(2);

code_list! {
    /// Where a signing key stands.
    pub enum KeyState {
        /// Published, and not signing yet.
        Announced = "announced",
        Signing = "signing",
        /// Another signs; what this one signed is accepted until it has lapsed.
        Replaced = "replaced",
        /// Nothing it signed is accepted any more.
        Retired = "retired",
    }
}

/// The instants of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLife {
    pub signs_from: DateTime<Utc>,
    /// Ended by an operator, or because its time was over.
    pub retired_at: Option<DateTime<Utc>>,
}

impl KeyLife {
    fn lives(&self, now: DateTime<Utc>) -> bool {
        self.retired_at.is_none_or(|at| at > now)
    }
}

/// The key that signs: of those that live and have begun, the last that began; before any has begun, the first that will.
/// Keys are in the order in which they begin; of two that begin together, the later in the list is the later.
pub fn signer(keys: &[KeyLife], now: DateTime<Utc>) -> Option<usize> {
    let living = || keys.iter().enumerate().filter(|(_, key)| key.lives(now));
    living()
        .filter(|(_, key)| key.signs_from <= now)
        .max_by_key(|(_, key)| key.signs_from)
        .or_else(|| living().min_by_key(|(_, key)| key.signs_from))
        .map(|(at, _)| at)
}

/// Until when what a key signed is accepted; none while no end is in sight.
pub fn accepted_until(keys: &[KeyLife], at: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let key = keys.get(at)?;
    let replaced = keys
        .iter()
        .enumerate()
        .filter(|(other, next)| next.lives(now) && (next.signs_from, *other) > (key.signs_from, at))
        .map(|(_, next)| next.signs_from + REPLACED_VERIFIES)
        .min();
    [key.retired_at, replaced].into_iter().flatten().min()
}

/// Where a key stands.
pub fn state(keys: &[KeyLife], at: usize, now: DateTime<Utc>) -> KeyState {
    if accepted_until(keys, at, now).is_some_and(|until| until <= now) {
        KeyState::Retired
    } else if signer(keys, now) == Some(at) {
        KeyState::Signing
    } else if keys.get(at).is_some_and(|key| key.signs_from > now) {
        KeyState::Announced
    } else {
        KeyState::Replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn key(from: i64, retired: Option<i64>) -> KeyLife {
        KeyLife {
            signs_from: at(from),
            retired_at: retired.map(at),
        }
    }

    fn states(keys: &[KeyLife], minute: i64) -> Vec<KeyState> {
        (0..keys.len())
            .map(|n| state(keys, n, at(minute)))
            .collect()
    }

    #[test]
    fn a_rotation_walks_through_its_states_by_the_clock() {
        use KeyState::*;
        let keys = [key(0, None), key(100, None)];
        assert_eq!(states(&keys, 99), [Signing, Announced]);
        assert_eq!(states(&keys, 100), [Replaced, Signing]);
        assert_eq!(states(&keys, 219), [Replaced, Signing]);
        assert_eq!(states(&keys, 220), [Retired, Signing]);
        assert_eq!(accepted_until(&keys, 0, at(50)), Some(at(220)));
        assert_eq!(accepted_until(&keys, 1, at(50)), None);
    }

    #[test]
    fn one_key_always_signs_while_any_lives() {
        use KeyState::*;
        // The announced key is taken back: the old one goes on as if nothing was.
        let cancelled = [key(0, None), key(100, Some(60))];
        assert_eq!(states(&cancelled, 70), [Signing, Retired]);
        assert_eq!(states(&cancelled, 900), [Signing, Retired]);
        // The old one is ended at once: the announced one does not wait for its time.
        let hasty = [key(0, Some(60)), key(100, None)];
        assert_eq!(states(&hasty, 59), [Signing, Announced]);
        assert_eq!(states(&hasty, 60), [Retired, Signing]);
        // Two rotations at once, or one after another.
        let three = [key(0, None), key(100, None), key(101, None)];
        assert_eq!(states(&three, 100), [Replaced, Signing, Announced]);
        assert_eq!(states(&three, 101), [Replaced, Replaced, Signing]);
        assert_eq!(states(&three, 221), [Retired, Retired, Signing]);
        assert_eq!(signer(&[], at(0)), None);
        assert_eq!(signer(&[key(0, Some(1))], at(2)), None);
    }
}
