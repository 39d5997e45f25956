//! How the house is built: what may import what, read from the source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A file of src/.
pub struct SourceFile {
    /// Below src/, as `http/auth.rs`.
    pub name: String,
    pub text: String,
}

impl SourceFile {
    /// The room it stands in: `http`, or `app` for `app.rs`.
    pub fn room(&self) -> &str {
        self.name
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
    }

    /// The code without comments.
    pub fn code(&self) -> String {
        let code = |line: &&str| !line.trim_start().starts_with("//");
        let lines: Vec<&str> = self.text.lines().filter(code).collect();
        lines.join("\n")
    }

    /// The code up to its unit tests.
    pub fn without_tests(&self) -> String {
        if self.name.ends_with("tests.rs") || self.name.ends_with("testing.rs") {
            return String::new();
        }
        let code = self.code();
        let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
        code[..end].to_owned()
    }
}

pub fn source_files() -> Vec<SourceFile> {
    let src = Path::new(ROOT).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(SourceFile {
                    name: path.strip_prefix(&src).unwrap().to_string_lossy().into(),
                    text: std::fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The arguments of every call of a name in a text, each argument as it stands there.
pub fn string_arguments(text: &str, call: &str) -> Vec<Vec<String>> {
    let call = format!("{call}(");
    let starts_word = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    text.match_indices(&call)
        .filter(|(at, _)| starts_word(*at))
        .map(|(at, call)| split_arguments(&text[at + call.len()..]))
        .collect()
}

fn split_arguments(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut arguments = vec![String::new()];
    for letter in text.chars() {
        if quoted {
            quoted = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
        } else {
            match letter {
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    arguments.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        if let Some(last) = arguments.last_mut() {
            last.push(letter);
        }
    }
    arguments
        .into_iter()
        .map(|argument| argument.trim().to_owned())
        .filter(|argument| !argument.is_empty())
        .collect()
}

/// The rooms in the order of the map in src/lib.rs, from the ground up.
fn rooms() -> Vec<String> {
    let map: String = source_files()
        .into_iter()
        .find(|file| file.name == "lib.rs")
        .unwrap()
        .text
        .lines()
        .filter(|line| line.starts_with("//!"))
        .collect();
    let room = Regex::new(r"`([a-z_]+)`").unwrap();
    room.captures_iter(&map)
        .map(|found| found[1].to_owned())
        .collect()
}

/// The rooms that a piece of code names: `crate::http::…` and `crate::{http, store::…}`.
fn named(code: &str) -> BTreeSet<String> {
    static ONE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bcrate::([a-z_]+)").unwrap());
    static SEVERAL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bcrate::\{([^;]*)\};").unwrap());
    static PART: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[,{]\s*)([a-z_]+)").unwrap());
    let direct = ONE.captures_iter(code).map(|found| found[1].to_owned());
    let grouped = SEVERAL.captures_iter(code).flat_map(|found| {
        PART.captures_iter(&found[1])
            .map(|part| part[1].to_owned())
            .collect::<Vec<_>>()
    });
    direct.chain(grouped).collect()
}

#[test]
fn the_map_names_every_room() {
    let rooms = rooms();
    let present: BTreeSet<String> = source_files()
        .iter()
        .map(|file| file.room().to_owned())
        .filter(|room| room != "lib" && room != "main")
        .collect();
    let mapped: BTreeSet<String> = rooms.iter().cloned().collect();
    assert_eq!(
        mapped.len(),
        rooms.len(),
        "a room stands twice in {rooms:?}"
    );
    let unmapped: Vec<_> = present.difference(&mapped).collect();
    assert!(
        unmapped.is_empty(),
        "not in the map of src/lib.rs: {unmapped:?}"
    );
}

#[test]
fn a_file_imports_only_from_its_own_room_and_lower_ones() {
    let rooms = rooms();
    let floor = |room: &str| rooms.iter().position(|one| one == room);
    let mut upward = Vec::new();
    for file in source_files() {
        let Some(own) = floor(file.room()) else {
            continue;
        };
        for room in named(&file.code()) {
            if floor(&room).is_some_and(|theirs| theirs > own) {
                upward.push(format!("{} imports from {room}", file.name));
            }
        }
    }
    assert!(
        upward.is_empty(),
        "arrows that run up:\n{}",
        upward.join("\n")
    );
}

/// The files of a room that a file of it names.
fn neighbours(file: &SourceFile, files: &BTreeSet<&str>) -> BTreeSet<String> {
    let room = file.room();
    let code = file.without_tests();
    let one = Regex::new(&format!(r"\bcrate::{room}::([a-z_0-9]+)")).unwrap();
    let several = Regex::new(&format!(r"\bcrate::{room}::\{{([^;]*)\}}")).unwrap();
    let word = Regex::new("[a-z_0-9]+").unwrap();
    let direct = one.captures_iter(&code).map(|found| found[1].to_owned());
    let grouped = several.captures_iter(&code).flat_map(|found| {
        let words = word.find_iter(found.get(1).unwrap().as_str());
        words
            .map(|word| word.as_str().to_owned())
            .collect::<Vec<_>>()
    });
    direct
        .chain(grouped)
        .flat_map(|name| [format!("{room}/{name}.rs"), format!("{room}/{name}/mod.rs")])
        .filter(|name| files.contains(name.as_str()) && *name != file.name)
        .collect()
}

#[test]
fn no_two_files_of_a_room_need_each_other() {
    let sources = source_files();
    let names: BTreeSet<&str> = sources.iter().map(|file| file.name.as_str()).collect();
    let arrows: BTreeMap<&str, BTreeSet<String>> = sources
        .iter()
        .filter(|file| !file.name.ends_with("mod.rs") && !file.without_tests().is_empty())
        .map(|file| (file.name.as_str(), neighbours(file, &names)))
        .collect();
    // What is left after taking away, again and again, the files that need none of those that are left.
    let mut left: BTreeSet<&str> = arrows.keys().copied().collect();
    loop {
        let free: Vec<&str> = left
            .iter()
            .copied()
            .filter(|name| {
                !arrows[name]
                    .iter()
                    .any(|needed| left.contains(needed.as_str()))
            })
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|name| !free.contains(name));
    }
    let circle: Vec<String> = left
        .iter()
        .map(|name| format!("{name} needs {:?}", arrows[name]))
        .collect();
    assert!(circle.is_empty(), "circles:\n{}", circle.join("\n"));
}

#[test]
fn a_library_is_used_in_its_own_rooms_alone() {
    let places: &[(&str, &[&str])] = &[
        (r"\bdiesel(_migrations)?::", &["store"]),
        (r"\bactix_web::", &["http", "app", "cli"]),
        (r"\blettre::", &["mail", "worker"]),
        (r"\b(tokio_rustls|rustls_native_certs)::", &["mail"]),
        (r"\bminijinja::", &["mail", "http"]),
        (r"\bclap::", &["config", "cli"]),
        (r"\bprometheus::", &["metrics"]),
        (r"\bobject_store::", &["objects"]),
        (r"\bactix_multipart::", &["http"]),
        (
            r"\b(tracing_)?opentelemetry(_sdk|_otlp)?::",
            &["http", "cli"],
        ),
        (
            r"\bstd::(fs|net|process)::",
            &[
                "config", "audit", "metrics", "objects", "store", "crypto", "mail", "services",
                "worker", "app", "cli",
            ],
        ),
    ];
    let places: Vec<_> = places
        .iter()
        .map(|(library, at_home)| (Regex::new(library).unwrap(), at_home))
        .collect();
    let mut strays = Vec::new();
    for file in source_files() {
        // Errors of the database are turned into those of the use cases, and the mailer says what an address is;
        // a caller's address is a value.
        let code = file
            .without_tests()
            .replace("diesel::result::", "")
            .replace("diesel::QueryResult", "")
            .replace("lettre::Address", "")
            .replace("std::net::IpAddr", "");
        for (library, at_home) in &places {
            let found = library.is_match(&code);
            if found && !at_home.contains(&file.room()) && file.room() != "main" {
                strays.push(format!("{} uses {library}", file.name));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn the_domain_asks_nobody_for_the_time() {
    for file in source_files() {
        if file.room() == "domain" {
            let code = file.without_tests();
            for asked in ["::now()", "SystemTime", "Instant", "std::env"] {
                assert!(!code.contains(asked), "{} asks {asked}", file.name);
            }
        }
    }
}

#[test]
fn the_scan_sees_grouped_and_nested_imports() {
    let code = "use crate::domain::id::Id;\nuse crate::{http, store::{db, types}, services::Error};\ncrate::app::run();";
    let expected = ["app", "domain", "http", "services", "store", "db", "types"];
    for room in expected {
        assert!(named(code).contains(room), "{room}");
    }
    let calls = string_arguments(r#"f(a(1, 2), "x,)\"y", "code") g f("z")"#, "f");
    assert_eq!(
        calls,
        [vec!["a(1, 2)", r#""x,)\"y""#, r#""code""#], vec![r#""z""#]]
    );
}
