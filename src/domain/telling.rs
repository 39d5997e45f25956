//! The timeline as a story: each event in a sentence, beside its machine form. A sentence says what the event that is shown
//! says, and no more: what a reader may not see is taken out of the event before it is told.

use crate::domain::actor::Language;
use crate::domain::event::{Author, Event, EventKind};
use crate::domain::experiment::event_kind::{ExperimentEventKind, StepOfExperiment};
use crate::domain::id::OrganisationId;
use crate::domain::status::Capacity;
use crate::domain::wording;

/// An event in one sentence, or a few. `name` gives the names of organisations.
pub fn tell(
    event: &Event,
    name: impl Fn(OrganisationId) -> Option<String>,
    language: Language,
) -> String {
    let who = author(&event.author, language);
    let details = &event.details;
    let say = |nl: &str, en: &str| format!("{who} {}.", language.pick(nl, en));
    let organisation = |id: Option<OrganisationId>| {
        id.and_then(&name)
            .map(|name| wording::organisation(&name, language))
    };
    let lead = organisation(details.lead);
    let to_lead = |nl: &str, en: &str, nobody_nl: &str, nobody_en: &str| match &lead {
        Some(lead) => say(&nl.replace("{}", lead), &en.replace("{}", lead)),
        None => say(nobody_nl, nobody_en),
    };
    let other = details.other_report.as_deref();
    let with_other = |nl: &str, en: &str| {
        let other = other.unwrap_or(language.pick("een andere melding", "another report"));
        say(&nl.replace("{}", other), &en.replace("{}", other))
    };
    let outcome = details
        .outcome
        .map(|outcome| outcome.label(language).to_lowercase());
    let with_outcome = |nl: &str, en: &str| {
        let text = say(nl, en);
        match &outcome {
            Some(outcome) => format!("{}: {outcome}.", text.trim_end_matches('.')),
            None => text,
        }
    };
    let assignee = details.assignee.as_ref().map(|person| person.name.as_str());
    let former = details
        .former_assignee
        .as_ref()
        .map(|person| person.name.as_str());
    let clock = details
        .clock
        .map(|clock| clock.label(language).to_lowercase())
        .unwrap_or_default();
    let due = details
        .due_on
        .map(|due| wording::day(due, language))
        .unwrap_or_default();
    let term = |nl: &str, en: &str| {
        language
            .pick(nl, en)
            .replace("{clock}", &clock)
            .replace("{due}", &due)
    };
    use EventKind as E;
    match event.kind {
        E::Created => say("is een concept begonnen", "began a draft"),
        E::Changed => fields(event, language, &who, "heeft {} gewijzigd", "changed {}")
            .unwrap_or_else(|| say("heeft het concept gewijzigd", "changed the draft")),
        E::Submit => say("heeft de melding ingediend", "handed in the report"),
        E::RoutedByRule => to_lead(
            "heeft de melding volgens de regels doorgezet naar {}",
            "forwarded the report to {} by the rules",
            "heeft de melding volgens de regels doorgezet",
            "forwarded the report by the rules",
        ),
        E::Route => to_lead(
            "heeft de melding doorgezet naar {}",
            "forwarded the report to {}",
            "heeft de melding doorgezet",
            "forwarded the report",
        ),
        E::Reroute => to_lead(
            "heeft de melding overgedragen aan {}",
            "handed the report over to {}",
            "heeft de melding overgedragen",
            "handed the report over",
        ),
        E::Return => match organisation(details.suggested_authority) {
            Some(right) => say(
                &format!("heeft de melding teruggegeven en noemt {right}"),
                &format!("returned the report and points to {right}"),
            ),
            None => say("heeft de melding teruggegeven", "returned the report"),
        },
        E::CloseWithoutRouting => with_outcome(
            "heeft de melding afgehandeld zonder haar door te zetten",
            "settled the report without forwarding it",
        ),
        E::Accept => say(
            "heeft de melding in behandeling genomen",
            "accepted the report",
        ),
        E::RequestInformation => say(
            "heeft de melder iets gevraagd",
            "asked the reporter something",
        ),
        E::ProvideInformation => say("heeft de vraag beantwoord", "answered the question"),
        E::ContinueWithoutAnswer => say("gaat verder zonder antwoord", "goes on without an answer"),
        E::TakePosition => with_outcome("heeft een standpunt ingenomen", "took a position"),
        E::Reconsider => say("beziet het standpunt opnieuw", "reconsiders its position"),
        E::StartImplementation => say("is met de uitvoering begonnen", "began the implementation"),
        E::UpdateImplementation => say(
            "heeft de voortgang van de uitvoering bijgewerkt",
            "updated the progress of the implementation",
        ),
        E::Settle => with_outcome("heeft de melding afgehandeld", "settled the report"),
        E::SettledThrough => with_outcome(
            "heeft de melding mee afgehandeld met de melding waarmee zij was samengevoegd",
            "settled the report with the one it had been merged into",
        ),
        E::ReopenedThrough => with_other(
            "heeft ook deze melding heropend, samen met {}",
            "reopened this report too, together with {}",
        ),
        E::Endorse => say("doet mee met de melding", "joined the report"),
        E::WithdrawEndorsement => say("doet niet langer mee", "no longer joins the report"),
        E::RequestReopening => say("heeft om heropening gevraagd", "asked for reopening"),
        E::CancelReopening => say(
            "heeft het verzoek om heropening ingetrokken",
            "took back the request for reopening",
        ),
        E::GrantReopening => say("heeft de melding heropend", "reopened the report"),
        E::DenyReopening => say("heeft de heropening afgewezen", "denied the reopening"),
        E::Withdraw => say("heeft de melding ingetrokken", "withdrew the report"),
        E::Merge => with_other(
            "heeft de melding samengevoegd met {}",
            "merged the report into {}",
        ),
        E::MergedIn => with_other(
            "heeft {} met deze melding samengevoegd",
            "merged {} into this report",
        ),
        E::Unmerge => with_other(
            "heeft het samenvoegen met {} ongedaan gemaakt",
            "undid the merge into {}",
        ),
        E::UnmergedFrom => with_other(
            "heeft {} weer van deze melding losgemaakt",
            "took {} apart from this report again",
        ),
        E::TookOver => with_other(
            "zet de zaak van {} onder deze melding voort",
            "goes on with the case of {} under this report",
        ),
        E::Experiment => match &details.experiment {
            Some(step) => experiment(step, language),
            None => say(
                "meldt iets over een experiment",
                "tells something of an experiment",
            ),
        },
        E::Linked => {
            let text = with_other(
                "heeft de melding gekoppeld aan {}",
                "linked the report with {}",
            );
            match &details.link {
                Some(link) => format!("{}: {}.", text.trim_end_matches('.'), link.label(language)),
                None => text,
            }
        }
        E::Unlinked => with_other(
            "heeft de koppeling met {} weggehaald",
            "removed the link with {}",
        ),
        E::Imported => say(
            "heeft de melding overgenomen uit een eerder register",
            "took the report over from an earlier register",
        ),
        E::Succession => to_lead(
            "heeft de melding overgedragen aan de opvolger, {}",
            "handed the report over to the successor, {}",
            "heeft een organisatie bij deze melding door haar opvolger vervangen",
            "put its successor in the place of an organisation in this report",
        ),
        E::Split => say("heeft de melding gesplitst", "split the report"),
        E::SplitFrom => with_other(
            "heeft deze melding afgesplitst van {}",
            "split this report off from {}",
        ),
        E::Publish => say(
            "heeft een beoordeelde versie van de melding gedeeld",
            "released a reviewed version of the report",
        ),
        E::Unpublish => say(
            "deelt de melding niet langer",
            "no longer shares the report",
        ),
        E::Correct => fields(event, language, &who, "heeft {} verbeterd", "corrected {}")
            .unwrap_or_else(|| say("heeft de melding verbeterd", "corrected the report")),
        E::ChangeContributors => {
            let names: Vec<String> = details
                .contributors
                .iter()
                .filter_map(|id| organisation(Some(*id)))
                .collect();
            if names.is_empty() {
                say(
                    "heeft alle meebehandelaars weggehaald",
                    "took away all contributors",
                )
            } else {
                let names = list(&names, language);
                say(
                    &format!("heeft als meebehandelaars aangewezen: {names}"),
                    &format!("named as contributors: {names}"),
                )
            }
        }
        E::ChangeConfidentiality => match details.confidentiality {
            Some(now) => say(
                &format!(
                    "heeft de vertrouwelijkheid gewijzigd in: {}",
                    now.label(language)
                ),
                &format!("changed the confidentiality to: {}", now.label(language)),
            ),
            None => say(
                "heeft de vertrouwelijkheid gewijzigd",
                "changed the confidentiality",
            ),
        },
        E::Assign => match assignee {
            Some(assignee) if assignee == event.author.name => {
                say("heeft de melding zelf opgepakt", "took up the report")
            }
            Some(assignee) => say(
                &format!("heeft de melding toegewezen aan {assignee}"),
                &format!("assigned the report to {assignee}"),
            ),
            None => say("heeft de melding toegewezen", "assigned the report"),
        },
        E::Unassign => match former {
            Some(former) => say(
                &format!("heeft {former} van de melding gehaald"),
                &format!("took the report from {former}"),
            ),
            None => say(
                "heeft de toewijzing ongedaan gemaakt",
                "undid the assignment",
            ),
        },
        E::Advise => with_outcome("heeft advies gegeven", "gave advice"),
        E::Extend => {
            let text = say("heeft de termijn verdaagd", "extended the term");
            if due.is_empty() {
                text
            } else {
                let until = term(" tot en met {due}", " until {due}");
                format!("{}{until}.", text.trim_end_matches('.'))
            }
        }
        E::Escalate => say(
            "heeft de coördinator ingeschakeld",
            "called in the coordinator",
        ),
        E::ResolveEscalation => say("heeft de escalatie afgesloten", "resolved the escalation"),
        E::ChangeDeadlineProfile => say("heeft andere termijnen gekozen", "chose other terms"),
        E::GiveFeedback => match details.verdict {
            Some(verdict) => say(
                &format!("heeft teruggekoppeld: {}", verdict.label(language)),
                &format!("gave feedback: {}", verdict.label(language)),
            ),
            None => say("heeft teruggekoppeld", "gave feedback"),
        },
        E::DeadlineNearing => term(
            "De termijn nadert: {clock}, uiterlijk {due}.",
            "A term nears its end: {clock}, due by {due}.",
        ),
        E::DeadlinePassed => term(
            "De termijn is verstreken: {clock}, uiterlijk {due}.",
            "A term is over: {clock}, due by {due}.",
        ),
        E::DeadlineEscalated => term(
            "De termijn is lang verstreken en de coördinator is ingeschakeld: {clock}, uiterlijk {due}.",
            "A term is long over and the coordinator was called in: {clock}, due by {due}.",
        ),
        E::MessageSent => say("heeft een bericht gestuurd", "sent a message"),
        E::AttachmentAdded => match &details.file_name {
            Some(file) => say(
                &format!("heeft een bijlage toegevoegd: {file}"),
                &format!("added an attachment: {file}"),
            ),
            None => say("heeft een bijlage toegevoegd", "added an attachment"),
        },
        E::AttachmentDeleted => match &details.file_name {
            Some(file) => say(
                &format!("heeft een bijlage verwijderd: {file}"),
                &format!("deleted an attachment: {file}"),
            ),
            None => say("heeft een bijlage verwijderd", "deleted an attachment"),
        },
    }
}

/// Who did it: the person with its organisation where a name is shown, else the organisation or what it is.
fn author(author: &Author, language: Language) -> String {
    let organisation = author.organisation_name.as_deref();
    match author.capacity {
        Capacity::Service => language
            .pick("Het meldpunt", "The reporting point")
            .to_owned(),
        Capacity::Desk | Capacity::Coordinator => {
            let (nl, en) = match author.capacity {
                Capacity::Coordinator => ("De coördinator", "The coordinator"),
                _ => ("Het loket", "The desk"),
            };
            named(&author.name, Some(language.pick(nl, en)), true)
        }
        Capacity::Reporter | Capacity::Endorser | Capacity::Lead | Capacity::Contributor => {
            let fallback = match author.capacity {
                Capacity::Endorser => language.pick("Een medemelder", "An endorser"),
                Capacity::Reporter => language.pick("De melder", "The reporter"),
                _ => language.pick("De organisatie", "The organisation"),
            };
            named(&author.name, organisation.or(Some(fallback)), false)
        }
    }
}

fn named(name: &str, organisation: Option<&str>, of_desk: bool) -> String {
    let organisation = organisation.unwrap_or_default();
    match (name.is_empty(), of_desk) {
        (true, _) => organisation.to_owned(),
        (false, true) => {
            let mut letters = organisation.chars();
            let first: String = letters
                .next()
                .into_iter()
                .flat_map(char::to_lowercase)
                .collect();
            format!("{name} ({first}{})", letters.as_str())
        }
        (false, false) => format!("{name} ({organisation})"),
    }
}

/// Which properties changed; none when the event names none.
fn fields(event: &Event, language: Language, who: &str, nl: &str, en: &str) -> Option<String> {
    let names: Vec<String> = event
        .details
        .corrections
        .iter()
        .filter_map(|correction| wording::field(&correction.field, language))
        .map(str::to_owned)
        .collect();
    (!names.is_empty()).then(|| {
        let names = list(&names, language);
        format!("{who} {}.", language.pick(nl, en).replace("{}", &names))
    })
}

/// `a, b en c`
fn list(names: &[String], language: Language) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [all @ .., last] => format!("{} {} {last}", all.join(", "), language.pick("en", "and")),
    }
}

/// What an experiment that a report led to did.
fn experiment(of: &StepOfExperiment, language: Language) -> String {
    use ExperimentEventKind as K;
    let (nl, en) = match of.step {
        K::Register => ("staat in het register", "is in the register"),
        K::Start => ("is begonnen", "has begun"),
        K::Admit => ("gaat ook over deze melding", "is about this report too"),
        K::Extend => ("is verlengd", "was extended"),
        K::BeginEvaluation => ("wordt geëvalueerd", "is being evaluated"),
        K::DeliverEvaluation => ("is geëvalueerd", "was evaluated"),
        K::Decide => ("heeft een besluit", "was decided on"),
        K::UpdateLegislation => (
            "heeft nieuws over de wijziging van de regel",
            "has news of the change of the rule",
        ),
        K::Close => ("is afgesloten", "was closed"),
        K::Stop => ("is voortijdig beëindigd", "was stopped before its end"),
        _ => ("is gewijzigd", "has changed"),
    };
    let what = language.pick(nl, en);
    let text = format!("Experiment {} {what}", of.reference);
    match of.decision {
        Some(decision) => format!("{text}: {}.", decision.label(language)),
        None => format!("{text}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;
    use crate::domain::event::{Correction, Details, PersonRef};
    use crate::domain::id::{EventId, PrincipalId, ReportId};
    use crate::domain::report::{Outcome, Verdict};
    use crate::domain::status::Status;

    fn event(kind: EventKind, capacity: Capacity, details: Details) -> Event {
        Event {
            id: EventId::new(),
            report: ReportId::new(),
            at: "2026-11-25T10:00:00Z".parse().unwrap(),
            kind,
            from: None,
            to: Status::InReview,
            version: 1,
            author: Author {
                principal: None,
                name: "Otto".into(),
                organisation: None,
                organisation_name: Some("Ministerie van Financiën".into()),
                capacity,
            },
            details,
        }
    }

    fn told(event: &Event) -> [String; 2] {
        let name = |_| Some("Ministerie van Financiën".to_owned());
        [Language::Nl, Language::En].map(|language| tell(event, name, language))
    }

    #[test]
    fn every_event_is_a_sentence_in_both_languages() {
        for kind in EventKind::ALL {
            for capacity in Capacity::ALL {
                let [nl, en] = told(&event(*kind, *capacity, Details::default()));
                for text in [&nl, &en] {
                    assert!(text.ends_with('.') && !text.contains(['{', '}']), "{text}");
                    assert!(text.starts_with(char::is_uppercase), "{text}");
                    assert!(!text.contains("..") && !text.contains("  "), "{text}");
                }
                assert_ne!(nl, en, "{kind}");
            }
        }
    }

    #[test]
    fn a_sentence_says_what_was_said() {
        let lead = Details {
            lead: Some(OrganisationId::new()),
            ..Details::default()
        };
        let cases = [
            (
                event(EventKind::Route, Capacity::Desk, lead),
                "Otto (het loket) heeft de melding doorgezet naar het Ministerie van Financiën.",
                "Otto (the desk) forwarded the report to the Ministerie van Financiën.",
            ),
            (
                event(
                    EventKind::Settle,
                    Capacity::Lead,
                    Details {
                        outcome: Some(Outcome::ExistingRoom),
                        ..Details::default()
                    },
                ),
                "Otto (Ministerie van Financiën) heeft de melding afgehandeld: bestaande ruimte.",
                "Otto (Ministerie van Financiën) settled the report: existing room.",
            ),
            (
                event(
                    EventKind::Correct,
                    Capacity::Desk,
                    Details {
                        corrections: ["domains", "municipalities"]
                            .map(|field| Correction {
                                field: field.into(),
                                old: Vec::new(),
                                new: Vec::new(),
                            })
                            .into(),
                        ..Details::default()
                    },
                ),
                "Otto (het loket) heeft de beleidsterreinen en de gemeenten verbeterd.",
                "Otto (the desk) corrected the policy domains and the municipalities.",
            ),
            (
                event(
                    EventKind::Assign,
                    Capacity::Lead,
                    Details {
                        assignee: Some(PersonRef {
                            id: PrincipalId::new(),
                            name: "Vera".into(),
                        }),
                        ..Details::default()
                    },
                ),
                "Otto (Ministerie van Financiën) heeft de melding toegewezen aan Vera.",
                "Otto (Ministerie van Financiën) assigned the report to Vera.",
            ),
            (
                event(
                    EventKind::GiveFeedback,
                    Capacity::Reporter,
                    Details {
                        verdict: Some(Verdict::Not),
                        ..Details::default()
                    },
                ),
                "Otto (Ministerie van Financiën) heeft teruggekoppeld: niet opgelost.",
                "Otto (Ministerie van Financiën) gave feedback: not solved.",
            ),
        ];
        for (event, nl, en) in cases {
            assert_eq!(told(&event), [nl, en]);
        }
    }
}
