//! `meldpunt bench` on a small database: it measures all that it says it does, and nothing fails. How fast anything is
//! says nothing here.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::database::{Backend, Database, backend, environment};

fn bench(database: &Database, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meldpunt"));
    command
        .args([
            "bench",
            "--reports",
            "100",
            "--connections",
            "4",
            "--seconds",
            "0.2",
        ])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", environment("PATH").unwrap_or_default())
        .env("DATABASE_URL", database.url())
        .env(
            "MELDPUNT_SEAL_KEY",
            "bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=",
        )
        .env("MELDPUNT_PASSWORD_MEMORY", "8");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_small_run_measures_everything() {
    let database = Database::empty();
    let folder = tempfile::tempdir().unwrap();
    let filled = bench(&database, folder.path(), &["--fill-only"]);
    assert!(filled.status.success(), "{}", text(&filled.stderr));
    assert!(text(&filled.stdout).starts_with("filled in "));

    let ran = bench(&database, folder.path(), &["--json"]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let run: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(run["fillSeconds"].is_null(), "it was filled: {run}");
    assert!(run["startMs"].as_f64().unwrap() > 0.0);
    assert!(run["memoryIdleMib"].as_f64().unwrap() > 1.0);
    let figures = run["figures"].as_array().unwrap();
    let figure = |work: &str| {
        let found = figures
            .iter()
            .find(|figure| figure["work"].as_str().unwrap().starts_with(work));
        found.unwrap_or_else(|| panic!("no {work} in {run}"))
    };
    for figure in figures {
        assert!(figure["done"].as_u64().unwrap() > 0, "{figure}");
        assert_eq!(figure["failures"], 0, "{figure}");
        assert!(figure["perSecond"].as_f64().unwrap() > 0.0, "{figure}");
    }
    for work in [
        "read one",
        "list: status and authority, newest first",
        "submit",
        "transition",
        "mail out of a backlog",
    ] {
        let ratio = figure(work)["ofLimit"].as_f64();
        assert!(ratio.is_some_and(|ratio| ratio > 0.0), "{work}: {run}");
    }
    let lists = |figure: &&Value| figure["work"].as_str().unwrap().starts_with("list: ");
    assert_eq!(figures.iter().filter(lists).count(), 48);
    let told = |kind: &str| {
        let of_it = figures
            .iter()
            .filter(|one| one["work"].as_str().unwrap().starts_with(kind));
        of_it.count()
    };
    assert_eq!(
        (told("figure: "), told("public: "), told("export")),
        (23, 36, 1)
    );

    // pgbench belongs to PostgreSQL, and is not everywhere.
    let left_out = run["leftOut"].to_string();
    let without = left_out.contains("pgbench: it is not installed");
    assert!(left_out == "[]" || without, "{left_out}");
    let limit_of = |work: &str| figure(work)["limit"].as_str().unwrap_or_default();
    let loops = ["submit", "transition"].map(|work| format!("limit: statements of a {work}"));
    for (work, at_the_store) in ["submit", "transition"].iter().zip(&loops) {
        if backend() == Backend::Postgres && !without {
            let pgbench = format!("limit: pgbench, the same statements of a {work}");
            assert!(figure(&pgbench)["p99Ms"].is_f64());
            assert_eq!(limit_of(work), pgbench);
            assert_eq!(limit_of(at_the_store), pgbench);
        } else {
            assert!(limit_of(work).starts_with(at_the_store));
        }
    }

    // Each report of the fill was mailed about at least once, so as many notices wait.
    let mail = figure("mail out of a backlog of 100");
    assert_eq!(mail["done"], 100);
    assert!(mail["memoryMib"].as_f64().unwrap() > 1.0);
    assert!(limit_of("mail").starts_with("limit: bare SMTP"));
    assert_eq!(figure("limit: bare SMTP")["done"], 100);

    let saved = folder.path().join("run.json");
    std::fs::write(&saved, &ran.stdout).unwrap();
    let saved = saved.to_str().unwrap();
    let compared = bench(&database, folder.path(), &["--compare", saved, saved]);
    let read = text(&compared.stdout)
        .lines()
        .find(|line| line.starts_with("| read one"));
    assert!(
        read.is_some_and(|line| line.ends_with("1.00 |")),
        "{read:?}"
    );

    let second = Database::empty();
    let beside = format!("100={}", second.url());
    let works = ["--only", "read one", "--only", "hot-spots?by=article"];
    let together = bench(
        &database,
        folder.path(),
        &[&["--beside", &beside], &works[..]].concat(),
    );
    assert!(together.status.success(), "{}", text(&together.stderr));
    let lines: Vec<&str> = text(&together.stdout).lines().collect();
    let kind = match backend() {
        Backend::Sqlite => "sqlite 100",
        Backend::Postgres => "postgres 100",
    };
    assert_eq!(lines[0].matches(kind).count(), 2, "{lines:?}");
    assert_eq!(lines.len(), 2 + 3, "head, rule, and the work asked for");
    for line in &lines[2..] {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        for cell in &cells[2..=4] {
            assert!(cell.parse::<f64>().unwrap() > 0.0, "{line}");
        }
    }

    let none = ["--beside", &beside, "--only", "no such work"];
    let none = bench(&database, folder.path(), &none);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("no work has no such work in its name"));

    let other = bench(&database, folder.path(), &["--seed", "2"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("take one that is empty"));
}
