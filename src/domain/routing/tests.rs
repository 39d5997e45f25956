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
    let cited = |id: &str| {
        Condition::Regulation(CitedCondition {
            id: id.into(),
            articles: Vec::new(),
        })
    };
    Rule {
        id: RuleId::new(),
        number,
        version: 1,
        state: RuleState::Active,
        order: 10,
        condition: regulation.map_or(Condition::All(Vec::new()), cited),
        actions: Actions {
            lead: Some(lead),
            ..Actions::default()
        },
        mode: RuleMode::Auto,
        valid_from: day("2024-07-02"),
        valid_until: None,
        explanation: Because {
            nl: format!("regel {number}"),
            en: format!("rule {number}"),
        },
        reason: None,
        author: None,
        created_at: DateTime::UNIX_EPOCH,
    }
}

fn cited(regulation: &str, articles: &[&str]) -> Condition {
    Condition::Regulation(CitedCondition {
        id: regulation.into(),
        articles: articles.iter().map(|&text| text.into()).collect(),
    })
}

fn article(number: i32, text: &str, lead: OrganisationId) -> Rule {
    Rule {
        condition: cited(WPO, &[text]),
        ..rule(number, Some(WPO), lead)
    }
}

fn domain(number: i32, code: &str, lead: OrganisationId) -> Rule {
    Rule {
        condition: Condition::Domain(code.into()),
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
                level: (*register == Register::Bwb).then_some(RegulationLevel::National),
                owner: None,
            })
            .collect(),
        ..Facts::default()
    }
}

fn national(article: Option<&str>) -> Facts {
    cites(&[(Register::Bwb, WPO, article)])
}

fn set(rules: &[Rule]) -> RuleSet {
    RuleSet::new(rules.iter().cloned(), Knowledge::default())
}

fn route(rules: &[Rule], facts: &Facts) -> Routing {
    evaluate(&set(rules), facts, day("2026-11-24"))
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
        condition: Condition::All(vec![cited(WPO, &[]), Condition::Domain("natuur".into())]),
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
        actions: Actions {
            lead: Some(SZW),
            contributors: vec![BZK],
            ..Actions::default()
        },
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
    let on = |text: &str| evaluate(&set(&rules), &national(None), day(text)).lead;
    assert_eq!(
        [on("2026-11-23"), on("2026-11-24"), on("2026-11-25")],
        [Some(OCW), None, Some(SZW)]
    );
}

#[test]
fn ranges_follow_the_order_of_articles() {
    let rules = [
        rule(1, Some(WPO), OCW),
        article(2, "153-157", SZW),
        article(3, "155", BZK),
    ];
    let lead = |text: &str| route(&rules, &national(Some(text))).lead;
    for (text, expected) in [
        ("152", OCW),
        ("153", SZW),
        ("154a", SZW),
        ("155", BZK),
        ("157", SZW),
        ("157a", OCW),
        ("15", OCW),
        ("1533", OCW),
    ] {
        assert_eq!(lead(text), Some(expected), "{text}");
    }
    let chapters = [rule(1, Some(WPO), OCW), article(2, "3:4-3:10", SZW)];
    let lead = |text: &str| route(&chapters, &national(Some(text))).lead;
    assert_eq!(
        ["3:3", "3:4", "3:9", "3:10", "3:11"].map(lead),
        [OCW, SZW, SZW, SZW, OCW].map(Some)
    );
}

#[test]
fn what_lost_is_told_with_why() {
    let words = Rule {
        condition: Condition::Words(WordsCondition {
            phrase: "kleine scholen".into(),
            fields: vec![TextField::Title],
        }),
        mode: RuleMode::Suggest,
        ..rule(4, None, BZK)
    };
    let later = Rule {
        order: 20,
        ..article(3, "153", BZK)
    };
    let rules = [
        rule(1, Some(WPO), SZW),
        article(2, "153", OCW),
        later,
        words,
    ];
    let facts = Facts {
        text: Text {
            title: condition::terms_of("De kleine school"),
            ..Text::default()
        },
        ..national(Some("153"))
    };
    let routing = route(&rules, &facts);
    assert_eq!((routing.lead, routing.rule), (Some(OCW), Some((2, 1))));
    let told: Vec<(i32, &str)> = routing
        .considered
        .iter()
        .map(|one| (one.rule.0, one.because.en.rsplit("; ").next().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "stands lower in the order"),
            (1, "is less specific"),
            (4, "does not fit a rule that is cited"),
        ]
    );
    // Without the citation the words only suggest.
    let unread = Facts {
        citations: Vec::new(),
        ..facts
    };
    let routing = route(&rules, &unread);
    assert_eq!(
        (routing.decision, routing.suggestions[0].authority),
        (Decision::Suggested, BZK)
    );
}

#[test]
fn words_and_regions_never_route_by_themselves() {
    for guess in [
        Condition::Words(WordsCondition {
            phrase: "school".into(),
            fields: Vec::new(),
        }),
        Condition::RegionKind(RegionKind::Decline),
        Condition::Province("PV29".into()),
    ] {
        let narrower = Rule {
            condition: Condition::All(vec![cited(WPO, &["153"]), guess]),
            ..rule(2, None, SZW)
        };
        let facts = Facts {
            region_kinds: vec![RegionKind::Decline],
            provinces: vec!["PV29".into()],
            text: Text {
                description: condition::terms_of("Onze scholen"),
                ..Text::default()
            },
            ..national(Some("153"))
        };
        let routing = route(&[rule(1, Some(WPO), OCW), narrower], &facts);
        assert_eq!(routing.decision, Decision::Suggested);
        let suggested: Vec<_> = routing
            .suggestions
            .iter()
            .map(|one| one.authority)
            .collect();
        assert_eq!(suggested, [SZW, OCW]);
    }
}

#[test]
fn an_authority_that_is_gone_decides_nothing_and_it_is_said() {
    let mut known = Knowledge::default();
    known.ended.insert(OCW, day("2026-07-01"));
    let set = RuleSet::new([rule(1, Some(WPO), OCW)], known);
    let before = evaluate(&set, &national(None), day("2026-06-30"));
    assert_eq!(before.lead, Some(OCW));
    let after = evaluate(&set, &national(None), day("2026-07-01"));
    assert_eq!((after.lead, after.decision), (None, Decision::None));
    assert!(
        after.explanation.en.contains("no longer exists"),
        "{}",
        after.explanation.en
    );
}

#[test]
fn rules_add_watchers_priority_and_terms() {
    let adds = Rule {
        condition: Condition::Level(RegulationLevel::National),
        actions: Actions {
            watchers: vec![BZK, OCW],
            priority: Some(Priority::High),
            deadline_profile: Some("kort".into()),
            ..Actions::default()
        },
        ..rule(2, None, BZK)
    };
    let routing = route(&[rule(1, Some(WPO), OCW), adds], &national(None));
    assert_eq!(routing.watchers, [BZK], "the lead does not watch");
    assert_eq!(routing.priority, Some(Priority::High));
    assert_eq!(routing.deadline_profile.as_deref(), Some("kort"));
}

#[test]
fn the_owner_of_a_decentral_rule_is_suggested_with_the_reporting_point() {
    let known = Knowledge {
        operator: Some(BZK),
        ..Knowledge::default()
    };
    let set = RuleSet::new([], known);
    let mut facts = cites(&[(Register::Cvdr, "CVDR641839", None)]);
    facts.citations[0].owner = Some(SZW);
    let routing = evaluate(&set, &facts, day("2026-11-24"));
    let suggested: Vec<_> = routing
        .suggestions
        .iter()
        .map(|one| one.authority)
        .collect();
    assert_eq!(
        (routing.lead, suggested.as_slice()),
        (None, &[SZW, BZK][..])
    );
}

#[test]
fn regulations_of_different_owners_may_be_split() {
    let rules = [rule(1, Some(WPO), OCW), rule(2, Some(WKO), SZW)];
    let both = cites(&[(Register::Bwb, WPO, None), (Register::Bwb, WKO, None)]);
    let routing = route(&rules, &both);
    assert!(routing.may_be_split);
    assert_eq!((routing.lead, routing.contributors), (Some(OCW), vec![SZW]));
    assert!(!route(&rules, &national(None)).may_be_split);
}

#[test]
fn a_rule_that_never_decides_is_found() {
    let of = |rules: &[Rule], new: &Rule| {
        set(rules)
            .shadow_of(new)
            .map(|shadow| (shadow.number, shadow.tied))
    };
    let first = Rule {
        order: 1,
        ..rule(1, Some(WPO), OCW)
    };
    let same = Rule {
        order: 2,
        ..rule(2, Some(WPO), SZW)
    };
    assert_eq!(of(std::slice::from_ref(&first), &same), Some((1, false)));
    let tied = Rule {
        order: 1,
        ..same.clone()
    };
    assert_eq!(of(std::slice::from_ref(&first), &tied), Some((1, true)));
    // An article is more specific than the whole, whatever the order.
    assert_eq!(
        of(std::slice::from_ref(&first), &article(3, "4", SZW)),
        None
    );
    // An article within a range is more specific than that; a part of the range is not.
    let range = Rule {
        order: 1,
        ..article(4, "10-20", OCW)
    };
    assert_eq!(
        of(std::slice::from_ref(&range), &article(5, "12", SZW)),
        None
    );
    assert_eq!(
        of(std::slice::from_ref(&range), &article(6, "12-14", SZW)),
        Some((4, false))
    );
    // Before it, or another time: it decides.
    let ended = Rule {
        valid_until: Some(day("2025-01-01")),
        ..first.clone()
    };
    assert_eq!(of(&[ended], &same), None);
    let earlier = Rule { order: 0, ..same };
    assert_eq!(of(&[first], &earlier), None);
}

/// However many rules there are, a report is held against those of its own regulations.
#[test]
fn ten_thousand_rules_take_less_than_a_millisecond() {
    let rules = (0..10_000).map(|number| {
        let id = format!("BWBR{:07}", number / 4);
        let narrower = Condition::All(vec![
            cited(&id, &["10-20"]),
            Condition::Not(Box::new(Condition::Domain("natuur".into()))),
        ]);
        let condition = match number % 4 {
            0 => cited(&id, &[]),
            1 => cited(&id, &["12"]),
            2 => narrower,
            _ => Condition::Any(vec![cited(&id, &["30"]), cited(&id, &["40-50"])]),
        };
        Rule {
            condition,
            ..rule(number, None, OCW)
        }
    });
    let set = RuleSet::new(rules, Knowledge::default());
    let facts = cites(&[
        (Register::Bwb, "BWBR0001234", Some("12")),
        (Register::Bwb, "BWBR0000007", Some("45")),
    ]);
    let begun = std::time::Instant::now();
    let times = 200;
    for _ in 0..times {
        assert_eq!(evaluate(&set, &facts, day("2026-11-24")).lead, Some(OCW));
    }
    let each = begun.elapsed() / times;
    println!("{each:?} an evaluation, unoptimised");
    assert!(each < std::time::Duration::from_millis(1), "{each:?}");
}
