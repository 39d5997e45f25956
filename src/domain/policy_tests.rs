use chrono::DateTime;

use super::*;
use crate::domain::actor::{Home, Language, PrincipalKind, scopes_of};
use crate::domain::code::Code;
use crate::domain::id::{MessageId, PrincipalId, ReportId};
use crate::domain::message::Writer;
use crate::domain::report::{Content, Handling, Sender};

/// Everybody at one of these organisations; the report is Sluis', led by OCW, with SZW beside it.
struct World {
    homes: Vec<(&'static str, Home)>,
}

impl World {
    fn new() -> Self {
        let home = |name: &'static str, kind, operator| {
            let home = Home {
                id: OrganisationId::new(),
                kind,
                name: name.into(),
                owns_rules: kind == OrganisationKind::Ministry,
                operator,
            };
            (name, home)
        };
        use OrganisationKind::{Ministry, Municipality};
        Self {
            homes: vec![
                home("Sluis", Municipality, false),
                home("Hulst", Municipality, false),
                home("OCW", Ministry, false),
                home("SZW", Ministry, false),
                home("VWS", Ministry, false),
                home("BZK", Ministry, true),
            ],
        }
    }

    fn home(&self, name: &str) -> Home {
        let found = self.homes.iter().find(|(known, _)| *known == name);
        found.unwrap().1.clone()
    }

    fn actor(&self, home: &str, role: Role) -> Actor {
        Actor {
            id: PrincipalId::new(),
            kind: PrincipalKind::Person,
            name: home.into(),
            home: self.home(home),
            roles: vec![role],
            scopes: scopes_of(&[role]),
            language: Language::Nl,
            session: None,
        }
    }

    fn report(&self, confidentiality: Confidentiality) -> Report {
        let at = DateTime::UNIX_EPOCH;
        Report {
            id: ReportId::new(),
            reference: None,
            external_reference: None,
            submitter: self.home("Sluis").id,
            sender: Sender {
                id: PrincipalId::new(),
                kind: PrincipalKind::Person,
                name: "Jan".into(),
            },
            on_behalf: false,
            content: Content::default(),
            confidentiality,
            status: Status::InReview,
            resume_status: None,
            lead: Some(self.home("OCW").id),
            contested: false,
            merged_into: None,
            handling: Handling {
                contributors: vec![self.home("SZW").id],
                followers: vec![self.home("VWS").id, self.home("Hulst").id],
                ..Handling::default()
            },
            created_at: at,
            submitted_at: Some(at),
            settled_at: None,
            updated_at: at,
            version: 1,
        }
    }
}

/// Who reads (r) and who reads and writes (w) to the reporter, to the government, within OCW and within SZW, on a report
/// that is not confidential. A former lead and a follower have the progress view, and read nothing.
const TABLE: &[(&str, Role, &str)] = &[
    ("Sluis", Role::Reporter, "w---"),
    ("Sluis", Role::Analyst, "----"),
    ("Sluis", Role::OrgAdmin, "----"),
    ("Hulst", Role::Reporter, "----"),
    ("OCW", Role::Liaison, "www-"),
    ("OCW", Role::Analyst, "rrr-"),
    ("SZW", Role::Liaison, "rw-w"),
    ("SZW", Role::Analyst, "rr-r"),
    ("VWS", Role::Liaison, "----"),
    ("VWS", Role::Analyst, "rr--"),
    ("BZK", Role::Desk, "ww--"),
    ("BZK", Role::Coordinator, "ww--"),
    ("BZK", Role::Analyst, "rr--"),
    ("BZK", Role::Liaison, "----"),
    ("BZK", Role::Admin, "----"),
];

fn marks(world: &World, actor: &Actor, report: &Report) -> String {
    let of = |audience: MessageAudience, by: &str| {
        let by = world.home(by).id;
        let own = audience != MessageAudience::Authority || actor.home.id == by;
        let writes = own && writes_as(actor, report, audience).is_some();
        match (reads(actor, report, audience, by), writes) {
            (true, true) => 'w',
            (true, false) => 'r',
            (false, false) => '-',
            (false, true) => panic!("who writes reads"),
        }
    };
    let audiences = [
        (MessageAudience::Reporter, "BZK"),
        (MessageAudience::Government, "BZK"),
        (MessageAudience::Authority, "OCW"),
        (MessageAudience::Authority, "SZW"),
    ];
    audiences
        .map(|(audience, by)| of(audience, by))
        .iter()
        .collect()
}

#[test]
fn a_message_is_for_its_audience_alone() {
    let world = World::new();
    let open = world.report(Confidentiality::GovernmentOnly);
    let confidential = world.report(Confidentiality::Confidential);
    for (home, role, expected) in TABLE {
        let actor = world.actor(home, *role);
        assert_eq!(marks(&world, &actor, &open), *expected, "{home} {role}");
        let expected = match role {
            Role::Analyst => "----",
            _ => expected,
        };
        assert_eq!(
            marks(&world, &actor, &confidential),
            *expected,
            "{home} {role}, confidential"
        );
    }
}

#[test]
fn an_analyst_of_the_reporter_reads_what_the_reporter_does() {
    let world = World::new();
    let mut own = world.report(Confidentiality::GovernmentOnly);
    own.submitter = world.home("VWS").id;
    let analyst = world.actor("VWS", Role::Analyst);
    assert_eq!(marks(&world, &analyst, &own), "r---");
}

#[test]
fn a_draft_is_for_those_of_its_organisation_who_may_write_to_its_audience() {
    let world = World::new();
    let report = world.report(Confidentiality::GovernmentOnly);
    let drafted = |by: &str, audience| Message {
        id: MessageId::new(),
        report: report.id,
        audience,
        organisation: world.home(by).id,
        organisation_name: by.into(),
        capacity: Capacity::Lead,
        text: "Tekst".into(),
        drafted_by: Writer {
            id: PrincipalId::new(),
            name: "Otto".into(),
        },
        sent_by: None,
        created_at: report.created_at,
        updated_at: report.created_at,
        sent_at: None,
        version: 1,
    };
    for (by, who) in [("OCW", "OCW"), ("BZK", "BZK"), ("Sluis", "Sluis")] {
        let draft = drafted(by, MessageAudience::Reporter);
        for (home, role, expected) in TABLE {
            let sees = sees_message(&world.actor(home, *role), &report, &draft);
            assert_eq!(
                sees,
                *home == who && expected.starts_with('w'),
                "{by}: {home} {role}"
            );
        }
    }
    for audience in MessageAudience::ALL {
        let draft = drafted("SZW", *audience);
        let sees = sees_message(&world.actor("SZW", Role::Liaison), &report, &draft);
        assert_eq!(sees, *audience != MessageAudience::Reporter, "{audience}");
    }
}
