//! Passwords: hashed off the async threads, as many at a time as there are cores, the rest in a queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::crypto::password;
use crate::domain::invalid::FieldError;
use crate::services::Error;

/// Longer than any honest queue; whoever waits longer is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may wait for each core; whoever comes after is told at once.
const QUEUE: usize = 32;

pub const SHORTEST: usize = 12;
pub const LONGEST: usize = 128;

/// Hashes and checks passwords.
pub struct Passwords {
    memory: u32,
    turns: Arc<Semaphore>,
    /// Places in the queue and at work together.
    places: Arc<Semaphore>,
    /// Passwords hashed or checked so far.
    worked: AtomicU64,
    /// What the password of an unknown account is checked against, so that it takes as long as that of a known one.
    nobody: String,
}

impl Passwords {
    /// `memory` is what one hash takes, in KiB.
    pub fn new(memory: u32) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            memory,
            turns: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores * (QUEUE + 1))),
            worked: AtomicU64::new(0),
            nobody: password::unmatched(memory),
        }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        let memory = self.memory;
        self.work(move || password::hash(&password, memory))
            .await?
            .map_err(Error::from)
    }

    /// Whether this is the password of a hash; without one it never is, after as much work.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        Ok(self
            .work(move || password::verify(&password, &hash))
            .await?
            && known)
    }

    /// Whether a hash is to be made again with the parameters in force.
    pub fn outdated(&self, hash: &str) -> bool {
        password::outdated(hash, self.memory)
    }

    /// How many passwords were hashed or checked: the same for an unknown account as for a known one.
    pub fn worked(&self) -> u64 {
        self.worked.load(Ordering::Relaxed)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || Error::Busy("too many passwords at once".into());
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(|_| Error::Internal("the queue of passwords is closed".into()))?;
        self.worked.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when whoever asked has gone.
            let _held = (turn, place);
            work()
        })
        .await
        .map_err(|cut| Error::Internal(format!("password work was cut off: {cut}")))
    }
}

/// What is wrong with a new password: its length counts, its composition does not, and it is not what everybody knows
/// about its owner.
pub fn faults(password: &str, name: &str, email: Option<&str>) -> Vec<FieldError> {
    let length = password.chars().count();
    if length < SHORTEST {
        return vec![FieldError::new("/password", "too_short").with("limit", SHORTEST)];
    }
    if length > LONGEST {
        return vec![FieldError::new("/password", "too_long").with("limit", LONGEST)];
    }
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let given = plain(password);
    let local = email.and_then(|email| email.split('@').next());
    let known = [Some(name), email, local];
    if known
        .into_iter()
        .flatten()
        .any(|known| plain(known) == given)
    {
        return vec![FieldError::new("/password", "password_too_simple")];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_what_is_known_is_refused() {
        let code = |password: &str| {
            faults(
                password,
                "Jan van der Berg",
                Some("j.vanderberg@delft.example"),
            )
            .first()
            .map(|fault| fault.code)
        };
        assert_eq!(code("elf tekens."), Some("too_short"));
        assert_eq!(code("twaalf teken"), None);
        assert_eq!(code("éééééééééééé"), None, "characters count, not bytes");
        assert_eq!(code(&"x".repeat(129)), Some("too_long"));
        assert_eq!(code("jan VAN der berg"), Some("password_too_simple"));
        assert_eq!(code("J.vanderBerg"), Some("password_too_simple"));
        assert_eq!(
            code("J.vanderBerg@delft.example"),
            Some("password_too_simple")
        );
    }

    #[actix_web::test]
    async fn the_queue_is_bounded_and_whoever_comes_too_late_is_told_at_once() {
        let passwords = Passwords::new(64);
        let _at_work = passwords
            .turns
            .clone()
            .acquire_many_owned(u32::try_from(passwords.turns.available_permits()).unwrap())
            .await
            .unwrap();
        let _in_queue = passwords
            .places
            .clone()
            .acquire_many_owned(u32::try_from(passwords.places.available_permits()).unwrap())
            .await
            .unwrap();
        let late = passwords.verify("correct horse battery".into(), None).await;
        assert!(matches!(late, Err(Error::Busy(_))));
        assert_eq!(passwords.worked(), 0);
    }

    #[actix_web::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::new(64);
        let hash = passwords
            .hash("correct horse battery".into())
            .await
            .unwrap();
        assert!(
            passwords
                .verify("correct horse battery".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("another one altogether".into(), Some(hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horse battery".into(), None)
                .await
                .unwrap()
        );
    }
}
