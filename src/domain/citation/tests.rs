use super::*;
use proptest::prelude::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn parse(input: CitationInput) -> Result<Citation, Vec<FieldError>> {
    Citation::parse(input, "/citations/0", date("2026-11-15"))
}

fn parse_text(text: &str) -> Result<Citation, Vec<FieldError>> {
    parse(CitationInput {
        citation: text.into(),
        ..Default::default()
    })
}

/// Pointers and codes of the errors of an input.
fn faults(input: CitationInput) -> Vec<(String, &'static str)> {
    let errors = parse(input).unwrap_err();
    errors
        .into_iter()
        .map(|error| (error.pointer, error.code))
        .collect()
}

/// `identifier article paragraph part date`, a `-` for what is absent.
fn summary(citation: &Citation) -> String {
    let date = citation.consulted_on.map(|date| date.to_string());
    [
        &citation.identifier,
        &citation.article,
        &citation.paragraph,
        &citation.part,
        &date,
    ]
    .map(|field| field.as_deref().unwrap_or("-"))
    .join(" ")
}

#[test]
fn national_rules() {
    for (text, expected) in [
        ("BWBR0005537", "BWBR0005537 - - - -"),
        ("BWBV0001000", "BWBV0001000 - - - -"),
        ("BWBW0033368", "BWBW0033368 - - - -"),
        (" \tbwbr0005537\n", "BWBR0005537 - - - -"),
        (
            "jci1.3:c:BWBR0003420&artikel=153&lid=1",
            "BWBR0003420 153 1 - -",
        ),
        ("jci1.3:c:BWBR0005537&artikel=3:4", "BWBR0005537 3:4 - - -"),
        (
            "jci1.3:c:BWBR0005537&hoofdstuk=1&titeldeel=1.1&artikel=1:3&lid=3&z=2017-03-01&g=2017-03-02",
            "BWBR0005537 1:3 3 - 2017-03-02",
        ),
        (
            "jci1.31:c:BWBR0015703&artikel=20&o=a.",
            "BWBR0015703 20 - a -",
        ),
        (
            "jci1.3:c:BWBR0004627&afdeling=II&hoofdstuk=P&paragraaf=3&artikel=P_15&z=2025-02-12&g=2025-02-12",
            "BWBR0004627 P 15 - - 2025-02-12",
        ),
        ("jci1.3:c:BWBR0028142", "BWBR0028142 - - - -"),
        (
            "JCI1.3:v:bwbr0028142&artikel=4&lid=1&lid=2",
            "BWBR0028142 4 1 - -",
        ),
        (
            "jci1.3:c:BWBR0005537&amp;artikel=3:4&amp;lid=2",
            "BWBR0005537 3:4 2 - -",
        ),
        (
            "jci1.3:c:BWBR0005537&artikel=3%3A4&o=1%C2%B0",
            "BWBR0005537 3:4 - 1° -",
        ),
        (
            "jci1.3:c:BWBR0004627&artikel=P%2015&z=2025-02-12",
            "BWBR0004627 P 15 - - 2025-02-12",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420",
            "BWBR0003420 - - - -",
        ),
        (
            "http://wetten.overheid.nl/BWBR0003420/",
            "BWBR0003420 - - - -",
        ),
        (
            "HTTPS://www.Wetten.Overheid.nl/bwbr0003420",
            "BWBR0003420 - - - -",
        ),
        (
            "wetten.overheid.nl/BWBR0003420/2026-01-01",
            "BWBR0003420 - - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420/2026-01-01/0",
            "BWBR0003420 - - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420/2026-01-01/#HoofdstukI_Titeldeel3.1_Artikel153",
            "BWBR0003420 153 - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/BWBR0005537/2026-01-01#Hoofdstuk1_Titeldeel1.1_Artikel1%3A2",
            "BWBR0005537 1:2 - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420/#Artikel153",
            "BWBR0003420 153 - - -",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420#Artikel153_Lid2",
            "BWBR0003420 153 2 - -",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420#Artikel153_Lid2_OnderdeelB",
            "BWBR0003420 153 2 b -",
        ),
        (
            "https://wetten.overheid.nl/BWBR0004627#AfdelingII_HoofdstukP_ArtikelP_15_Lid1",
            "BWBR0004627 P 15 1 - -",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420#Hoofdstuk3",
            "BWBR0003420 - - - -",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420#Bijlage1",
            "BWBR0003420 - - - -",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420/2026-01-01/#Artikel153?g=2026-01-01&z=2026-11-01",
            "BWBR0003420 153 - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/BWBR0003420/?z=2026-02-01&g=2026-01-01",
            "BWBR0003420 - - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/jci1.3:c:BWBR0003420&artikel=153&z=2026-01-01&g=2026-01-01",
            "BWBR0003420 153 - - 2026-01-01",
        ),
        (
            "https://wetten.overheid.nl/jci1.3%3Ac%3ABWBR0003420%26artikel%3D153",
            "BWBR0003420 153 - - -",
        ),
        (
            "http://wetten.overheid.nl/BWBR0003420/HoofdstukI/Artikel153/geldigheidsdatum_31-12-2014",
            "BWBR0003420 153 - - 2014-12-31",
        ),
        (
            "http://wetten.overheid.nl/cgi-bin/deeplink/law1/bwbid=BWBR0003420/article=153/date=2014-01-01",
            "BWBR0003420 153 - - 2014-01-01",
        ),
    ] {
        let citation = parse_text(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(citation.register, Register::Bwb);
        assert_eq!(summary(&citation), expected, "{text}");
    }
}

#[test]
fn local_and_european_rules() {
    for (register, text, id) in [
        (Register::Cvdr, "CVDR641839", "CVDR641839"),
        (Register::Cvdr, "cvdr641839", "CVDR641839"),
        (Register::Cvdr, "CVDR603544/1", "CVDR603544/1"),
        (Register::Cvdr, "CVDR101405_1", "CVDR101405/1"),
        (
            Register::Cvdr,
            "https://lokaleregelgeving.overheid.nl/CVDR641839",
            "CVDR641839",
        ),
        (
            Register::Cvdr,
            "https://lokaleregelgeving.overheid.nl/CVDR603544/12/",
            "CVDR603544/12",
        ),
        (
            Register::Cvdr,
            "lokaleregelgeving.overheid.nl/CVDR603544/1#x?y=z",
            "CVDR603544/1",
        ),
        (Register::Celex, "32016R0679", "32016R0679"),
        (Register::Celex, "32008l0048", "32008L0048"),
        (
            Register::Celex,
            "02016R0679-20160504",
            "02016R0679-20160504",
        ),
        (Register::Celex, "32012A0424(01)", "32012A0424(01)"),
        (Register::Celex, "52012XG1026(01)", "52012XG1026(01)"),
        (Register::Celex, "32016R0679R(02)", "32016R0679R(02)"),
        (Register::Celex, "CELEX:32016R0679", "32016R0679"),
        (Register::Celex, "celex: 32016R0679", "32016R0679"),
        (Register::Celex, "CELEX 32016R0679", "32016R0679"),
        (
            Register::Celex,
            "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:32016R0679",
            "32016R0679",
        ),
        (
            Register::Celex,
            "https://eur-lex.europa.eu/legal-content/NL/TXT/HTML/?from=EN&amp;uri=celex%3A32016R0679R%2802%29#d1",
            "32016R0679R(02)",
        ),
        (
            Register::Celex,
            "http://eur-lex.europa.eu/LexUriServ/LexUriServ.do?uri=CELEX:32008L0048:NL:HTML",
            "32008L0048",
        ),
        (
            Register::Celex,
            "http://data.europa.eu/eli/reg/2013/216/oj",
            "32013R0216",
        ),
        (
            Register::Celex,
            "http://data.europa.eu/eli/reg/2016/679/oj",
            "32016R0679",
        ),
        (
            Register::Celex,
            "http://data.europa.eu/eli/dir/2008/48/oj",
            "32008L0048",
        ),
        (
            Register::Celex,
            "https://eur-lex.europa.eu/eli/dec/2012/21(1)/oj",
            "-",
        ),
        (
            Register::Celex,
            "https://eur-lex.europa.eu/eli/dec/2012/21(01)/oj",
            "32012D0021(01)",
        ),
        (
            Register::Celex,
            "http://data.europa.eu/eli/reg_impl/2020/1/oj",
            "32020R0001",
        ),
    ] {
        match parse_text(text) {
            Ok(citation) => assert_eq!(
                (citation.register, citation.identifier.as_deref()),
                (register, Some(id)),
                "{text}"
            ),
            Err(errors) => {
                assert_eq!((errors[0].code, id), ("citation_malformed", "-"), "{text}")
            }
        }
    }
    let article = parse_text("http://data.europa.eu/eli/reg/2016/679/art_6/par_1/pnt_f/oj");
    assert_eq!(summary(&article.unwrap()), "32016R0679 6 1 f -");
}

#[test]
fn anything_else_is_free_text() {
    for text in [
        "Wet op het primair onderwijs",
        "2016/679",
        "641839",
        "36410-1",
        "eli/reg/2016/679",
        "BWB is de databank",
        "verordening (EU) 2016/679",
        "https://www.example.org/BWBR0005537",
        "https://wetten.overheid.nl.example.org/BWBR0005537",
        "https://wetten.overheid.nl@example.org/BWBR0005537",
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "' OR 1=1 --",
        "wet & regel",
        "x",
    ] {
        let citation = parse_text(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(citation.register, Register::Unknown, "{text}");
        assert_eq!(citation.text.as_deref(), Some(text));
        assert_eq!(
            (citation.identifier.as_ref(), citation.url(), citation.jci()),
            (None, None, None)
        );
    }
}

#[test]
fn what_means_to_be_an_identifier_is_no_free_text() {
    for text in [
        "BWBR123",
        "BWBR5537",
        "BWBR",
        "BWBR0003420x",
        "BWBR0003420 artikel 153",
        "BWBX0003420",
        "BWBR 0003420",
        "jci1.3:BWBR0005537",
        "jci1.3:c:BWBR0005537?artikel=1",
        "jci1.3:c:BWBR0005537&artikel=",
        "jci1.3:c:BWBR0005537&artikel=1\"onclick",
        "jci1.3:c:BWBR0005537&artikel=1%22onclick",
        "jci1.3:c:BWBR0005537&artikel=%0A1%00",
        "jci1.3:c:BWBR0005537&artikel=%zz",
        "jci1.3:c:BWBR0005537&artikel=%FF",
        "jci1.3:c:BWBR0005537&artikel=1&g=2026-02-30",
        "jci1.3:c:BWBR0005537&artikel=1&g=+12026-1-1",
        "jci1.4:c:BWBR0005537",
        "https://wetten.overheid.nl",
        "https://wetten.overheid.nl/",
        "https://wetten.overheid.nl/zoeken",
        "https://wetten.overheid.nl/BWBR123",
        "https://wetten.overheid.nl/jci1.3:c:BWBR123",
        "https://wetten.overheid.nl/bwbid=32016R0679",
        "https://wetten.overheid.nl/BWBR0003420#Artikel<script>",
        "https://wetten.overheid.nl/BWBR0003420#Artikel%",
        "CVDR",
        "CVDR12345678",
        "https://lokaleregelgeving.overheid.nl/",
        "https://lokaleregelgeving.overheid.nl/CVDR12345678",
        "CELEX:2016/679",
        "CELEX:BWBR0005537",
        "32016R679",
        "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=OJ:L_202401689",
        "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:BWBR0005537",
        "http://data.europa.eu/eli/treaty/tfeu_2012/oj",
        "http://data.europa.eu/eli/reg/2016",
        "http://data.europa.eu/eli/reg/2016//oj",
        "http://data.europa.eu/eli/reg/2016/12345/oj",
    ] {
        let input = CitationInput {
            citation: text.into(),
            ..Default::default()
        };
        let expected = vec![("/citations/0/citation".to_owned(), "citation_malformed")];
        assert_eq!(faults(input), expected, "{text}");
    }
}

#[test]
fn empty_long_and_unprintable_text_is_refused() {
    for (text, code) in [
        ("", "required"),
        (" \n ", "required"),
        ("wet\nop", "control_characters"),
        ("wet\u{0}", "control_characters"),
        ("wet\u{202e}po", "control_characters"),
        ("BWBR0005537\r\nX: y", "control_characters"),
        (&"w".repeat(501), "too_long"),
        (&"BWBR0005537".repeat(10_000), "too_long"),
    ] {
        let input = CitationInput {
            citation: text.into(),
            ..Default::default()
        };
        assert_eq!(faults(input), [("/citations/0/citation".to_owned(), code)]);
    }
    assert!(parse_text(&"é".repeat(500)).is_ok());
}

#[test]
fn fields_add_to_the_citation_and_may_repeat_it() {
    let citation = parse(CitationInput {
        citation: "jci1.3:c:BWBR0003420&artikel=153&g=2026-01-01".into(),
        article: Some("Artikel 153".into()),
        paragraph: Some("eerste lid".into()),
        part: Some("onderdeel b".into()),
        consulted_on: Some(date("2026-01-01")),
    });
    assert_eq!(
        summary(&citation.unwrap()),
        "BWBR0003420 153 1 b 2026-01-01"
    );
}

#[test]
fn all_faulty_fields_are_named_at_once() {
    let conflicting = CitationInput {
        citation: "jci1.3:c:BWBR0003420&artikel=153&lid=1&o=a&g=2026-01-01".into(),
        article: Some("154".into()),
        paragraph: Some("2".into()),
        part: Some("b".into()),
        consulted_on: Some(date("2026-01-02")),
    };
    let errors = parse(conflicting.clone()).unwrap_err();
    assert_eq!(errors[0].params, [("citation", "153".to_owned())]);
    let at = |field: &str| format!("/citations/0/{field}");
    assert_eq!(
        faults(conflicting),
        ["article", "paragraph", "part", "consultedOn"]
            .map(|field| (at(field), "citation_conflict"))
    );
    let malformed = CitationInput {
        citation: "BWBR1".into(),
        article: Some("x y z".into()),
        paragraph: Some("".into()),
        part: Some("<".into()),
        consulted_on: Some(date("2026-11-16")),
    };
    assert_eq!(
        faults(malformed),
        [
            (at("citation"), "citation_malformed"),
            (at("article"), "article_malformed"),
            (at("paragraph"), "paragraph_malformed"),
            (at("part"), "part_malformed"),
            (at("consultedOn"), "date_in_future"),
        ]
    );
}

#[test]
fn dates_lie_between_1815_and_today() {
    let on = |day| CitationInput {
        citation: "BWBR0003420".into(),
        consulted_on: Some(date(day)),
        ..Default::default()
    };
    assert!(parse(on("2026-11-15")).is_ok() && parse(on("1815-01-01")).is_ok());
    let at = "/citations/0/consultedOn".to_owned();
    assert_eq!(faults(on("2026-11-16")), [(at.clone(), "date_in_future")]);
    assert_eq!(faults(on("1814-12-31")), [(at, "date_too_early")]);
    // A date within the citation is reported there.
    let input = CitationInput {
        citation: "https://wetten.overheid.nl/BWBR0003420/2027-01-01".into(),
        ..Default::default()
    };
    assert_eq!(
        faults(input),
        [("/citations/0/citation".to_owned(), "date_in_future")]
    );
}

#[test]
fn links() {
    for (text, jci, url) in [
        (
            "BWBR0003420",
            "jci1.3:c:BWBR0003420",
            "https://wetten.overheid.nl/BWBR0003420",
        ),
        (
            "wetten.overheid.nl/BWBR0003420/2026-01-01",
            "jci1.3:c:BWBR0003420&z=2026-01-01&g=2026-01-01",
            "https://wetten.overheid.nl/BWBR0003420/2026-01-01",
        ),
        (
            "jci1.3:c:BWBR0003420&artikel=153&lid=1&o=1%C2%B0&g=2026-01-01",
            "jci1.3:c:BWBR0003420&artikel=153&lid=1&o=1%C2%B0&z=2026-01-01&g=2026-01-01",
            "https://wetten.overheid.nl/jci1.3:c:BWBR0003420&artikel=153&lid=1&o=1%C2%B0&z=2026-01-01&g=2026-01-01",
        ),
        (
            "jci1.3:c:BWBR0004627&artikel=P_15",
            "jci1.3:c:BWBR0004627&artikel=P_15",
            "https://wetten.overheid.nl/jci1.3:c:BWBR0004627&artikel=P_15",
        ),
        (
            "CVDR603544_1",
            "-",
            "https://lokaleregelgeving.overheid.nl/CVDR603544/1",
        ),
        (
            "32016R0679R(02)",
            "-",
            "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:32016R0679R(02)",
        ),
    ] {
        let citation = parse_text(text).unwrap();
        assert_eq!(citation.jci().as_deref().unwrap_or("-"), jci);
        assert_eq!(citation.url().as_deref(), Some(url));
        assert_eq!(parse_text(url).unwrap(), citation);
    }
}

#[test]
fn versions_are_of_one_regulation() {
    for (text, regulation) in [
        ("BWBR0003420", Some("BWBR0003420")),
        ("CVDR603544/1", Some("CVDR603544")),
        ("CVDR603544", Some("CVDR603544")),
        ("02016R0679-20160504", Some("32016R0679")),
        ("32016R0679", Some("32016R0679")),
        ("Gemeentewet", None),
    ] {
        assert_eq!(
            parse_text(text).unwrap().regulation().as_deref(),
            regulation
        );
    }
}

fn is_safe(address: &str) -> bool {
    address
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/()%&=?".contains(&byte))
}

/// Text that resembles citations, to reach beyond the first check.
fn near_citation() -> impl Strategy<Value = String> {
    let start = prop_oneof![
        Just("jci1.3:c:BWBR0003420"),
        Just("https://wetten.overheid.nl/BWBR0003420"),
        Just("https://wetten.overheid.nl/jci1.3:c:BWBR0003420"),
        Just("CVDR1"),
        Just("https://lokaleregelgeving.overheid.nl/CVDR1"),
        Just("https://eur-lex.europa.eu/?uri=CELEX:32016R0679"),
        Just("http://data.europa.eu/eli/reg/2016/679"),
        Just(""),
    ];
    let piece = "[&/#?_](artikel=|Artikel|lid=|o=|g=|art_|Lid)?[ -~é%]{0,6}";
    (start, proptest::collection::vec(piece, 0..4))
        .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser_or_the_links(text in prop_oneof![near_citation(), any::<String>()]) {
        if let Ok(citation) = parse_text(&text) {
            prop_assert!(citation.url().is_none_or(|url| is_safe(&url)));
            prop_assert!(citation.jci().is_none_or(|jci| is_safe(&jci)));
        }
    }

    #[test]
    fn links_are_safe_even_when_the_fields_are_not(
        register in prop_oneof![Just(Register::Bwb), Just(Register::Cvdr), Just(Register::Celex)],
        identifier in any::<String>(),
        article in any::<Option<String>>(),
    ) {
        let citation = Citation {
            register,
            identifier: Some(identifier),
            text: None,
            paragraph: article.clone(),
            part: article.clone(),
            article,
            consulted_on: None,
        };
        prop_assert!(citation.url().is_none_or(|url| is_safe(&url)));
        prop_assert!(citation.jci().is_none_or(|jci| is_safe(&jci)));
    }

    #[test]
    fn a_jci_link_is_read_back(
        number in 0..9_999_999_u32,
        article in proptest::option::of("[1-9][0-9]{0,2}[a-z]?|[1-9]:[0-9]{1,3}|[1-9]\\.[0-9]{1,2}|[A-Z] [1-9]"),
        paragraph in proptest::option::of("[1-9][0-9]?[a-z]?"),
        part in proptest::option::of("[a-z]{1,2}|[1-9]°"),
        days in proptest::option::of(0..9000_u64),
    ) {
        let citation = Citation {
            register: Register::Bwb,
            identifier: Some(format!("BWBR{number:07}")),
            text: None,
            article,
            paragraph,
            part,
            consulted_on: days.map(|days| date("2002-01-01") + chrono::Days::new(days)),
        };
        prop_assert_eq!(parse_text(&citation.jci().unwrap()), Ok(citation.clone()));
        if citation.article.is_some() {
            prop_assert_eq!(parse_text(&citation.url().unwrap()), Ok(citation));
        }
    }
}
