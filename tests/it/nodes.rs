//! Several processes on one database, as an operator runs them: the API on two, the background work on others. Nodes are
//! killed outright under load; what a client was told is kept stays kept, and every notice is mailed.
//!
//! On PostgreSQL two serve and two send mail; on SQLite, where all are on one machine, one of each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use futures_util::future::join_all;
use meldpunt::domain::notice::NoticeState;
use meldpunt::services::Error;
use meldpunt::store::db::{Address, Db};
use meldpunt::store::schema::outbox;
use meldpunt::store::types::Coded;
use meldpunt::worker::outbox::UNMARKED;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;
use uuid::Uuid;

use crate::harness::client;
use crate::harness::database::{Backend, Database, backend};
use crate::harness::process::{Running, meldpunt};
use crate::mail::{arrived_of, setting};

const SEAL_KEY: &str = "bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=";
const PASSWORD: &str = "een lang wachtwoord dat niemand raadt";

/// What the nodes of a test share.
struct Installation {
    /// Dropped last: the nodes hold it open.
    database: Database,
    folder: TempDir,
    http: Client,
}

impl Installation {
    /// On a database without any table: the nodes make them.
    fn new() -> Self {
        Self {
            database: Database::empty(),
            folder: tempfile::tempdir().unwrap(),
            http: client::new(),
        }
    }

    /// A command with the settings that are the same on every node.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = meldpunt(self.folder.path(), arguments);
        command
            .env("DATABASE_URL", self.database.url())
            .env("PUBLIC_URL", "https://meldpunt.example")
            .env(
                "MELDPUNT_MAIL",
                format!("smtp+plain://{}", setting("TEST_SMTP_PLAIN")),
            )
            .env("MELDPUNT_MAIL_TIMEOUT_SECONDS", "2")
            .env("MELDPUNT_PASSWORD_MEMORY", "8")
            .env("MELDPUNT_DRAIN_SECONDS", "0")
            .env("MELDPUNT_LOG", "error");
        command
    }

    /// What a command prints to its end.
    fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut command = self.command(arguments);
        command
            .env("MELDPUNT_SEAL_KEY", SEAL_KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A node of the API.
    fn serve(&self, arguments: &[&str]) -> Node {
        let mut command = self.command(&["serve"]);
        command.args(arguments).env("MELDPUNT_SEAL_KEY", SEAL_KEY);
        Node::launch(command, "ready on")
    }

    /// A node of background work. It signs nothing, so it is not given the key.
    fn worker(&self) -> Node {
        Node::launch(self.command(&["worker"]), "working")
    }

    fn db(&self) -> Db {
        Db::open(&Address::parse(self.database.url()).unwrap(), 1).unwrap()
    }

    /// A token of an API client of GM1714, from a node.
    async fn client_token(&self, node: &Node) -> String {
        let made = self.run(
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
            "",
        );
        let word = |name: &str| {
            let line = made.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().last().unwrap().to_owned()
        };
        let reply = self
            .http
            .post(format!("{}/v1/oauth/token", node.url))
            .basic_auth(word("client id"), Some(word("client secret")))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        text(&answer(reply, 200).await, "access_token")
    }
}

/// A process that is starting, and then a node.
struct Node {
    process: Running,
    /// How it is started again at the same address.
    command: Command,
    until: &'static str,
    url: String,
}

impl Node {
    fn launch(mut command: Command, until: &'static str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        command.env("MELDPUNT_LISTEN", address.to_string());
        Self {
            process: Running::launch(&mut command),
            command,
            until,
            url: format!("http://{address}"),
        }
    }

    fn wait(&mut self) {
        self.process.until(self.until);
    }

    /// SIGKILL, and at once another start.
    fn kill_and_restart(&mut self) {
        self.process.kill();
        self.process = Running::launch(&mut self.command);
        self.wait();
    }
}

async fn answer(request: RequestBuilder, status: u16) -> Value {
    let reply = request.send().await.unwrap();
    let got = reply.status().as_u16();
    let body = reply.text().await.unwrap();
    assert_eq!(got, status, "{body}");
    serde_json::from_str(&body).unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

fn report(number: usize, tag: &str) -> Value {
    json!({
        "title": format!("Leerlingenvervoer stopt bij de grens {number}"),
        "description": "De dichtstbijzijnde school ligt in Vlaanderen; vervoer daarheen mag niet worden vergoed.",
        "effect": "Elf gezinnen rijden dagelijks vijftig kilometer.",
        "regulations": [{"citation": "BWBR0003420", "article": "4"}],
        "domains": ["onderwijs-po"], "municipalities": ["GM1714"],
        "contact": {"name": "Team regelgeving", "email": format!("{number}.{tag}")},
    })
}

/// Hands reports in until `last`, each until some node has answered for it; returns their ids. The same
/// Idempotency-Key each time: a node may have died after it kept the report.
async fn hand_in(
    http: &Client,
    urls: &[String],
    token: &str,
    tag: &str,
    next: &AtomicUsize,
    last: usize,
) -> Vec<String> {
    let mut kept = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= last {
            return kept;
        }
        let key = Uuid::now_v7().to_string();
        let until = Instant::now() + Duration::from_secs(30);
        for attempt in number.. {
            let sent = http
                .post(format!("{}/v1/reports", urls[attempt % urls.len()]))
                .bearer_auth(token)
                .header("idempotency-key", &key)
                .json(&report(number, tag))
                .send()
                .await;
            // A connection that was refused or broke off; the client knows nothing, and asks again.
            let read = match sent {
                Ok(reply) => {
                    let status = reply.status().as_u16();
                    reply.json::<Value>().await.map(|body| (status, body))
                }
                Err(broken) => Err(broken),
            };
            match read {
                Ok((201, body)) => {
                    kept.push(text(&body, "id"));
                    break;
                }
                Ok((503, _)) | Err(_) => {}
                Ok((status, body)) => panic!("{status} {body}"),
            }
            assert!(Instant::now() < until, "no node answers");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The Message-IDs of all notices, once none is left to be sent.
async fn all_sent(db: &Db) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(90);
    loop {
        let rows: Vec<(String, Coded<NoticeState>)> = db
            .read(|conn| {
                let rows = outbox::table
                    .select((outbox::message_id, outbox::state))
                    .load(conn)?;
                Ok::<_, Error>(rows)
            })
            .await
            .unwrap();
        if rows.iter().all(|(_, state)| state.0 == NoticeState::Sent) {
            return rows.into_iter().map(|(id, _)| id).collect();
        }
        assert!(Instant::now() < until, "mail that does not leave: {rows:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

#[actix_web::test]
async fn nothing_is_lost_when_nodes_are_killed_under_load() {
    let installation = Installation::new();
    // All at once, on an empty database: one migrates, the others wait.
    let mut serving = vec![installation.serve(&["--no-worker"])];
    let mut working = vec![installation.worker()];
    if backend() == Backend::Postgres {
        serving.push(installation.serve(&[]));
        working.push(installation.worker());
    }
    for node in serving.iter_mut().chain(&mut working) {
        node.wait();
    }
    let token = Arc::new(installation.client_token(&serving[0]).await);
    let urls: Vec<String> = serving.iter().map(|node| node.url.clone()).collect();
    let tag = format!("{}@example.org", Uuid::now_v7().simple());

    let (next, last) = (AtomicUsize::new(0), 150);
    let load =
        join_all((0..4).map(|_| hand_in(&installation.http, &urls, &token, &tag, &next, last)));
    let faults = async {
        let reached = async |number| {
            while next.load(Ordering::Relaxed) < number {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let kill = async |mut node: Node| {
            tokio::task::spawn_blocking(move || {
                node.kill_and_restart();
                node
            })
            .await
            .unwrap()
        };
        reached(30).await;
        let worker = kill(working.remove(0)).await;
        reached(70).await;
        let node = kill(serving.pop().unwrap()).await;
        (worker, node)
    };
    let (kept, _restarted) = tokio::join!(load, faults);
    let kept: BTreeSet<String> = kept.into_iter().flatten().collect();
    assert_eq!(kept.len(), last, "each report was kept once");

    // What is there is what was acknowledged: nothing less, and nothing twice.
    let mut there = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = installation
            .http
            .get(format!("{}/v1/reports?limit=100{cursor}", urls[0]))
            .bearer_auth(&token);
        let page = answer(page, 200).await;
        there.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| text(item, "id")),
        );
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(there, kept);

    let queued = all_sent(&installation.db()).await;
    assert_eq!(queued.len(), last, "one acknowledgement each");
    let mut mailed: BTreeMap<String, usize> = BTreeMap::new();
    for mail in arrived_of(&tag) {
        *mailed.entry(format!("<{}>", mail.message_id)).or_default() += 1;
    }
    let missing: Vec<_> = queued
        .iter()
        .filter(|id| !mailed.contains_key(*id))
        .collect();
    assert!(missing.is_empty(), "never mailed: {missing:?}");
    assert_eq!(mailed.len(), last, "no Message-ID but those of the outbox");
    // Twice is only what a killed node had sent and not yet marked; on PostgreSQL both that were killed send mail.
    let twice: Vec<_> = mailed.iter().filter(|(_, times)| **times > 1).collect();
    let most = 2 * (2 * UNMARKED + 1);
    assert!(twice.len() <= most, "mailed more than once: {twice:?}");
    assert!(mailed.values().all(|times| *times <= 2), "{twice:?}");
}

#[actix_web::test]
async fn nodes_share_tokens_and_sign_outs_and_mail_leaves_from_another() {
    let installation = Installation::new();
    let mut here = installation.serve(&["--no-worker"]);
    let mut there = installation.serve(&["--no-worker"]);
    here.wait();
    there.wait();
    let email = format!("jan.{}@example.org", Uuid::now_v7().simple());
    installation.run(
        &[
            "admin",
            "person",
            "--organisation",
            "BZK",
            "--role",
            "desk",
            "--name",
            "Jan",
            "--email",
            &email,
            "--password-stdin",
        ],
        PASSWORD,
    );
    let http = &installation.http;
    let signed_in = http
        .post(format!("{}/v1/sessions", here.url))
        .json(&json!({"email": email, "password": PASSWORD}));
    let token = text(&answer(signed_in, 201).await, "accessToken");
    let me = |node: &Node| http.get(format!("{}/v1/me", node.url)).bearer_auth(&token);
    assert_eq!(text(&answer(me(&there), 200).await, "email"), email);

    // No node here sends mail: it waits, and leaves from the first that does.
    let forgotten = http
        .post(format!("{}/v1/password-resets", here.url))
        .json(&json!({ "email": email }));
    answer(forgotten, 202).await;
    sleep(Duration::from_millis(1500)).await;
    assert!(arrived_of(&email).is_empty(), "nobody delivers");
    let mut worker = installation.worker();
    worker.wait();
    all_sent(&installation.db()).await;
    assert_eq!(arrived_of(&email).len(), 1);
    // Nobody rings the worker's bell, and it hears of later mail all the same.
    let tag = format!("{}@example.org", Uuid::now_v7().simple());
    let client = installation.client_token(&there).await;
    let handed_in = http
        .post(format!("{}/v1/reports", there.url))
        .bearer_auth(client)
        .json(&report(1, &tag));
    answer(handed_in, 201).await;
    let asked = Instant::now();
    while arrived_of(&tag).is_empty() {
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "not within its poll"
        );
        sleep(Duration::from_millis(50)).await;
    }

    // It shows that it lives, where others have the API.
    answer(http.get(format!("{}/health/ready", worker.url)), 200).await;
    answer(
        http.get(format!("{}/v1/me", worker.url))
            .bearer_auth(&token),
        404,
    )
    .await;
    assert_eq!(worker.process.stop("-TERM"), Some(0));

    let out = http
        .delete(format!("{}/v1/sessions/current", here.url))
        .bearer_auth(&token);
    answer(out, 204).await;
    let refused = answer(me(&there), 401).await;
    assert_eq!(refused["code"], "token_revoked");
}

#[actix_web::test]
async fn a_node_with_another_seal_key_does_not_start() {
    let installation = Installation::new();
    installation.run(&["migrate"], "");
    let mut command = installation.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env(
        "MELDPUNT_SEAL_KEY",
        "YW5kZXJlLXNsZXV0ZWwtdmFuLTMyLWJ5dGVzLWxhbmc=",
    );
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("MELDPUNT_SEAL_KEY"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
