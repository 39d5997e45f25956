//! Organisations and reference data: lists and their filters, reading one, adding and changing.

use std::collections::BTreeSet;

use meldpunt::domain::actor::Role;
use serde_json::{Value, json};

use crate::harness::TestApp;

#[actix_web::test]
async fn lists_hold_what_the_facts_hold_each_row_once() {
    let app = TestApp::start().await;
    let reader = app.desk().await;
    for (path, rows) in [
        ("/v1/organisations", 369),
        ("/v1/organisations?kind=ministry&kind=province", 27),
        ("/v1/organisations?ownsRules=false", 0),
        ("/v1/municipalities", 342),
        ("/v1/municipalities?all=true", 405),
        ("/v1/municipalities?validOn=2018-06-01", 380),
        ("/v1/municipalities?province=PV29", 13),
        ("/v1/municipalities?region=KR-ZEEUWS-VLAANDEREN", 3),
        ("/v1/provinces", 12),
        ("/v1/regions", 20),
        ("/v1/regions?kind=decline", 9),
        ("/v1/regions?province=PV29", 3),
        ("/v1/regulations?all=true", 94),
        ("/v1/regulations?register=celex", 8),
        ("/v1/regulations?domain=onderwijs-po", 3),
        ("/v1/domains", 69),
        ("/v1/routing/rules", 242),
        ("/v1/routing/rules?regulation=BWBR0003420&mode=auto", 1),
    ] {
        let found = app.all_pages(&reader, path, 37).await;
        let once: BTreeSet<String> = found.iter().map(Value::to_string).collect();
        assert_eq!((found.len(), once.len()), (rows, rows), "{path}");
    }
}

#[actix_web::test]
async fn words_are_looked_for_literally_in_any_case() {
    let app = TestApp::start().await;
    let reader = app.reporter("GM1714").await;
    for (path, q, rows) in [
        ("/v1/organisations", "ocw", 1),
        ("/v1/municipalities", "gm1714", 1),
        ("/v1/provinces", "FRYSLâN", 1),
        ("/v1/regulations", "wpo", 2),
        ("/v1/organisations", "%", 0),
        ("/v1/domains", "_", 0),
        ("/v1/regulations", "'; --", 0),
    ] {
        let found = app
            .get(path)
            .query(&[("q", q)])
            .by(&reader)
            .await
            .expect(200);
        assert_eq!(found.items().len(), rows, "{path} {q}: {found}");
    }
}

#[actix_web::test]
async fn what_no_code_or_cursor_can_hold_is_not_there_or_refused() {
    let app = TestApp::start().await;
    let reader = app.desk().await;
    for path in [
        "/v1/organisations/none",
        "/v1/municipalities/GM9999",
        "/v1/municipalities/%00",
        "/v1/provinces/%00",
        "/v1/regions/%00",
        "/v1/domains/%00",
        "/v1/regulations/%00",
        "/v1/routing/rules/99999999999",
    ] {
        app.get(path)
            .by(&reader)
            .await
            .expect_problem(404, "not_found");
    }
    // ["\u0000","x"] and [1,2]
    for cursor in ["WyJcdTAwMDAiLCJ4Il0", "WzEsMl0", "?"] {
        let page = app
            .get("/v1/regions")
            .query(&[("cursor", cursor)])
            .by(&reader);
        page.await.expect_faults(&[("cursor", "wrong_cursor")]);
    }
}

#[actix_web::test]
async fn a_code_is_read_in_every_form() {
    let app = TestApp::start().await;
    let reader = app.reporter("GM1714").await;
    for (path, key, value) in [
        ("/v1/municipalities/gm1714", "name", "Sluis"),
        ("/v1/municipalities/1714", "name", "Sluis"),
        ("/v1/provinces/pv29", "name", "Zeeland"),
        ("/v1/regions/kr-zeeuws-vlaanderen", "kind", "decline"),
        (
            "/v1/regulations/BWBR0003420",
            "url",
            "https://wetten.overheid.nl/BWBR0003420",
        ),
    ] {
        let seen = app.get(path).by(&reader).await.expect(200);
        assert_eq!(seen.text(key), value, "{path}");
        let again = app
            .get(path)
            .by(&reader)
            .header("if-none-match", seen.etag());
        again.await.expect(304);
    }
}

#[actix_web::test]
async fn a_record_is_added_once_changed_and_ended() {
    let app = TestApp::start().await;
    let coordinator = app.coordinator().await;
    let new =
        json!({"code": "9901", "name": "Nieuw", "provinceCode": "PV29", "validFrom": "2027-01-01"});
    let add = app.post("/v1/municipalities").by(&coordinator).json(&new);
    let added = add.clone().idempotency_key("een").await.expect(201);
    assert_eq!(added.header("location"), Some("/v1/municipalities/GM9901"));
    let replayed = add.clone().idempotency_key("een").await.expect(201);
    assert_eq!(replayed.json(), added.json());
    add.await.expect_problem(409, "already_exists");

    let change = |body: Value| {
        app.patch("/v1/municipalities/9901")
            .by(&coordinator)
            .json(body)
    };
    change(json!({"name": "x"}))
        .await
        .expect_problem(428, "if_match_required");
    let changed = change(json!({"name": "Nieuw-Scheldeland", "validFrom": null}));
    let changed = changed.if_match(&added).await.expect(200);
    assert_eq!(changed.json()["validFrom"], Value::Null);
    assert_eq!(changed.json()["version"], 2);
    change(json!({"name": "x"}))
        .if_match(&added)
        .await
        .expect_problem(412, "stale_version");
    let same = change(json!({})).if_match(&changed).await.expect(200);
    assert_eq!(same.etag(), changed.etag());
    let ended = json!({"validUntil": "2026-11-25", "successors": ["1714"]});
    change(ended).if_match(&changed).await.expect(200);
    let listed = app
        .get("/v1/municipalities?q=gm9901")
        .by(&coordinator)
        .await;
    assert!(listed.expect(200).items().is_empty());
    let listed = app
        .get("/v1/municipalities?q=gm9901&validOn=2026-11-24")
        .by(&coordinator)
        .await;
    assert_eq!(
        listed.expect(200).items()[0]["successors"],
        json!(["GM1714"])
    );
}

#[actix_web::test]
async fn every_fault_of_reference_data_is_named() {
    let app = TestApp::start().await;
    let by = app.coordinator().await;
    let ocw = app.organisation("OCW").await.to_string();
    let cases = [
        (
            "/v1/municipalities",
            json!({"code": "9902", "name": "a", "provinceCode": "PV99", "validFrom": "2027-01-01", "validUntil": "2027-01-01",
                   "successors": ["1714", "GM1714", "GM0001", "9902"]}),
            &[
                ("/provinceCode", "unknown_province"),
                ("/validUntil", "dates_reversed"),
                ("/successors/1", "not_unique"),
                ("/successors/2", "unknown_municipality"),
                ("/successors/3", "circular_succession"),
            ][..],
        ),
        (
            "/v1/regions",
            json!({"code": "AR-X", "kind": "decline", "name": "x", "municipalities": ["GM9999"], "source": "x", "confidence": "low"}),
            &[("/municipalities/0", "unknown_municipality")],
        ),
        (
            "/v1/domains",
            json!({"code": "x y", "label": " ", "labelEn": "x", "lead": "x"}),
            &[
                ("/code", "wrong_pattern"),
                ("/label", "wrong_pattern"),
                ("/lead", "wrong_format"),
            ],
        ),
        (
            "/v1/regulations",
            json!({"identifier": "32016R0679", "title": "AVG", "kind": "eu_regulation", "level": "eu", "owner": ocw,
                   "domains": ["onzin"], "successor": "BWBR0000000"}),
            &[
                ("/owner", "owned_by_eu"),
                ("/domains/0", "unknown_domain"),
                ("/successor", "unknown_regulation"),
            ],
        ),
        (
            "/v1/regulations",
            json!({"identifier": "BWBR9999999", "title": "x", "kind": "by_law", "level": "municipal"}),
            &[
                ("/kind", "citation_conflict"),
                ("/level", "citation_conflict"),
            ],
        ),
    ];
    for (path, body, faults) in cases {
        app.post(path)
            .by(&by)
            .json(body)
            .await
            .expect_faults(faults);
    }
}

#[actix_web::test]
async fn every_fault_of_an_organisation_is_named() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let add = |body: Value| app.post("/v1/organisations").by(&admin).json(body);
    for (body, faults) in [
        (
            json!({"kind": "municipality", "name": "x"}),
            &[("/municipalityCode", "required")][..],
        ),
        (
            json!({"kind": "municipality", "name": "x", "municipalityCode": "0363", "provinceCode": "PV20", "tooi": "gm0364"}),
            &[
                ("/provinceCode", "code_conflict"),
                ("/tooi", "code_conflict"),
            ],
        ),
        (
            json!({"kind": "ministry", "name": "x", "municipalityCode": "0363", "provinceCode": "PV27", "tooi": "gm0363"}),
            &[
                ("/municipalityCode", "not_for_kind"),
                ("/provinceCode", "not_for_kind"),
                ("/tooi", "not_for_kind"),
            ],
        ),
        (
            json!({"kind": "partner", "name": "x", "provinceCode": "PV11", "ownsRules": true, "tooi": "x"}),
            &[
                ("/provinceCode", "unknown_province"),
                ("/ownsRules", "not_for_kind"),
                ("/tooi", "code_malformed"),
            ],
        ),
    ] {
        add(body).await.expect_faults(faults);
    }
    let taken =
        json!({"kind": "municipality", "name": "Gemeente Sluis", "municipalityCode": "1714"});
    add(taken).await.expect_problem(409, "already_exists");
}

#[actix_web::test]
async fn a_succession_of_organisations_has_no_circle() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let water = json!({"kind": "water_board", "name": "Waterschap Scheldestromen", "provinceCode": "PV29", "ownsRules": true});
    let water = app
        .post("/v1/organisations")
        .by(&admin)
        .json(water)
        .await
        .expect(201);
    let ocw = app.organisation("OCW").await.to_string();
    let change = |id: &str, body: Value| {
        app.patch(format!("/v1/organisations/{id}"))
            .by(&admin)
            .json(body)
    };
    let itself = change(&water.id(), json!({"successor": water.id()})).if_match(&water);
    itself.await.expect_faults(&[
        ("/successor", "circular_succession"),
        ("/validUntil", "required"),
    ]);
    let ended = json!({"successor": ocw, "validUntil": "2026-01-01"});
    change(&water.id(), ended)
        .if_match(&water)
        .await
        .expect(200);
    let ministry = app
        .get(format!("/v1/organisations/{ocw}"))
        .by(&admin)
        .await
        .expect(200);
    let back = json!({"successor": water.id(), "validUntil": "2029-01-01"});
    change(&ocw, back)
        .if_match(&ministry)
        .await
        .expect_faults(&[("/successor", "circular_succession")]);
}

#[actix_web::test]
async fn whose_role_does_not_give_it_is_refused() {
    let app = TestApp::start().await;
    let desk = app.desk().await;
    let coordinator = app.coordinator().await;
    let domain = json!({"code": "dorpshuizen", "label": "Dorpshuizen", "labelEn": "Village halls"});
    let refused = app.post("/v1/domains").by(&desk).json(&domain).await;
    refused.expect_problem(403, "insufficient_scope");
    app.post("/v1/domains")
        .by(&coordinator)
        .json(&domain)
        .await
        .expect(201);
    let partner = json!({"kind": "partner", "name": "Woningcorporatie Zeeland"});
    let refused = app
        .post("/v1/organisations")
        .by(&coordinator)
        .json(&partner)
        .await;
    refused.expect_problem(403, "insufficient_scope");
    let reporter = app.reporter("GM1714").await;
    let rules = app.get("/v1/routing/rules").by(&reporter).await;
    rules.expect_problem(403, "not_allowed");
    app.get("/v1/routing/rules/34")
        .by(&reporter)
        .await
        .expect_problem(403, "not_allowed");
    let municipality = app.organisation("GM1714").await;
    let analyst = app.person(&[Role::Analyst], municipality).await;
    app.get("/v1/routing/rules/34")
        .by(&analyst)
        .await
        .expect(200);
}
