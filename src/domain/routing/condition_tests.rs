use super::*;
use crate::domain::citation::Register;
use crate::domain::routing::Text;
use proptest::prelude::*;

fn parsed(json: &str) -> Condition {
    serde_json::from_str(json).unwrap()
}

fn wrong(json: &str) -> Vec<(String, &'static str)> {
    faults(&parsed(json), "/condition")
        .into_iter()
        .map(|fault| (fault.pointer, fault.code))
        .collect()
}

#[test]
fn a_tree_is_written_as_it_is_read() {
    let text = r#"{"all":[{"any":[{"regulation":{"id":"BWBR0003420","articles":["153-157","3:4"]}},{"level":"eu"}]},{"not":{"domain":"natuur"}},{"regionKind":"decline"},{"province":"PV29"},{"reporterKind":"municipality"},{"requested":"experiment"},{"words":{"phrase":"kleine scholen","in":["title"]}}]}"#;
    let condition = parsed(text);
    assert_eq!(serde_json::to_string(&condition).unwrap(), text);
    assert_eq!(condition.regulations(), ["BWBR0003420"]);
    assert_eq!(condition.domains(), ["natuur"]);
    assert_eq!(wrong(text), []);
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    for (json, expected) in [
        (r#"{"all":[]}"#, ("/condition/all", "required")),
        (r#"{"not":{"any":[]}}"#, ("/condition/not/any", "required")),
        (
            r#"{"any":[{"domain":"natuur"},{"regulation":{"id":"X","articles":["1","157-153"]}}]}"#,
            (
                "/condition/any/1/regulation/articles/1",
                "bad_article_range",
            ),
        ),
        (
            r#"{"regulation":{"id":"X","articles":["artikel?"]}}"#,
            ("/condition/regulation/articles/0", "bad_article_range"),
        ),
        (
            r#"{"words":{"phrase":"de het"}}"#,
            ("/condition/words/phrase", "no_words"),
        ),
        (
            r#"{"not":{"not":{"not":{"not":{"not":{"not":{"domain":"x"}}}}}}}"#,
            ("/condition/not/not/not/not/not/not", "too_deep"),
        ),
    ] {
        let (pointer, code) = expected;
        assert_eq!(wrong(json), [(pointer.to_owned(), code)], "{json}");
    }
}

#[test]
fn what_can_never_hold_is_refused() {
    for json in [
        r#"{"all":[{"domain":"natuur"},{"not":{"domain":"natuur"}}]}"#,
        r#"{"all":[{"level":"eu"},{"level":"national"}]}"#,
        r#"{"all":[{"regulation":{"id":"X"}},{"regulation":{"id":"Y"}}]}"#,
        r#"{"all":[{"regulation":{"id":"X","articles":["1-4"]}},{"regulation":{"id":"X","articles":["5"]}}]}"#,
        r#"{"any":[{"all":[{"level":"eu"},{"level":"national"}]}]}"#,
        r#"{"all":[{"regulation":{"id":"X","articles":["3"]}},{"not":{"regulation":{"id":"X"}}}]}"#,
    ] {
        assert_eq!(
            wrong(json),
            [("/condition".to_owned(), "never_holds")],
            "{json}"
        );
    }
    for json in [
        r#"{"all":[{"domain":"natuur"},{"not":{"domain":"milieu"}}]}"#,
        r#"{"all":[{"regulation":{"id":"X","articles":["1-4"]}},{"regulation":{"id":"X","articles":["4-5"]}}]}"#,
        r#"{"any":[{"level":"eu"},{"level":"national"}]}"#,
        r#"{"all":[{"regulation":{"id":"X"}},{"not":{"regulation":{"id":"X","articles":["3"]}}}]}"#,
    ] {
        assert_eq!(wrong(json), [], "{json}");
    }
}

#[test]
fn words_are_found_in_any_form_and_one_after_another() {
    let facts = Facts {
        text: Text {
            title: terms_of("Kleine school moet dicht"),
            description: terms_of("Het vervoer van leerlingen"),
            ..Text::default()
        },
        ..Facts::default()
    };
    let holds = |phrase: &str, fields: &[TextField]| {
        let condition = Condition::Words(WordsCondition {
            phrase: phrase.into(),
            fields: fields.to_vec(),
        });
        Test::from(&condition).fit(None, &facts).is_some()
    };
    assert!(holds("kleine scholen", &[]));
    assert!(holds("vervoer leerling", &[TextField::Description]));
    assert!(!holds("school klein", &[]), "in another order");
    assert!(!holds("kleine scholen", &[TextField::Description]));
    assert!(!holds("scholen dichten", &[TextField::Effect]));
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u32..400).prop_map(|n| n.to_string()),
        (1_u32..400, "[a-e]").prop_map(|(n, letter)| format!("{n}{letter}")),
        (1_u32..20, 1_u32..40).prop_map(|(a, b)| format!("{a}:{b}")),
        (1_u32..20, 1_u32..40).prop_map(|(a, b)| format!("{a}.{b}")),
    ]
}

fn leaf() -> impl Strategy<Value = Condition> {
    let articles = proptest::collection::vec((1_u32..20, 0_u32..5), 0..3);
    prop_oneof![
        ("[XYZ]", articles).prop_map(|(id, ranges)| Condition::Regulation(CitedCondition {
            id,
            articles: ranges
                .into_iter()
                .map(|(first, more)| if more == 0 {
                    first.to_string()
                } else {
                    format!("{first}-{}", first + more)
                })
                .collect(),
        })),
        "[a-c]".prop_map(Condition::Domain),
        prop::sample::select(RegulationLevel::ALL).prop_map(Condition::Level),
        prop::sample::select(OrganisationKind::ALL).prop_map(Condition::ReporterKind),
    ]
}

fn tree() -> impl Strategy<Value = Condition> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Condition::Any),
            inner.prop_map(|one| Condition::Not(Box::new(one))),
        ]
    })
}

fn reports() -> impl Strategy<Value = Facts> {
    (
        proptest::option::of(("[XYZ]", 1_u32..24)),
        proptest::collection::vec("[a-c]", 0..3),
        proptest::option::of(prop::sample::select(OrganisationKind::ALL)),
        prop::sample::select(RegulationLevel::ALL),
    )
        .prop_map(|(cited, domains, reporter_kind, level)| Facts {
            citations: cited
                .into_iter()
                .map(|(id, article)| CitedRule {
                    register: Register::Bwb,
                    label: id.clone(),
                    identifier: Some(id),
                    article: Some(article.to_string()),
                    level: Some(level),
                    owner: None,
                })
                .collect(),
            domains,
            reporter_kind,
            ..Facts::default()
        })
}

proptest! {
    #[test]
    fn a_range_holds_its_ends_and_nothing_outside(first in label(), last in label(), other in label()) {
        match ArticleRange::parse(&format!("{first}-{last}")) {
            Some(range) => {
                prop_assert!(range.holds(&first) && range.holds(&last));
                let within = natural_cmp(&first, &other).is_le() && natural_cmp(&other, &last).is_le();
                prop_assert_eq!(range.holds(&other), within);
                prop_assert_eq!(ArticleRange::parse(&range.to_string()), Some(range));
            }
            None => prop_assert!(natural_cmp(&first, &last).is_gt()),
        }
    }

    /// What is said of trees without a report agrees with what they do with any report.
    #[test]
    fn what_is_said_of_a_tree_is_true_of_every_report(one in tree(), two in tree(), facts in reports()) {
        let (first, second) = (Test::from(&one), Test::from(&two));
        let cited = facts.citations.first();
        let (one_fits, two_fits) = (first.fit(cited, &facts).is_some(), second.fit(cited, &facts).is_some());
        if first.covers(&second) {
            prop_assert!(!two_fits || one_fits, "{:?} covers {:?}", first, second);
        }
        if first.is_contradiction() {
            prop_assert!(!one_fits, "{:?}", first);
        }
        if let Some(ids) = first.needs_one_of()
            && one_fits
        {
            let id = cited.and_then(|cited| cited.identifier.as_deref());
            prop_assert!(id.is_some_and(|id| ids.contains(&id)), "{:?} needs {:?}", first, ids);
        }
    }
}
