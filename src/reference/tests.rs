//! The embedded facts are complete and point only at what exists.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

type Codes = BTreeSet<String>;

/// The codes of a list, each once.
fn codes<T>(items: &[T], code: impl Fn(&T) -> &String) -> Codes {
    let set: Codes = items.iter().map(|item| code(item).clone()).collect();
    assert_eq!(set.len(), items.len(), "a code occurs twice");
    set
}

#[track_caller]
fn all_in<'a>(pointers: impl IntoIterator<Item = &'a String>, known: &Codes) {
    for code in pointers {
        assert!(known.contains(code), "{code} points nowhere");
    }
}

#[track_caller]
fn one_of(value: &str, allowed: &[&str]) {
    assert!(
        allowed.contains(&value),
        "{value} is not one of {allowed:?}"
    );
}

#[test]
fn the_lists_are_complete() {
    assert_eq!(ministries().len(), 15);
    assert_eq!(provinces().len(), 12);
    let current = municipalities()
        .iter()
        .filter(|m| m.valid_until.is_none())
        .count();
    assert_eq!((current, municipalities().len()), (342, 405));
    let declining = regions().iter().filter(|r| r.kind == "decline").count();
    assert_eq!((declining, regions().len()), (9, 20));
    assert_eq!(domains().len(), 69);
    assert_eq!(
        regulations().len(),
        97 - 3,
        "three have no known identifier"
    );
    assert_eq!(sample_reports().len(), 20);
    assert!(
        sources()
            .iter()
            .all(|s| !s.source.is_empty() && (2018..=2030).contains(&s.year))
    );
    assert_eq!(standard_texts().len(), 22);
    assert_eq!(sources().len(), 10);
    let described: Vec<Described> = vocabulary().into_iter().map(|one| one.of).collect();
    let of_domains = domains().into_iter().map(|one| Described::Domain(one.code));
    let of_regulations = regulations().into_iter();
    let of_regulations = of_regulations.map(|one| Described::Regulation(one.identifier));
    let of_ministries = ministries().into_iter();
    let of_ministries = of_ministries.map(|one| Described::Ministry(one.code));
    let all: Vec<Described> = of_domains
        .chain(of_regulations)
        .chain(of_ministries)
        .collect();
    assert_eq!(described, all);
}

#[test]
fn ministries_and_domains_agree() {
    let (ministries, domains) = (ministries(), domains());
    let known = codes(&domains, |d| &d.code);
    codes(&ministries, |m| &m.code);
    codes(&ministries, |m| &m.tooi);
    let leads: BTreeMap<_, _> = ministries
        .iter()
        .flat_map(|m| m.domains.iter().map(move |d| (d, &m.code)))
        .collect();
    assert_eq!(leads.len(), known.len());
    for ministry in &ministries {
        all_in(&ministry.domains, &known);
        assert!(
            ministry.name.starts_with("Ministerie van "),
            "{}",
            ministry.name
        );
        assert!(
            ministry.tooi.len() == 8 && ministry.tooi.starts_with("mnre"),
            "{}",
            ministry.tooi
        );
    }
    assert!(
        domains
            .iter()
            .all(|d| leads[&d.code] == &d.lead_ministry && !d.label_en.is_empty())
    );
}

#[test]
fn places_point_at_places_that_exist() {
    let (municipalities, regions) = (municipalities(), regions());
    let provinces = codes(&provinces(), |p| &p.code);
    let provinces_of: BTreeMap<_, _> = municipalities
        .iter()
        .map(|m| (&m.code, &m.province_code))
        .collect();
    codes(&municipalities, |m| &m.code);
    let current: Codes = municipalities
        .iter()
        .filter(|m| m.valid_until.is_none())
        .map(|m| m.code.clone())
        .collect();
    for municipality in &municipalities {
        assert!(
            municipality.code.len() == 6 && municipality.code.starts_with("GM"),
            "{}",
            municipality.code
        );
        all_in([&municipality.province_code], &provinces);
        all_in(&municipality.successors, &current);
        assert_eq!(
            municipality.valid_until.is_some(),
            !municipality.successors.is_empty(),
            "{}",
            municipality.code
        );
        assert!(
            municipality
                .successors
                .iter()
                .all(|s| provinces_of[s] == &municipality.province_code)
        );
    }
    let littenseradiel = municipalities.iter().find(|m| m.code == "GM0140").unwrap();
    assert_eq!(littenseradiel.successors, ["GM0080", "GM1900", "GM1949"]);

    codes(&regions, |r| &r.code);
    for region in &regions {
        one_of(&region.kind, &["decline", "anticipating"]);
        one_of(&region.confidence, &["high", "medium", "low"]);
        all_in(&region.municipality_codes, &current);
        let derived: Codes = region
            .municipality_codes
            .iter()
            .map(|m| provinces_of[m].clone())
            .collect();
        assert_eq!(
            derived,
            region.province_codes.iter().cloned().collect::<Codes>(),
            "{}",
            region.code
        );
        assert_eq!(
            region.code.starts_with("KR-"),
            region.kind == "decline",
            "{}",
            region.code
        );
    }
}

#[test]
fn regulations_point_at_ministries_domains_and_successors() {
    let regulations = regulations();
    let known = codes(&regulations, |r| &r.identifier);
    let (ministries, domains) = (
        codes(&ministries(), |m| &m.code),
        codes(&domains(), |d| &d.code),
    );
    for regulation in &regulations {
        let id = &regulation.identifier;
        all_in(
            regulation.owner.iter().chain(&regulation.contacts),
            &ministries,
        );
        all_in(&regulation.domains, &domains);
        all_in(&regulation.successor, &known);
        one_of(
            &regulation.kind,
            &[
                "act",
                "order_in_council",
                "ministerial_regulation",
                "eu_regulation",
                "eu_directive",
                "bill",
            ],
        );
        one_of(&regulation.level, &["national", "eu"]);
        let european = regulation.level == "eu";
        assert_eq!(
            regulation.register,
            if european { "celex" } else { "bwb" },
            "{id}"
        );
        assert!(
            if european {
                id.len() == 10
            } else {
                id.len() == 11 && id.starts_with("BWBR")
            },
            "{id}"
        );
        assert_eq!(regulation.owner.is_none(), european, "{id}");
        assert!(
            !european || !regulation.contacts.is_empty(),
            "{id} has nobody to ask"
        );
    }
}

#[test]
fn routing_rules_follow_from_the_facts() {
    let (rules, regulations) = (routing_rules(), regulations());
    let identifiers = codes(&regulations, |r| &r.identifier);
    let (ministries, domains) = (
        codes(&ministries(), |m| &m.code),
        codes(&domains(), |d| &d.code),
    );
    let owners: BTreeMap<_, _> = regulations
        .iter()
        .map(|r| (&r.identifier, &r.owner))
        .collect();
    let abbreviations: BTreeMap<_, _> = super::ministries()
        .into_iter()
        .map(|m| (m.code, m.abbreviation))
        .collect();
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        assert_eq!(rule.number as usize, index + 1);
        all_in(rule.contributors.iter().chain([&rule.lead]), &ministries);
        all_in(&rule.regulation, &identifiers);
        all_in(&rule.domain, &domains);
        one_of(&rule.mode, &["auto", "suggest"]);
        assert!(
            !rule.contributors.contains(&rule.lead),
            "rule {}",
            rule.number
        );
        let lead = format!("{},", abbreviations[&rule.lead]);
        assert!(
            rule.explanation_nl.starts_with(&lead) && rule.explanation_en.starts_with(&lead),
            "rule {}",
            rule.number
        );
        assert!(
            seen.insert((&rule.regulation, &rule.articles, &rule.domain)),
            "rule {} repeats another",
            rule.number
        );
        match &rule.regulation {
            Some(id) if rule.mode == "auto" && rule.articles.is_empty() => assert_eq!(
                owners[id].as_ref(),
                Some(&rule.lead),
                "rule {}",
                rule.number
            ),
            Some(_) => {}
            None => assert!(
                rule.mode == "suggest" && rule.domain.is_some() && rule.contributors.is_empty()
            ),
        }
    }
    let has_rule = |id: &String| {
        rules.iter().any(|r| {
            r.regulation.as_ref() == Some(id) && r.domain.is_none() && r.articles.is_empty()
        })
    };
    assert!(regulations.iter().all(|r| has_rule(&r.identifier)));
    assert!(domains.iter().all(|d| {
        rules
            .iter()
            .any(|r| r.regulation.is_none() && r.domain.as_ref() == Some(d))
    }));
}

#[test]
fn every_sample_names_what_exists_and_its_rule_leads_where_it_should() {
    let (samples, rules, regulations) = (sample_reports(), routing_rules(), regulations());
    let ids = codes(&samples, |s| &s.id);
    let (ministries, domains) = (
        codes(&ministries(), |m| &m.code),
        codes(&domains(), |d| &d.code),
    );
    let identifiers = codes(&regulations, |r| &r.identifier);
    let municipalities = codes(&municipalities(), |m| &m.code);
    for sample in &samples {
        one_of(&sample.kind, &["normal", "hard", "duplicate", "no_owner"]);
        one_of(
            &sample.owner_level,
            &["national", "province", "municipality", "eu"],
        );
        all_in(&sample.domains, &domains);
        all_in([&sample.municipality], &municipalities);
        all_in(
            sample.expected_lead.iter().chain(&sample.expected_involved),
            &ministries,
        );
        all_in(sample.regulations.iter().map(|r| &r.citation), &identifiers);
        all_in(&sample.duplicate_of, &ids);
        assert_eq!(
            sample.kind == "duplicate",
            sample.duplicate_of.is_some(),
            "{}",
            sample.id
        );

        let primary = &sample.regulations[0].citation;
        let rule = rules
            .iter()
            .find(|r| {
                r.regulation.as_ref() == Some(primary)
                    && r.domain.is_none()
                    && r.articles.is_empty()
            })
            .unwrap();
        if rule.mode == "auto" {
            assert_eq!(
                Some(&rule.lead),
                sample.expected_lead.as_ref(),
                "{}",
                sample.id
            );
        } else {
            assert_eq!(sample.expected_lead, None, "{}", sample.id);
        }
    }
}

#[test]
fn standard_texts_have_gaps_that_can_be_filled_in_both_languages() {
    use crate::domain::code::Code;
    use crate::domain::standard_text::faults;
    use crate::domain::status::Action;
    for text in standard_texts() {
        assert!(faults(&text.text, "").is_empty(), "{text:?}");
        assert!(Action::parse(&text.action).is_some(), "{text:?}");
        one_of(&text.language, &["nl", "en"]);
    }
    let of = |language: &str| {
        standard_texts()
            .iter()
            .filter(|t| t.language == language)
            .count()
    };
    assert_eq!(of("nl"), of("en"));
}
