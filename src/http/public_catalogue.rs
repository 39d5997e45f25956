//! The description of the open data for catalogues such as data.overheid.nl (datasetbeschrijving), after DCAT-AP-NL 3.0
//! (Geonovum, 2024), in JSON-LD.

use actix_web::{HttpResponse, get, web};
use serde_json::{Value, json};

use crate::config::Settings;
use crate::http::public_experiments::kept;
use crate::services::Context;

/// The ministry that runs the reporting point, by its address in TOOI.
const PUBLISHER: &str = "https://identifier.overheid.nl/tooi/id/ministerie/mnre1034";
/// Public domain: what government makes known anybody may use.
const LICENCE: &str = "http://creativecommons.org/publicdomain/zero/1.0/deed.nl";
const EU: &str = "http://publications.europa.eu/resource/authority";
const MEDIA: &str = "https://www.iana.org/assignments/media-types";

/// A text in both languages.
fn both(nl: &str, en: &str) -> Value {
    json!([{"@value": nl, "@language": "nl"}, {"@value": en, "@language": "en"}])
}

fn id(address: impl Into<String>) -> Value {
    json!({"@id": address.into()})
}

struct Dataset {
    /// Of its description, below the catalogue's.
    name: &'static str,
    title: (&'static str, &'static str),
    description: (&'static str, &'static str),
    /// Paths, with their media types and formats of the list of the EU.
    distributions: &'static [(&'static str, &'static str, &'static str)],
}

const DATASETS: [Dataset; 3] = [
    Dataset {
        name: "reports",
        title: (
            "Openbaar register van meldingen",
            "Public register of reports",
        ),
        description: (
            "Meldingen van knellende regelgeving zoals het loket ze publiceerde: samenvatting, regels, gemeenten, voortgang, \
             standpunt en uitkomst. Zonder persoonsgegevens.",
            "Reports of obstructive regulation as the desk published them: summary, rules, municipalities, progress, position \
             and outcome. Without personal data.",
        ),
        distributions: &[
            ("/v1/public/reports", "application/json", "JSON"),
            ("/v1/public/reports/export", "application/jsonl", "JSON"),
            ("/v1/public/reports/export", "text/csv", "CSV"),
            ("/v1/public/reports/feed", "application/atom+xml", "ATOM"),
        ],
    },
    Dataset {
        name: "experiments",
        title: (
            "Openbaar register van experimenten",
            "Public register of experiments",
        ),
        description: (
            "Experimenten waarin tijdelijk van een regel wordt afgeweken: rechtsgrond, deelnemers, termijnen, evaluatie, besluit \
             en wetswijziging.",
            "Experiments that deviate from a rule for a time: participants, terms, evaluation, decision and change of the law.",
        ),
        distributions: &[
            ("/v1/public/experiments", "application/json", "JSON"),
            ("/v1/public/experiments/export", "application/jsonl", "JSON"),
            ("/v1/public/experiments/export", "text/csv", "CSV"),
            (
                "/v1/public/experiments/feed",
                "application/atom+xml",
                "ATOM",
            ),
        ],
    },
    Dataset {
        name: "figures",
        title: (
            "Cijfers over gepubliceerde meldingen",
            "Figures of published reports",
        ),
        description: (
            "Scorekaarten van ministeries, aantallen, doorlooptijden, tijdigheid en knelpunten, uit gepubliceerde meldingen \
             alleen.",
            "Scorecards of ministries, numbers, lead times, timeliness and hot spots, from published reports alone.",
        ),
        distributions: &[
            (
                "/v1/public/statistics/scorecards",
                "application/json",
                "JSON",
            ),
            ("/v1/public/statistics/scorecards", "text/csv", "CSV"),
            ("/v1/public/statistics/hot-spots", "text/csv", "CSV"),
            ("/v1/public/statistics/lead-times", "text/csv", "CSV"),
            ("/v1/public/statistics/promises", "text/csv", "CSV"),
        ],
    },
];

fn publisher() -> Value {
    json!({
        "@id": PUBLISHER, "@type": "foaf:Agent",
        "foaf:name": both(
            "Ministerie van Binnenlandse Zaken en Koninkrijksrelaties",
            "Ministry of the Interior and Kingdom Relations",
        ),
        "dct:type": id("http://purl.org/adms/publishertype/NationalAuthority"),
    })
}

fn contact(settings: &Settings) -> Value {
    json!({
        "@type": "vcard:Kind",
        "vcard:fn": both("Meldpunt Knellende Regelgeving", "Reporting point for obstructive regulation"),
        "vcard:hasURL": id(settings.link("/docs")),
    })
}

fn dataset(of: &Dataset, settings: &Settings) -> Value {
    let address = settings.link(&format!("/v1/public/catalogue#{}", of.name));
    let distributions = of.distributions.iter().map(|(path, media, format)| {
        let link = settings.link(path);
        json!({
            "@id": format!("{address}-{}", media.replace('/', "-") + &path.replace('/', "-")),
            "@type": "dcat:Distribution",
            "dct:title": both(of.title.0, of.title.1),
            "dcat:accessURL": id(link.clone()),
            "dcat:downloadURL": id(link),
            "dcat:mediaType": id(format!("{MEDIA}/{media}")),
            "dct:format": id(format!("{EU}/file-type/{format}")),
            "dct:license": id(LICENCE),
            "dct:language": id(format!("{EU}/language/NLD")),
        })
    });
    json!({
        "@id": address, "@type": "dcat:Dataset",
        "dct:identifier": address,
        "dct:title": both(of.title.0, of.title.1),
        "dct:description": both(of.description.0, of.description.1),
        "dct:creator": id(PUBLISHER),
        "dct:publisher": id(PUBLISHER),
        "dcat:contactPoint": contact(settings),
        "dct:accessRights": id(format!("{EU}/access-right/PUBLIC")),
        "dct:license": id(LICENCE),
        "dct:language": id(format!("{EU}/language/NLD")),
        "dcat:theme": id(format!("{EU}/data-theme/GOVE")),
        "dcat:keyword": both("knellende regelgeving", "obstructive regulation"),
        "dct:accrualPeriodicity": id(format!("{EU}/frequency/CONT")),
        "dct:spatial": id(format!("{EU}/country/NLD")),
        "dcat:landingPage": id(settings.link("/docs")),
        "dcat:distribution": distributions.collect::<Vec<_>>(),
    })
}

fn catalogue(settings: &Settings) -> Value {
    let address = settings.link("/v1/public/catalogue");
    json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
            "vcard": "http://www.w3.org/2006/vcard/ns#",
        },
        "@id": address, "@type": "dcat:Catalog",
        "dct:title": both("Meldpunt Knellende Regelgeving", "Reporting point for obstructive regulation"),
        "dct:description": both(
            "Open gegevens van het meldpunt: meldingen, experimenten en cijfers.",
            "Open data of the reporting point: reports, experiments and figures.",
        ),
        "dct:publisher": publisher(),
        "dcat:contactPoint": contact(settings),
        "dct:license": id(LICENCE),
        "dct:language": id(format!("{EU}/language/NLD")),
        "dcat:dataset": DATASETS.iter().map(|of| dataset(of, settings)).collect::<Vec<_>>(),
    })
}

/// Describe the open data
///
/// What everybody may have from here, for catalogues to gather (datasetbeschrijving): DCAT-AP-NL 3.0 in JSON-LD.
#[utoipa::path(
    tag = "public",
    responses((status = 200, description = "The catalogue (catalogus)", content_type = "application/ld+json", body = Object)),
)]
#[get("/public/catalogue")]
pub async fn get_public_catalogue(ctx: web::Data<Context>) -> HttpResponse {
    kept(
        HttpResponse::Ok()
            .content_type("application/ld+json")
            .body(catalogue(&ctx.settings).to_string()),
    )
}
