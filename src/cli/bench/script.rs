//! The script that pgbench runs: the statements that the service sent, each time with new ids, and with a transaction
//! around the same of them. What never differs stands in the text; what differs is made by PostgreSQL of a counter.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta};
use regex::{Captures, Regex};
use uuid::Uuid;

use crate::cli::bench::tap::Statement;

/// The types of values, as PostgreSQL numbers them.
mod kind {
    pub const BOOL: u32 = 16;
    pub const BIGINT: u32 = 20;
    pub const SMALLINT: u32 = 21;
    pub const INTEGER: u32 = 23;
    pub const TEXT: u32 = 25;
    pub const TEXTS: u32 = 1_009;
    pub const VARCHAR: u32 = 1_043;
    pub const DATE: u32 = 1_082;
    pub const TIMESTAMP: u32 = 1_114;
    pub const TIMESTAMPTZ: u32 = 1_184;
    pub const UUID: u32 = 2_950;
    pub const UUIDS: u32 = 2_951;
    pub const JSONB: u32 = 3_802;
}

/// The same work heard twice: where the two differ is what differs each time.
pub struct Heard {
    pub once: Vec<Statement>,
    pub again: Vec<Statement>,
    /// What the second was done to.
    pub target: Option<Uuid>,
}

/// Makes the script that does it again and again; `targets` are what it may be done to instead of the second's target.
///
/// # Errors
/// One sentence: the two are not alike, or a value is of a type that is not known here.
pub fn script(heard: &Heard, targets: &[Uuid], started_ms: u64) -> Result<String, String> {
    let texts = |statements: &[Statement]| -> Vec<String> {
        statements.iter().map(|one| one.sql.clone()).collect()
    };
    if texts(&heard.once) != texts(&heard.again) || heard.again.is_empty() {
        return Err("the same work was not the same statements twice".into());
    }
    let mut script = Script {
        fresh: HashMap::new(),
        target: heard.target,
        targets: targets
            .iter()
            .map(|id| format!("\"{id}\""))
            .collect::<Vec<_>>()
            .join(","),
        prefix: format!("{started_ms:012x}"),
    };
    let mut text = format!(
        "\\set n :n + 1\n\\set r random(1, {})\n",
        targets.len().max(1)
    );
    for (once, again) in heard.once.iter().zip(&heard.again) {
        let _ = writeln!(text, "{};", script.statement(once, again)?);
    }
    Ok(text)
}

struct Script {
    /// The ids that differ each time, numbered.
    fresh: HashMap<Uuid, usize>,
    target: Option<Uuid>,
    targets: String,
    prefix: String,
}

impl Script {
    fn statement(&mut self, once: &Statement, again: &Statement) -> Result<String, String> {
        static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$(\d+)").ok());
        static VERSION: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r#""version" = \$(\d+)"#).ok());
        let broken = || "a pattern that is none".to_owned();
        let (place, version) = (
            PLACE.as_ref().ok_or_else(broken)?,
            VERSION.as_ref().ok_or_else(broken)?,
        );
        let mut values = Vec::new();
        for (one, other) in once.values.iter().zip(&again.values) {
            values.push(self.value(other, one != other)?);
        }
        let at = |found: &Captures<'_>| found[1].parse::<usize>().ok()?.checked_sub(1);
        // A change leaves the version as it was, so that the same row can be changed again.
        if again.sql.starts_with("UPDATE \"reports\"") {
            let places: Vec<usize> = version
                .captures_iter(&again.sql)
                .filter_map(|f| at(&f))
                .collect();
            if let [set, found] = places[..] {
                values[set] = values[found].clone();
            }
        }
        let filled = place.replace_all(&again.sql, |found: &Captures<'_>| {
            at(found)
                .and_then(|at| values.get(at).cloned())
                .unwrap_or_else(|| "NULL".to_owned())
        });
        Ok(filled.into_owned())
    }

    fn value(
        &mut self,
        (kind, value): &(u32, Option<Vec<u8>>),
        differs: bool,
    ) -> Result<String, String> {
        let Some(bytes) = value else {
            return Ok("NULL".into());
        };
        let unknown = || format!("a value of the type {kind} cannot be written");
        let cast = |text: &str, name: &str| format!("CAST({} AS {name})", quoted(text));
        Ok(match *kind {
            kind::BOOL => (bytes == &[1]).to_string(),
            kind::SMALLINT | kind::INTEGER | kind::BIGINT => {
                let name = ["smallint", "integer", "bigint"][bytes.len() / 4];
                format!("CAST({} AS {name})", signed(bytes))
            }
            kind::TEXT | kind::VARCHAR => self.text(text(bytes)?, differs),
            kind::JSONB => cast(text(bytes.get(1..).ok_or_else(unknown)?)?, "jsonb"),
            kind::UUID => {
                let id = Uuid::from_slice(bytes).map_err(|_| unknown())?;
                if differs {
                    self.id(id)
                } else {
                    cast(&id.to_string(), "uuid")
                }
            }
            kind::TIMESTAMP | kind::TIMESTAMPTZ if differs => "clock_timestamp()".into(),
            kind::TIMESTAMP | kind::TIMESTAMPTZ => {
                let since = DateTime::from_timestamp(946_684_800, 0).ok_or_else(unknown)?;
                let at = since + TimeDelta::microseconds(signed(bytes));
                cast(
                    &at.format("%Y-%m-%dT%H:%M:%S%.6f+00").to_string(),
                    "timestamptz",
                )
            }
            kind::DATE => {
                let since = NaiveDate::from_ymd_opt(2000, 1, 1).ok_or_else(unknown)?;
                let day = since + TimeDelta::days(signed(bytes));
                cast(&day.to_string(), "date")
            }
            kind::TEXTS | kind::UUIDS => {
                let (of, name) = match *kind {
                    kind::TEXTS => (kind::TEXT, "text[]"),
                    _ => (kind::UUID, "uuid[]"),
                };
                let values = elements(bytes).ok_or_else(unknown)?;
                let values: Vec<String> = values
                    .into_iter()
                    .map(|value| self.value(&(of, value), differs))
                    .collect::<Result<_, _>>()?;
                format!("CAST(ARRAY[{}] AS {name})", values.join(", "))
            }
            _ => return Err(unknown()),
        })
    }

    /// An id that differs each time: the same wherever it stands in one transaction.
    fn id(&mut self, id: Uuid) -> String {
        if Some(id) == self.target {
            return format!(
                "(CAST({} AS uuid[]))[:r]",
                quoted(&format!("{{{}}}", self.targets))
            );
        }
        let next = self.fresh.len();
        let nth = *self.fresh.entry(id).or_insert(next);
        // In the form of version 7: ids of one table follow on one another, as those of the service do.
        format!(
            "CAST('{}7{nth:03x}8' || lpad(to_hex(CAST(:client_id AS bigint)), 3, '0') \
             || lpad(to_hex(CAST(:n AS bigint)), 12, '0') AS uuid)",
            self.prefix
        )
    }

    /// A text; one that differs each time has ids in it, or is made unlike the others.
    fn text(&mut self, text: &str, differs: bool) -> String {
        if !differs {
            return quoted(text);
        }
        let ids: Vec<(usize, Uuid)> = (0..text.len())
            .filter_map(|at| Some((at, text.get(at..at + 36)?.parse().ok()?)))
            .collect();
        let mut parts = Vec::new();
        let mut from = 0;
        for (at, id) in &ids {
            parts.push(quoted(&text[from..*at]));
            parts.push(format!("CAST({} AS text)", self.id(*id)));
            from = at + 36;
        }
        parts.push(quoted(&text[from..]));
        if ids.is_empty() {
            parts.push(format!("CAST({} AS text)", self.id(Uuid::nil())));
        }
        format!("({})", parts.join(" || "))
    }
}

/// A literal. pgbench takes a colon for the beginning of a name, wherever it stands.
fn quoted(text: &str) -> String {
    let mut literal = String::from("E'");
    for letter in text.chars() {
        match letter {
            '\'' => literal.push_str("''"),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            ':' => literal.push_str("\\x3a"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a text that is none".to_owned())
}

/// A number with its sign, of two, four or eight bytes.
fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let start = if negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(start, |sum, byte| sum << 8 | i64::from(*byte))
}

/// The elements of an array of one dimension.
fn elements(bytes: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
    if signed(bytes.get(..4)?) == 0 {
        return Some(Vec::new());
    }
    let count = signed(bytes.get(12..16)?);
    let mut rest = bytes.get(20..)?;
    (0..count)
        .map(|_| {
            let (length, after) = rest.split_at_checked(4)?;
            let Ok(length) = usize::try_from(signed(length)) else {
                rest = after;
                return Some(None);
            };
            let (value, after) = after.split_at_checked(length)?;
            rest = after;
            Some(Some(value.to_vec()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid::from_u128(0xa);
    const B: Uuid = Uuid::from_u128(0xb);

    fn heard(id: Uuid) -> Vec<Statement> {
        let uuid = |id: Uuid| (kind::UUID, Some(id.as_bytes().to_vec()));
        let text = |text: &str| (kind::TEXT, Some(text.as_bytes().to_vec()));
        vec![
            Statement {
                sql: "BEGIN".into(),
                values: vec![],
            },
            Statement {
                sql: r#"UPDATE "reports" SET "version" = $1, "note" = $2 WHERE "id" = $3 AND "version" = $4"#.into(),
                values: vec![
                    (kind::INTEGER, Some(vec![0, 0, 0, 2])),
                    text("it's 10:30\\"),
                    uuid(A),
                    (kind::INTEGER, Some(vec![0, 0, 0, 1])),
                ],
            },
            Statement {
                sql: "INSERT $1 $2 $3".into(),
                values: vec![
                    uuid(id),
                    text(&format!("<{id}@x>")),
                    (kind::DATE, Some((-1_i32).to_be_bytes().to_vec())),
                ],
            },
        ]
    }

    #[test]
    fn what_differs_differs_each_time() {
        let heard = Heard {
            once: heard(A),
            again: heard(B),
            target: None,
        };
        let script = script(&heard, &[], 1).unwrap();
        let lines: Vec<&str> = script.lines().collect();
        assert_eq!(
            lines[..3],
            ["\\set n :n + 1", "\\set r random(1, 1)", "BEGIN;"]
        );
        assert_eq!(
            lines[3],
            "UPDATE \"reports\" SET \"version\" = CAST(1 AS integer), \"note\" = E'it''s 10\\x3a30\\\\' WHERE \"id\" = \
             CAST(E'00000000-0000-0000-0000-00000000000a' AS uuid) AND \"version\" = CAST(1 AS integer);"
        );
        let fresh = "CAST('00000000000170008' || lpad(to_hex(CAST(:client_id AS bigint)), 3, '0') \
                     || lpad(to_hex(CAST(:n AS bigint)), 12, '0') AS uuid)";
        assert_eq!(
            lines[4],
            format!(
                "INSERT {fresh} (E'<' || CAST({fresh} AS text) || E'@x>') CAST(E'1999-12-31' AS date);"
            )
        );
        let unlike = Heard {
            again: vec![],
            ..heard
        };
        assert!(super::script(&unlike, &[], 1).is_err());
    }

    #[test]
    fn a_target_is_one_of_several() {
        let heard = Heard {
            once: heard(A)[2..].to_vec(),
            again: heard(B)[2..].to_vec(),
            target: Some(B),
        };
        let script = script(&heard, &[A, B], 1).unwrap();
        assert!(script.contains("random(1, 2)"), "{script}");
        assert!(script.contains("[:r]"), "{script}");
        assert!(script.contains(&format!("{{\"{A}\",\"{B}\"}}")), "{script}");
    }

    #[test]
    fn arrays_and_numbers_are_read() {
        let mut array = vec![0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1];
        array.extend([0, 0, 0, 1, b'a', 255, 255, 255, 255]);
        assert_eq!(elements(&array).unwrap(), [Some(b"a".to_vec()), None]);
        assert_eq!(elements(&[0; 12]).unwrap().len(), 0);
        assert_eq!(elements(&array[..21]), None);
        assert_eq!(signed(&(-5_i64).to_be_bytes()), -5);
        assert_eq!(signed(&300_i16.to_be_bytes()), 300);
    }
}
