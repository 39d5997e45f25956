use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Command, FromArgMatches};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::*;
use crate::crypto::es256::SigningKey;

const NOW: i64 = 1_795_000_000;

fn settings() -> Settings {
    let given = ["test", "--public-url", "https://meldpunt.example"];
    let matches = Settings::augment_args(Command::new("test")).get_matches_from(given);
    Settings::from_arg_matches(&matches).unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

struct Keys {
    private: SigningKey,
    ours: Key,
}

fn keys() -> Keys {
    let private = SigningKey::generate().unwrap();
    let ours = Key::new(&private).unwrap();
    Keys { private, ours }
}

fn good_header(keys: &Keys) -> Value {
    json!({ "typ": "at+jwt", "alg": "ES256", "kid": keys.ours.public.kid })
}

fn good_claims() -> Value {
    json!({
        "iss": "https://meldpunt.example", "aud": "https://meldpunt.example/v1",
        "sub": PrincipalId::new().to_string(), "sid": SessionId::new().to_string(),
        "exp": NOW + 900, "nbf": NOW, "iat": NOW, "jti": Uuid::now_v7().to_string(),
        "client_id": "meldpunt", "scope": "reports:read",
    })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token whose header and claims are whatever the attacker likes, signed ES256 with a key.
fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.pkcs8()).unwrap();
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// As the sign-in does: the header first, then the key of that name.
fn verdict(keys: &Keys, token: &str) -> Result<Claims, Error> {
    let kid = key_name(token)?;
    if kid != keys.ours.public.kid {
        return Err(Error::Unauthenticated("token_invalid"));
    }
    check(&settings(), &keys.ours, token, now())
}

fn code(keys: &Keys, token: &str) -> &'static str {
    match verdict(keys, token) {
        Ok(_) => "accepted",
        Err(Error::Unauthenticated(code)) => code,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_is_issued_is_accepted() {
    let keys = keys();
    let subject = Subject {
        principal: PrincipalId::new(),
        session: Some(SessionId::new()),
        generation: 0,
        scopes: &[Scope::ReportsRead, Scope::Triage],
        expires_at: now() + chrono::TimeDelta::minutes(15),
    };
    let token = issue(&settings(), &keys.ours, &subject, now()).unwrap();
    let claims = verdict(&keys, &token).unwrap();
    assert_eq!(claims.sub, subject.principal);
    assert_eq!(claims.sid, subject.session);
    assert_eq!(claims.client_id, PEOPLE);
    assert_eq!(claims.scope, "reports:read triage");
    assert_eq!(claims.exp, NOW + 900);
    assert_eq!(read_scopes(&claims.scope).unwrap(), subject.scopes);

    let machine = Subject {
        session: None,
        ..subject
    };
    let token = issue(&settings(), &keys.ours, &machine, now()).unwrap();
    let claims = verdict(&keys, &token).unwrap();
    assert_eq!(claims.client_id, machine.principal.to_string());
    assert_eq!(claims.sid, None);
}

#[test]
fn a_token_made_by_hand_is_accepted_when_all_is_right() {
    let keys = keys();
    assert_eq!(
        code(
            &keys,
            &signed(&keys.private, &good_header(&keys), &good_claims())
        ),
        "accepted"
    );
    let long_type = with(good_header(&keys), "typ", json!("application/AT+JWT"));
    assert_eq!(
        code(&keys, &signed(&keys.private, &long_type, &good_claims())),
        "accepted"
    );
}

fn with(mut value: Value, name: &str, new: Value) -> Value {
    value[name] = new;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

#[test]
fn wrong_claims_are_refused() {
    let keys = keys();
    let table = [
        ("iss", json!("https://evil.example"), "token_invalid"),
        ("iss", json!("https://meldpunt.example/"), "token_invalid"),
        ("iss", json!(["https://meldpunt.example"]), "token_invalid"),
        ("aud", json!("https://meldpunt.example"), "token_invalid"),
        ("aud", json!("https://other.example/v1"), "token_invalid"),
        ("aud", json!([]), "token_invalid"),
        ("exp", json!(NOW - 5), "token_expired"),
        ("exp", json!(NOW - 4), "accepted"),
        ("exp", json!(0), "token_expired"),
        ("exp", json!("9999999999"), "token_invalid"),
        ("exp", json!(null), "token_invalid"),
        ("exp", json!(i64::MIN), "token_invalid"),
        ("nbf", json!(NOW + 5), "accepted"),
        ("nbf", json!(NOW + 6), "token_invalid"),
        ("iat", json!(NOW + 6), "token_invalid"),
        ("sub", json!("admin"), "token_invalid"),
        ("sub", json!(""), "token_invalid"),
        ("sid", json!("x"), "token_invalid"),
    ];
    for (name, value, expected) in table {
        let claims = with(good_claims(), name, value.clone());
        let token = signed(&keys.private, &good_header(&keys), &claims);
        assert_eq!(code(&keys, &token), expected, "{name} = {value}");
    }
    for name in [
        "iss",
        "aud",
        "exp",
        "nbf",
        "iat",
        "sub",
        "jti",
        "client_id",
        "scope",
    ] {
        let token = signed(
            &keys.private,
            &good_header(&keys),
            &without(good_claims(), name),
        );
        assert_eq!(code(&keys, &token), "token_invalid", "without {name}");
    }
}

#[test]
fn wrong_headers_are_refused() {
    let keys = keys();
    let table = [
        ("typ", json!("JWT")),
        ("typ", json!("at+jwt2")),
        ("typ", json!("id+jwt")),
        ("kid", json!("another")),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("")),
        ("alg", json!("ES384")),
        ("alg", json!("RS256")),
        ("alg", json!("HS256")),
        ("alg", json!("EdDSA")),
        ("crit", json!(["exp"])),
    ];
    for (name, value) in table {
        let header = with(good_header(&keys), name, value.clone());
        let token = signed(&keys.private, &header, &good_claims());
        assert_eq!(code(&keys, &token), "token_invalid", "{name} = {value}");
    }
    for alg in ["none", "None", "nOnE", "NONE", ""] {
        let header = with(good_header(&keys), "alg", json!(alg));
        let message = format!("{}.{}", part(&header), part(&good_claims()));
        for token in [
            format!("{message}."),
            message.clone(),
            signed(&keys.private, &header, &good_claims()),
        ] {
            assert_eq!(code(&keys, &token), "token_malformed", "alg {alg:?}");
        }
    }
    for name in ["typ", "kid"] {
        let token = signed(
            &keys.private,
            &without(good_header(&keys), name),
            &good_claims(),
        );
        assert_eq!(code(&keys, &token), "token_invalid", "without {name}");
    }
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    let keys = keys();
    let public = &keys.ours.public;
    let jwk = serde_json::to_vec(public).unwrap();
    let point: Vec<u8> = [
        vec![4],
        URL_SAFE_NO_PAD.decode(&public.x).unwrap(),
        URL_SAFE_NO_PAD.decode(&public.y).unwrap(),
    ]
    .concat();
    for secret in [jwk, point, public.kid.clone().into_bytes()] {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.into());
        header.kid = Some(public.kid.clone());
        let token =
            jsonwebtoken::encode(&header, &good_claims(), &EncodingKey::from_secret(&secret))
                .unwrap();
        assert_eq!(code(&keys, &token), "token_invalid");
    }
}

#[test]
fn a_key_that_the_token_brings_along_is_not_used() {
    let keys = keys();
    let attacker = SigningKey::generate().unwrap();
    let own = serde_json::to_value(attacker.public()).unwrap();
    let table = [
        ("jku", json!("https://evil.example/jwks.json")),
        ("jwk", own),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
    ];
    for (name, value) in table {
        let header = with(good_header(&keys), name, value);
        let forged = signed(&attacker, &header, &good_claims());
        assert_ne!(code(&keys, &forged), "accepted", "{name}");
        // Signed by us it says nothing more.
        let own = code(&keys, &signed(&keys.private, &header, &good_claims()));
        assert!(
            matches!(own, "accepted" | "token_malformed"),
            "{name}: {own}"
        );
    }
    assert_eq!(
        code(
            &keys,
            &signed(&attacker, &good_header(&keys), &good_claims())
        ),
        "token_invalid"
    );
}

#[test]
fn altered_and_broken_tokens_are_refused() {
    let keys = keys();
    let token = signed(&keys.private, &good_header(&keys), &good_claims());
    let parts: Vec<&str> = token.split('.').collect();
    let other = part(&with(good_claims(), "scope", json!("admin")));
    for broken in [
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!(
            "{}.{}.{}",
            parts[0],
            parts[1],
            URL_SAFE_NO_PAD.encode([0; 64])
        ),
        format!("{token}.{}", parts[2]),
        format!("{token}="),
    ] {
        assert_ne!(code(&keys, &broken), "accepted", "{broken}");
    }
    for junk in ["", ".", "..", "a.b.c", "ä.ö.ü", "\0.\0.\0"] {
        assert_eq!(code(&keys, junk), "token_malformed", "{junk:?}");
    }
}
