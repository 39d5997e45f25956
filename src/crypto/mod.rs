//! Secrets: random tokens, hashes, sealing, signing keys. Knows neither the database nor HTTP; nothing here is logged.

pub mod es256;
pub mod password;
pub mod seal;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{constant_time, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A cryptographic step failed; the text names the step, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CryptoError(pub &'static str);

/// A token or secret of 256 random bits in base64url: 43 characters that fit in a URL, a header and a form.
pub fn random_token() -> Result<String, CryptoError> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).map_err(|_| CryptoError("no random bytes to be had"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 in hexadecimal. Enough for what `random_token` makes: nobody guesses 256 bits, so a slow hash would only cost.
/// A password goes through `password`.
pub fn sha256_hex(data: &[u8]) -> String {
    use std::fmt::Write;
    digest(&SHA256, data)
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Whether two secrets are equal, in a time that does not tell where they differ.
pub fn same(a: &str, b: &str) -> bool {
    constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (random_token().unwrap(), random_token().unwrap());
        assert_eq!(a.len(), 43);
        assert_ne!(a, b);
        assert!(
            a.bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
        );
    }

    #[test]
    fn hashes_as_the_standard_says() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd"));
        assert!(!same("abc", "abcd"));
    }
}
