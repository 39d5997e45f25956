//! Sealing: AES-256-GCM under a key that is not in the database, so that a stolen database signs no tokens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::CryptoError;

/// A key to seal with.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// A new random key.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| CryptoError("no random bytes to be had"))?;
        Ok(Self(key))
    }

    /// Reads 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        STANDARD
            .decode(text.trim())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(CryptoError("expected 32 bytes in base64"))
    }

    /// The key as `parse` reads it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, CryptoError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0)
            .map_err(|_| CryptoError("the sealing key is unusable"))
    }

    /// Seals under a random nonce, which leads the result. `name` is bound to it: what is sealed under one name does not
    /// open under another.
    pub fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut text = plain.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut text)
            .map_err(|_| CryptoError("sealing failed"))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what `seal` made.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = CryptoError("sealed with another key, or altered");
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(wrong.clone())?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong.clone())?;
        let mut text = text.to_vec();
        let plain = self
            .cipher()?
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text)
            .map_err(|_| wrong)?;
        Ok(plain.to_vec())
    }
}

/// The key to seal with, and those that what was sealed before may need to be opened: so that a sealing key can be
/// replaced while everything goes on.
#[derive(Clone)]
pub struct SealKeys {
    first: SealKey,
    others: Vec<SealKey>,
}

impl SealKeys {
    /// Reads keys separated by commas or white space; the first seals.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let mut keys = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .map(SealKey::parse);
        let first = keys
            .next()
            .unwrap_or(Err(CryptoError("expected 32 bytes in base64")))?;
        Ok(Self {
            first,
            others: keys.collect::<Result<_, _>>()?,
        })
    }

    pub fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.first.seal(name, plain)
    }

    /// Opens what any of the keys sealed.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let first = self.first.open(name, sealed);
        self.others.iter().fold(first, |opened, key| {
            opened.or_else(|_| key.open(name, sealed))
        })
    }

    /// The key to seal with and the others.
    pub fn all(&self) -> impl Iterator<Item = &SealKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether the key to seal with opens it, so that no other is needed.
    pub fn is_current(&self, name: &str, sealed: &[u8]) -> bool {
        self.first.open(name, sealed).is_ok()
    }
}

impl From<SealKey> for SealKeys {
    fn from(first: SealKey) -> Self {
        Self {
            first,
            others: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_same_key_name_and_bytes() {
        let key = SealKey::generate().unwrap();
        let sealed = key.seal("a", b"secret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), b"secret");
        assert!(key.open("b", &sealed).is_err());
        assert!(SealKey::generate().unwrap().open("a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open("a", &altered).is_err(), "byte {at}");
        }
        assert!(key.open("a", &sealed[..5]).is_err());
        // The nonce is random: the same text never looks the same.
        assert_ne!(sealed, key.seal("a", b"secret").unwrap());
    }

    #[test]
    fn keys_are_read_back_and_wrong_ones_refused() {
        let key = SealKey::generate().unwrap();
        let again = SealKey::parse(&format!("{}\n", key.to_base64())).unwrap();
        assert_eq!(key.0, again.0);
        for wrong in ["", "abc", "AAAA", "not base64 at all"] {
            assert!(SealKey::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_first_of_several_seals_and_all_open() {
        let (old, new) = (SealKey::generate().unwrap(), SealKey::generate().unwrap());
        let before = old.seal("a", b"secret").unwrap();
        let both = SealKeys::parse(&format!("{},\n{}", new.to_base64(), old.to_base64())).unwrap();
        assert_eq!(both.open("a", &before).unwrap(), b"secret");
        assert!(!both.is_current("a", &before));
        let after = both.seal("a", b"secret").unwrap();
        assert!(both.is_current("a", &after) && old.open("a", &after).is_err());
        assert!(SealKeys::from(new).open("a", &before).is_err());
        assert!(SealKeys::parse(" , ").is_err());
        assert!(SealKeys::parse(&format!("{},x", old.to_base64())).is_err());
    }
}
