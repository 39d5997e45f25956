//! JSON as it is read from strangers: a key that stands there twice is refused, for what one reader takes the first of the
//! next takes the last of. Its depth is limited by the parser.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads a value; what is wrong with it is for nobody to know but its sender, who has it.
pub fn read(raw: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Unique>(raw).map(|unique| unique.0)
}

/// A value whose objects have each key once.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number beyond measure"));
        number.map(Value::Number)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some((name, Unique(value))) = properties.next_entry::<String, Unique>()? {
            if read.insert(name, value).is_some() {
                return Err(A::Error::custom("a key stands there twice"));
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for text in [
            r#"{"a": [1, -2, 3.5, "é\n", true, null, {}], "b": {"a": 18446744073709551615}}"#,
            "[]",
            "\"text\"",
            "-0.0",
        ] {
            let plain: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text.as_bytes()).unwrap(), plain);
        }
    }

    #[test]
    fn a_key_given_twice_is_refused_at_every_depth() {
        assert!(read(br#"{"a": 1, "a": 1}"#).is_err());
        assert!(read(br#"{"a": [{"b": 1, "\u0062": 2}]}"#).is_err());
        assert!(read(br#"{"a": {"b": 1}, "b": 1}"#).is_ok());
    }

    #[test]
    fn neither_depth_nor_size_of_a_number_goes_beyond_measure() {
        assert!(read("[".repeat(10_000).as_bytes()).is_err());
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(read(deep.as_bytes()).is_ok());
        assert!(read(b"1e999999").is_err());
    }
}
