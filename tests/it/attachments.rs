//! Attachments: what is taken, who sees and deletes it, how it is given back, and that nothing is left of what was not
//! kept. Their bytes lie in a folder of the test's own.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use meldpunt::clock::{Clock, SystemClock};
use meldpunt::config::Settings;
use meldpunt::domain::actor::Role;
use meldpunt::services::attachments::tidy;
use serde_json::json;

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

const PDF: &[u8] = b"%PDF-1.7\nEen besluit van de raad.\n%%EOF\n";

struct World {
    app: TestApp,
    reporter: Actor,
    lead: Actor,
    contributor: Actor,
    desk: Actor,
    path: String,
}

/// A report of Sluis with OCW in the lead and SZW beside it.
async fn world() -> World {
    world_with(|_| ()).await
}

async fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    let app = TestApp::start_with(|settings| {
        settings.attachment_limit = 12_000_000;
        change(settings);
    })
    .await;
    let (reporter, lead, contributor, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.liaison("SZW").await,
        app.desk().await,
    );
    let report = app
        .post("/v1/reports")
        .by(&reporter)
        .json(json!({
            "title": "Opheffingsnorm", "description": "De norm knelt.", "effect": "De school sluit.",
            "municipalities": ["GM1714"], "regulations": [{"citation": "BWBR0003420", "article": "153"}]
        }))
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", report.id());
    app.post(format!("{path}/transitions"))
        .by(&desk)
        .if_match(&report)
        .json(json!({"action": "change_contributors", "contributors": [app.organisation("SZW").await]}))
        .await
        .expect(200);
    World {
        app,
        reporter,
        lead,
        contributor,
        desk,
        path,
    }
}

impl World {
    async fn add(&self, by: &Actor, name: &str, content: &[u8], audience: &str) -> Reply {
        self.app
            .post(format!("{}/attachments", self.path))
            .by(by)
            .file(name, content, &[("audience", audience)])
            .await
    }

    fn address(&self, attachment: &Reply) -> String {
        format!("{}/attachments/{}", self.path, attachment.id())
    }

    async fn names(&self, by: &Actor) -> Vec<String> {
        let list = self
            .app
            .get(format!("{}/attachments", self.path))
            .by(by)
            .await;
        let items = list.expect(200).items();
        let name = |item: &serde_json::Value| item["name"].as_str().unwrap().to_owned();
        items.iter().map(name).collect()
    }

    async fn events(&self, by: &Actor) -> Vec<String> {
        let path = format!("{}/events?limit=100", self.path);
        let events = self.app.get(path).by(by).await.expect(200).items();
        let named = events
            .iter()
            .filter(|event| event["details"]["attachmentId"].is_string());
        named
            .map(|event| format!("{} {}", event["kind"], event["details"]["fileName"]))
            .collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        files(&self.app.context.objects.folder().unwrap())
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[actix_web::test]
async fn what_is_added_is_given_back_as_a_file_and_nothing_else() {
    let w = world().await;
    let added = w
        .add(&w.reporter, "Raadsbesluit één.pdf", PDF, "reporter")
        .await
        .expect(201);
    assert_eq!(added.header("location"), Some(w.address(&added).as_str()));
    assert_eq!(added.text("mediaType"), "application/pdf");
    assert_eq!(added.json()["bytes"], PDF.len());
    assert_eq!(added.text("name"), "Raadsbesluit één.pdf");
    let content = format!("{}/content", w.address(&added));
    let fetched = w
        .app
        .get(&content)
        .by(&w.lead)
        .header("accept", "application/pdf")
        .await
        .expect(200);
    assert_eq!(fetched.body, PDF);
    assert_eq!(
        fetched.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(
        fetched.header("content-length"),
        Some(PDF.len().to_string().as_str())
    );
    assert_eq!(
        fetched.header("content-disposition"),
        Some(
            "attachment; filename=\"Raadsbesluit __n.pdf\"; filename*=UTF-8''Raadsbesluit%20%C3%A9%C3%A9n.pdf"
        )
    );
    let policy = fetched.header("content-security-policy").unwrap();
    assert!(
        policy.contains("sandbox") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert_eq!(fetched.etag(), format!("\"{}\"", added.text("sha256")));
    w.app
        .get(&content)
        .by(&w.lead)
        .header("if-none-match", fetched.etag())
        .await
        .expect(304);
    w.app
        .call(reqwest::Method::HEAD, &content)
        .by(&w.lead)
        .await
        .expect(200);
    assert_eq!(
        w.events(&w.lead).await,
        ["\"attachment_added\" \"Raadsbesluit één.pdf\""]
    );
}

#[actix_web::test]
async fn each_attachment_is_for_its_audience() {
    let w = world().await;
    let (stranger, vws) = (
        w.app.reporter("GM0363").await,
        w.app.organisation("VWS").await,
    );
    let analyst = w.app.person(&[Role::Analyst], vws).await;
    let mut added = Vec::new();
    for (by, name, audience) in [
        (&w.reporter, "melder.txt", "reporter"),
        (&w.desk, "overheid.txt", "government"),
        (&w.lead, "ocw.txt", "authority"),
        (&w.contributor, "szw.txt", "authority"),
    ] {
        added.push(w.add(by, name, b"tekst", audience).await.expect(201));
    }
    let all = ["melder.txt", "overheid.txt", "ocw.txt", "szw.txt"];
    for (who, seen) in [
        (&w.reporter, &[0][..]),
        (&w.desk, &[0, 1]),
        (&w.lead, &[0, 1, 2]),
        (&w.contributor, &[0, 1, 3]),
        (&analyst, &[0, 1]),
    ] {
        let names: Vec<&str> = seen.iter().map(|at| all[*at]).collect();
        assert_eq!(w.names(who).await, names, "{}", who.name);
        assert_eq!(w.events(who).await.len(), seen.len(), "{}", who.name);
        for (at, attachment) in added.iter().enumerate() {
            let status = if seen.contains(&at) { 200 } else { 404 };
            for path in ["", "/content"] {
                let address = format!("{}{path}", w.address(attachment));
                w.app.get(address).by(who).await.expect(status);
            }
        }
    }
    for attachment in &added {
        w.app
            .get(w.address(attachment))
            .by(&stranger)
            .await
            .expect(404);
    }
    for (who, audience) in [
        (&w.reporter, "government"),
        (&w.contributor, "reporter"),
        (&w.desk, "authority"),
    ] {
        w.add(who, "x.txt", b"x", audience)
            .await
            .expect_problem(403, "not_allowed");
    }
    assert_eq!(w.files().len(), 4, "what was refused left nothing");
}

#[actix_web::test]
async fn the_kind_is_told_from_the_content_and_the_rest_is_refused() {
    let w = world().await;
    let html = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let large = vec![b'a'; 12_000_001];
    for (name, content, code) in [
        ("pagina.txt", html, "file_kind"),
        ("programma.pdf", b"MZ\x90\0\x03", "file_kind"),
        ("leeg.txt", b"", "file_empty"),
        ("groot.txt", &large, "file_too_large"),
    ] {
        w.add(&w.reporter, name, content, "reporter")
            .await
            .expect_faults(&[("/file", code)]);
    }
    let added = w
        .add(&w.reporter, "..\\..\\besluit.exe", PDF, "reporter")
        .await
        .expect(201);
    assert_eq!(added.text("name"), "besluit.exe.pdf");
    assert_eq!(w.files().len(), 1);
    // Just as large as may be, in more pieces than one.
    let most = [PDF, &vec![b'%'; 12_000_000 - PDF.len()]].concat();
    let added = w
        .add(&w.reporter, "groot.pdf", &most, "reporter")
        .await
        .expect(201);
    let fetched = w
        .app
        .get(format!("{}/content", w.address(&added)))
        .by(&w.desk)
        .await;
    assert!(fetched.expect(200).body == most);
}

#[actix_web::test]
async fn a_form_that_is_none_is_told_what_is_wrong() {
    let w = world().await;
    let send = |media: &str, body: &str| {
        let call = w
            .app
            .post(format!("{}/attachments", w.path))
            .by(&w.reporter);
        call.body(media, body.as_bytes().to_vec())
    };
    send("application/json", "{}")
        .await
        .expect_problem(415, "unsupported_media_type");
    send("multipart/form-data", "")
        .await
        .expect_faults(&[("", "form_malformed")]);
    let media = "multipart/form-data; boundary=grens";
    send(media, "nothing of the kind")
        .await
        .expect_faults(&[("", "form_malformed")]);
    let field = |name: &str, value: &str| {
        format!(
            "--grens\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--grens--\r\n"
        )
    };
    send(media, &field("audience", "reporter"))
        .await
        .expect_faults(&[("/file", "required")]);
    send(media, &field("audience", "iedereen"))
        .await
        .expect_faults(&[("/audience", "not_in_list")]);
    send(media, &field("anders", "x"))
        .await
        .expect_faults(&[("/", "unknown_field")]);
    // A file that came whole, in a form that did not.
    let call = w
        .app
        .post(format!("{}/attachments", w.path))
        .by(&w.reporter);
    let cut = "--grens\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntekst\r\n--grens\r\n";
    call.body(media, cut.as_bytes().to_vec())
        .await
        .expect_faults(&[("", "form_malformed")]);
    assert!(w.files().is_empty());
    assert!(w.names(&w.reporter).await.is_empty());
}

#[actix_web::test]
async fn a_key_adds_once_and_the_number_is_limited() {
    let w = world().await;
    let add = |content: &'static [u8]| {
        w.app
            .post(format!("{}/attachments", w.path))
            .by(&w.reporter)
            .idempotency_key("bijlage-1")
            .file("a.txt", content, &[])
    };
    let first = add(b"tekst").await.expect(201);
    let again = add(b"tekst").await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    add(b"andere tekst")
        .await
        .expect_problem(422, "idempotency_key_reused");
    assert_eq!(w.files().len(), 1);
    for number in 1..50 {
        w.add(&w.desk, &format!("{number}.txt"), b"x", "reporter")
            .await
            .expect(201);
    }
    w.add(&w.desk, "51.txt", b"x", "reporter")
        .await
        .expect_problem(409, "too_many_attachments");
    assert_eq!(w.files().len(), 50);
    let path = format!("{}/attachments?limit=40", w.path);
    let page = w.app.get(&path).by(&w.desk).await.expect(200);
    let cursor = page.text("nextCursor");
    let rest = w
        .app
        .get(format!("{path}&cursor={cursor}"))
        .by(&w.desk)
        .await
        .expect(200);
    assert_eq!((page.items().len(), rest.items().len()), (40, 10));
}

#[actix_web::test]
async fn deleting_takes_the_bytes_and_keeps_what_was_there() {
    let w = world().await;
    let colleague = w.app.reporter("GM1714").await;
    let added = w
        .add(&w.reporter, "besluit.pdf", PDF, "reporter")
        .await
        .expect(201);
    let address = w.address(&added);
    let delete = |by: &Actor| w.app.delete(&address).by(by).if_match(&added);
    delete(&w.lead).await.expect_problem(403, "not_allowed");
    w.app.delete(&address).by(&w.desk).await.expect(428);
    delete(&colleague).await.expect(204);
    assert!(w.files().is_empty());
    assert!(w.names(&w.desk).await.is_empty());
    let kept = w.app.get(&address).by(&w.lead).await.expect(200);
    assert_eq!(kept.text("deletedBy"), colleague.name);
    assert_eq!(kept.text("name"), "besluit.pdf");
    w.app
        .get(format!("{address}/content"))
        .by(&w.lead)
        .await
        .expect(404);
    let told = [
        "\"attachment_added\" \"besluit.pdf\"",
        "\"attachment_deleted\" \"besluit.pdf\"",
    ];
    assert_eq!(w.events(&w.lead).await, told);
    w.app
        .delete(&address)
        .by(&w.desk)
        .if_match(&kept)
        .await
        .expect_problem(409, "attachment_deleted");
    // The desk deletes whose it may be.
    let other = w
        .add(&w.lead, "nota.txt", b"nota", "government")
        .await
        .expect(201);
    w.app
        .delete(w.address(&other))
        .by(&w.desk)
        .if_match(&other)
        .await
        .expect(204);
}

#[actix_web::test]
async fn a_draft_has_attachments_and_takes_them_along() {
    let w = world().await;
    let draft = w
        .app
        .post("/v1/reports")
        .by(&w.reporter)
        .json(json!({"draft": true}))
        .await
        .expect(201);
    let path = format!("/v1/reports/{}", draft.id());
    w.app
        .post(format!("{path}/attachments"))
        .by(&w.reporter)
        .file("kaart.pdf", PDF, &[])
        .await
        .expect(201);
    w.app
        .get(format!("{path}/attachments"))
        .by(&w.desk)
        .await
        .expect(404);
    assert_eq!(w.files().len(), 1);
    w.app
        .delete(&path)
        .by(&w.reporter)
        .if_match(&draft)
        .await
        .expect(204);
    assert!(w.files().is_empty());
}

/// Sends the head of an upload and a part of its body, and goes away once that has arrived.
async fn cut_off(w: &World, sent: usize, tell: Shutdown) {
    let (app, path) = (&w.app, &w.path);
    let token = app.token_of(&w.reporter).await;
    let host = app.url.trim_start_matches("http://").to_owned();
    let head = format!(
        "POST {path}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=grens\r\nContent-Length: 11000000\r\n\r\n\
         --grens\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\n"
    );
    let begin = move || {
        let mut link = TcpStream::connect(host).unwrap();
        link.write_all(head.as_bytes()).unwrap();
        link.write_all(&vec![b'%'; sent]).unwrap();
        link
    };
    let link = tokio::task::spawn_blocking(begin).await.unwrap();
    if sent > 6_000_000 && w.app.context.objects.folder().is_some() {
        wait_for(|| !w.files().is_empty()).await;
    } else if sent > 6_000_000 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    } else {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(w.files().is_empty());
    }
    link.shutdown(tell).unwrap();
}

async fn wait_for(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "it does not come to that"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn an_upload_cut_off_halfway_leaves_nothing() {
    let w = world().await;
    // Within what is written at once, and when much of it lies there already.
    for sent in [100_000, 7_000_000] {
        for tell in [Shutdown::Both, Shutdown::Write] {
            cut_off(&w, sent, tell).await;
            wait_for(|| w.files().is_empty()).await;
        }
    }
    assert!(w.names(&w.reporter).await.is_empty());
    assert!(w.events(&w.reporter).await.is_empty());
}

#[actix_web::test]
async fn tidying_takes_what_nobody_has_once_it_is_old() {
    let w = world().await;
    let added = w
        .add(&w.reporter, "besluit.pdf", PDF, "reporter")
        .await
        .expect(201);
    let folder = w.app.context.objects.folder().unwrap();
    let report = w.path.rsplit('/').next().unwrap();
    let stranger = uuid::Uuid::now_v7().to_string();
    // Bytes without a row, what a killed process was writing, and what is none of ours.
    std::fs::create_dir_all(folder.join(&stranger)).unwrap();
    let orphan = folder
        .join(&stranger)
        .join(uuid::Uuid::now_v7().to_string());
    let unfinished = folder.join(report).join(format!("{stranger}#1"));
    let others = folder.join("lees-mij.txt");
    for file in [&orphan, &unfinished, &others] {
        std::fs::write(file, "x").unwrap();
    }
    let now = w.app.now();
    let age = |file: &Path, days: i64| {
        let at = std::time::SystemTime::from(now - TimeDelta::days(days));
        std::fs::File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_modified(at)
            .unwrap();
    };
    age(&orphan, 0);
    age(&unfinished, 0);
    tidy::round(&w.app.context).await.unwrap();
    assert!(
        orphan.exists() && unfinished.exists(),
        "it may be under way"
    );
    for file in [
        &orphan,
        &unfinished,
        &others,
        &folder.join(report).join(added.id()),
    ] {
        age(file, 2);
    }
    assert_eq!(tidy::round(&w.app.context).await.unwrap(), 2);
    assert!(!orphan.exists() && !unfinished.exists() && others.exists());
    let content = format!("{}/content", w.address(&added));
    assert_eq!(w.app.get(&content).by(&w.desk).await.expect(200).body, PDF);
    assert_eq!(tidy::round(&w.app.context).await.unwrap(), 0);
}

/// The same in an S3-compatible store, which `scripts/test` starts.
#[cfg(feature = "s3")]
#[actix_web::test]
async fn an_s3_compatible_store_holds_them_as_well() {
    use crate::harness::database::environment;
    use futures_util::TryStreamExt;
    use meldpunt::services::attachments::check;

    let told =
        |name: &str| environment(name).expect("scripts/test sets TEST_S3_ENDPOINT and TEST_S3_KEY");
    let w = world_with(|settings| {
        settings.attachments = format!("s3://meldpunt/{}", uuid::Uuid::now_v7());
        settings.s3_endpoint = Some(told("TEST_S3_ENDPOINT"));
        settings.s3_key = Some(told("TEST_S3_KEY"));
    })
    .await;
    let objects = || async {
        let found = w.app.context.objects.list().await.unwrap();
        let found: Vec<_> = found.try_collect().await.unwrap();
        found.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert!(objects().await.is_empty());
    // One in a single request, one in parts.
    let most = [PDF, &vec![b'%'; 11_000_000]].concat();
    let small = w
        .add(&w.reporter, "klein.pdf", PDF, "reporter")
        .await
        .expect(201);
    let large = w
        .add(&w.reporter, "groot.pdf", &most, "reporter")
        .await
        .expect(201);
    for (attachment, content) in [(&small, PDF), (&large, &most)] {
        let path = format!("{}/content", w.address(attachment));
        assert!(w.app.get(path).by(&w.lead).await.expect(200).body == content);
    }
    w.add(&w.reporter, "x.pdf", b"MZ\x90\0", "reporter")
        .await
        .expect(400);
    cut_off(&w, 7_000_000, Shutdown::Both).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(objects().await.len(), 2);
    let deleted = w
        .app
        .delete(w.address(&small))
        .by(&w.reporter)
        .if_match(&small);
    deleted.await.expect(204);
    let checked = check::all(&w.app.context).await.unwrap();
    assert_eq!((checked.attachments, checked.bytes), (1, most.len() as u64));
    assert!(checked.missing.is_empty() && checked.others == 0);
    // Without a row it goes once it is old, and what has one stays.
    let orphan = format!("{}/{}", uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let mut writing = w.app.context.objects.begin(&orphan).await.unwrap();
    writing.put(PDF.into()).await.unwrap();
    writing.finish().await.unwrap();
    // The store has the time of the machine, whatever that of the tests.
    let ahead = SystemClock.now() - w.app.now();
    w.app.clock.forward(ahead + TimeDelta::days(2));
    assert_eq!(tidy::round(&w.app.context).await.unwrap(), 1);
    let left = objects().await;
    assert_eq!(left.len(), 1);
    w.app.context.objects.remove(&left[0]).await.unwrap();
    let checked = check::all(&w.app.context).await.unwrap();
    assert_eq!(checked.missing, left);
}
