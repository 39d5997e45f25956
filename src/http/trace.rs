//! Trace context (W3C): a request that comes with a valid `traceparent` keeps its trace id, in the logs and in the answer;
//! for any other the request id is the trace id.

use actix_web::http::header::HeaderMap;
use uuid::Uuid;

pub const TRACEPARENT: &str = "traceparent";

/// Where in which trace a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    pub id: u128,
    /// Our own part of it, or the caller's.
    pub span: u64,
    pub sampled: bool,
}

impl Trace {
    /// The trace of a request: the caller's, or one of its own.
    pub fn of(headers: &HeaderMap, request: Uuid) -> Self {
        let span = Uuid::now_v7().as_u64_pair().1;
        match Self::incoming(headers) {
            Some(caller) => Self { span, ..caller },
            None => Self {
                id: request.as_u128(),
                span,
                sampled: false,
            },
        }
    }

    /// What the caller sent; nothing when it sent none, several, or one that is not valid.
    pub fn incoming(headers: &HeaderMap) -> Option<Self> {
        let mut sent = headers.get_all(TRACEPARENT);
        match (sent.next(), sent.next()) {
            (Some(only), None) => Self::parse(only.to_str().ok()?),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let (id, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        // A later version may say more at the end, this one may not.
        let whole = parts.next().is_none() || version > 0;
        (version != 0xff && id != 0 && span != 0 && whole).then_some(Self {
            id,
            span: u64::try_from(span).ok()?,
            sampled: flags & 1 == 1,
        })
    }

    pub fn id(&self) -> String {
        format!("{:032x}", self.id)
    }

    /// As a header.
    pub fn header(&self) -> String {
        let flags = u8::from(self.sampled);
        format!("00-{:032x}-{:016x}-{flags:02x}", self.id, self.span)
    }
}

/// Lower-case hexadecimal of a given length.
fn hex(text: &str, length: usize) -> Option<u128> {
    let digits = text
        .bytes()
        .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
    (text.len() == length && digits)
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_valid_is_continued_and_nothing_else() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let valid = [
            format!("00-{id}-00f067aa0ba902b7-01"),
            format!("cc-{id}-00f067aa0ba902b7-01-what-will-be"),
        ];
        for text in valid {
            let trace = Trace::parse(&text).unwrap();
            assert_eq!(trace.id(), id);
            assert_eq!(trace.header(), format!("00-{id}-00f067aa0ba902b7-01"));
        }
        for wrong in [
            String::new(),
            "00".into(),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{id}-00f067aa0ba902b7-01-more"),
            format!("00-{id}-00f067aa0ba902b7"),
            format!("00-{id}-0000000000000000-01"),
            format!("00-{:032x}-00f067aa0ba902b7-01", 0),
            format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", &id[1..]),
            format!("00-+{}-00f067aa0ba902b7-01", &id[1..]),
        ] {
            assert_eq!(Trace::parse(&wrong), None, "{wrong:?}");
        }
    }
}
