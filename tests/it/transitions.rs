//! The whole workflow: every status × action × role, against the table of the design written out here once more.

use chrono::NaiveDate;
use meldpunt::domain::actor::{PrincipalKind, Role};
use meldpunt::domain::clocks::{Clock, ClockTerms, Ledger};
use meldpunt::domain::code::Code;
use meldpunt::domain::deadline_profile::{ClockKind, DeadlineProfile};
use meldpunt::domain::id::{OrganisationId, ReportId};
use meldpunt::domain::report::*;
use meldpunt::domain::sharing::{ShareAudience, SharedVersion, Sharing};
use meldpunt::domain::status::{Action, Capacity, Status};
use meldpunt::services::Error;
use meldpunt::store::reports;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;

const OPEN: &[&str] = &[
    "submitted",
    "routed",
    "information_requested",
    "in_review",
    "position_taken",
    "in_implementation",
];

const CLOSED: &[&str] = &["settled", "reopening_requested"];
const WITH_AN_AUTHORITY: &[&str] = &[
    "routed",
    "information_requested",
    "in_review",
    "position_taken",
    "in_implementation",
];

/// action, from, to (`=` stays, `<` back to where it was), by. `desk` stands for the coordinator too.
const TABLE: &[(&str, &[&str], &str, &[&str])] = &[
    ("submit", &["draft"], "submitted", &["reporter"]),
    ("route", &["submitted"], "routed", &["desk"]),
    (
        "close_without_routing",
        &["submitted"],
        "settled",
        &["desk"],
    ),
    ("reroute", &["routed", "in_review"], "routed", &["desk"]),
    ("return", &["routed", "in_review"], "submitted", &["lead"]),
    ("accept", &["routed"], "in_review", &["lead"]),
    (
        "request_information",
        &["submitted"],
        "information_requested",
        &["desk"],
    ),
    (
        "request_information",
        &["routed", "in_review"],
        "information_requested",
        &["lead"],
    ),
    (
        "provide_information",
        &["information_requested"],
        "<",
        &["reporter"],
    ),
    (
        "continue_without_answer",
        &["information_requested"],
        "<",
        &["lead"],
    ),
    ("take_position", &["in_review"], "position_taken", &["lead"]),
    (
        "reconsider",
        &["position_taken", "in_implementation"],
        "in_review",
        &["lead", "desk"],
    ),
    (
        "start_implementation",
        &["position_taken"],
        "in_implementation",
        &["lead"],
    ),
    (
        "update_implementation",
        &["in_implementation"],
        "=",
        &["lead"],
    ),
    (
        "settle",
        &["position_taken", "in_implementation"],
        "settled",
        &["desk"],
    ),
    ("settle", &["position_taken"], "settled", &["lead"]),
    (
        "request_reopening",
        &["settled"],
        "reopening_requested",
        &["reporter"],
    ),
    (
        "cancel_reopening",
        &["reopening_requested"],
        "settled",
        &["reporter"],
    ),
    (
        "grant_reopening",
        &["reopening_requested"],
        "in_review",
        &["desk"],
    ),
    (
        "deny_reopening",
        &["reopening_requested"],
        "settled",
        &["desk"],
    ),
    ("withdraw", OPEN, "withdrawn", &["reporter"]),
    ("merge", OPEN, "merged", &["desk"]),
    ("unmerge", &["merged"], "<", &["desk"]),
    ("publish", OPEN, "=", &["desk"]),
    ("publish", CLOSED, "=", &["desk"]),
    ("unpublish", OPEN, "=", &["desk"]),
    ("unpublish", CLOSED, "=", &["desk"]),
    ("unpublish", &["merged"], "=", &["desk"]),
    ("correct", OPEN, "=", &["desk"]),
    ("change_contributors", WITH_AN_AUTHORITY, "=", &["desk"]),
    ("change_confidentiality", OPEN, "=", &["reporter", "desk"]),
    ("assign", OPEN, "=", &["desk"]),
    ("assign", WITH_AN_AUTHORITY, "=", &["lead", "contributor"]),
    ("unassign", OPEN, "=", &["desk"]),
    ("unassign", WITH_AN_AUTHORITY, "=", &["lead", "contributor"]),
    ("advise", WITH_AN_AUTHORITY, "=", &["contributor"]),
    ("extend", &["in_review"], "=", &["lead"]),
    // A coordinator is who is called in; a reporter calls when somebody is late.
    ("escalate", OPEN, "=", &["desk alone"]),
    ("escalate", WITH_AN_AUTHORITY, "=", &["lead", "contributor"]),
    (
        "escalate",
        &[
            "submitted",
            "routed",
            "in_review",
            "position_taken",
            "in_implementation",
        ],
        "=",
        &["reporter"],
    ),
    ("change_deadline_profile", OPEN, "=", &["coordinator alone"]),
    ("give_feedback", &["settled"], "=", &["reporter"]),
];

/// Whether the table lets somebody do something.
fn is_open_to(row: &(&str, &[&str], &str, &[&str]), name: &str) -> bool {
    let as_party = if name == "coordinator" { "desk" } else { name };
    let alone = format!("{name} alone");
    row.3.contains(&as_party) || row.3.contains(&alone.as_str())
}

struct Cast {
    people: Vec<(&'static str, Actor)>,
    submitter: OrganisationId,
    lead: OrganisationId,
    contributor: OrganisationId,
    other: OrganisationId,
    operator: OrganisationId,
    colleague: Vec<(&'static str, Actor)>,
}

async fn cast(app: &TestApp) -> Cast {
    let sluis = app.organisation("GM1714").await;
    let bzk = app.organisation("BZK").await;
    let people = vec![
        ("reporter", app.reporter("GM1714").await),
        ("desk", app.desk().await),
        ("coordinator", app.coordinator().await),
        ("lead", app.liaison("OCW").await),
        ("contributor", app.liaison("SZW").await),
        ("analyst", app.person(&[Role::Analyst], bzk).await),
        ("org_admin", app.person(&[Role::OrgAdmin], sluis).await),
        ("admin", app.admin().await),
        ("another municipality", app.reporter("GM0715").await),
        ("another ministry", app.liaison("VWS").await),
    ];
    Cast {
        people,
        submitter: sluis,
        lead: app.organisation("OCW").await,
        contributor: app.organisation("SZW").await,
        other: app.organisation("VWS").await,
        operator: bzk,
        colleague: vec![
            ("lead", app.liaison("OCW").await),
            ("contributor", app.liaison("SZW").await),
            ("desk", app.desk().await),
        ],
    }
}

/// A report in a status, as the workflow would have left it.
fn report_in(status: Status, cast: &Cast, target: ReportId, app: &TestApp) -> Report {
    let now = app.now();
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let routed = !matches!(status, Status::Draft | Status::Submitted);
    let profile = DeadlineProfile::standard(now);
    let clock = |kind, started_on, due_on| Clock {
        kind,
        started_on: day(started_on),
        due_on: day(due_on),
        nearing_on: day(due_on),
        stopped_on: None,
        suspended_days: 0,
        terms: ClockTerms::new(&profile, kind, false),
        extended: false,
        raised: None,
    };
    let assignee = |organisation, at: usize, desk| Assignee {
        id: cast.people[at].1.id,
        name: "Behandelaar".into(),
        organisation,
        desk,
        since: now,
    };
    let handling = Handling {
        contributors: if routed {
            vec![cast.contributor]
        } else {
            Vec::new()
        },
        question: (status == Status::InformationRequested).then(|| Question {
            text: "Hoeveel leerlingen?".into(),
            asked_as: Capacity::Lead,
            asked_at: now,
            answer: None,
        }),
        position: Some(Position {
            outcome: Outcome::NoObstruction,
            explanation: "Ruimte.".into(),
            taken_at: now,
        }),
        settlement: None,
        ledger: Ledger {
            clocks: vec![
                clock(ClockKind::Answer, "2026-11-02", "2026-11-16"),
                clock(ClockKind::Position, "2026-11-02", "2026-12-28"),
            ],
            ..Ledger::default()
        },
        assignees: if routed {
            vec![
                assignee(cast.operator, 1, true),
                assignee(cast.lead, 3, false),
                assignee(cast.contributor, 4, false),
            ]
        } else {
            vec![assignee(cast.operator, 1, true)]
        },
        before_merge: (status == Status::Merged).then_some(BeforeMerge {
            status: Status::InReview,
            resume_status: None,
            lead: Some(cast.lead),
            lead_joined: false,
        }),
        sharing: Sharing {
            version: Some(SharedVersion {
                audience: ShareAudience::Public,
                title: "Norm".into(),
                summary: "De norm knelt.".into(),
                revision: 1,
                shared_at: now,
            }),
            ..Sharing::default()
        },
        ..Handling::default()
    };
    Report {
        id: ReportId::new(),
        reference: (status != Status::Draft).then(|| format!("MKR-2026-9{:05}", status as u32)),
        external_reference: None,
        submitter: cast.submitter,
        sender: Sender {
            id: cast.people[0].1.id,
            kind: PrincipalKind::Person,
            name: "Melder".into(),
        },
        on_behalf: false,
        content: Content {
            title: "Opheffingsnorm".into(),
            description: "De norm.".into(),
            effect: "De school sluit.".into(),
            municipalities: vec!["GM1714".into()],
            provinces: vec!["PV29".into()],
            ..Content::default()
        },
        confidentiality: Confidentiality::PublicAfterReview,
        status,
        resume_status: (status == Status::InformationRequested).then_some(Status::InReview),
        lead: routed.then_some(cast.lead),
        contested: false,
        merged_into: (status == Status::Merged).then_some(target),
        handling,
        created_at: now,
        submitted_at: Some(now).filter(|_| status != Status::Draft),
        settled_at: matches!(status, Status::Settled | Status::ReopeningRequested).then_some(now),
        updated_at: now,
        version: 1,
    }
}

/// A body that has all an action can need.
fn body(action: &str, name: &str, cast: &Cast, target: ReportId) -> Value {
    let measure = json!({"kind": "amendment", "owner": "Directie PO", "targetDate": "2027-08-01"});
    let mut body = match action {
        "route" => json!({"lead": cast.lead, "explanation": "De norm staat in de WPO."}),
        "reroute" => json!({"lead": cast.other, "reason": "Het gaat over zorg."}),
        "close_without_routing" => {
            json!({"outcome": "explanation", "publicExplanation": "Het mag al."})
        }
        "return" | "reconsider" | "request_reopening" | "grant_reopening" | "deny_reopening"
        | "withdraw" | "unpublish" => {
            json!({"reason": "Daarom."})
        }
        "request_information" => json!({"question": "Hoeveel leerlingen?"}),
        "provide_information" => json!({"answer": "41."}),
        "take_position" | "settle" => {
            json!({"outcome": "no_obstruction", "publicExplanation": "De wet geeft ruimte."})
        }
        "start_implementation" | "update_implementation" => json!({"measure": measure}),
        "merge" => json!({"mergeInto": target}),
        "publish" => {
            json!({"audience": "government", "title": "Norm", "summary": "De norm knelt."})
        }
        "correct" => json!({"reason": "Ander terrein.", "domains": ["onderwijs-po"]}),
        "change_contributors" => json!({"contributors": [cast.other]}),
        "change_confidentiality" if name == "reporter" => {
            json!({"confidentiality": "confidential"})
        }
        "change_confidentiality" => {
            json!({"confidentiality": "confidential", "reason": "Op verzoek."})
        }
        "assign" => {
            let as_party = if name == "coordinator" { "desk" } else { name };
            let of_theirs = cast.colleague.iter().find(|(of, _)| *of == as_party);
            let (_, colleague) = of_theirs.unwrap_or(&cast.colleague[0]);
            json!({"assignee": colleague.id})
        }
        "advise" => json!({"advice": "Er is ruimte."}),
        "resolve_escalation" => json!({"explanation": "Besproken."}),
        "extend" | "escalate" => json!({"reason": "Daarom."}),
        "change_deadline_profile" => {
            json!({"deadlineProfile": "standard", "reason": "Nieuwe afspraken."})
        }
        "give_feedback" => json!({"verdict": "solved"}),
        _ => json!({}),
    };
    body["action"] = json!(action);
    body
}

async fn put(app: &TestApp, wanted: Report) -> i32 {
    app.context
        .db
        .write(move |conn| {
            let Some(current) = reports::find(conn, wanted.id)? else {
                reports::insert(conn, &wanted)?;
                return Ok::<_, Error>(wanted.version);
            };
            let version = current.version + 1;
            assert!(reports::update(
                conn,
                &current,
                &Report { version, ..wanted }
            )?);
            Ok(version)
        })
        .await
        .unwrap()
}

#[actix_web::test]
async fn each_action_is_open_to_those_of_the_table_and_to_nobody_else() {
    let app = TestApp::start().await;
    app.leave_mail();
    let cast = cast(&app).await;
    let target = report_in(Status::Submitted, &cast, ReportId::new(), &app);
    let target = Report {
        reference: Some("MKR-2026-800000".into()),
        ..target
    };
    put(&app, target.clone()).await;
    for status in Status::ALL {
        let report = report_in(*status, &cast, target.id, &app);
        let mut version = put(&app, report.clone()).await;
        for (name, actor) in &cast.people {
            for action in Action::ALL.iter().map(|action| action.as_str()) {
                let row = TABLE.iter().find(|row| {
                    row.0 == action && row.1.contains(&status.as_str()) && is_open_to(row, name)
                });
                let reply = app
                    .post(format!("/v1/reports/{}/transitions", report.id))
                    .by(actor)
                    .header("if-match", format!("\"{version}\""))
                    .json(body(action, name, &cast, target.id))
                    .await;
                let what = format!("{action} by {name} in {status}");
                match row {
                    Some(row) => {
                        assert_eq!(reply.status, 200, "{what}: {reply}");
                        let now_in = reply.json()["status"].as_str().unwrap().to_owned();
                        let expected = match row.2 {
                            "=" => status.as_str(),
                            "<" => "in_review",
                            to => to,
                        };
                        assert_eq!(now_in, expected, "{what}");
                        put(&app, target.clone()).await;
                        version = put(&app, report.clone()).await;
                    }
                    None => {
                        let sees = match *name {
                            "reporter" => true,
                            "desk" | "coordinator" => *status != Status::Draft,
                            "lead" | "contributor" => report.lead.is_some(),
                            _ => false,
                        };
                        let expected = match *name {
                            "analyst" | "org_admin" | "admin" => 403,
                            _ if sees => 409,
                            _ => 404,
                        };
                        assert_eq!(reply.status, expected, "{what}: {reply}");
                    }
                }
            }
        }
    }
}

#[actix_web::test]
async fn what_can_be_done_is_told_and_an_illegal_action_names_it() {
    let app = TestApp::start().await;
    app.leave_mail();
    let cast = cast(&app).await;
    let report = report_in(Status::Routed, &cast, ReportId::new(), &app);
    put(&app, report.clone()).await;
    let path = format!("/v1/reports/{}/transitions", report.id);
    for (name, actor) in &cast.people[..5] {
        let mut expected: Vec<&str> = TABLE
            .iter()
            .filter(|row| row.1.contains(&"routed") && is_open_to(row, name))
            .map(|row| row.0)
            .collect();
        expected.sort_unstable();
        let told = app.get(&path).by(actor).await.expect(200).json();
        let mut told: Vec<&str> = told["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["action"].as_str().unwrap())
            .collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{name}");
    }
    let liaison = &cast.people[3].1;
    let refused = app
        .post(&path)
        .by(liaison)
        .header("if-match", "\"1\"")
        .json(json!({"action": "route", "lead": cast.other, "explanation": "x"}))
        .await
        .expect_problem(409, "illegal_transition");
    let legal = refused.json()["legalActions"].clone();
    assert_eq!(
        legal,
        json!([
            "return",
            "accept",
            "request_information",
            "assign",
            "unassign",
            "escalate"
        ])
    );
}

#[actix_web::test]
async fn fields_that_are_missing_or_do_not_belong_are_all_named() {
    let app = TestApp::start().await;
    app.leave_mail();
    let cast = cast(&app).await;
    let report = report_in(Status::Submitted, &cast, ReportId::new(), &app);
    put(&app, report.clone()).await;
    let call = |body: Value| {
        app.post(format!("/v1/reports/{}/transitions", report.id))
            .by(&cast.people[1].1)
            .header("if-match", "\"1\"")
            .json(body)
    };
    call(json!({"action": "route", "question": "?"}))
        .await
        .expect_faults(&[
            ("/lead", "required"),
            ("/explanation", "required"),
            ("/question", "not_for_this_action"),
        ]);
    call(json!({"action": "route", "lead": cast.lead, "contributors": [cast.lead], "explanation": "x"}))
        .await
        .expect_faults(&[("/contributors/0", "lead_is_no_contributor")]);
    call(json!({"action": "route", "lead": ReportId::new(), "explanation": "x"}))
        .await
        .expect_faults(&[("/lead", "unknown_organisation")]);
    call(json!({"action": "close_without_routing", "outcome": "act_amended", "publicExplanation": "x"}))
        .await
        .expect_faults(&[("/outcome", "outcome_needs_authority"), ("/publication", "required")]);
    call(json!({"action": "close_without_routing", "outcome": "existing_room", "publicExplanation": "x"}))
        .await
        .expect_faults(&[("/room", "required")]);
    call(json!({"action": "dance"}))
        .await
        .expect_faults(&[("/action", "not_in_list")]);
    call(json!({"action": "merge", "mergeInto": report.id}))
        .await
        .expect_faults(&[("/mergeInto", "merge_into_itself")]);
}

#[actix_web::test]
async fn a_change_of_the_law_is_settled_with_its_publication_alone() {
    let app = TestApp::start().await;
    app.leave_mail();
    let cast = cast(&app).await;
    let report = report_in(Status::InImplementation, &cast, ReportId::new(), &app);
    put(&app, report.clone()).await;
    let call = |body: Value| {
        app.post(format!("/v1/reports/{}/transitions", report.id))
            .by(&cast.people[1].1)
            .header("if-match", "\"1\"")
            .json(body)
    };
    let settle = |outcome: &str, publication: &str| {
        json!({"action": "settle", "outcome": outcome, "publicExplanation": "Gewijzigd.",
               "reason": "Toch gewijzigd.", "publication": publication})
    };
    call(settle("act_amended", "stcrt-2026-123"))
        .await
        .expect_faults(&[("/publication", "publication_does_not_fit")]);
    call(settle("act_amended", "ergens"))
        .await
        .expect_faults(&[("/publication", "publication_malformed")]);
    let experiment = json!({"action": "settle", "outcome": "experiment", "publicExplanation": "x", "reason": "y"});
    call(experiment)
        .await
        .expect_faults(&[("/decisionReference", "required")]);
    let unexplained =
        json!({"action": "settle", "outcome": "declined_with_reasons", "publicExplanation": "x"});
    call(unexplained)
        .await
        .expect_faults(&[("/reason", "deviation_needs_reason")]);
    let settled = call(settle("act_amended", "Stb. 2026, 123"))
        .await
        .expect(200)
        .json();
    assert_eq!(settled["settlement"]["publication"], "stb-2026-123");
    assert_eq!(settled["deadline"], Value::Null);
}
