use super::*;

const OCW: OrganisationId = OrganisationId::from_uuid(uuid::Uuid::from_u128(1));
const SZW: OrganisationId = OrganisationId::from_uuid(uuid::Uuid::from_u128(2));
const BZK: OrganisationId = OrganisationId::from_uuid(uuid::Uuid::from_u128(3));

const WPO: &str = "BWBR0003420";
const WKO: &str = "BWBR0017017";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn rule(number: i32, regulation: Option<&str>, lead: OrganisationId) -> Rule {
    Rule {
        id: RuleId::new(),
        number,
        version: 1,
        order: 10,
        regulation: regulation.map(str::to_owned),
        article: None,
        domain: None,
        lead,
        contributors: Vec::new(),
        mode: RuleMode::Auto,
        valid_from: day("2024-07-02"),
        valid_until: None,
        explanation_nl: format!("regel {number}"),
        explanation_en: format!("rule {number}"),
    }
}

fn article(number: i32, text: &str, lead: OrganisationId) -> Rule {
    Rule {
        article: Some(text.into()),
        ..rule(number, Some(WPO), lead)
    }
}

fn domain(number: i32, code: &str, lead: OrganisationId) -> Rule {
    Rule {
        domain: Some(code.into()),
        mode: RuleMode::Suggest,
        ..rule(number, None, lead)
    }
}

fn cites(citations: &[(Register, &str, Option<&str>)]) -> Facts {
    Facts {
        citations: citations
            .iter()
            .map(|(register, id, article)| CitedRule {
                register: *register,
                identifier: (*register != Register::Unknown).then(|| (*id).to_owned()),
                article: article.map(str::to_owned),
                label: (*id).to_owned(),
            })
            .collect(),
        domains: Vec::new(),
    }
}

fn national(article: Option<&str>) -> Facts {
    cites(&[(Register::Bwb, WPO, article)])
}

fn route(rules: &[Rule], facts: &Facts) -> Routing {
    evaluate(rules, facts, day("2026-11-24"))
}

#[test]
fn the_most_specific_rule_wins_whatever_its_order() {
    let general = Rule {
        order: 1,
        ..rule(1, Some(WPO), OCW)
    };
    let rules = [general, article(2, "153", BZK)];
    assert_eq!(route(&rules, &national(Some("153"))).lead, Some(BZK));
    assert_eq!(route(&rules, &national(Some("154"))).lead, Some(OCW));
    assert_eq!(route(&rules, &national(None)).lead, Some(OCW));
}

#[test]
fn among_equals_the_lowest_order_wins_and_a_tie_goes_to_the_desk() {
    let first = Rule {
        order: 1,
        ..rule(1, Some(WPO), OCW)
    };
    let second = Rule {
        order: 2,
        ..rule(2, Some(WPO), SZW)
    };
    assert_eq!(
        route(&[second.clone(), first.clone()], &national(None)).rule,
        Some((1, 1))
    );
    let tied = Rule { order: 1, ..second };
    let routing = route(&[first.clone(), tied], &national(None));
    assert_eq!(
        (routing.decision, routing.lead),
        (Decision::Suggested, None)
    );
    let suggested: Vec<_> = routing
        .suggestions
        .iter()
        .map(|one| one.authority)
        .collect();
    assert_eq!(suggested, [OCW, SZW]);
    // Two rules with the same lead are no tie.
    let same = Rule {
        order: 1,
        ..rule(3, Some(WPO), OCW)
    };
    assert_eq!(
        route(&[first, same], &national(None)).decision,
        Decision::Auto
    );
}

#[test]
fn only_the_national_legislators_rule_routes_by_itself() {
    for register in [Register::Celex, Register::Cvdr] {
        let facts = cites(&[(register, WPO, None)]);
        let routing = route(&[rule(1, Some(WPO), OCW)], &facts);
        assert_eq!(
            (routing.decision, routing.lead),
            (Decision::Suggested, None),
            "{register}"
        );
    }
    let unknown = cites(&[
        (Register::Unknown, "Een regeling", None),
        (Register::Bwb, WPO, None),
    ]);
    let routing = route(&[rule(1, Some(WPO), OCW)], &unknown);
    assert_eq!(
        (routing.decision, routing.lead),
        (Decision::Suggested, None)
    );
    assert_eq!(routing.suggestions[0].authority, OCW);
    assert!(routing.explanation.en.contains("not in a register"));
}

#[test]
fn without_a_citation_domains_only_suggest() {
    let facts = Facts {
        domains: vec!["wmo".into(), "onderwijs-po".into()],
        ..Facts::default()
    };
    let rules = [
        domain(1, "onderwijs-po", OCW),
        domain(2, "wmo", SZW),
        domain(3, "wonen", BZK),
    ];
    let routing = route(&rules, &facts);
    assert_eq!(routing.decision, Decision::Suggested);
    let suggested: Vec<_> = routing
        .suggestions
        .iter()
        .map(|one| one.authority)
        .collect();
    assert_eq!(suggested, [SZW, OCW]);
    assert_eq!(route(&rules, &Facts::default()).decision, Decision::None);
}

#[test]
fn a_rule_with_a_domain_goes_before_the_regulation_alone() {
    let part = Rule {
        domain: Some("natuur".into()),
        mode: RuleMode::Suggest,
        ..rule(1, Some(WPO), SZW)
    };
    let rules = [part, rule(2, Some(WPO), OCW)];
    assert_eq!(route(&rules, &national(None)).lead, Some(OCW));
    let nature = Facts {
        domains: vec!["natuur".into()],
        ..national(None)
    };
    let routing = route(&rules, &nature);
    assert_eq!(
        (routing.decision, routing.suggestions[0].authority),
        (Decision::Suggested, SZW)
    );
}

#[test]
fn other_citations_add_contributors_but_never_the_lead_twice() {
    let with_bzk = Rule {
        contributors: vec![BZK],
        ..rule(2, Some(WKO), SZW)
    };
    let rules = [rule(1, Some(WPO), OCW), with_bzk];
    let facts = cites(&[
        (Register::Bwb, WPO, None),
        (Register::Bwb, WKO, None),
        (Register::Bwb, WPO, Some("4")),
    ]);
    let routing = route(&rules, &facts);
    assert_eq!(
        (routing.lead, routing.contributors),
        (Some(OCW), vec![SZW, BZK])
    );
}

#[test]
fn a_rule_holds_from_its_first_day_until_the_day_it_ends() {
    let ended = Rule {
        valid_until: Some(day("2026-11-24")),
        ..rule(1, Some(WPO), OCW)
    };
    let coming = Rule {
        valid_from: day("2026-11-25"),
        ..rule(2, Some(WPO), SZW)
    };
    let rules = [ended, coming];
    let on = |text: &str| evaluate(&rules, &national(None), day(text)).lead;
    assert_eq!(
        [on("2026-11-23"), on("2026-11-24"), on("2026-11-25")],
        [Some(OCW), None, Some(SZW)]
    );
}
