//! The authorization matrix: every operation of the OpenAPI document × every kind of caller × a thing of the caller's own
//! organisation, of another's, and one that is missing. One row an operation; an operation without a row fails.
//!
//! The things belong to the municipality of Sluis (GM1714); its reports are routed to OCW, with SZW beside it.
//! A caller without a token, or with one that is no good, gets 401; one whose token lacks the scope 403; whoever is not
//! named in the row gets what the row says, and for a missing thing exactly the same.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use meldpunt::domain::actor::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;
use crate::harness::contract::{Operation, operations};

// --- the table ----------------------------------------------------------------------------------------------------------

/// What stands in the path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thing {
    Nothing,
    /// A report on its way, once of each confidentiality.
    Report,
    Draft,
    /// A message to the reporter that the desk has not sent yet; `report/message`.
    DraftMessage,
    /// A report of which a reviewed version was released to government.
    Shared,
    /// What the reporter attached; `report/attachment`.
    Attached,
    /// One for all.
    StandardText,
    /// A link that the report does not have.
    NoLink,
    /// A proposed rule that is not there.
    NoProposal,
    /// One that the desk keeps for itself.
    SavedSearch,
    /// One that the reporter proposed, of which no ministry knows yet.
    Experiment,
    /// The same, and an observation that it does not have.
    NoObservation,
    /// One for a report that is not confidential.
    Measure,
    Person,
    Client,
    Organisation,
    /// Another sign-in of the reporter.
    Session,
    Notice,
    /// A fact that everybody may read.
    Fact(&'static str),
}
use Thing::*;

/// Who may. `Analysts` read what is not confidential.
const ALL: &[&str] = &[
    "reporter",
    "client",
    "scopeless client",
    "stranger",
    "strange client",
    "lead",
    "contributor",
    "other liaison",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
    "municipal analyst",
    "org admin",
    "strange org admin",
    "BZK org admin",
    "admin",
];
const READERS: &[&str] = &[
    "reporter",
    "client",
    "lead",
    "contributor",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
];
const COUNTERS: &[&str] = &["desk", "coordinator", "BZK analyst", "ministry analyst"];
/// Who reads how an authority does: liaisons of their own.
const SCORERS: &[&str] = &[
    "lead",
    "contributor",
    "other liaison",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
];
const LIAISONS: &[&str] = &["lead", "contributor", "other liaison"];
const WORKERS: &[&str] = &[
    "reporter",
    "client",
    "lead",
    "contributor",
    "desk",
    "coordinator",
];
const WRITES_TO_REPORTER: &[&str] = &["reporter", "client", "lead", "desk", "coordinator"];
const TEXT_KEEPERS: &[&str] = &["lead", "contributor", "other liaison", "coordinator"];
const READING_PEOPLE: &[&str] = &[
    "reporter",
    "lead",
    "contributor",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
];
const SEES_A_PROPOSAL: &[&str] = &[
    "reporter",
    "client",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
];
const OWNERS_AND_DESK: &[&str] = &["reporter", "client", "desk", "coordinator"];
/// Of the organisation that drafted it.
const COLLEAGUES: &[&str] = &["desk", "coordinator"];
const OWNERS: &[&str] = &["reporter", "client"];
const WRITERS: &[&str] = &[
    "reporter",
    "client",
    "stranger",
    "strange client",
    "desk",
    "coordinator",
];
const RULES: &[&str] = &[
    "lead",
    "contributor",
    "other liaison",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
    "municipal analyst",
];
const SEES_A_LIST: &[&str] = &[
    "reporter",
    "client",
    "stranger",
    "strange client",
    "lead",
    "contributor",
    "other liaison",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
    "municipal analyst",
];
/// Everybody who does something with some report.
const ACTS: &[&str] = &[
    "reporter",
    "client",
    "stranger",
    "strange client",
    "lead",
    "contributor",
    "other liaison",
    "desk",
    "coordinator",
];
/// Everybody at an organisation of government who reads reports.
const SHARED_WITH: &[&str] = SEES_A_LIST;
const MANAGERS: &[&str] = &["org admin", "admin"];
const AUDITORS: &[&str] = &["org admin", "strange org admin", "BZK org admin", "admin"];
const KEEPERS: &[&str] = &["coordinator", "admin"];
const COORDINATOR: &[&str] = &["coordinator"];
const ADMIN: &[&str] = &["admin"];
const PEOPLE: &[&str] = &[
    "reporter",
    "stranger",
    "lead",
    "contributor",
    "other liaison",
    "desk",
    "coordinator",
    "BZK analyst",
    "ministry analyst",
    "municipal analyst",
    "org admin",
    "strange org admin",
    "BZK org admin",
    "admin",
];

/// An operation: what stands in its path, who may and gets which status, what the others get who hold the scope.
/// Writes name a version that never was, so whoever may gets 412 and nothing changes.
type Row = (&'static str, Thing, &'static [&'static str], u16, u16);

const REPORTS: &[Row] = &[
    ("listReports", Nothing, SEES_A_LIST, 200, 403),
    ("submitReport", Nothing, WRITERS, 201, 403),
    ("getReport", Report, READERS, 200, 404),
    ("changeReport", Report, OWNERS, 412, 403),
    ("deleteDraft", Draft, OWNERS, 412, 404),
    ("listEvents", Report, READERS, 200, 404),
    ("listTransitions", Report, READERS, 200, 404),
    ("listSavedSearches", Nothing, SEES_A_LIST, 200, 403),
    ("saveSearch", Nothing, SEES_A_LIST, 201, 403),
    ("getSavedSearch", SavedSearch, &["desk"], 200, 404),
    ("runSavedSearch", SavedSearch, &["desk"], 200, 404),
    ("changeSavedSearch", SavedSearch, &["desk"], 412, 404),
    ("deleteSavedSearch", SavedSearch, &["desk"], 412, 404),
    ("makeTransition", Report, WORKERS, 412, 404),
    ("listMessages", Report, READERS, 200, 404),
    ("writeMessage", Report, WRITES_TO_REPORTER, 201, 403),
    ("listStandardTexts", Nothing, SEES_A_LIST, 200, 403),
    ("addStandardText", Nothing, TEXT_KEEPERS, 201, 403),
    ("getStandardText", StandardText, SEES_A_LIST, 200, 403),
    (
        "changeStandardText",
        StandardText,
        &["coordinator"],
        412,
        403,
    ),
    ("listTextsForReport", Report, READERS, 200, 404),
    ("listWatchers", Report, READERS, 200, 404),
    ("watchReport", Report, READING_PEOPLE, 204, 403),
    ("unwatchReport", Report, READING_PEOPLE, 204, 403),
    ("listAttachments", Report, READERS, 200, 404),
    ("addAttachment", Report, WORKERS, 400, 403),
    ("getAttachment", Attached, READERS, 200, 404),
    ("fetchAttachment", Attached, READERS, 200, 404),
    ("deleteAttachment", Attached, OWNERS_AND_DESK, 412, 403),
    ("getMessage", DraftMessage, COLLEAGUES, 200, 404),
    ("changeMessage", DraftMessage, COLLEAGUES, 412, 404),
    ("sendMessage", DraftMessage, COLLEAGUES, 412, 404),
    ("deleteMessage", DraftMessage, COLLEAGUES, 412, 404),
    (
        "splitReport",
        Report,
        &["lead", "desk", "coordinator"],
        412,
        403,
    ),
    ("submitReports", Nothing, WRITERS, 200, 403),
    ("makeTransitions", Nothing, ACTS, 200, 403),
    ("listSharedReports", Nothing, SHARED_WITH, 200, 403),
    ("getSharedReport", Shared, SHARED_WITH, 200, 403),
    ("listClocks", Report, READERS, 200, 404),
    ("listSimilarReports", Report, READERS, 200, 404),
    ("findSimilarReports", Nothing, WRITERS, 200, 403),
    ("listFieldChanges", Report, READERS, 200, 404),
    // Nothing waits for the others.
    ("claimNext", Nothing, &["lead"], 200, 204),
    (
        "endorseReport",
        Shared,
        &["stranger", "strange client"],
        200,
        403,
    ),
    ("withdrawEndorsement", Report, &[], 204, 404),
    ("countEndorsements", Shared, SHARED_WITH, 200, 403),
    ("listEndorsements", Report, READERS, 200, 404),
    ("listLinks", Report, READERS, 200, 404),
    // To a report that is not there; whoever may not link is told so first.
    ("addLink", Report, WRITES_TO_REPORTER, 400, 403),
    ("removeLink", NoLink, &[], 204, 404),
    ("previewRouting", Nothing, WRITERS, 200, 403),
    ("listRoutingRules", Nothing, RULES, 200, 403),
    ("getRoutingRule", Fact("34"), RULES, 200, 403),
    ("listRoutingRuleVersions", Fact("34"), RULES, 200, 403),
    ("addRoutingRule", Nothing, COORDINATOR, 201, 403),
    ("changeRoutingRule", Fact("34"), COORDINATOR, 412, 403),
    ("retireRoutingRule", Fact("34"), COORDINATOR, 412, 403),
    // A version that is no proposal is a fault of the body.
    ("activateRoutingRules", Nothing, COORDINATOR, 400, 403),
    ("simulateRouting", Nothing, COORDINATOR, 200, 403),
    ("listRoutingProposals", Nothing, RULES, 200, 403),
    // A successor that is not there.
    ("previewSuccession", Organisation, COORDINATOR, 400, 403),
    ("succeedOrganisation", Organisation, COORDINATOR, 400, 403),
    ("acceptRoutingProposal", NoProposal, COORDINATOR, 404, 403),
    ("dismissRoutingProposal", NoProposal, COORDINATOR, 404, 403),
];

const EXPERIMENTS: &[Row] = &[
    // From a report that is not there.
    ("proposeExperiment", Nothing, ACTS, 400, 403),
    ("listExperiments", Nothing, SEES_A_LIST, 200, 403),
    ("getExperiment", Experiment, SEES_A_PROPOSAL, 200, 404),
    ("changeExperiment", Experiment, OWNERS_AND_DESK, 412, 404),
    (
        "makeExperimentTransition",
        Experiment,
        OWNERS_AND_DESK,
        412,
        404,
    ),
    (
        "listExperimentEvents",
        Experiment,
        SEES_A_PROPOSAL,
        200,
        404,
    ),
    ("listPlanVersions", Experiment, SEES_A_PROPOSAL, 200, 404),
    // It has not begun.
    ("enterObservations", Experiment, OWNERS_AND_DESK, 409, 404),
    (
        "enterObservationSheet",
        Experiment,
        OWNERS_AND_DESK,
        409,
        404,
    ),
    ("listObservations", Experiment, SEES_A_PROPOSAL, 200, 404),
    (
        "correctObservation",
        NoObservation,
        OWNERS_AND_DESK,
        409,
        404,
    ),
    (
        "getExperimentProgress",
        Experiment,
        SEES_A_PROPOSAL,
        200,
        404,
    ),
    ("getExperimentPage", Experiment, SEES_A_PROPOSAL, 200, 404),
    // An indicator that it does not have.
    (
        "getIndicatorChart",
        NoObservation,
        SEES_A_PROPOSAL,
        404,
        404,
    ),
    (
        "getChainOfExperiment",
        Experiment,
        SEES_A_PROPOSAL,
        200,
        404,
    ),
    ("getChainOfReport", Report, READERS, 200, 404),
    ("listPublicReports", Nothing, ALL, 200, 200),
    ("exportPublicReports", Nothing, ALL, 200, 200),
    ("followPublicReports", Nothing, ALL, 200, 200),
    ("countReports", Nothing, COUNTERS, 200, 403),
    ("getLeadTimes", Nothing, COUNTERS, 200, 403),
    ("getPromises", Nothing, COUNTERS, 200, 403),
    ("getHandling", Nothing, COUNTERS, 200, 403),
    ("listHotSpots", Nothing, COUNTERS, 200, 403),
    ("listScorecards", Nothing, SCORERS, 200, 403),
    ("getExperimentPortfolio", Nothing, COUNTERS, 200, 403),
    ("countPublicReports", Nothing, ALL, 200, 200),
    ("getPublicLeadTimes", Nothing, ALL, 200, 200),
    ("getPublicPromises", Nothing, ALL, 200, 200),
    ("listPublicHotSpots", Nothing, ALL, 200, 200),
    ("listPublicScorecards", Nothing, ALL, 200, 200),
    ("getPublicExperimentPortfolio", Nothing, ALL, 200, 200),
    // None of them was published.
    ("getPublicReport", Shared, ALL, 404, 404),
    ("listPublicExperiments", Nothing, ALL, 200, 200),
    ("exportPublicExperiments", Nothing, ALL, 200, 200),
    ("followPublicExperiments", Nothing, ALL, 200, 200),
    ("getPublicCatalogue", Nothing, ALL, 200, 200),
    // It is not registered.
    ("getPublicExperiment", Experiment, ALL, 404, 404),
    // For a report that is not there.
    ("createMeasure", Nothing, LIAISONS, 400, 403),
    ("listMeasures", Nothing, SEES_A_LIST, 200, 403),
    ("getMeasure", Measure, READERS, 200, 404),
    ("makeMeasureTransition", Measure, &["lead"], 412, 403),
];

const MANAGEMENT: &[Row] = &[
    ("listPeople", Organisation, MANAGERS, 200, 404),
    ("invitePerson", Organisation, MANAGERS, 201, 404),
    ("getPerson", Person, MANAGERS, 200, 404),
    ("changePerson", Person, MANAGERS, 412, 404),
    ("removePerson", Person, MANAGERS, 412, 404),
    ("endSessionsOfPerson", Person, MANAGERS, 204, 404),
    ("listAuditEvents", Nothing, AUDITORS, 200, 403),
    ("resendInvitation", Person, MANAGERS, 202, 404),
    ("listClients", Organisation, MANAGERS, 200, 404),
    ("createClient", Organisation, MANAGERS, 201, 404),
    ("getClient", Client, MANAGERS, 200, 404),
    ("changeClient", Client, MANAGERS, 412, 404),
    ("removeClient", Client, MANAGERS, 412, 404),
    ("renewClientSecret", Client, MANAGERS, 201, 404),
    ("addOrganisation", Nothing, ADMIN, 201, 403),
    ("changeOrganisation", Organisation, ADMIN, 412, 403),
    ("listNotices", Nothing, ADMIN, 200, 403),
    ("getNotice", Notice, ADMIN, 200, 403),
    ("resendNotice", Notice, ADMIN, 409, 403),
];

const FACTS: &[Row] = &[
    ("getAuthorityRecord", Organisation, ALL, 200, 403),
    ("listDeadlineProfiles", Nothing, ALL, 200, 403),
    ("getDeadlineProfile", Fact("standard"), ALL, 200, 403),
    (
        "listDeadlineProfileVersions",
        Fact("standard"),
        ALL,
        200,
        403,
    ),
    ("addDeadlineProfile", Nothing, COORDINATOR, 201, 403),
    (
        "changeDeadlineProfile",
        Fact("standard"),
        COORDINATOR,
        412,
        403,
    ),
    ("listOrganisations", Nothing, ALL, 200, 403),
    ("getOrganisation", Organisation, ALL, 200, 403),
    ("listProvinces", Nothing, ALL, 200, 403),
    ("getProvince", Fact("PV29"), ALL, 200, 403),
    ("listMunicipalities", Nothing, ALL, 200, 403),
    ("getMunicipality", Fact("GM1714"), ALL, 200, 403),
    ("addMunicipality", Nothing, KEEPERS, 201, 403),
    ("changeMunicipality", Fact("GM1714"), KEEPERS, 412, 403),
    ("listRegions", Nothing, ALL, 200, 403),
    ("getRegion", Fact("KR-ZEEUWS-VLAANDEREN"), ALL, 200, 403),
    ("addRegion", Nothing, KEEPERS, 201, 403),
    (
        "changeRegion",
        Fact("KR-ZEEUWS-VLAANDEREN"),
        KEEPERS,
        412,
        403,
    ),
    ("listRegulations", Nothing, ALL, 200, 403),
    ("getRegulation", Fact("BWBR0003420"), ALL, 200, 403),
    ("addRegulation", Nothing, KEEPERS, 201, 403),
    ("changeRegulation", Fact("BWBR0003420"), KEEPERS, 412, 403),
    ("listDomains", Nothing, ALL, 200, 403),
    ("getDomain", Fact("onderwijs-po"), ALL, 200, 403),
    ("addDomain", Nothing, KEEPERS, 201, 403),
    ("changeDomain", Fact("onderwijs-po"), KEEPERS, 412, 403),
];

/// The last row signs everybody out. A machine has nothing to sign out from.
const SIGN_IN: &[Row] = &[
    ("getMe", Nothing, ALL, 200, 403),
    ("changeMe", Nothing, PEOPLE, 412, 403),
    ("listMySessions", Nothing, ALL, 200, 403),
    ("endMySession", Session, &["reporter"], 204, 404),
    ("endMyOtherSessions", Nothing, PEOPLE, 204, 409),
    ("createSession", Nothing, ALL, 401, 401),
    ("requestToken", Nothing, ALL, 400, 400),
    ("setPassword", Nothing, ALL, 400, 400),
    ("askPasswordReset", Nothing, ALL, 202, 202),
    ("endSession", Nothing, PEOPLE, 204, 409),
];

/// The body of an operation that needs one; `N` becomes a number of its own, so that nothing is there already.
fn body(operation: &str, number: usize) -> Option<Value> {
    let n = |text: &str| text.replace('N', &number.to_string());
    Some(match operation {
        "submitReport" => json!({"draft": true}),
        "endorseReport" => {
            json!({"effect": "Bij ons ook.", "contact": {"name": "Team", "email": "team@matrix.example"}})
        }
        "splitReport" => json!({"parts": [
            {"title": "Een", "description": "Een knelpunt."}, {"title": "Twee", "description": "Nog een."}
        ]}),
        "submitReports" => json!({"items": [{"report": {"draft": true}}]}),
        "makeTransitions" => {
            json!({"items": [{"id": Uuid::now_v7(), "version": 1, "transition": {"action": "accept"}}]})
        }
        "saveSearch" => json!({"name": n("Zoek N"), "query": "status=routed"}),
        "findSimilarReports" => json!({"title": "Norm"}),
        "previewRouting" => json!({"domains": ["onderwijs-po"]}),
        "addStandardText" => {
            json!({"name": "Vraag", "action": "request_information", "language": "nl", "text": "Over {reference}?"})
        }
        "writeMessage" => json!({"audience": "reporter", "text": "Kunt u de kaart sturen?"}),
        "proposeExperiment" => {
            json!({"title": "Proef", "idea": "Zonder de norm.", "report": Uuid::now_v7()})
        }
        "createMeasure" => json!({
            "kind": "changed_practice", "title": "Anders", "owner": "Directie", "targetDate": "2028-01-01", "reports": [Uuid::now_v7()]
        }),
        "makeMeasureTransition" => json!({"action": "update", "note": "Op schema."}),
        "makeExperimentTransition" => json!({"action": "start"}),
        "enterObservations" => json!({"items": [{
            "indicator": Uuid::now_v7(), "of": "all", "observedOn": "2026-11-20", "value": 1
        }]}),
        "correctObservation" => json!({"value": 1, "reason": "Verteld."}),
        "addLink" => json!({"kind": "related", "report": Uuid::now_v7()}),
        "makeTransition" => json!({"action": "withdraw", "reason": "Niet meer nodig."}),
        "invitePerson" => {
            json!({"name": "Iemand", "email": n("iemand.N@matrix.example"), "roles": ["reporter"]})
        }
        "createClient" => json!({"name": "Koppeling", "roles": ["reporter"]}),
        "addOrganisation" => json!({"kind": "partner", "name": n("Stichting N")}),
        "addMunicipality" => {
            json!({"code": format!("GM{:04}", 4000 + number), "name": n("Gemeente N"), "provinceCode": "PV29"})
        }
        "addRegion" => json!({
            "code": n("AR-MATRIX-N"), "kind": "anticipating", "name": n("Regio N"), "municipalities": ["GM1714"],
            "source": "Matrix", "confidence": "high"
        }),
        "addRegulation" => json!({
            "identifier": format!("BWBR{:07}", 9_000_000 + number), "title": n("Wet N"), "kind": "act", "level": "national"
        }),
        "addDomain" => {
            json!({"code": n("matrix-N"), "label": n("Terrein N"), "labelEn": n("Domain N")})
        }
        "addDeadlineProfile" => {
            json!({"code": n("matrix-N"), "label": n("Profiel N"), "labelEn": n("Profile N"), "reason": "Matrix."})
        }
        "changeDeadlineProfile" => json!({"reason": "Matrix."}),
        "addRoutingRule" | "changeRoutingRule" => json!({
            "condition": {"words": {"phrase": n("matrix N")}}, "priority": "high", "mode": "suggest",
            "explanation": {"nl": "Matrix", "en": "Matrix"}, "reason": "Matrix."
        }),
        "retireRoutingRule" | "dismissRoutingProposal" => json!({"reason": "Matrix."}),
        "activateRoutingRules" => json!({"rules": [{"number": 34, "version": 1}]}),
        "simulateRouting" => json!({}),
        "previewSuccession" => json!({"successor": Uuid::now_v7()}),
        "succeedOrganisation" => json!({"successor": Uuid::now_v7(), "reason": "Matrix."}),
        "createSession" => {
            json!({"email": "niemand@matrix.example", "password": "onbekend wachtwoord"})
        }
        "setPassword" => json!({"token": "onbekend", "password": "een lang wachtwoord"}),
        "askPasswordReset" => json!({"email": "niemand@matrix.example"}),
        name if name.starts_with("change") => json!({}),
        _ => return None,
    })
}

// --- the callers --------------------------------------------------------------------------------------------------------

/// The scopes of each role, as the design has them.
fn scopes(role: Role) -> &'static [&'static str] {
    match role {
        Role::Reporter => &["reports:read", "reports:write"],
        Role::Desk => &["reports:read", "reports:write", "triage", "statistics"],
        Role::Coordinator => &[
            "reports:read",
            "reports:write",
            "triage",
            "statistics",
            "reference:write",
        ],
        Role::Liaison => &["reports:read", "triage", "statistics"],
        Role::Analyst => &["reports:read", "statistics"],
        Role::OrgAdmin => &["organisation:manage"],
        Role::Admin => &["reference:write", "organisation:manage", "admin"],
    }
}

struct Caller {
    name: &'static str,
    actor: Actor,
    scopes: &'static [&'static str],
}

struct World {
    app: TestApp,
    callers: Vec<Caller>,
    /// Tokens that are no good.
    refused: Vec<(&'static str, Option<String>)>,
    /// Confidentiality and id.
    reports: Vec<(&'static str, String)>,
    draft: String,
    draft_message: String,
    shared: String,
    attached: String,
    standard_text: String,
    saved_search: String,
    experiment: String,
    measure: String,
    person: String,
    client: String,
    organisation: String,
    notice: String,
    session: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::start().await;
        app.leave_mail();
        let mut callers = Vec::new();
        for (name, role, home) in [
            ("reporter", Role::Reporter, "GM1714"),
            ("stranger", Role::Reporter, "GM0363"),
            ("lead", Role::Liaison, "OCW"),
            ("contributor", Role::Liaison, "SZW"),
            ("other liaison", Role::Liaison, "VWS"),
            ("desk", Role::Desk, "BZK"),
            ("coordinator", Role::Coordinator, "BZK"),
            ("BZK analyst", Role::Analyst, "BZK"),
            ("ministry analyst", Role::Analyst, "VWS"),
            ("municipal analyst", Role::Analyst, "GM0363"),
            ("org admin", Role::OrgAdmin, "GM1714"),
            ("strange org admin", Role::OrgAdmin, "GM0363"),
            ("BZK org admin", Role::OrgAdmin, "BZK"),
            ("admin", Role::Admin, "BZK"),
        ] {
            let home = app.organisation(home).await;
            let actor = app.person(&[role], home).await;
            callers.push(Caller {
                name,
                actor,
                scopes: scopes(role),
            });
        }
        let own = app.organisation("GM1714").await;
        let other = app.organisation("GM0363").await;
        let role = &[Role::Reporter];
        for (name, actor, scopes) in [
            (
                "client",
                app.client(role, None, own).await,
                scopes(Role::Reporter),
            ),
            (
                "strange client",
                app.client(role, None, other).await,
                scopes(Role::Reporter),
            ),
            (
                "scopeless client",
                app.client(role, Some(&[]), own).await,
                &[][..],
            ),
        ] {
            callers.push(Caller {
                name,
                actor,
                scopes,
            });
        }
        let by = |name: &str| {
            let found = callers.iter().find(|caller| caller.name == name);
            found.unwrap().actor.clone()
        };
        let (reporter, desk) = (by("reporter"), by("desk"));
        let mut reports = Vec::new();
        for confidentiality in ["public_after_review", "government_only", "confidential"] {
            reports.push((
                confidentiality,
                routed(&app, &reporter, &desk, confidentiality).await,
            ));
        }
        let draft = app
            .post("/v1/reports")
            .by(&reporter)
            .json(json!({"draft": true}))
            .await
            .expect(201)
            .id();
        let report = &reports[0].1;
        let message = app
            .post(format!("/v1/reports/{report}/messages"))
            .by(&desk)
            .json(json!({"audience": "reporter", "text": "Kunt u de kaart sturen?", "draft": true}))
            .await
            .expect(201)
            .id();
        let draft_message = format!("{report}/{message}");
        let shared = routed(&app, &reporter, &desk, "government_only").await;
        let path = format!("/v1/reports/{shared}");
        let seen = app.get(&path).by(&desk).await.expect(200);
        app.post(format!("{path}/transitions"))
            .by(&desk)
            .if_match(&seen)
            .json(json!({"action": "publish", "audience": "government", "title": "Norm", "summary": "De norm knelt."}))
            .await
            .expect(200);
        let attachment = app
            .post(format!("/v1/reports/{report}/attachments"))
            .by(&reporter)
            .file("kaart.txt", b"Sluis", &[])
            .await
            .expect(201)
            .id();
        let attached = format!("{report}/{attachment}");
        // Once an organisation: what it said is given again.
        app.post(format!("/v1/shared-reports/{shared}/endorsements"))
            .by(&by("stranger"))
            .json(json!({"effect": "Bij ons ook."}))
            .await
            .expect(201);
        let texts = app
            .get("/v1/standard-texts")
            .by(&desk)
            .await
            .expect(200)
            .items();
        let saved_search = app
            .post("/v1/saved-searches")
            .by(&desk)
            .json(json!({"name": "Matrix", "query": "status=routed"}))
            .await
            .expect(201)
            .id();
        let experiment = app
            .post("/v1/experiments")
            .by(&reporter)
            .json(json!({"title": "Proef", "idea": "Zonder de norm.", "report": report}))
            .await
            .expect(201)
            .id();
        let measure = measure(&app, &reporter, &desk, &by("lead")).await;
        let standard_text = texts[0]["id"].as_str().unwrap().to_owned();
        let notice = app
            .get("/v1/notices")
            .by(&by("admin"))
            .await
            .expect(200)
            .items()[0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let session = app.begin_session(&reporter).await.to_string();
        let refused = refused(&app).await;
        let person = app.person(role, own).await.id.to_string();
        let client = app.client(role, None, own).await.id.to_string();
        Self {
            reports,
            draft,
            draft_message,
            shared,
            attached,
            standard_text,
            saved_search,
            experiment,
            measure,
            notice,
            session,
            refused,
            person,
            client,
            organisation: own.to_string(),
            callers,
            app,
        }
    }

    /// The things of a row, each with what may be said of it.
    fn things(&self, thing: Thing) -> Vec<(&'static str, String)> {
        let one = |id: &String| vec![("own", id.clone())];
        match thing {
            Nothing => one(&String::new()),
            Report => self.reports.clone(),
            Draft => one(&self.draft),
            DraftMessage => one(&self.draft_message),
            Shared => one(&self.shared),
            Attached => one(&self.attached),
            StandardText => one(&self.standard_text),
            SavedSearch => one(&self.saved_search),
            Experiment => one(&self.experiment),
            NoObservation => one(&format!("{}/{}", self.experiment, Uuid::now_v7())),
            Measure => one(&self.measure),
            NoProposal => one(&Uuid::now_v7().to_string()),
            NoLink => one(&format!("{}/{}", self.reports[0].1, Uuid::now_v7())),
            Person => one(&self.person),
            Client => one(&self.client),
            Organisation => one(&self.organisation),
            Session => one(&self.session),
            Notice => one(&self.notice),
            Fact(code) => one(&code.to_owned()),
        }
    }
}

/// A report of Sluis with OCW in the lead and SZW beside it.
async fn routed(app: &TestApp, reporter: &Actor, desk: &Actor, confidentiality: &str) -> String {
    let report = app
        .post("/v1/reports")
        .by(reporter)
        .json(json!({
            "title": "Norm", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": ["GM1714"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}], "confidentiality": confidentiality
        }))
        .await
        .expect(201);
    assert_eq!(report.json()["leadAuthority"]["abbreviation"], "OCW");
    let path = format!("/v1/reports/{}", report.id());
    let seen = app.get(&path).by(desk).await.expect(200);
    app.post(format!("{path}/transitions"))
        .by(desk)
        .if_match(&seen)
        .json(json!({"action": "change_contributors", "contributors": [app.organisation("SZW").await]}))
        .await
        .expect(200);
    report.id()
}

/// A measure of the lead, for a report of its own.
async fn measure(app: &TestApp, reporter: &Actor, desk: &Actor, lead: &Actor) -> String {
    let report = routed(app, reporter, desk, "public_after_review").await;
    let path = format!("/v1/reports/{report}");
    for body in [
        json!({"action": "accept"}),
        json!({"action": "take_position", "outcome": "practice_changed", "publicExplanation": "Het kan anders."}),
    ] {
        let seen = app.get(&path).by(lead).await.expect(200);
        let made = app.post(format!("{path}/transitions")).by(lead);
        made.if_match(&seen).json(body).await.expect(200);
    }
    let body = json!({
        "kind": "changed_practice", "title": "Anders", "owner": "Directie", "targetDate": "2028-01-01", "reports": [report]
    });
    app.post("/v1/measures")
        .by(lead)
        .json(body)
        .await
        .expect(201)
        .id()
}

/// No token, and tokens that were good or never were.
async fn refused(app: &TestApp) -> Vec<(&'static str, Option<String>)> {
    let home = app.organisation("GM1714").await;
    let someone = app.person(&[Role::Reporter, Role::OrgAdmin], home).await;
    let expired = app
        .token_until(&someone, app.now() - TimeDelta::minutes(1))
        .await;
    let revoked = app.token_of(&someone).await;
    app.delete("/v1/sessions/current")
        .by(&someone)
        .await
        .expect(204);
    vec![
        ("no token", None),
        ("garbage", Some("a.b.c".to_owned())),
        ("an expired token", Some(expired)),
        ("a revoked token", Some(revoked)),
    ]
}

// --- walking it ---------------------------------------------------------------------------------------------------------

fn operation(id: &str) -> Operation {
    operations()
        .find(|operation| operation.id == id)
        .unwrap_or_else(|| panic!("{id} is not in the document"))
}

impl World {
    /// Calls an operation with this in its path.
    async fn call(&self, operation: &Operation, thing: &str, token: Option<&str>) -> Reply {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut parts: Vec<&str> = operation.path.split('/').collect();
        let mut ids = thing.split('/').cycle();
        for part in &mut parts {
            if part.starts_with('{') {
                *part = ids.next().unwrap_or_default();
            }
        }
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
        let mut call = self.app.call(method, format!("/v1{}", parts.join("/")));
        if let Some(token) = token {
            call = call.token(token);
        }
        let takes = |name: &str| {
            operation.value["parameters"]
                .to_string()
                .contains(&format!("\"{name}\""))
        };
        if operation.id == "listTextsForReport" {
            call = call.query(&[("action", "settle")]);
        }
        if ["countReports", "countPublicReports"].contains(&operation.id) {
            call = call.query(&[("by", "status")]);
        }
        if takes("If-Match") {
            call = call.header("if-match", "\"0\"");
        }
        if operation.id == "addAttachment" {
            call = call.file("leeg.txt", b"", &[]);
        } else if operation.id == "enterObservationSheet" {
            call = call.file("leeg.csv", b"", &[]);
        } else if operation.id == "requestToken" {
            call = call.form(&[("grant_type", "password")]);
        } else if let Some(body) = body(operation.id, number) {
            call = call.json(body);
        }
        call.await
    }

    /// Every cell of a row; the faults found.
    async fn walk(&self, (id, thing, may, allowed, otherwise): Row) -> Vec<String> {
        let operation = operation(id);
        let ways = operation.value["security"].as_array().unwrap();
        let open = ways.is_empty();
        let needed: BTreeSet<&str> = ways
            .iter()
            .flat_map(|way| way["oauth2"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        let missing = match thing {
            Fact(_) => "ZZ99".to_owned(),
            _ => Uuid::now_v7().to_string(),
        };
        let mut faults = Vec::new();
        for (said, own) in self.things(thing) {
            for (who, token) in &self.refused {
                let reply = self.call(&operation, &own, token.as_deref()).await;
                let expected = if open { allowed } else { 401 };
                if reply.status != expected {
                    faults.push(format!("{id}: {who}: {} and not {expected}", reply.status));
                }
            }
            for caller in &self.callers {
                let who = caller.name;
                let analyst = who.ends_with("analyst") && thing == Report && said == "confidential";
                let has_scope =
                    needed.is_empty() || caller.scopes.iter().any(|scope| needed.contains(scope));
                let is_allowed = may.contains(&who) && !analyst;
                let expected = match (has_scope, is_allowed) {
                    (false, _) => 403,
                    (true, true) => allowed,
                    (true, false) if matches!(thing, Report | Attached | Measure) => {
                        self.hidden(who, said, otherwise)
                    }
                    (true, false) => otherwise,
                };
                let token = self.app.token_of(&caller.actor).await;
                let reply = self.call(&operation, &own, Some(&token)).await;
                if reply.status != expected {
                    faults.push(format!(
                        "{id} of {said}: {who}: {} and not {expected}",
                        reply.status
                    ));
                }
                if !has_scope && reply.json()["code"] != "insufficient_scope" {
                    faults.push(format!("{id}: {who}: {reply}"));
                }
                if thing == Nothing || open {
                    continue;
                }
                let nothing = self.call(&operation, &missing, Some(&token)).await;
                let there = has_scope && is_allowed;
                if there && nothing.status != 404 {
                    faults.push(format!("{id} of what is missing: {who}: {nothing}"));
                }
                // What may be known to exist may be refused by name; anything else must look as if it were not there.
                if !there && reply.status == 404 && bare(&nothing) != bare(&reply) {
                    faults.push(format!(
                        "{id}: {who} can tell another's from a missing one: {reply}\n{nothing}"
                    ));
                }
            }
        }
        faults
    }

    /// A report that is seen may be refused by name; one that is not is not there.
    fn hidden(&self, who: &str, said: &str, otherwise: u16) -> u16 {
        let sees = READERS.contains(&who) && !(who.ends_with("analyst") && said == "confidential");
        if sees { otherwise } else { 404 }
    }
}

/// A reply without what differs each time.
fn bare(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json();
    body["requestId"] = Value::Null;
    (reply.status, body)
}

async fn walk(rows: &[Row]) {
    let world = World::new().await;
    let mut faults = Vec::new();
    for row in rows {
        faults.extend(world.walk(*row).await);
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let rows: Vec<&str> = [REPORTS, EXPERIMENTS, MANAGEMENT, FACTS, SIGN_IN]
        .concat()
        .iter()
        .map(|row| row.0)
        .collect();
    let of_rows: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(of_rows.len(), rows.len(), "a row stands there twice");
    let documented: BTreeSet<&str> = operations().map(|operation| operation.id).collect();
    let without: Vec<_> = documented.symmetric_difference(&of_rows).collect();
    assert!(
        without.is_empty(),
        "without a row, or a row without an operation: {without:?}"
    );
}

#[actix_web::test]
async fn reports_are_for_those_the_table_names() {
    walk(REPORTS).await;
}

#[actix_web::test]
async fn management_is_for_those_the_table_names() {
    walk(MANAGEMENT).await;
}

#[actix_web::test]
async fn experiments() {
    walk(EXPERIMENTS).await;
}

#[actix_web::test]
async fn facts_are_read_by_all_and_kept_by_those_the_table_names() {
    walk(FACTS).await;
}

#[actix_web::test]
async fn everybody_asks_who_it_is_and_signs_out() {
    walk(SIGN_IN).await;
}

// --- side doors ---------------------------------------------------------------------------------------------------------

#[actix_web::test]
async fn a_list_holds_what_can_be_read_whatever_is_asked() {
    let world = World::new().await;
    let app = &world.app;
    let desk = &world
        .callers
        .iter()
        .find(|caller| caller.name == "desk")
        .unwrap()
        .actor;
    let (said, secret) = &world.reports[2];
    assert_eq!(*said, "confidential");
    let report = app
        .get(format!("/v1/reports/{secret}"))
        .by(desk)
        .await
        .expect(200);
    let reference = report.text("reference");
    let submitter = world.organisation.as_str();
    let filters: &[&[(&str, &str)]] = &[
        &[],
        &[("reference", &reference)],
        &[("submitter", submitter)],
        &[("municipality", "GM1714")],
        &[("regulation", "BWBR0003420")],
        &[("status", "routed")],
    ];
    for caller in &world.callers {
        let path = format!("/v1/reports/{secret}");
        let reads = app.get(&path).by(&caller.actor).await.status == 200;
        for filter in filters {
            let list = app.get("/v1/reports").query(filter).by(&caller.actor).await;
            if list.status == 403 {
                continue;
            }
            let shown = list
                .items()
                .iter()
                .any(|item| item["id"] == secret.as_str());
            assert_eq!(shown, reads, "{} with {filter:?}: {list}", caller.name);
        }
    }
}

#[actix_web::test]
async fn an_idempotency_key_replays_nothing_to_another_caller() {
    let app = TestApp::start().await;
    let one = app.reporter("GM1714").await;
    let other = app.reporter("GM1714").await;
    let submit = async |by: &Actor, body: Value| {
        app.post("/v1/reports")
            .by(by)
            .idempotency_key("sleutel-1")
            .json(body)
            .await
    };
    let draft = json!({"draft": true, "title": "Een"});
    let first = submit(&one, draft.clone()).await.expect(201);
    let again = submit(&one, draft.clone()).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    submit(&one, json!({"draft": true, "title": "Twee"}))
        .await
        .expect_problem(422, "idempotency_key_reused");
    let theirs = submit(&other, draft.clone()).await.expect(201);
    assert_eq!(theirs.header("idempotent-replayed"), None);
    assert_ne!(theirs.id(), first.id());
    // The key of one operation is no key of another.
    app.post("/v1/routing/previews")
        .by(&one)
        .idempotency_key("sleutel-1")
        .json(json!({}))
        .await
        .expect(200);
    app.clock.forward(TimeDelta::hours(25));
    let later = submit(&one, draft).await.expect(201);
    assert_ne!(later.id(), first.id(), "kept for a day");
}
