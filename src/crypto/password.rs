//! Passwords: argon2id, two passes, one lane; the memory is a setting. The calls take long and run off the async threads.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::crypto::CryptoError;

const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes a password with a random salt; the result names its own parameters (a PHC string).
pub fn hash(password: &str, memory: u32) -> Result<String, CryptoError> {
    let failed = CryptoError("hashing a password failed");
    let params = Params::new(memory, PASSES, LANES, None).map_err(|_| failed.clone())?;
    let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(password.as_bytes())
        .map_err(|_| failed)?;
    Ok(hash.to_string())
}

/// Whether this is the password of a hash, worked out with the parameters that the hash names.
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// A hash that no password has, of the same parameters: checking against it takes as long as against any other.
pub fn unmatched(memory: u32) -> String {
    let (salt, output) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={memory},t={PASSES},p={LANES}${salt}${output}")
}

/// Whether a hash was made with other parameters than those in force.
pub fn outdated(hash: &str, memory: u32) -> bool {
    !hash.starts_with(&format!("$argon2id$v=19$m={memory},t={PASSES},p={LANES}$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_right() {
        let hash = hash("correct horse battery", 64).unwrap();
        assert!(verify("correct horse battery", &hash));
        assert!(!verify("correct horse batter", &hash));
        assert!(!verify("", &hash));
        assert!(!verify("correct horse battery", "no hash"));
        assert!(!outdated(&hash, 64));
        assert!(outdated(&hash, 128));
    }

    #[test]
    fn the_unmatched_hash_is_worked_on_and_matches_nothing() {
        let nobody = unmatched(64);
        assert!(PasswordHash::new(&nobody).is_ok());
        assert!(!outdated(&nobody, 64));
        assert!(!verify("", &nobody));
        assert!(!verify("correct horse battery", &nobody));
    }

    #[test]
    fn equal_passwords_have_different_hashes() {
        assert_ne!(hash("the same one", 64), hash("the same one", 64));
    }
}
