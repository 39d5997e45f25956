//! The commands, as whoever types them meets them: each in a process of its own.

use std::fs::File;
use std::path::Path;
use std::process::Output;

pub use crate::harness::process::{Running, meldpunt};

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    meldpunt(folder, arguments).output().unwrap()
}

fn start(folder: &Path, arguments: &[&str], until: &str) -> (Running, Vec<String>) {
    Running::of(meldpunt(folder, arguments), until)
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

pub fn refused(output: &Output, why: &str) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.starts_with("meldpunt: ") && told.contains(why),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn the_demo_fills_itself_once_and_can_be_read() {
    let home = tempfile::tempdir().unwrap();
    let demo = ["demo", "--listen", "127.0.0.1:0"];
    let (running, lines) = start(home.path(), &demo, "Stop with");
    let url = lines
        .iter()
        .find_map(|line| line.strip_prefix("Meldpunt  "))
        .unwrap();
    let ready = run(home.path(), &["healthcheck", "--url", url]);
    assert!(ready.status.success(), "{}", text(&ready.stderr));

    let get = |path: &str| {
        let host = url.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        std::io::read_to_string(stream).unwrap()
    };
    assert!(get("/demo/mail").contains("MKR-"));
    assert!(get("/docs/problems").contains("id=\"stale_version\""));

    // The port is taken, so the folder is left alone.
    let host = url.strip_prefix("http://").unwrap();
    let second = run(home.path(), &["demo", "--fresh", "--listen", host]);
    refused(&second, "address in use");
    assert_eq!(running.stop("-INT"), Some(0));

    let (again, lines) = start(home.path(), &demo, "Stop with");
    assert!(
        !lines.iter().any(|line| line.contains("filling")),
        "{lines:?}"
    );
    assert_eq!(again.stop("-TERM"), Some(0));
}

#[test]
fn a_service_starts_from_nothing_and_stops_when_told() {
    let home = tempfile::tempdir().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "warn"];
    let (running, lines) = start(home.path(), &serve, "ready on");
    let url = lines[0].rsplit(' ').next().unwrap().to_owned();
    assert!(
        run(home.path(), &["healthcheck", "--url", &url])
            .status
            .success()
    );
    assert_eq!(running.stop("-TERM"), Some(0));
    refused(
        &run(home.path(), &["healthcheck", "--url", &url]),
        "not ready",
    );
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = meldpunt(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    serve.env("MELDPUNT_LOG", "debug").stderr(full);
    let (running, lines) = Running::of(serve, "ready on");
    let url = lines[0].rsplit(' ').next().unwrap().to_owned();
    let asked = run(home.path(), &["healthcheck", "--url", &url]);
    assert!(asked.status.success());
    assert_eq!(running.stop("-TERM"), Some(0));
}

#[test]
fn migrating_says_what_it_did_and_may_be_repeated() {
    let home = tempfile::tempdir().unwrap();
    let first = run(home.path(), &["migrate"]);
    assert!(
        text(&first.stdout).contains("facts: loaded"),
        "{}",
        text(&first.stdout)
    );
    let second = run(home.path(), &["migrate"]);
    assert_eq!(
        text(&second.stdout),
        "schema: up to date\nfacts: already there\n"
    );
}

#[test]
fn a_service_that_leaves_the_schema_alone_refuses_one_that_is_behind() {
    let home = tempfile::tempdir().unwrap();
    let alone = |arguments: &[&str]| {
        let mut command = meldpunt(home.path(), arguments);
        command.env("MELDPUNT_NO_MIGRATE", "true");
        command.output().unwrap()
    };
    let listen = ["--listen", "127.0.0.1:0"];
    refused(
        &alone(&["serve", listen[0], listen[1]]),
        "run `meldpunt migrate` first",
    );
    assert!(alone(&["migrate"]).status.success());
    let serve = ["serve", "--no-migrate", listen[0], listen[1]];
    let (running, _) = start(home.path(), &serve, "ready on");
    assert_eq!(running.stop("-TERM"), Some(0));
}

#[test]
fn a_secret_can_stand_in_a_file() {
    let home = tempfile::tempdir().unwrap();
    let migrate = |url: &str| run(home.path(), &["migrate", "--database-url", url]);
    std::fs::write(home.path().join("secret"), "sqlite://kept/x.db\n").unwrap();
    assert!(migrate("@secret").status.success());
    assert!(home.path().join("kept/x.db").is_file());
    refused(&migrate("@elsewhere"), "cannot read elsewhere");
    std::fs::write(home.path().join("secret"), "\n").unwrap();
    refused(&migrate("@secret"), "DATABASE_URL");
}

#[test]
fn the_first_administrator_comes_from_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let person = [
        "admin",
        "person",
        "--organisation",
        "BZK",
        "--role",
        "admin",
        "--name",
        "Beheer",
        "--email",
        "beheer@bzk.example",
    ];
    let made = run(home.path(), &person);
    assert!(
        text(&made.stdout).contains("/password#token="),
        "{}",
        text(&made.stderr)
    );
    refused(&run(home.path(), &person), "exists already");
    let client = run(
        home.path(),
        &[
            "admin",
            "client",
            "--organisation",
            "GM1714",
            "--role",
            "reporter",
            "--name",
            "zaaksysteem",
        ],
    );
    assert!(text(&client.stdout).contains("client secret  "));
    let desk = [
        "admin",
        "client",
        "--organisation",
        "1714",
        "--role",
        "desk",
        "--name",
        "x",
    ];
    refused(&run(home.path(), &desk), "--role");
    let partner = [
        "admin",
        "organisation",
        "--kind",
        "partner",
        "--name",
        "Stichting Voorbeeld",
        "--abbreviation",
        "SV",
    ];
    assert!(run(home.path(), &partner).status.success());
}

#[test]
fn a_setting_that_cannot_be_right_is_one_line() {
    let home = tempfile::tempdir().unwrap();
    let serve = |name: &str, value: &str| {
        let mut command = meldpunt(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.env(name, value).output().unwrap()
    };
    for (name, value) in [
        ("DATABASE_URL", "mysql://x"),
        ("MELDPUNT_WORKERS", "0"),
        ("MELDPUNT_LOG", "a=b=c"),
        ("MELDPUNT_LOG_FORMAT", "xml"),
        ("MELDPUNT_MAIL", "pigeon://x"),
        ("PUBLIC_URL", "meldpunt"),
        ("MELDPUNT_DRAIN_SECONDS", "600"),
    ] {
        refused(&serve(name, value), name);
    }
    let away = serve("DATABASE_URL", "postgres://u:geheim@127.0.0.1:1/x");
    refused(&away, "cannot open");
    assert!(!text(&away.stderr).contains("geheim"));
    std::fs::write(home.path().join("file"), "x").unwrap();
    refused(&serve("DATABASE_URL", "sqlite://file/x.db"), "cannot make");
}

#[test]
fn the_settings_are_shown_without_their_secrets() {
    let home = tempfile::tempdir().unwrap();
    let mut command = meldpunt(home.path(), &["config", "--workers", "7"]);
    let shown = command
        .env("DATABASE_URL", "postgres://u:geheim@db/x")
        .env("MELDPUNT_SEAL_KEY", "geheim")
        .output()
        .unwrap();
    let shown = text(&shown.stdout);
    assert!(!shown.contains("geheim") && shown.contains("postgres://u:********@db/x"));
    let row = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(row("workers ").contains("flag"));
    assert!(row("database_url ").contains("environment"));
    assert!(row("listen ").contains("default"));
}
