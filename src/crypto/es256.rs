//! Signing keys: ECDSA on P-256 with SHA-256 (ES256), the only algorithm our tokens are signed with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::crypto::CryptoError;

/// The public part of a key as a JSON Web Key (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    pub kty: String,
    pub crv: String,
    pub x: String,
    pub y: String,
    pub alg: String,
    pub r#use: String,
    pub kid: String,
}

/// A private key in PKCS#8 with its public part.
pub struct SigningKey {
    pkcs8: Vec<u8>,
    public: PublicJwk,
}

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, CryptoError> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| CryptoError("no signing key could be made"))?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a key that `pkcs8` gave; the public part is worked out from the private one, so that nobody can pass off
    /// another.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let unreadable = CryptoError("not a P-256 key in PKCS#8");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|_| unreadable.clone())?;
        // An uncompressed point: 4, x, y.
        let point = pair.public_key().as_ref();
        let (x, y) = match point {
            [4, xy @ ..] if xy.len() == 64 => xy.split_at(32),
            _ => return Err(unreadable),
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let public = PublicJwk {
            kid: thumbprint(&x, &y),
            kty: "EC".into(),
            crv: "P-256".into(),
            alg: "ES256".into(),
            r#use: "sig".into(),
            x,
            y,
        };
        Ok(Self {
            pkcs8: pkcs8.to_vec(),
            public,
        })
    }

    /// The private key, to be sealed.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    pub fn public(&self) -> &PublicJwk {
        &self.public
    }
}

/// A key's name that follows from the key itself (RFC 7638).
fn thumbprint(x: &str, y: &str) -> String {
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_pkcs8() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(key.pkcs8()).unwrap();
        assert_eq!(key.public(), again.public());
        assert_eq!(key.public().kid.len(), 43);
        assert!(SigningKey::from_pkcs8(b"junk").is_err());
    }

    #[test]
    fn the_public_part_holds_nothing_private() {
        let public = serde_json::to_value(SigningKey::generate().unwrap().public()).unwrap();
        let mut names: Vec<&String> = public.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
}
