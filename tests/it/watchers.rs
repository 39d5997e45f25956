//! Watching a report: who is told how it goes, and for how long.

use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::mailbox::Mail;

struct World {
    app: TestApp,
    reporter: Actor,
    lead: Actor,
    desk: Actor,
    path: String,
}

async fn world() -> World {
    let app = TestApp::start().await;
    let (reporter, lead, desk) = (
        app.reporter("GM1714").await,
        app.liaison("OCW").await,
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
    World {
        app,
        reporter,
        lead,
        desk,
        path,
    }
}

impl World {
    async fn watch(&self, by: &Actor) {
        let watch = self
            .app
            .call(reqwest::Method::PUT, format!("{}/watch", self.path));
        watch.by(by).await.expect(204);
    }

    async fn act(&self, by: &Actor, body: Value) -> Vec<Mail> {
        self.app.deliver_mail().await;
        let seen = self.app.get(&self.path).by(by).await.expect(200);
        self.app
            .post(format!("{}/transitions", self.path))
            .by(by)
            .if_match(&seen)
            .json(body)
            .await
            .expect(200);
        self.app.deliver_mail().await
    }

    async fn watched(&self, by: &Actor) -> usize {
        self.app
            .get("/v1/reports?watching=true")
            .by(by)
            .await
            .expect(200)
            .items()
            .len()
    }
}

fn to<'a>(mails: &'a [Mail], who: &Actor) -> Vec<&'a Mail> {
    mails.iter().filter(|mail| mail.to == who.email).collect()
}

#[actix_web::test]
async fn who_watches_is_told_of_the_status_once_and_until_it_stops() {
    let w = world().await;
    let colleague = w.app.reporter("GM1714").await;
    for _ in 0..2 {
        w.watch(&colleague).await;
    }
    // A party is told as one, and nobody twice.
    w.watch(&w.reporter).await;
    assert_eq!(
        (w.watched(&colleague).await, w.watched(&w.desk).await),
        (1, 0)
    );
    let all = w
        .app
        .get("/v1/reports?watching=false")
        .by(&colleague)
        .await
        .expect(200);
    assert!(all.items().is_empty());
    let mails = w.act(&w.lead, json!({"action": "accept"})).await;
    assert!(
        mails.is_empty(),
        "the parties hear nothing of it: {mails:?}"
    );
    let position = json!({"action": "take_position", "outcome": "existing_room", "publicExplanation": "Het mag al."});
    let mails = w.act(&w.lead, position).await;
    let told = to(&mails, &colleague);
    assert_eq!(told.len(), 1);
    assert!(
        told[0]
            .subject
            .starts_with("Een melding die u volgt: MKR-2026-"),
        "{}",
        told[0].subject
    );
    for said in [
        "Het mag al.",
        "Standpunt ingenomen",
        "U volgt deze melding.",
    ] {
        assert!(told[0].text.contains(said), "{said}: {}", told[0].text);
    }
    assert_eq!(to(&mails, &w.reporter).len(), 1);
    assert!(!to(&mails, &w.reporter)[0].subject.contains("die u volgt"));
    w.app
        .delete(format!("{}/watch", w.path))
        .by(&colleague)
        .await
        .expect(204);
    w.app
        .delete(format!("{}/watch", w.path))
        .by(&colleague)
        .await
        .expect(204);
    let mails = w
        .act(
            &w.lead,
            json!({"action": "reconsider", "reason": "Nieuwe feiten."}),
        )
        .await;
    assert!(to(&mails, &colleague).is_empty() && !to(&mails, &w.reporter).is_empty());
    assert_eq!(w.watched(&colleague).await, 0);
}

#[actix_web::test]
async fn who_does_it_hears_nothing_and_who_lost_sight_of_it_neither() {
    let w = world().await;
    let contributor = w.app.liaison("SZW").await;
    let szw = w.app.organisation("SZW").await;
    let vws = w.app.organisation("VWS").await;
    w.act(
        &w.desk,
        json!({"action": "change_contributors", "contributors": [szw]}),
    )
    .await;
    w.watch(&contributor).await;
    w.watch(&w.lead).await;
    w.watch(&w.desk).await;
    w.act(
        &w.desk,
        json!({"action": "change_contributors", "contributors": []}),
    )
    .await;
    w.app.get(&w.path).by(&contributor).await.expect(404);
    let mails = w
        .act(
            &w.desk,
            json!({"action": "reroute", "lead": vws, "reason": "Intern: verkeerd gekozen."}),
        )
        .await;
    assert!(
        to(&mails, &contributor).is_empty()
            && to(&mails, &w.desk)
                .iter()
                .all(|mail| !mail.subject.contains("die u volgt"))
    );
    // The former lead sees how it goes, and is told so much.
    let vws = w.app.liaison("VWS").await;
    w.act(&vws, json!({"action": "accept"})).await;
    let position = json!({"action": "take_position", "outcome": "no_obstruction", "publicExplanation": "Het knelt niet."});
    let mails = w.act(&vws, position).await;
    let told = to(&mails, &w.lead);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].text.contains("Het knelt niet.") && !told[0].text.contains("Gemeente Sluis"),
        "{}",
        told[0].text
    );
    assert_eq!(to(&mails, &w.desk).len(), 1);
    assert_eq!(
        w.watched(&contributor).await,
        0,
        "a list shows what one sees"
    );
}

#[actix_web::test]
async fn watchers_are_named_to_their_own_organisation_and_counted_for_others() {
    let w = world().await;
    let colleague = w.app.reporter("GM1714").await;
    for who in [&w.reporter, &colleague, &w.desk] {
        w.watch(who).await;
    }
    let list = |by: &Actor| w.app.get(format!("{}/watchers", w.path)).by(by);
    let seen = list(&w.reporter).await.expect(200).items();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        (&seen[0]["count"], &seen[1]["count"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(seen[0]["people"][1]["name"], colleague.name.as_str());
    assert_eq!(seen[1]["people"], Value::Null);
    let seen = list(&w.lead).await.expect(200).items();
    assert!(seen.iter().all(|one| one["people"].is_null()), "{seen:?}");
    let stranger = w.app.reporter("GM0363").await;
    list(&stranger).await.expect(404);
    let vws = w.app.organisation("VWS").await;
    w.act(
        &w.desk,
        json!({"action": "reroute", "lead": vws, "reason": "Van VWS."}),
    )
    .await;
    list(&w.lead).await.expect_problem(403, "not_allowed");
    let home = w.app.organisation("GM1714").await;
    let machine = w
        .app
        .client(&[meldpunt::domain::actor::Role::Reporter], None, home)
        .await;
    let watch = w
        .app
        .call(reqwest::Method::PUT, format!("{}/watch", w.path));
    watch.by(&machine).await.expect_problem(403, "people_watch");
}
