//! A year's life in a few hundred steps: whoever is there does what it may, days go by, and in the end nothing is in a state
//! that the table does not allow, every deadline follows from its events, and every notice is accounted for.
//!
//! MELDPUNT_SIMULATION_STEPS makes it longer, MELDPUNT_SIMULATION_SEED another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use diesel::prelude::*;
use fastrand::Rng;
use meldpunt::domain::code::Code;
use meldpunt::domain::event::{Event, EventKind};
use meldpunt::domain::id::{EventId, ReportId};
use meldpunt::domain::status::{Action, Status, TRANSITIONS, Target};
use meldpunt::services::{Error, counting, deadlines};
use meldpunt::store::schema::{outbox, reports};
use meldpunt::store::{events, reports as stored};
use serde_json::{Value, json};

use crate::deadlines::proved;
use crate::harness::TestApp;
use crate::harness::actors::Actor;

const STEPS: usize = 400;
const DAYS: usize = 365;
/// Regulations of three ministries, and none.
const CITED: &[Option<&str>] = &[
    Some("BWBR0003420"),
    Some("BWBR0015703"),
    Some("BWBR0005416"),
    None,
];

struct Life {
    app: TestApp,
    rng: Rng,
    people: Vec<(&'static str, Actor)>,
    reports: Vec<String>,
    made: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    mailed: usize,
}

#[expect(
    clippy::disallowed_methods,
    reason = "of this test, not of the service"
)]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

impl Life {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let people = vec![
            ("reporter", app.reporter("GM1714").await),
            ("reporter", app.reporter("GM0715").await),
            ("reporter", app.reporter("GM0654").await),
            ("desk", app.desk().await),
            ("coordinator", app.coordinator().await),
            ("liaison", app.liaison("OCW").await),
            ("liaison", app.liaison("OCW").await),
            ("liaison", app.liaison("SZW").await),
            ("liaison", app.liaison("VWS").await),
            ("liaison", app.liaison("BZK").await),
        ];
        let seed = setting("MELDPUNT_SIMULATION_SEED").unwrap_or(2026);
        println!("seed {seed}");
        Self {
            app,
            rng: Rng::with_seed(seed),
            people,
            reports: Vec::new(),
            made: BTreeMap::new(),
            refused: BTreeMap::new(),
            mailed: 0,
        }
    }

    fn one_of<'a, T>(rng: &mut Rng, all: &'a [T]) -> &'a T {
        &all[rng.usize(0..all.len())]
    }

    async fn submit(&mut self) {
        let cited = Self::one_of(&mut self.rng, CITED);
        let confidentiality = Self::one_of(
            &mut self.rng,
            &[
                "public_after_review",
                "public_after_review",
                "government_only",
                "confidential",
            ],
        );
        let regulations: Vec<Value> = cited
            .iter()
            .map(|id| json!({"citation": id, "article": "4"}))
            .collect();
        let reporters: Vec<Actor> = self
            .people
            .iter()
            .filter(|(role, _)| *role == "reporter")
            .map(|(_, actor)| actor.clone())
            .collect();
        let reporter = Self::one_of(&mut self.rng, &reporters);
        let report = self
            .app
            .post("/v1/reports")
            .by(reporter)
            .json(json!({
                "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.",
                "municipalities": ["GM1714"], "regulations": regulations, "confidentiality": confidentiality,
            }))
            .await
            .expect(201);
        self.reports.push(report.id());
        *self.made.entry("submit".into()).or_default() += 1;
    }

    /// Somebody does one of the things it may do with some report.
    async fn act(&mut self) {
        let id = Self::one_of(&mut self.rng, &self.reports).clone();
        let path = format!("/v1/reports/{id}");
        self.rng.shuffle(&mut self.people);
        let mut found = None;
        for (_, actor) in self.people.clone() {
            let told = self.app.get(format!("{path}/transitions")).by(&actor).await;
            if told.status == 404 {
                continue;
            }
            let all = told.expect(200).json()["items"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            // What carries a report on is done more often than what is done beside it, and what ends it more seldom.
            let may: Vec<String> = all
                .iter()
                .filter_map(|row| row["action"].as_str().map(str::to_owned))
                .flat_map(|action| std::iter::repeat_n(action.clone(), weight(&action)))
                .collect();
            if !may.is_empty() {
                found = Some((actor, Self::one_of(&mut self.rng, &may).clone()));
                break;
            }
        }
        let Some((actor, action)) = found else { return };
        let seen = self.app.get(&path).by(&actor).await.expect(200);
        let Some(mut body) = self.body(&action, &seen.json()).await else {
            return;
        };
        body["action"] = json!(action);
        let reply = self
            .app
            .post(format!("{path}/transitions"))
            .by(&actor)
            .if_match(&seen)
            .json(body.clone())
            .await;
        let counted = match reply.status {
            200 => &mut self.made,
            // A value did not fit, or a guard stood in the way that depends on it; nothing was written.
            400 | 409 => &mut self.refused,
            _ => panic!("{action}: {body} was answered {reply}"),
        };
        *counted.entry(action).or_default() += 1;
    }

    async fn body(&mut self, action: &str, report: &Value) -> Option<Value> {
        let reason = "Daarom.";
        let outcome = *Self::one_of(
            &mut self.rng,
            &[
                "no_obstruction",
                "explanation",
                "declined_with_reasons",
                "practice_changed",
            ],
        );
        let explained =
            json!({"outcome": outcome, "publicExplanation": "Zo is het.", "reason": reason});
        let ministry = *Self::one_of(&mut self.rng, &["OCW", "SZW", "VWS", "BZK"]);
        let authority = self.app.organisation(ministry).await;
        let measure = json!({
            "kind": "amendment", "owner": "Directie", "targetDate": (self.app.now() + TimeDelta::days(90)).date_naive()
        });
        Some(match action {
            "route" => json!({"lead": authority, "explanation": reason}),
            "reroute" => json!({"lead": authority, "reason": reason}),
            "change_contributors" => json!({"contributors": [authority]}),
            "close_without_routing" => {
                json!({"outcome": "explanation", "publicExplanation": reason})
            }
            "take_position" => json!({"outcome": outcome, "publicExplanation": reason}),
            "settle" => {
                let mut body = explained;
                if report["position"]["outcome"] == outcome {
                    body.as_object_mut()?.remove("reason");
                }
                body
            }
            "start_implementation" | "update_implementation" => json!({"measure": measure}),
            "request_information" => json!({"question": "Hoeveel?"}),
            "provide_information" => json!({"answer": "41."}),
            "merge" => json!({"mergeInto": Self::one_of(&mut self.rng, &self.reports)}),
            "correct" => {
                let domain =
                    *Self::one_of(&mut self.rng, &["onderwijs-po", "wonen", "belastingen"]);
                json!({"reason": reason, "domains": [domain]})
            }
            "change_confidentiality" => {
                let to = *Self::one_of(
                    &mut self.rng,
                    &["public_after_review", "government_only", "confidential"],
                );
                match report["actions"]
                    .as_array()?
                    .iter()
                    .any(|action| action == "correct")
                {
                    true => {
                        json!({"confidentiality": to, "reason": reason, "consent": "Telefonisch."})
                    }
                    false => json!({"confidentiality": to}),
                }
            }
            "advise" => json!({"advice": reason}),
            "resolve_escalation" => json!({"explanation": reason}),
            "change_deadline_profile" => json!({"deadlineProfile": "standard", "reason": reason}),
            "give_feedback" => match self.rng.u32(0..3) {
                0 => json!({"verdict": "solved"}),
                1 => json!({"verdict": "partly", "remark": reason}),
                _ => {
                    json!({"verdict": "not", "remark": reason, "requestReopening": self.rng.bool()})
                }
            },
            "publish" => {
                let to = *Self::one_of(&mut self.rng, &["government", "public"]);
                json!({"audience": to, "title": "Een norm", "summary": "Een norm knelt."})
            }
            "return" | "reconsider" | "request_reopening" | "grant_reopening"
            | "deny_reopening" | "withdraw" | "extend" | "escalate" | "unpublish" => {
                json!({"reason": reason})
            }
            "accept"
            | "cancel_reopening"
            | "continue_without_answer"
            | "unmerge"
            | "assign"
            | "unassign" => json!({}),
            other => panic!("say here how to {other}"),
        })
    }

    /// A reporter joins what another organisation's report says, or leaves it again.
    async fn endorse(&mut self) {
        let reporters: Vec<Actor> = self
            .people
            .iter()
            .filter(|(role, _)| *role == "reporter")
            .map(|(_, actor)| actor.clone())
            .collect();
        let reporter = Self::one_of(&mut self.rng, &reporters);
        let shared = self
            .app
            .get("/v1/shared-reports")
            .by(reporter)
            .await
            .expect(200)
            .items();
        if shared.is_empty() {
            return;
        }
        let id = Self::one_of(&mut self.rng, &shared)["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/v1/shared-reports/{id}/endorsements");
        let reply = self
            .app
            .post(&path)
            .by(reporter)
            .json(json!({"effect": "Ook hier sluit de school."}))
            .await;
        let counted = match reply.status {
            200 | 201 => &mut self.made,
            // Its own, closed, or joined before.
            400 | 403 | 409 => &mut self.refused,
            _ => panic!("endorsing was answered {reply}"),
        };
        *counted.entry("endorse".into()).or_default() += 1;
    }

    /// A coordinator changes what is promised from now on.
    async fn change_profile(&self) {
        let coordinator = &self
            .people
            .iter()
            .find(|(role, _)| *role == "coordinator")
            .unwrap()
            .1;
        let path = "/v1/deadline-profiles/standard";
        let seen = self.app.get(path).by(coordinator).await.expect(200);
        let weeks = 6 + seen.json()["version"].as_i64().unwrap() % 3;
        self.app
            .patch(path)
            .by(coordinator)
            .if_match(&seen)
            .json(json!({"terms": {"position": format!("P{weeks}W")}, "reason": "Afgesproken."}))
            .await
            .expect(200);
    }

    /// An organisation goes over into another, with all that it has under way; its people are gone.
    async fn succeed(&mut self, old: &str, new: &str) {
        let (old, new) = (
            self.app.organisation(old).await,
            self.app.organisation(new).await,
        );
        self.people.retain(|(_, actor)| actor.organisation != old);
        let coordinator = self.people.iter().find(|(role, _)| *role == "coordinator");
        let reply = self
            .app
            .post(format!("/v1/organisations/{old}/successions"))
            .by(&coordinator.unwrap().1)
            .json(json!({"successor": new, "reason": "Samengevoegd."}))
            .await
            .expect(200);
        let moved = reply.json()["reports"].as_u64().unwrap();
        *self.made.entry("succeed".into()).or_default() += usize::try_from(moved).unwrap();
    }

    /// Somebody writes, attaches, watches, links, splits, endorses, searches, or does the same to several at once.
    async fn work_beside(&mut self) {
        let things = [
            "endorse", "message", "draft", "attach", "watch", "unwatch", "link", "split", "bulk",
            "search",
        ];
        let thing = *Self::one_of(&mut self.rng, &things);
        if thing == "endorse" {
            return self.endorse().await;
        }
        let id = Self::one_of(&mut self.rng, &self.reports).clone();
        let other = Self::one_of(&mut self.rng, &self.reports).clone();
        let actor = Self::one_of(&mut self.rng, &self.people).1.clone();
        let path = format!("/v1/reports/{id}");
        let seen = self.app.get(&path).by(&actor).await;
        let audience = *Self::one_of(&mut self.rng, &["reporter", "government", "authority"]);
        let app = &self.app;
        let reply = match thing {
            "message" | "draft" => {
                let body = json!({
                    "audience": audience, "text": "Kunt u de kaart sturen?", "draft": thing == "draft"
                });
                let to = format!("{path}/messages");
                app.post(to).by(&actor).json(body).await
            }
            "attach" => {
                let fields = [("audience", audience)];
                let to = format!("{path}/attachments");
                app.post(to)
                    .by(&actor)
                    .file("kaart.pdf", b"%PDF-1.7\n%%EOF\n", &fields)
                    .await
            }
            "watch" => {
                let to = format!("{path}/watch");
                app.call(reqwest::Method::PUT, to).by(&actor).await
            }
            "unwatch" => app.delete(format!("{path}/watch")).by(&actor).await,
            "link" => {
                let body = json!({"kind": "follows_from", "report": other});
                let to = format!("{path}/links");
                app.post(to).by(&actor).json(body).await
            }
            "split" if seen.status == 200 => {
                let parts = json!({"parts": [
                    {"title": "De norm", "description": "De norm sluit de school."},
                    {"title": "De bus", "description": "De bus mag niet rijden."},
                ]});
                let to = format!("{path}/split");
                app.post(to).by(&actor).if_match(&seen).json(parts).await
            }
            "bulk" if seen.status == 200 => {
                let version = seen.json()["version"].clone();
                let body = json!({"items": [
                    {"id": id, "version": version, "transition": {"action": "assign"}},
                    {"id": other, "version": version, "transition": {"action": "accept"}},
                ]});
                let to = "/v1/bulk-transitions";
                app.post(to).by(&actor).json(body).await
            }
            "search" => {
                let found = app.get("/v1/reports?q=norm&limit=100").by(&actor).await;
                for row in found.expect(200).items() {
                    let one = format!("/v1/reports/{}", row["id"].as_str().unwrap());
                    app.get(one).by(&actor).await.expect(200);
                }
                return;
            }
            // What it does not see it cannot do.
            _ => seen,
        };
        let counted = match reply.status {
            200..300 => &mut self.made,
            400 | 403 | 404 | 409 => &mut self.refused,
            _ => panic!("{thing} was answered {reply}"),
        };
        *counted.entry(thing.into()).or_default() += 1;
        if thing == "split" && reply.status == 200 {
            let parts = reply.json()["parts"].as_array().cloned().unwrap();
            let ids = parts.iter().map(|part| part["id"].as_str().unwrap());
            self.reports.extend(ids.map(str::to_owned));
        }
    }

    async fn mail(&mut self) {
        self.mailed += self.app.deliver_mail().await.len();
    }
}

/// How often an action is done.
fn weight(action: &str) -> usize {
    match action {
        "route"
        | "accept"
        | "take_position"
        | "start_implementation"
        | "settle"
        | "provide_information" => 12,
        "continue_without_answer" | "grant_reopening" | "request_reopening" | "give_feedback" => 6,
        "withdraw" | "close_without_routing" => 1,
        _ => 2,
    }
}

/// Where a transition of the table may lead from a status.
fn is_legal(event: &Event) -> bool {
    let Some(action) = Action::parse(event.kind.as_str()) else {
        return true;
    };
    let Some(from) = event.from else { return false };
    // Moved along when the report it was merged into handed its case over; shared no longer when it became narrower.
    if (event.kind == EventKind::Merge && from == Status::Merged)
        || matches!(event.kind, EventKind::Unassign | EventKind::Unpublish)
    {
        return event.to == from;
    }
    TRANSITIONS.iter().any(|row| {
        row.action == action
            && row.from.contains(&from)
            && match row.to {
                Target::To(status) => event.to == status,
                Target::Same => event.to == from,
                Target::Reopened => matches!(event.to, Status::InReview | Status::Submitted),
                Target::Before => event.to.is_open(),
            }
    })
}

#[actix_web::test]
async fn a_year_of_whatever_people_do_leaves_nothing_astray() {
    let steps =
        setting("MELDPUNT_SIMULATION_STEPS").map_or(STEPS, |steps| usize::try_from(steps).unwrap());
    let mut life = Life::new().await;
    let mut alerts = 0;
    let (mut hours, each) = (0, DAYS * 24 / steps);
    for step in 0..steps {
        if life.reports.len() < 8 || life.rng.u32(0..12) == 0 {
            life.submit().await;
        } else if life.rng.u32(0..4) == 0 {
            life.work_beside().await;
        } else {
            life.act().await;
        }
        let wait = life.rng.usize(0..=2 * each);
        hours += wait;
        life.app
            .clock
            .forward(TimeDelta::hours(i64::try_from(wait).unwrap()));
        if step % 10 == 0 {
            alerts += deadlines::raise_due(&life.app.context)
                .await
                .unwrap()
                .raised;
            life.mail().await;
        }
        // Now and then some of what changed is counted: the rest is when the next change of it comes.
        if step % 5 == 0 {
            let some = life.rng.i64(1..6);
            counting::round(&life.app.context, some).unwrap();
        }
        if step % (steps / 4) == 0 {
            life.change_profile().await;
        }
        // A municipality is merged into another, and a ministry into another.
        if step == steps / 2 {
            life.succeed("GM0654", "GM0715").await;
        }
        if step == steps * 3 / 4 {
            life.succeed("VWS", "SZW").await;
        }
    }
    life.mail().await;
    // What was counted on the way is what is counted anew in the end.
    let context = &life.app.context;
    let check = || context.db.read_blocking(counting::check).unwrap();
    assert_eq!(check(), Vec::<String>::new());
    assert_eq!(counting::catch_up(context).await.unwrap(), 0);
    assert_eq!(check(), Vec::<String>::new());
    let made: usize = life.made.values().sum();
    println!(
        "{made} actions and {alerts} alerts on {} reports in {} days, {} mails; made {:?}; refused {:?}",
        life.reports.len(),
        hours / 24,
        life.mailed,
        life.made,
        life.refused
    );
    assert!(made * 3 > steps, "too little happened");
    assert!(alerts > 0);

    // Every deadline, column and party follows from the events.
    let astray = life
        .app
        .context
        .db
        .read(|conn| {
            let profiles = meldpunt::store::deadline_profiles::all(conn)?
                .into_iter()
                .map(|profile| (profile.reference(), profile))
                .collect();
            let mut astray = Vec::new();
            for id in reports::table.select(reports::id).load::<ReportId>(conn)? {
                let report = stored::find(conn, id)?.unwrap();
                let of_it = events::list(conn, id, &[], None, 10_000)?;
                let again = meldpunt::domain::clock_proof::replay(&of_it, &profiles);
                if again != report.handling.ledger {
                    let kinds: Vec<_> = of_it
                        .iter()
                        .map(|e| {
                            (
                                e.kind,
                                e.at,
                                e.author.capacity,
                                e.details.deadline_profile.clone(),
                            )
                        })
                        .collect();
                    astray.push(format!(
                        "{kinds:#?}\n{again:#?}\n{:#?}",
                        report.handling.ledger
                    ));
                }
            }
            Ok::<_, Error>(astray)
        })
        .await
        .unwrap();
    assert!(astray.is_empty(), "{}", astray.join("\n\n"));
    proved(&life.app);
    let (all, rows) = life
        .app
        .context
        .db
        .read(|conn| {
            let ids: Vec<ReportId> = reports::table.select(reports::id).load(conn)?;
            let mut all: Vec<Event> = Vec::new();
            for id in ids {
                let report = stored::find(conn, id)?.unwrap();
                let of_it = events::list(conn, id, &[], None, 10_000)?;
                assert_eq!(of_it.last().unwrap().to, report.status, "{id}");
                assert!(
                    report
                        .lead
                        .is_none_or(|lead| !report.handling.contributors.contains(&lead)),
                    "{id}"
                );
                assert!(
                    report.merged_into.is_none_or(|target| target != report.id),
                    "{id}"
                );
                all.extend(of_it);
            }
            let rows: Vec<(Option<EventId>, String, String)> = outbox::table
                .select((outbox::event_id, outbox::state, outbox::message_id))
                .load(conn)?;
            Ok::<_, Error>((all, rows))
        })
        .await
        .unwrap();
    for (one, next) in all.iter().zip(&all[1..]) {
        assert!(is_legal(one), "{one:?}");
        if one.report == next.report {
            assert_eq!(next.from, Some(one.to), "{one:?} {next:?}");
        }
    }
    // Every notice is of an event or a digest of deadlines, was sent, and once.
    let known: BTreeSet<EventId> = all.iter().map(|event| event.id).collect();
    let messages: BTreeSet<&String> = rows.iter().map(|(_, _, message)| message).collect();
    assert_eq!(messages.len(), rows.len());
    assert_eq!(life.mailed, rows.len());
    let sent = meldpunt::domain::notice::NoticeState::Sent;
    for (event, state, message) in &rows {
        assert_eq!(state, sent.as_str(), "{message}");
        assert!(
            event.is_none_or(|event| known.contains(&event)),
            "{message}"
        );
    }
    // Whoever reports is told what is decided about it, every time.
    let told: BTreeSet<EventId> = rows.iter().filter_map(|(event, _, _)| *event).collect();
    for event in &all {
        use EventKind as E;
        let decides = matches!(
            event.kind,
            E::Submit
                | E::Route
                | E::RequestInformation
                | E::TakePosition
                | E::Settle
                | E::GrantReopening
                | E::Extend
        );
        assert!(
            !decides || told.contains(&event.id),
            "nobody was told of {event:?}"
        );
    }
}
