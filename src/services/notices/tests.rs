use chrono::{TimeZone, Utc};
use clap::Parser;

use super::*;
use crate::clock::SystemClock;
use crate::domain::actor::{OrganisationKind, PrincipalKind, Role};
use crate::domain::event::{Author, Details, PersonRef};
use crate::domain::id::{EventId, PrincipalId, ReportId};
use crate::domain::notice::notices;
use crate::domain::report::{Contact, Content, Handling, Outcome, Question, Sender};
use crate::domain::status::{Capacity, Status};
use crate::mail::render::render;
use crate::store::reports;
use crate::store::testing::{TestDb, databases, in_transaction, organisation, principal};

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
}

/// A municipality, two ministries with liaisons, one without, and the desk.
struct World {
    test: TestDb,
    ctx: Context,
    gemeente: OrganisationId,
    buren: OrganisationId,
    ocw: OrganisationId,
    vws: OrganisationId,
    leeg: OrganisationId,
    jan: PrincipalId,
    els: PrincipalId,
    machine: PrincipalId,
    loes: PrincipalId,
}

fn worlds() -> Vec<World> {
    databases().into_iter().map(world).collect()
}

fn world(test: TestDb) -> World {
    use OrganisationKind::{Ministry, Municipality};
    let settings = Flags::parse_from(["test"]).settings;
    let ctx = Context::new(test.db.clone(), std::sync::Arc::new(SystemClock), settings);
    test.db
        .clone()
        .write_blocking::<_, Error, _>(move |conn| {
            let bzk = organisation(conn, "Ministerie van BZK", Ministry, true);
            let gemeente = organisation(conn, "Gemeente Sluis", Municipality, false);
            let buren = organisation(conn, "Gemeente Hulst", Municipality, false);
            let ocw = organisation(conn, "Ministerie van OCW", Ministry, false);
            let vws = organisation(conn, "Ministerie van VWS", Ministry, false);
            let leeg = organisation(conn, "Ministerie van EZ", Ministry, false);
            let jan = principal(
                conn,
                gemeente,
                "Jan",
                Some("jan@sluis.example"),
                &[Role::Reporter],
            );
            principal(
                conn,
                gemeente,
                "Piet",
                Some("piet@sluis.example"),
                &[Role::Reporter],
            );
            principal(
                conn,
                gemeente,
                "Ine",
                Some("ine@sluis.example"),
                &[Role::OrgAdmin],
            );
            let els = principal(
                conn,
                buren,
                "Els",
                Some("els@hulst.example"),
                &[Role::Reporter],
            );
            let machine = principal(conn, gemeente, "Zaaksysteem", None, &[Role::Reporter]);
            principal(
                conn,
                ocw,
                "Otto",
                Some("otto@ocw.example"),
                &[Role::Liaison],
            );
            principal(
                conn,
                ocw,
                "Anna",
                Some("anna@ocw.example"),
                &[Role::Analyst],
            );
            principal(
                conn,
                vws,
                "Vera",
                Some("vera@vws.example"),
                &[Role::Liaison],
            );
            principal(
                conn,
                leeg,
                "Admin",
                Some("admin@ez.example"),
                &[Role::OrgAdmin],
            );
            let loes = principal(conn, bzk, "Loes", Some("loes@bzk.example"), &[Role::Desk]);
            principal(
                conn,
                bzk,
                "Cor",
                Some("cor@bzk.example"),
                &[Role::Coordinator],
            );
            principal(conn, bzk, "Lia", Some("lia@bzk.example"), &[Role::Liaison]);
            Ok(World {
                test,
                ctx,
                gemeente,
                buren,
                ocw,
                vws,
                leeg,
                jan,
                els,
                machine,
                loes,
            })
        })
        .unwrap()
}

impl World {
    fn report(&self, number: u32) -> Report {
        let at = Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).unwrap();
        let report = Report {
            id: ReportId::new(),
            reference: Some(format!("MKR-2026-{number:06}")),
            external_reference: None,
            submitter: self.gemeente,
            sender: Sender {
                id: self.jan,
                kind: PrincipalKind::Person,
                name: "Jan".into(),
            },
            on_behalf: false,
            content: Content {
                title: "Schoolbus".into(),
                ..Content::default()
            },
            confidentiality: Confidentiality::GovernmentOnly,
            status: Status::Submitted,
            resume_status: None,
            lead: None,
            contested: false,
            merged_into: None,
            handling: Handling::default(),
            created_at: at,
            submitted_at: Some(at),
            settled_at: None,
            updated_at: at,
            version: 1,
        };
        self.test
            .db
            .write_blocking::<_, Error, _>({
                let report = report.clone();
                move |conn| Ok(reports::insert(conn, &report)?)
            })
            .unwrap();
        report
    }

    fn event(&self, kind: EventKind, by: Option<PrincipalId>, details: Details) -> Event {
        Event {
            id: EventId::new(),
            report: ReportId::new(),
            at: Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 0).unwrap(),
            kind,
            from: None,
            to: Status::Submitted,
            version: 1,
            author: Author {
                principal: by,
                organisation_name: Some("Ministerie van OCW".into()),
                ..Author::service()
            },
            details,
        }
    }

    /// Queues, and tells who is told what as whom.
    fn told(
        &self,
        event: &Event,
        before: Option<&Report>,
        after: &Report,
        merged: &[Report],
    ) -> Vec<(String, NoticeKind, Facts)> {
        let queued = in_transaction::<_, Error>(&self.test.db, |conn| {
            let known = outbox::list(conn, &[], None, 1)?
                .first()
                .map(|notice| notice.id);
            let happened = Happened {
                event,
                before,
                after,
                said: None,
                followers: &Followers {
                    merged: merged.to_vec(),
                    endorsements: Vec::new(),
                },
            };
            queue(conn, &self.ctx, &[happened])?;
            let all = outbox::list(conn, &[], None, 100)?;
            Ok(all
                .into_iter()
                .take_while(|n| Some(n.id) != known)
                .collect::<Vec<_>>())
        })
        .unwrap();
        let mut told: Vec<_> = queued
            .into_iter()
            .map(|notice| {
                render(notice.kind, notice.language, &notice.to_name, &notice.data).unwrap();
                assert!(notice.message_id.contains(&notice.id.to_string()));
                let name = notice.to_email.split('@').next().unwrap().to_owned();
                (
                    name,
                    notice.kind,
                    serde_json::from_value(notice.data).unwrap(),
                )
            })
            .collect();
        told.sort_by(|a: &(String, _, Facts), b| a.0.cmp(&b.0));
        told
    }

    fn names(
        &self,
        event: &Event,
        before: Option<&Report>,
        after: &Report,
        merged: &[Report],
    ) -> Vec<String> {
        self.told(event, before, after, merged)
            .into_iter()
            .map(|(name, _, _)| name)
            .collect()
    }
}

fn contact(email: &str) -> Option<Contact> {
    Some(Contact {
        name: "Karin".into(),
        email: email.into(),
        language: Language::En,
    })
}

#[test]
fn a_report_is_acknowledged_and_the_desk_called_unless_it_is_routed() {
    for world in worlds() {
        let mut report = world.report(1);
        let event = world.event(EventKind::Submit, Some(world.jan), Details::default());
        let told = world.told(&event, None, &report, &[]);
        let who: Vec<_> = told
            .iter()
            .map(|(name, kind, _)| (name.as_str(), *kind))
            .collect();
        use NoticeKind::{Acknowledgement, NewReport};
        assert_eq!(
            who,
            [
                ("cor", NewReport),
                ("jan", Acknowledgement),
                ("loes", NewReport)
            ]
        );
        assert_eq!(told[1].2.reader, Some(Reader::Reporter));
        assert_eq!(told[0].2.organisation.as_deref(), Some("Gemeente Sluis"));
        report.lead = Some(world.ocw);
        let told = world.told(&event, None, &report, &[]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].2.lead.as_deref(), Some("Ministerie van OCW"));
    }
}

#[test]
fn the_contact_person_hears_of_what_a_machine_or_the_desk_sent_in() {
    for world in worlds() {
        let event = world.event(EventKind::Submit, Some(world.machine), Details::default());
        let mut report = world.report(1);
        report.lead = Some(world.ocw);
        report.content.contact = contact("karin@sluis.example");
        assert_eq!(
            world.names(&event, None, &report, &[]),
            ["jan"],
            "a person hears itself"
        );
        report.sender = Sender {
            id: world.machine,
            kind: PrincipalKind::Client,
            name: "x".into(),
        };
        assert_eq!(world.names(&event, None, &report, &[]), ["karin"]);
        report.sender = Sender {
            id: world.loes,
            kind: PrincipalKind::Person,
            name: "Loes".into(),
        };
        report.on_behalf = true;
        assert_eq!(world.names(&event, None, &report, &[]), ["karin"]);
        // The sender has left, and left nobody's name: its colleagues who report hear of it.
        report.sender = Sender {
            id: PrincipalId::new(),
            kind: PrincipalKind::Person,
            name: "Weg".into(),
        };
        (report.on_behalf, report.content.contact) = (false, None);
        assert_eq!(world.names(&event, None, &report, &[]), ["jan", "piet"]);
    }
}

#[test]
fn nobody_hears_what_it_did_itself() {
    for world in worlds() {
        let mut report = world.report(1);
        report.handling.question = Some(Question {
            text: "Wat?".into(),
            asked_as: Capacity::Desk,
            asked_at: report.created_at,
            answer: None,
        });
        let answered = world.event(
            EventKind::ProvideInformation,
            Some(world.jan),
            Details::default(),
        );
        assert_eq!(world.names(&answered, None, &report, &[]), ["cor", "loes"]);
        let asked = world.event(
            EventKind::RequestInformation,
            Some(world.loes),
            Details::default(),
        );
        assert_eq!(world.names(&asked, None, &report, &[]), ["jan"]);
        // The desk is its own contact person.
        report.on_behalf = true;
        report.content.contact = contact("LOES@bzk.example");
        assert!(world.names(&asked, None, &report, &[]).is_empty());
    }
}

#[test]
fn an_authority_without_a_liaison_is_stood_in_for_by_the_desk() {
    for world in worlds() {
        let mut report = world.report(1);
        report.lead = Some(world.leeg);
        report.handling.contributors = vec![world.vws, world.leeg];
        let routed = world.event(EventKind::Route, Some(world.loes), Details::default());
        let told = world.told(&routed, None, &report, &[]);
        let who: Vec<_> = told
            .iter()
            .map(|(name, kind, _)| (name.as_str(), *kind))
            .collect();
        use NoticeKind::{ForYou, Forwarded};
        // Loes, who forwarded it, must know that nobody there was told.
        assert_eq!(
            who,
            [
                ("cor", ForYou),
                ("jan", Forwarded),
                ("loes", ForYou),
                ("vera", ForYou)
            ]
        );
        assert_eq!(
            told[0].2.stands_in_for.as_deref(),
            Some("Ministerie van EZ")
        );
        assert_eq!(told[3].2.stands_in_for, None);
        assert_eq!(told[3].2.reader, Some(Reader::Contributor));
    }
}

#[test]
fn a_reroute_tells_the_new_the_old_and_the_reporter() {
    for world in worlds() {
        let before = Report {
            lead: Some(world.ocw),
            ..world.report(1)
        };
        let mut after = before.clone();
        after.lead = Some(world.vws);
        let details = Details {
            reason: Some("Hoort bij VWS".into()),
            former_lead: Some(world.ocw),
            ..Details::default()
        };
        let event = world.event(EventKind::Reroute, Some(world.loes), details);
        let told = world.told(&event, Some(&before), &after, &[]);
        let reason = |at: usize| told[at].2.reason.as_deref();
        assert_eq!(
            (told[0].0.as_str(), reason(0)),
            ("jan", Some("Hoort bij VWS"))
        );
        assert_eq!(
            (told[1].0.as_str(), reason(1)),
            ("otto", None),
            "the former lead has the progress view"
        );
        assert_eq!(
            (told[2].0.as_str(), told[2].1),
            ("vera", NoticeKind::ForYou)
        );
    }
}

#[test]
fn reporters_of_merged_reports_hear_what_is_public_and_nothing_else() {
    for world in worlds() {
        let mut main = world.report(1);
        main.lead = Some(world.ocw);
        main.content.title = "Titel van een ander".into();
        main.handling.contributors = vec![world.vws];
        let mut joined = world.report(2);
        joined.submitter = world.buren;
        joined.sender = Sender {
            id: world.els,
            kind: PrincipalKind::Person,
            name: "Els".into(),
        };
        // The same person reported both: a notice about each, as each has its own number and its own end.
        let own = world.report(3);
        let details = Details {
            outcome: Some(Outcome::ExistingRoom),
            public_explanation: Some("Het mag al.".into()),
            reason: Some("Intern".into()),
            room: Some("artikel 4".into()),
            ..Details::default()
        };
        let event = world.event(EventKind::Settle, Some(world.loes), details);
        let told = world.told(&event, Some(&main), &main, &[joined.clone(), own]);
        let who: Vec<&str> = told.iter().map(|(name, _, _)| name.as_str()).collect();
        assert_eq!(who, ["els", "jan", "jan", "otto", "vera"]);
        let els = &told[0].2;
        let public = Facts {
            reader: Some(Reader::Follower),
            link: Some(
                world
                    .ctx
                    .settings
                    .link(&format!("/v1/reports/{}", joined.id)),
            ),
            reference: Some("MKR-2026-000002".into()),
            title: Some("Schoolbus".into()),
            status: Some(main.status),
            lead: Some("Ministerie van OCW".into()),
            outcome: Some(Outcome::ExistingRoom),
            public_explanation: Some("Het mag al.".into()),
            other_reference: Some("MKR-2026-000001".into()),
            ..Facts::default()
        };
        assert_eq!(els, &public);
        let of_jan = |reference: &str| {
            let facts = told[1..3].iter().map(|(_, _, facts)| facts);
            facts
                .clone()
                .find(|facts| facts.reference.as_deref() == Some(reference))
                .and_then(|facts| facts.reason.clone())
        };
        assert_eq!(of_jan("MKR-2026-000001").as_deref(), Some("Intern"));
        assert_eq!(of_jan("MKR-2026-000003"), None);
        assert_ne!(told[1].2.reference, told[2].2.reference);
    }
}

#[test]
fn every_event_can_be_told() {
    for world in worlds() {
        let mut report = world.report(1);
        report.lead = Some(world.ocw);
        report.handling.contributors = vec![world.vws];
        let merged = [world.report(2)];
        for kind in <EventKind as crate::domain::code::Code>::ALL {
            let person = |id| {
                Some(PersonRef {
                    id,
                    name: "Iemand".into(),
                })
            };
            let details = Details {
                assignee: person(world.loes),
                former_assignee: person(world.jan),
                ..Details::default()
            };
            let event = world.event(*kind, None, details);
            let told = world.told(&event, None, &report, &merged);
            assert!(
                told.len() >= usize::from(!notices(*kind).is_empty()),
                "{kind}"
            );
        }
    }
}
