//! Figures: what dashboards read. That they are right after whatever happens is proved in `simulation`, by counting anew.

use chrono::TimeDelta;
use meldpunt::services::counting;
use serde_json::{Value, json};

use crate::harness::TestApp;
use crate::harness::actors::Actor;
use crate::harness::client::Reply;

struct World {
    app: TestApp,
    sluis: Actor,
    hulst: Actor,
    desk: Actor,
    lead: Actor,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::start().await;
        app.leave_mail();
        Self {
            sluis: app.reporter("GM1714").await,
            hulst: app.reporter("GM0677").await,
            desk: app.desk().await,
            lead: app.liaison("OCW").await,
            app,
        }
    }

    async fn report(&self, by: &Actor, change: Value) -> String {
        let mut body = json!({
            "title": "Norm sluit dorpsschool", "description": "De norm telt per gemeente.",
            "effect": "De school sluit.", "municipalities": ["GM1714"], "domains": ["onderwijs-po"],
            "regulations": [{"citation": "BWBR0003420", "article": "153"}],
            "contact": {"name": "Team onderwijs", "email": "onderwijs@sluis.example"}
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let made = self.app.post("/v1/reports").by(by).json(body);
        made.await.expect(201).id()
    }

    async fn act(&self, by: &Actor, report: &str, body: Value) -> Reply {
        let path = format!("/v1/reports/{report}");
        let seen = self.app.get(&path).by(by).await.expect(200);
        let made = self.app.post(format!("{path}/transitions")).by(by);
        made.if_match(&seen).json(body).await.expect(200)
    }

    async fn figures(&self, path: &str) -> Value {
        let path = format!("/v1/statistics/{path}");
        self.app.get(path).by(&self.desk).await.expect(200).json()
    }

    async fn public(&self, path: &str) -> Value {
        let path = format!("/v1/public/statistics/{path}");
        self.app.get(path).await.expect(200).json()
    }

    async fn settle(&self, report: &str) {
        self.act(&self.lead, report, json!({"action": "accept"}))
            .await;
        let position = json!({"action": "take_position", "outcome": "explanation", "publicExplanation": "Het mag al."});
        self.act(&self.lead, report, position).await;
        let settle = json!({"action": "settle", "outcome": "explanation", "publicExplanation": "Het mag al."});
        self.act(&self.lead, report, settle).await;
    }
}

/// Values and numbers of reports.
fn numbers(of: &Value) -> Vec<(String, i64)> {
    let rows = of["items"].as_array().unwrap().iter();
    rows.map(|row| {
        let across = row["acrossValue"]
            .as_str()
            .map(|across| format!("/{across}"));
        let value = row["value"].as_str().unwrap();
        (
            format!("{value}{}", across.unwrap_or_default()),
            row["reports"].as_i64().unwrap(),
        )
    })
    .collect()
}

fn pairs(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter()
        .map(|(value, n)| ((*value).to_owned(), *n))
        .collect()
}

#[actix_web::test]
async fn reports_are_counted_by_one_dimension_and_by_two() {
    let w = World::new().await;
    let one = w.report(&w.sluis, json!({})).await;
    w.report(&w.sluis, json!({"municipalities": ["GM1714", "GM0677"]}))
        .await;
    w.report(&w.hulst, json!({"regulations": [{"citation": "BWBR0015703", "article": "18"}], "domains": ["regionaal-beleid-krimp"]})).await;
    w.report(&w.sluis, json!({"confidentiality": "confidential"}))
        .await;
    // Who endorses what it can read of another is counted beside the reporter; who reports as well is counted once.
    w.act(&w.desk, &one, json!({"action": "publish", "audience": "government", "title": "Norm", "summary": "De norm knelt."})).await;
    w.app
        .post(format!("/v1/shared-reports/{one}/endorsements"))
        .by(&w.hulst)
        .json(json!({"effect": "Bij ons ook."}))
        .await
        .expect(201);

    let by = w.figures("reports?by=status").await;
    assert_eq!(
        (&by["basis"], &by["uncounted"]),
        (&json!("government"), &json!(0))
    );
    assert_eq!(numbers(&by), pairs(&[("routed", 3)]));
    let total = &by["total"];
    let of = |key: &str| total[key].as_i64().unwrap();
    assert_eq!(
        (
            of("reports"),
            of("organisations"),
            of("endorsers"),
            of("backers"),
            of("municipalities")
        ),
        (3, 2, 1, 2, 2),
        "confidential reports are not counted, and nobody twice"
    );
    let articles = w.figures("reports?by=article&across=status").await;
    assert_eq!(
        numbers(&articles),
        pairs(&[("BWBR0003420/153/routed", 2), ("BWBR0015703/18/routed", 1)])
    );
    assert_eq!(articles["items"][0]["label"], "WPO artikel 153");
    assert_eq!(articles["items"][0]["organisations"], Value::Null);
    let crossed = w.figures("reports?by=domain&across=submitted_month").await;
    assert_eq!(crossed["items"][0]["organisations"], 1);
    assert_eq!(crossed["items"][0]["backers"], 2);
    assert_eq!(crossed["items"][0]["municipalities"], Value::Null);
    for (by, values) in [
        ("submitted_day", &["2026-11-25"]),
        ("submitted_week", &["2026-W48"]),
        ("submitted_month", &["2026-11"]),
        ("submitted_year", &["2026"]),
        ("reporter_kind", &["municipality"]),
        ("province", &["PV29"]),
        ("phase", &["intake"]),
    ] {
        let found = w.figures(&format!("reports?by={by}")).await;
        assert_eq!(
            numbers(&found),
            pairs(&values.map(|value| (value, 3))),
            "{by}"
        );
    }
    // A page at a time, in both orders, nothing twice.
    for sort in ["most", "value"] {
        let path = format!("reports?by=article&across=status&sort={sort}&limit=1");
        let first = w.figures(&path).await;
        let next = first["nextCursor"].as_str().unwrap();
        let second = w.figures(&format!("{path}&cursor={next}")).await;
        let both = [numbers(&first), numbers(&second)].concat();
        assert_eq!(both, numbers(&articles), "{sort}");
        assert_eq!(second["nextCursor"], Value::Null);
    }
    let turned = w
        .figures("reports?by=status&across=article&sort=value&limit=1")
        .await;
    let next = turned["nextCursor"].as_str().unwrap();
    let path = format!("reports?by=status&across=article&sort=value&limit=1&cursor={next}");
    assert_eq!(
        [numbers(&turned), numbers(&w.figures(&path).await)].concat(),
        pairs(&[("routed/BWBR0003420/153", 2), ("routed/BWBR0015703/18", 1)])
    );
    let found = w
        .figures("reports?by=article&across=status&value=BWBR0015703/18")
        .await;
    assert_eq!(numbers(&found), pairs(&[("BWBR0015703/18/routed", 1)]));
    let found = w.figures("reports?by=submitted_month&from=2026-12").await;
    assert_eq!(numbers(&found), []);
    let refused = w
        .app
        .get("/v1/statistics/reports?by=status&across=phase")
        .by(&w.desk);
    let refused = refused.await.expect(400);
    assert_eq!(refused.json()["errors"][0]["code"], "not_crossed");

    // What becomes confidential leaves no trace.
    w.act(&w.sluis, &one, json!({"action": "change_confidentiality", "confidentiality": "confidential", "reason": "Toch niet."})).await;
    let total = w.figures("reports?by=status").await["total"].clone();
    assert_eq!(
        (&total["reports"], &total["endorsers"]),
        (&json!(2), &json!(0))
    );
}

#[actix_web::test]
async fn times_are_told_without_those_that_a_clock_stood_still() {
    let w = World::new().await;
    let report = w.report(&w.sluis, json!({})).await;
    w.app.clock.forward(TimeDelta::days(2));
    w.act(&w.lead, &report, json!({"action": "accept"})).await;
    w.app.clock.forward(TimeDelta::days(10));
    w.act(
        &w.lead,
        &report,
        json!({"action": "request_information", "question": "Hoeveel leerlingen?"}),
    )
    .await;
    w.app.clock.forward(TimeDelta::days(5));
    w.act(
        &w.sluis,
        &report,
        json!({"action": "provide_information", "answer": "Twintig."}),
    )
    .await;
    w.app.clock.forward(TimeDelta::days(20));
    let position = json!({"action": "take_position", "outcome": "explanation", "publicExplanation": "Het mag al."});
    w.act(&w.lead, &report, position).await;
    let settle =
        json!({"action": "settle", "outcome": "explanation", "publicExplanation": "Het mag al."});
    w.act(&w.lead, &report, settle).await;
    // A second one is over its day.
    w.report(&w.hulst, json!({})).await;
    w.app.clock.forward(TimeDelta::days(20));

    let times = w.figures("lead-times?by=authority").await;
    let of = |step: &str| {
        let items = times["items"].as_array().unwrap().iter();
        items
            .filter(|item| item["step"] == step)
            .cloned()
            .collect::<Vec<_>>()
    };
    let [position] = &of("position")[..] else {
        panic!("{times}")
    };
    assert_eq!(
        position["taken"],
        json!({"steps": 1, "medianDays": 30, "ninetiethPercentileDays": 30})
    );
    assert_eq!(
        position["suspended"],
        json!({"steps": 1, "medianDays": 5, "ninetiethPercentileDays": 5})
    );
    assert_eq!(
        position["authority"]["name"],
        "Ministerie van Onderwijs, Cultuur en Wetenschap"
    );
    assert_eq!(of("acceptance")[0]["taken"]["medianDays"], 2);
    assert_eq!(of("settlement")[0]["taken"]["medianDays"], 32);
    let found = w.figures("lead-times?period=2025").await;
    assert_eq!(found["items"], json!([]));

    let promises = w.figures("promises?by=authority").await;
    let items = promises["items"].as_array().unwrap();
    let accepted = items
        .iter()
        .find(|item| item["step"] == "acceptance")
        .unwrap();
    let told = [
        "inTime",
        "late",
        "overdue",
        "running",
        "shareInTime",
        "light",
    ]
    .map(|key| accepted[key].clone());
    assert_eq!(json!(told), json!([1, 0, 1, 1, 0.5, "amber"]));
    let cards = w.figures("scorecards").await;
    let card = &cards["items"][0];
    assert_eq!(
        (&card["open"], &card["light"], &card["reports"]),
        (&json!(1), &json!("green"), &json!(2))
    );
    assert_eq!(card["outcomes"][0]["code"], "explanation");
    assert_eq!(card["handling"]["routed"], 2);
    // A liaison reads how its own authority does, and nothing else.
    let own = w
        .app
        .get("/v1/statistics/scorecards")
        .by(&w.lead)
        .await
        .expect(200)
        .json();
    assert_eq!(own["items"][0]["authority"], card["authority"]);
    let szw = w.app.liaison("SZW").await;
    let path = format!(
        "/v1/statistics/scorecards?authority={}",
        card["authority"]["id"].as_str().unwrap()
    );
    w.app.get(path).by(&szw).await.expect(403);
    let none = w
        .app
        .get("/v1/statistics/scorecards")
        .by(&szw)
        .await
        .expect(200);
    assert_eq!(none.json()["items"], json!([]));
}

#[actix_web::test]
async fn what_befell_reports_and_where_it_hurts() {
    let w = World::new().await;
    let report = w.report(&w.sluis, json!({})).await;
    w.act(
        &w.lead,
        &report,
        json!({"action": "return", "reason": "Hoort bij BZK."}),
    )
    .await;
    w.report(&w.hulst, json!({"municipalities": ["GM0677", "GM1714"]}))
        .await;
    let other = w.report(&w.hulst, json!({"municipalities": ["GM0677"], "regulations": [{"citation": "BWBR0003420", "article": "25h"}]})).await;
    w.settle(&other).await;
    w.act(
        &w.hulst,
        &other,
        json!({"action": "give_feedback", "verdict": "partly"}),
    )
    .await;
    w.act(
        &w.hulst,
        &other,
        json!({"action": "request_reopening", "reason": "Het mag niet."}),
    )
    .await;
    let handling = w.figures("handling").await;
    let told = [
        "routed",
        "returned",
        "settled",
        "reopeningRequested",
        "partlySolved",
        "returnShare",
    ];
    let told = told.map(|key| handling["items"][0][key].clone());
    assert_eq!(json!(told), json!([3, 1, 1, 1, 1, 1.0 / 3.0]));

    let spots = w.figures("hot-spots?by=article").await;
    let told = |at: usize| {
        let spot = &spots["items"][at];
        json!([
            spot["value"],
            spot["municipalities"],
            spot["reports"],
            spot["reportsLately"],
            spot["reportsBefore"]
        ])
    };
    assert_eq!(told(0), json!(["BWBR0003420/153", 2, 2, 2, 0]));
    assert_eq!(told(1), json!(["BWBR0003420/25h", 1, 1, 1, 0]));
    assert_eq!(spots["items"][1]["outcomes"][0]["code"], "explanation");
    assert_eq!(
        spots["items"][0]["regions"][0]["label"],
        "Zeeuws-Vlaanderen"
    );
    let portfolio = w.figures("experiments").await;
    assert_eq!(portfolio["experiments"], 0);
}

#[actix_web::test]
async fn everybody_reads_figures_of_what_is_published_and_of_nothing_else() {
    let w = World::new().await;
    let shown = w.report(&w.sluis, json!({})).await;
    let hidden = w
        .report(
            &w.hulst,
            json!({"regulations": [{"citation": "BWBR0015703", "article": "18"}]}),
        )
        .await;
    let publish = json!({"action": "publish", "audience": "public", "title": "Norm", "summary": "De norm knelt."});
    w.settle(&shown).await;
    let paths = [
        "reports?by=status",
        "reports?by=regulation",
        "reports?by=authority&across=outcome",
        "lead-times",
        "promises",
        "lead-times?by=authority",
        "promises?by=authority",
        "hot-spots",
        "scorecards",
        "experiments",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(w.public(path).await);
    }
    for (path, told) in paths.iter().zip(&before) {
        assert_eq!(told["basis"], "public", "{path}");
        let rows = told["items"].as_array().map_or(0, Vec::len);
        assert_eq!(rows, 0, "{path}: {told}");
    }
    w.act(&w.desk, &shown, publish.clone()).await;
    assert_eq!(
        numbers(&w.public("reports?by=status").await),
        pairs(&[("settled", 1)])
    );
    assert_eq!(
        w.public("hot-spots").await["items"][0]["backers"],
        Value::Null
    );
    let card = w.public("scorecards").await["items"][0].clone();
    assert_eq!(
        (&card["reports"], &card["handling"], &card["light"]),
        (&json!(1), &Value::Null, &json!("green"))
    );
    // Nothing that happens to a hidden one shows.
    let mut then = Vec::new();
    for path in paths {
        then.push(w.public(path).await);
    }
    let szw = w.app.liaison("SZW").await;
    w.act(&szw, &hidden, json!({"action": "accept"})).await;
    for (path, told) in paths.iter().zip(&then) {
        assert_eq!(&w.public(path).await, told, "{path}");
    }
    w.app
        .get("/v1/public/statistics/reports?by=reporter_kind")
        .await
        .expect(400);
    // Taken back, it is counted no more.
    w.act(
        &w.desk,
        &shown,
        json!({"action": "unpublish", "reason": "Vergissing."}),
    )
    .await;
    for (path, told) in paths.iter().zip(&before) {
        assert_eq!(&w.public(path).await, told, "{path}");
    }
    let check = w.app.context.db.read_blocking(counting::check).unwrap();
    assert_eq!(check, Vec::<String>::new());
}

#[actix_web::test]
async fn figures_are_sheets_too_and_are_kept_for_a_while_by_everybody() {
    let w = World::new().await;
    let shown = w.report(&w.sluis, json!({})).await;
    w.act(&w.desk, &shown, json!({"action": "publish", "audience": "public", "title": "Norm", "summary": "De norm knelt."})).await;
    w.act(&w.lead, &shown, json!({"action": "accept"})).await;
    for path in [
        "reports?by=domain&across=status",
        "lead-times",
        "promises",
        "hot-spots",
        "scorecards",
        "experiments",
    ] {
        let path = format!("/v1/public/statistics/{path}");
        let sheet = w
            .app
            .get(&path)
            .header("accept", "text/csv")
            .await
            .expect(200);
        assert_eq!(
            sheet.header("content-type"),
            Some("text/csv; charset=utf-8")
        );
        let vary = sheet.header("vary").map(str::to_lowercase);
        assert!(vary.is_some_and(|vary| vary.contains("accept")));
        let text = sheet.body_text();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert!(reader.headers().unwrap().len() > 2, "{text}");
        let rows = reader.records().map(Result::unwrap).count();
        assert_eq!(rows == 0, path.ends_with("lead-times"), "{path}: {text}");
        let told = w
            .app
            .get(&path)
            .header("origin", "https://krant.example")
            .await
            .expect(200);
        assert_eq!(told.header("cache-control"), Some("public, max-age=60"));
        assert_eq!(told.header("access-control-allow-origin"), Some("*"));
        let tag = told.etag().to_owned();
        w.app
            .get(&path)
            .header("if-none-match", &tag)
            .await
            .expect(304);
    }
    let told = w
        .app
        .get("/v1/statistics/promises")
        .by(&w.desk)
        .await
        .expect(200);
    assert_eq!(told.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn counts_that_went_astray_are_found_and_made_anew() {
    let w = World::new().await;
    w.report(&w.sluis, json!({})).await;
    w.figures("reports?by=status").await;
    let db = &w.app.context.db;
    assert_eq!(
        db.read_blocking(counting::check).unwrap(),
        Vec::<String>::new()
    );
    db.write_blocking(|conn| {
        use diesel::prelude::*;
        use meldpunt::store::schema::counts;
        diesel::update(counts::table.filter(counts::dimension.eq("status")))
            .set(counts::reports.eq(counts::reports + 1))
            .execute(conn)?;
        Ok::<_, meldpunt::services::Error>(())
    })
    .unwrap();
    let wrong = db.read_blocking(counting::check).unwrap();
    assert_eq!(wrong[0], "sums of reports by status");
    assert!(
        wrong[1..]
            .iter()
            .all(|sums| sums.starts_with("sums of reports by status and ")),
        "{wrong:?}"
    );
    counting::forget(&w.app.context).unwrap();
    while counting::round(&w.app.context, 10).unwrap() > 0 {}
    assert_eq!(
        db.read_blocking(counting::check).unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        numbers(&w.figures("reports?by=status").await),
        pairs(&[("routed", 1)])
    );
}

/// Whoever counts takes out of the sums what is in them, though others count the same reports and these change meanwhile.
#[actix_web::test]
async fn several_count_while_reports_change_and_nothing_is_counted_twice() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    let w = World::new().await;
    let over = Arc::new(AtomicBool::new(false));
    let counters: Vec<_> = (0..3)
        .map(|_| {
            let (context, over) = (w.app.context.clone(), over.clone());
            std::thread::spawn(move || {
                while !over.load(Relaxed) {
                    counting::round(&context, 5).unwrap();
                }
            })
        })
        .collect();
    for _ in 0..6 {
        let report = w.report(&w.sluis, json!({})).await;
        w.settle(&report).await;
    }
    over.store(true, Relaxed);
    for counter in counters {
        counter.join().unwrap();
    }
    while counting::round(&w.app.context, 10).unwrap() > 0 {}
    let check = w.app.context.db.read_blocking(counting::check).unwrap();
    assert_eq!(check, Vec::<String>::new());
}
