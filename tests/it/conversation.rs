//! Messages about a report: who reads them, drafts that another sends, what is mailed.

use std::collections::BTreeSet;

use meldpunt::domain::actor::Role;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

struct World {
    app: TestApp,
    reporter: Actor,
    lead: Actor,
    contributor: Actor,
    desk: Actor,
    analyst: Actor,
    /// Of the report.
    path: String,
}

/// A report of Sluis with OCW in the lead and SZW beside it.
async fn world() -> World {
    let app = TestApp::start().await;
    let (reporter, lead, contributor, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
        app.liaison("SZW").await,
        app.desk().await,
    );
    let vws = app.organisation("VWS").await;
    let analyst = app.person(&[Role::Analyst], vws).await;
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
    app.deliver_mail().await;
    World {
        app,
        reporter,
        lead,
        contributor,
        desk,
        analyst,
        path,
    }
}

impl World {
    async fn write(&self, by: &Actor, audience: &str, text: &str) -> Reply {
        self.app
            .post(format!("{}/messages", self.path))
            .by(by)
            .json(json!({"audience": audience, "text": text}))
            .await
    }

    async fn draft(&self, by: &Actor, audience: &str) -> Reply {
        self.app
            .post(format!("{}/messages", self.path))
            .by(by)
            .json(json!({"audience": audience, "text": "Concept.", "draft": true}))
            .await
            .expect(201)
    }

    fn address(&self, message: &Reply) -> String {
        format!("{}/messages/{}", self.path, message.id())
    }

    async fn texts(&self, by: &Actor) -> Vec<String> {
        let list = self.app.get(format!("{}/messages", self.path)).by(by).await;
        texts(&list.expect(200).items())
    }

    /// The messages that the timeline tells of.
    async fn told(&self, by: &Actor) -> usize {
        let events = format!("{}/events?limit=100", self.path);
        let events = self.app.get(events).by(by).await.expect(200).items();
        let told = events
            .iter()
            .filter(|event| event["kind"] == "message_sent");
        told.inspect(|event| assert!(event["details"]["messageId"].is_string(), "{event}"))
            .count()
    }

    async fn mailed(&self) -> BTreeSet<String> {
        let mail = self.app.deliver_mail().await;
        mail.into_iter().map(|mail| mail.to).collect()
    }
}

fn texts(items: &[Value]) -> Vec<String> {
    let text = |item: &Value| item["text"].as_str().unwrap_or_default().to_owned();
    items.iter().map(text).collect()
}

fn addresses(of: &[&Actor]) -> BTreeSet<String> {
    of.iter().map(|actor| actor.email.clone()).collect()
}

#[actix_web::test]
async fn each_message_is_seen_told_and_mailed_to_its_audience_alone() {
    let w = world().await;
    let (vws, other) = (w.app.liaison("VWS").await, w.app.liaison("OCW").await);
    w.write(&w.lead, "reporter", "Aan de melder.")
        .await
        .expect(201);
    assert_eq!(w.mailed().await, addresses(&[&w.reporter, &other, &w.desk]));
    w.write(&w.reporter, "reporter", "Van de melder.")
        .await
        .expect(201);
    assert_eq!(w.mailed().await, addresses(&[&w.lead, &other, &w.desk]));
    w.write(&w.desk, "government", "Onder ons.")
        .await
        .expect(201);
    assert_eq!(
        w.mailed().await,
        addresses(&[&w.lead, &other, &w.contributor])
    );
    w.write(&w.lead, "authority", "Binnen OCW.")
        .await
        .expect(201);
    assert_eq!(w.mailed().await, addresses(&[&other]));
    w.write(&w.contributor, "authority", "Binnen SZW.")
        .await
        .expect(201);
    assert_eq!(w.mailed().await, addresses(&[]));

    let (to, from) = ("Aan de melder.", "Van de melder.");
    let (among, ocw, szw) = ("Onder ons.", "Binnen OCW.", "Binnen SZW.");
    for (who, seen) in [
        (&w.reporter, &[to, from][..]),
        (&w.lead, &[to, from, among, ocw]),
        (&other, &[to, from, among, ocw]),
        (&w.contributor, &[to, from, among, szw]),
        (&w.desk, &[to, from, among]),
        (&w.analyst, &[to, from, among]),
    ] {
        assert_eq!(w.texts(who).await, seen, "{}", who.name);
        assert_eq!(w.told(who).await, seen.len(), "{}", who.name);
    }
    w.app
        .get(format!("{}/messages", w.path))
        .by(&vws)
        .await
        .expect_problem(404, "not_found");
    for (who, audience) in [
        (&w.reporter, "government"),
        (&w.reporter, "authority"),
        (&w.contributor, "reporter"),
        (&w.desk, "authority"),
        (&w.analyst, "reporter"),
    ] {
        let refused = w.write(who, audience, "Niet voor mij.").await;
        assert_eq!(refused.status, 403, "{audience} by {}: {refused}", who.name);
    }
}

#[actix_web::test]
async fn what_a_mail_says_is_who_wrote_what_and_for_whom() {
    let w = world().await;
    w.write(&w.desk, "government", "Is er ruimte in artikel 153?")
        .await
        .expect(201);
    let mail = w.app.deliver_mail().await;
    let to_lead = mail.iter().find(|mail| mail.to == w.lead.email).unwrap();
    assert!(to_lead.subject.contains("MKR-2026-"), "{}", to_lead.subject);
    for said in ["Is er ruimte in artikel 153?", "de melder leest het niet"] {
        let text = to_lead.text.replace('\n', " ");
        assert!(text.contains(said), "{text}");
    }
}

#[actix_web::test]
async fn one_drafts_and_a_colleague_sends_and_then_it_stays() {
    let w = world().await;
    let colleague = w.app.liaison("OCW").await;
    let draft = w.draft(&w.lead, "reporter").await;
    let address = w.address(&draft);
    assert_eq!(draft.header("location"), Some(address.as_str()));
    assert!(w.mailed().await.is_empty());
    for stranger in [&w.reporter, &w.desk, &w.contributor, &w.analyst] {
        assert!(w.texts(stranger).await.is_empty(), "{}", stranger.name);
        w.app.get(&address).by(stranger).await.expect(404);
        let sent = w.app.post(format!("{address}/send")).by(stranger);
        let refused = sent.if_match(&draft).await.status;
        // An analyst may send nothing at all.
        assert_eq!(
            refused,
            if stranger.id == w.analyst.id {
                403
            } else {
                404
            }
        );
    }
    assert_eq!(w.told(&w.desk).await, 0);
    let changed = w
        .app
        .patch(&address)
        .by(&colleague)
        .if_match(&draft)
        .json(json!({"text": "  Beter gezegd.  "}))
        .await
        .expect(200);
    assert_eq!(changed.text("text"), "Beter gezegd.");
    w.app
        .post(format!("{address}/send"))
        .by(&w.lead)
        .if_match(&draft)
        .await
        .expect(412);
    let sent = w
        .app
        .post(format!("{address}/send"))
        .by(&colleague)
        .if_match(&changed)
        .idempotency_key("verzenden-1")
        .await
        .expect(200);
    assert_eq!(sent.json()["draftedBy"], w.lead.name.as_str());
    assert_eq!(sent.json()["sentBy"], colleague.name.as_str());
    assert_eq!(sent.json()["state"], "sent");
    let again = w
        .app
        .post(format!("{address}/send"))
        .by(&colleague)
        .if_match(&changed)
        .idempotency_key("verzenden-1")
        .await
        .expect(200);
    assert_eq!(again.body, sent.body);
    assert_eq!(
        w.mailed().await,
        addresses(&[&w.reporter, &w.lead, &w.desk])
    );
    assert_eq!(w.texts(&w.reporter).await, ["Beter gezegd."]);
    // What was sent is not changed, sent again or deleted, by nobody.
    for call in [
        w.app.patch(&address).json(json!({"text": "Anders."})),
        w.app.delete(&address),
        w.app.post(format!("{address}/send")),
    ] {
        call.by(&colleague)
            .if_match(&sent)
            .await
            .expect_problem(409, "message_sent");
    }
}

#[actix_web::test]
async fn a_draft_is_thrown_away_and_leaves_nothing() {
    let w = world().await;
    let draft = w.draft(&w.desk, "government").await;
    let address = w.address(&draft);
    let seen = w.app.get(&address).by(&w.desk).await.expect(200);
    w.app
        .delete(&address)
        .by(&w.desk)
        .if_match(&seen)
        .await
        .expect(204);
    w.app.get(&address).by(&w.desk).await.expect(404);
    assert_eq!(w.told(&w.desk).await, 0);
    assert!(w.texts(&w.desk).await.is_empty());
}

#[actix_web::test]
async fn a_draft_moves_only_to_an_audience_one_may_write_to() {
    let w = world().await;
    let draft = w.draft(&w.contributor, "authority").await;
    let change = |audience: &str| {
        w.app
            .patch(w.address(&draft))
            .by(&w.contributor)
            .if_match(&draft)
            .json(json!({ "audience": audience }))
    };
    change("reporter").await.expect_problem(403, "not_allowed");
    let moved = change("government").await.expect(200);
    assert_eq!(moved.text("audience"), "government");
}

#[actix_web::test]
async fn messages_are_paged_both_ways_and_filtered() {
    let w = world().await;
    for number in 0..5 {
        let audience = if number % 2 == 0 {
            "reporter"
        } else {
            "government"
        };
        w.write(&w.desk, audience, &format!("Bericht {number}"))
            .await
            .expect(201);
    }
    w.draft(&w.desk, "reporter").await;
    w.app.deliver_mail().await;
    for (sort, first) in [("sent", "Bericht 0"), ("-sent", "Concept.")] {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{}/messages?limit=2&sort={sort}{cursor}", w.path);
            let page = w.app.get(path).by(&w.desk).await.expect(200);
            found.extend(texts(&page.items()));
            match page.json()["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found.len(), 6, "{found:?}");
        assert_eq!(found[0], first);
    }
    let count = async |query: &str| {
        let path = format!("{}/messages?{query}", w.path);
        w.app.get(path).by(&w.desk).await.expect(200).items().len()
    };
    assert_eq!(count("audience=government").await, 2);
    assert_eq!(count("audience=government&audience=reporter").await, 6);
    assert_eq!(count("state=draft").await, 1);
    assert_eq!(count("state=sent&audience=reporter").await, 3);
}

#[actix_web::test]
async fn a_message_says_something_and_is_about_a_report_that_was_submitted() {
    let w = world().await;
    w.write(&w.desk, "reporter", " \n ")
        .await
        .expect_faults(&[("/text", "required")]);
    w.write(&w.desk, "everybody", "Tekst.")
        .await
        .expect_faults(&[("/audience", "not_in_list")]);
    let draft = w
        .app
        .post("/v1/reports")
        .by(&w.reporter)
        .json(json!({"draft": true}))
        .await
        .expect(201);
    w.app
        .post(format!("/v1/reports/{}/messages", draft.id()))
        .by(&w.reporter)
        .json(json!({"audience": "reporter", "text": "Hallo?"}))
        .await
        .expect_problem(409, "report_not_submitted");
}

#[actix_web::test]
async fn who_is_no_longer_on_a_report_reads_none_of_it() {
    let w = world().await;
    w.write(&w.lead, "authority", "Binnen OCW.")
        .await
        .expect(201);
    let draft = w.draft(&w.lead, "government").await;
    let seen = w.app.get(&w.path).by(&w.desk).await.expect(200);
    let vws = w.app.organisation("VWS").await;
    w.app
        .post(format!("{}/transitions", w.path))
        .by(&w.desk)
        .if_match(&seen)
        .json(json!({"action": "reroute", "lead": vws, "reason": "Van VWS."}))
        .await
        .expect(200);
    assert!(w.texts(&w.lead).await.is_empty());
    assert_eq!(w.told(&w.lead).await, 0);
    w.app.get(w.address(&draft)).by(&w.lead).await.expect(404);
    w.write(&w.lead, "government", "Nog iets.")
        .await
        .expect(403);
}
