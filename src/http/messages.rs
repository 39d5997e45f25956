//! What people read when something fails, by code, in Dutch and English. The codes are stable, the words are not.

use crate::domain::actor::Language;

/// Code, Dutch, English.
type Words = (&'static str, &'static str, &'static str);

fn look_up(table: &'static [Words], code: &str, language: Language) -> Option<&'static str> {
    table
        .iter()
        .find(|words| words.0 == code)
        .map(|words| match language {
            Language::Nl => words.1,
            Language::En => words.2,
        })
}

/// The name of a kind of problem.
pub fn title(_code: &str, status: u16, language: Language) -> &'static str {
    let (nl, en) = match status {
        400 => ("Ongeldige invoer", "Invalid input"),
        401 => ("Niet aangemeld", "Not signed in"),
        403 => ("Niet toegestaan", "Not allowed"),
        404 => ("Niet gevonden", "Not found"),
        405 => ("Methode niet toegestaan", "Method not allowed"),
        406 => ("Antwoordvorm niet beschikbaar", "Not acceptable"),
        408 => ("Te traag", "Timed out"),
        409 => ("Kan nu niet", "In conflict"),
        412 => ("Intussen gewijzigd", "Changed meanwhile"),
        413 => ("Te groot", "Too large"),
        415 => ("Onbekende vorm", "Unsupported media type"),
        422 => ("Sleutel al gebruikt", "Key used before"),
        428 => ("If-Match ontbreekt", "If-Match is missing"),
        429 => ("Te veel verzoeken", "Too many requests"),
        503 => ("Even niet beschikbaar", "Temporarily unavailable"),
        _ => ("Er ging iets mis", "Something went wrong"),
    };
    match language {
        Language::Nl => nl,
        Language::En => en,
    }
}

/// What went wrong, in a sentence.
pub fn detail(code: &str, status: u16, language: Language) -> String {
    look_up(DETAILS, code, language)
        .unwrap_or_else(|| title(code, status, language))
        .to_owned()
}

/// What is wrong with a field, in a sentence.
pub fn field(code: &str, params: &[(&'static str, String)], language: Language) -> String {
    let words = look_up(FIELDS, code, language).unwrap_or(match language {
        Language::Nl => "Deze waarde klopt niet.",
        Language::En => "This value is not right.",
    });
    params.iter().fold(words.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// Every code that `detail` knows; a test holds it against those in use.
pub static DETAILS: &[Words] = &[
    (
        "invalid_input",
        "Een of meer velden kloppen niet.",
        "One or more fields are not right.",
    ),
    (
        "too_many_attachments",
        "Deze melding heeft zoveel bijlagen als zij hebben mag.",
        "This report has as many attachments as it may have.",
    ),
    (
        "attachment_deleted",
        "Deze bijlage is al verwijderd.",
        "This attachment was deleted already.",
    ),
    (
        "people_watch",
        "Alleen mensen volgen een melding; een koppeling leest geen post.",
        "Only people watch a report; an API client reads no mail.",
    ),
    (
        "message_sent",
        "Dit bericht is verzonden en verandert niet meer.",
        "This message was sent and no longer changes.",
    ),
    (
        "report_not_submitted",
        "De melding is nog niet ingediend.",
        "The report was not submitted yet.",
    ),
    (
        "invalid_query",
        "Een of meer zoekvelden of kopregels kloppen niet.",
        "One or more query keys or headers are not right.",
    ),
    (
        "malformed",
        "Het verzoek is geen geldige JSON in UTF-8.",
        "The request is not valid JSON in UTF-8.",
    ),
    (
        "not_found",
        "Dit bestaat niet, of niet voor u.",
        "This does not exist, or not for you.",
    ),
    (
        "method_not_allowed",
        "Dit adres kent deze methode niet; zie de kopregel Allow.",
        "This address does not have this method; see the Allow header.",
    ),
    (
        "not_acceptable",
        "De dienst antwoordt in JSON.",
        "The service answers in JSON.",
    ),
    (
        "unsupported_media_type",
        "Stuur de inhoud ongecomprimeerd, als application/json of in de vorm die bij dit adres staat.",
        "Send the body not compressed, as application/json or in the form that stands with this address.",
    ),
    (
        "too_large",
        "De inhoud is te groot.",
        "The body is too large.",
    ),
    (
        "timeout",
        "Het verzoek kwam niet op tijd binnen.",
        "The request did not arrive in time.",
    ),
    ("token_missing", "Meld u eerst aan.", "Sign in first."),
    (
        "token_malformed",
        "Het toegangsbewijs is niet leesbaar.",
        "The token cannot be read.",
    ),
    (
        "token_invalid",
        "Het toegangsbewijs klopt niet.",
        "The token is not valid.",
    ),
    (
        "token_expired",
        "Het toegangsbewijs is verlopen; vernieuw het.",
        "The token has expired; refresh it.",
    ),
    (
        "token_revoked",
        "Het toegangsbewijs is ingetrokken; meld u opnieuw aan.",
        "The token was revoked; sign in again.",
    ),
    (
        "wrong_credentials",
        "E-mailadres of wachtwoord klopt niet.",
        "The e-mail address or password is not right.",
    ),
    (
        "too_many_attempts",
        "Te veel mislukte pogingen; probeer het later opnieuw, of vraag een link om een nieuw wachtwoord in te stellen.",
        "Too many failed attempts; try again later, or ask for a link to set a new password.",
    ),
    (
        "too_many_requests",
        "Te veel verzoeken; wacht zo lang als de kopregel Retry-After zegt.",
        "Too many requests; wait as long as the Retry-After header says.",
    ),
    (
        "invalid_client",
        "De gegevens van de koppeling kloppen niet.",
        "The client's credentials are not right.",
    ),
    (
        "invalid_grant",
        "Het vernieuwingsbewijs is ongeldig, verlopen of al gebruikt.",
        "The refresh token is invalid, expired or used before.",
    ),
    (
        "invalid_request",
        "Er ontbreekt iets aan het verzoek, of er staat iets dubbel in.",
        "Something is missing from the request, or stands in it twice.",
    ),
    (
        "invalid_scope",
        "Deze bevoegdheden heeft de koppeling niet.",
        "The client does not have these scopes.",
    ),
    (
        "unsupported_grant_type",
        "Dit soort aanvraag kent de dienst niet.",
        "The service does not know this grant type.",
    ),
    (
        "insufficient_scope",
        "Het toegangsbewijs geeft deze bevoegdheid niet.",
        "The token does not hold the scope for this.",
    ),
    (
        "not_allowed",
        "Uw rol geeft deze bevoegdheid niet.",
        "Your role does not allow this.",
    ),
    (
        "illegal_transition",
        "Deze handeling kan nu niet; zie legalActions voor wat wel kan.",
        "This action is not possible now; see legalActions for what is.",
    ),
    (
        "stale_version",
        "Het is intussen gewijzigd; haal het opnieuw op en kijk of uw wijziging nog past.",
        "It was changed meanwhile; fetch it again and see whether your change still fits.",
    ),
    (
        "if_match_required",
        "Stuur met If-Match de ETag mee van wat u zag.",
        "Send the ETag of what you saw as If-Match.",
    ),
    (
        "idempotency_key_reused",
        "Deze Idempotency-Key is al gebruikt voor een ander verzoek.",
        "This Idempotency-Key was used for another request.",
    ),
    (
        "idempotency_key_in_progress",
        "Een verzoek met deze Idempotency-Key is nog bezig.",
        "A request with this Idempotency-Key is still under way.",
    ),
    (
        "busy",
        "De dienst is even overbelast; probeer het over enkele seconden opnieuw.",
        "The service is overloaded for a moment; try again in a few seconds.",
    ),
    (
        "storage_full",
        "De dienst kan nu niets opslaan; lezen gaat door. Er is niets verloren: stuur het later opnieuw.",
        "The service cannot store anything now; reading goes on. Nothing is lost: send it again later.",
    ),
    (
        "internal_error",
        "Er ging iets onverwachts mis. Noem het verzoeknummer als u hulp vraagt.",
        "Something unforeseen went wrong. Name the request id when you ask for help.",
    ),
    (
        "answer_term_running",
        "De termijn voor het antwoord loopt nog.",
        "The term for the answer has not lapsed yet.",
    ),
    (
        "reopening_asked_before",
        "Om heropening is al eerder gevraagd; dat kan één keer.",
        "Reopening was asked before; that can be done once.",
    ),
    (
        "reopening_term_passed",
        "Heropening vragen kan tot acht weken na de afhandeling.",
        "Reopening can be asked until eight weeks after the settlement.",
    ),
    (
        "others_failed",
        "Niets is gedaan, omdat een ander onderdeel niet kon.",
        "Nothing was done, because another item could not be.",
    ),
    (
        "not_splittable",
        "Alleen een lopende melding zonder open vraag kan worden gesplitst.",
        "Only an open report without an open question can be split.",
    ),
    (
        "own_report",
        "Dit is een melding van uw eigen organisatie.",
        "This is a report of your own organisation.",
    ),
    (
        "link_exists",
        "Deze meldingen zijn al zo gekoppeld.",
        "These reports are linked like this already.",
    ),
    (
        "rule_retired",
        "Deze regel is al ingetrokken.",
        "This rule is retired already.",
    ),
    (
        "proposal_decided",
        "Over dit voorstel is al besloten.",
        "This proposal was decided about already.",
    ),
    (
        "too_many_links",
        "Een van deze meldingen heeft te veel koppelingen.",
        "One of these reports has too many links.",
    ),
    (
        "merged_elsewhere",
        "Deze melding is samengevoegd met een andere; sluit u daarbij aan.",
        "This report was merged with another; endorse that one.",
    ),
    (
        "confidential_not_published",
        "Een vertrouwelijke melding wordt met niemand gedeeld.",
        "A confidential report is shared with nobody.",
    ),
    (
        "not_published",
        "De melding wordt met niemand gedeeld.",
        "The report is shared with nobody.",
    ),
    (
        "feedback_term_passed",
        "Terugkoppelen kan tot acht weken na de afhandeling.",
        "Feedback can be given until eight weeks after the settlement.",
    ),
    (
        "not_assigned",
        "Niemand van uw organisatie is behandelaar van deze melding.",
        "Nobody of your organisation is assigned to this report.",
    ),
    (
        "extended_before",
        "De termijn is al verdaagd; dat kan één keer.",
        "The term was extended before; that can be done once.",
    ),
    (
        "deadline_passed",
        "De termijn is al voorbij en kan niet meer worden verdaagd.",
        "The term is over already and can no longer be extended.",
    ),
    (
        "escalated_before",
        "De coördinator is al ingeschakeld.",
        "The coordinator was called in already.",
    ),
    (
        "nobody_late",
        "Er is nog geen termijn voorbij; de coördinator inschakelen kan als iemand te laat is.",
        "No term is over yet; the coordinator can be called in when somebody is late.",
    ),
    (
        "not_escalated",
        "De coördinator is niet ingeschakeld.",
        "The coordinator was not called in.",
    ),
    (
        "merged_reports_narrower",
        "Een samengevoegde melding is vertrouwelijker; die melder stemde hier niet mee in.",
        "A report merged into this one is more confidential; its reporter did not agree to this.",
    ),
    (
        "name_taken",
        "U hebt al een zoekopdracht met deze naam.",
        "You have a search of this name already.",
    ),
    (
        "too_many_searches",
        "U hebt honderd zoekopdrachten; verwijder er eerst een.",
        "You keep a hundred searches; delete one first.",
    ),
    (
        "code_taken",
        "Er is al iets met deze code.",
        "There is something with this code already.",
    ),
    (
        "implementation_pending",
        "Er is nog iets uit te voeren; het loket handelt daarna af.",
        "Something is still to be carried out; the desk settles after that.",
    ),
    (
        "not_editable",
        "De melding is niet meer door de melder te wijzigen.",
        "The report can no longer be changed by its reporter.",
    ),
    (
        "not_a_draft",
        "Alleen een concept is te verwijderen.",
        "Only a draft can be deleted.",
    ),
    (
        "external_reference_taken",
        "Er is al een melding van uw organisatie met dit zaaknummer.",
        "Your organisation has a report with this case number already.",
    ),
    (
        "email_taken",
        "Er is al iemand met dit e-mailadres.",
        "Somebody with this e-mail address exists already.",
    ),
    (
        "cannot_remove_yourself",
        "U kunt uzelf niet verwijderen.",
        "You cannot remove yourself.",
    ),
    (
        "cannot_drop_your_role",
        "U kunt uw eigen beheerdersrol niet inleveren; laat een ander dat doen.",
        "You cannot give up your own role of administrator; have another do it.",
    ),
    (
        "organisation_ended",
        "Deze organisatie bestaat niet meer.",
        "This organisation no longer exists.",
    ),
    (
        "no_session",
        "Dit toegangsbewijs hoort niet bij een aanmelding.",
        "This token does not belong to a sign-in.",
    ),
    ("already_exists", "Dit bestaat al.", "This exists already."),
    (
        "already_sent",
        "Dit bericht is al verzonden.",
        "This notice was sent already.",
    ),
    (
        "key_announced",
        "Er is al een nieuwe sleutel aangekondigd; die tekent vanzelf.",
        "A new key is announced already; it signs by itself.",
    ),
    (
        "outbox_not_paused",
        "De postbus staat niet stil.",
        "The outbox is not paused.",
    ),
    (
        "outbox_waits",
        "Er wachten berichten. Zeg of alles wordt verzonden, of wat vervalt.",
        "Notices wait. Say whether all are sent, or which are discarded.",
    ),
    (
        "still_queued",
        "Dit bericht staat al in de wachtrij.",
        "This notice is waiting to be sent already.",
    ),
    (
        "password_set_before",
        "Het wachtwoord is al ingesteld.",
        "The password was set already.",
    ),
    (
        "not_ready",
        "Het experiment is hier nog niet klaar voor; bij `errors` staat wat ontbreekt.",
        "The experiment is not ready for this; `errors` says what it lacks.",
    ),
    (
        "experiment_takes_no_observations",
        "Dit experiment is niet begonnen, of neemt geen waarnemingen meer aan.",
        "This experiment has not begun, or takes no observations any more.",
    ),
    (
        "too_many_observations",
        "Dit experiment heeft dan meer waarnemingen dan het hebben mag (20.000).",
        "This experiment would have more observations than it may have (20,000).",
    ),
    (
        "measure_ended",
        "Deze maatregel is beëindigd.",
        "This measure has ended.",
    ),
    (
        "observation_corrected",
        "Deze waarneming is al gecorrigeerd; corrigeer de nieuwe.",
        "This observation was corrected already; correct the new one.",
    ),
];

/// Every code of a faulty field.
pub static FIELDS: &[Words] = &[
    (
        "required",
        "Dit veld is verplicht.",
        "This field is required.",
    ),
    (
        "unknown_field",
        "Dit veld kent de dienst niet.",
        "The service does not know this field.",
    ),
    (
        "wrong_type",
        "Deze waarde is van de verkeerde soort.",
        "This value is of the wrong type.",
    ),
    (
        "wrong_format",
        "Deze waarde heeft niet de vorm {format}.",
        "This value does not have the form {format}.",
    ),
    (
        "wrong_pattern",
        "Deze waarde past niet bij {pattern}.",
        "This value does not match {pattern}.",
    ),
    (
        "too_short",
        "Minstens {limit} tekens.",
        "At least {limit} characters.",
    ),
    (
        "too_long",
        "Hoogstens {limit} tekens.",
        "At most {limit} characters.",
    ),
    ("too_few", "Minstens {limit}.", "At least {limit}."),
    ("too_many", "Hoogstens {limit}.", "At most {limit}."),
    ("too_small", "Minstens {limit}.", "At least {limit}."),
    ("too_large", "Hoogstens {limit}.", "At most {limit}."),
    (
        "not_saved",
        "Dit wordt niet bewaard; het geldt per bladzijde.",
        "This is not kept; it is of one page.",
    ),
    (
        "wrong_format_of_query",
        "Dit is geen zoekvraag zoals die achter een adres staat.",
        "This is no query as it stands behind an address.",
    ),
    (
        "too_deep",
        "Hoogstens {limit} niveaus diep.",
        "At most {limit} levels deep.",
    ),
    (
        "bad_article_range",
        "Een artikel als 153 of 3:4, of een reeks als 153-157 waarvan het begin voor het einde komt.",
        "An article such as 153 or 3:4, or a range such as 153-157 whose beginning comes before its end.",
    ),
    (
        "no_words",
        "Hierin staat geen woord dat iets zegt.",
        "This has no word that says anything.",
    ),
    (
        "never_holds",
        "Deze voorwaarden kunnen niet samen gelden.",
        "These conditions cannot hold together.",
    ),
    (
        "never_reached",
        "Regel {rule} gaat altijd voor; deze zou nooit beslissen.",
        "Rule {rule} always goes first; this one would never decide.",
    ),
    (
        "always_tied",
        "Regel {rule} heeft dezelfde volgorde en een andere eerstverantwoordelijke; het loket zou altijd moeten kiezen.",
        "Rule {rule} has the same order and another lead; the desk would always have to choose.",
    ),
    (
        "rule_does_nothing",
        "Geef een eerstverantwoordelijke, meebehandelaars, volgers, een prioriteit of een termijnprofiel.",
        "Give a lead, contributors, watchers, a priority or a deadline profile.",
    ),
    (
        "auto_needs_regulation",
        "Vanzelf routeren kan alleen op een aangehaalde regeling; kies suggest of noem een regeling.",
        "Routing by itself takes a regulation that is cited; choose suggest or name a regulation.",
    ),
    (
        "auto_cannot_guess",
        "Op woorden, een regio of een provincie kan een regel alleen een voorstel doen; kies suggest.",
        "By words, a region or a province a rule can only suggest; choose suggest.",
    ),
    (
        "auto_needs_national",
        "Vanzelf routeren kan alleen bij een regeling van het Rijk; kies suggest.",
        "Routing by itself takes a regulation of the State; choose suggest.",
    ),
    (
        "unknown_rule_version",
        "Dit is niet de laatste versie van een regel.",
        "This is not the latest version of a rule.",
    ),
    (
        "not_proposed",
        "Deze versie is geen voorstel meer.",
        "This version is no proposal any more.",
    ),
    (
        "not_in_list",
        "Kies uit: {options}.",
        "Choose one of: {options}.",
    ),
    (
        "not_unique",
        "Hier staat iets dubbel.",
        "Something stands here twice.",
    ),
    (
        "repeated",
        "Dit zoekveld mag één keer voorkomen.",
        "This query key may appear once.",
    ),
    (
        "control_character",
        "Hier staat een stuurteken in dat niet mag.",
        "This holds a control character that is not allowed.",
    ),
    (
        "not_crossed",
        "Deze dimensies worden niet gekruist: de ene volgt uit de andere, of samen zijn ze te fijn.",
        "These dimensions are not crossed: one follows from the other, or together they are too fine.",
    ),
    (
        "not_counted",
        "Hiernaar worden openbare meldingen niet geteld.",
        "Public reports are not counted by this.",
    ),
    (
        "wrong_cursor",
        "Deze cursor is niet van ons.",
        "This cursor is not ours.",
    ),
    (
        "wrong_key",
        "1 tot 255 zichtbare tekens.",
        "1 to 255 visible characters.",
    ),
    (
        "invalid",
        "Deze waarde klopt niet.",
        "This value is not right.",
    ),
    (
        "unknown_municipality",
        "Deze gemeente kennen wij niet.",
        "We do not know this municipality.",
    ),
    (
        "ended_municipality",
        "Deze gemeente bestaat niet meer; bedoelt u {successors}?",
        "This municipality no longer exists; do you mean {successors}?",
    ),
    (
        "unknown_province",
        "Deze provincie kennen wij niet.",
        "We do not know this province.",
    ),
    (
        "unknown_domain",
        "Dit beleidsterrein kennen wij niet.",
        "We do not know this policy domain.",
    ),
    (
        "unknown_regulation",
        "Deze regeling kennen wij niet.",
        "We do not know this regulation.",
    ),
    (
        "unknown_organisation",
        "Deze organisatie kennen wij niet.",
        "We do not know this organisation.",
    ),
    (
        "no_authority",
        "Deze organisatie is geen eigenaar van regels.",
        "This organisation owns no rules.",
    ),
    (
        "ended_organisation",
        "Deze organisatie bestaat niet meer.",
        "This organisation no longer exists.",
    ),
    (
        "unknown_report",
        "Deze melding bestaat niet, of niet voor u.",
        "This report does not exist, or not for you.",
    ),
    (
        "unknown_measure",
        "Deze maatregel staat niet bij de melding.",
        "This measure is not in the report.",
    ),
    (
        "place_required",
        "Noem minstens één gemeente of provincie.",
        "Name at least one municipality or province.",
    ),
    (
        "contact_required",
        "Noem een contactpersoon: die hoort wat er met de melding gebeurt.",
        "Name a contact person, who hears what becomes of the report.",
    ),
    (
        "several_primary",
        "Eén regel kan de belangrijkste zijn.",
        "One rule can be the primary one.",
    ),
    (
        "duplicate_citation",
        "Deze regel staat er al.",
        "This rule is cited already.",
    ),
    (
        "citation_malformed",
        "Dit is geen geldig kenmerk van een regeling.",
        "This is not a valid identifier of a regulation.",
    ),
    (
        "citation_conflict",
        "Dit is iets anders dan in het kenmerk zelf staat.",
        "This differs from what the identifier itself says.",
    ),
    (
        "article_malformed",
        "Dit is geen artikelnummer.",
        "This is not an article number.",
    ),
    (
        "paragraph_malformed",
        "Dit is geen lid.",
        "This is not a paragraph.",
    ),
    (
        "part_malformed",
        "Dit is geen onderdeel.",
        "This is not a part.",
    ),
    (
        "date_in_future",
        "Deze dag ligt in de toekomst.",
        "This day lies in the future.",
    ),
    (
        "date_in_past",
        "Deze dag is al voorbij.",
        "This day has passed.",
    ),
    (
        "date_too_early",
        "Deze dag ligt te ver terug.",
        "This day lies too far back.",
    ),
    (
        "dates_reversed",
        "Het einde ligt voor het begin.",
        "The end lies before the beginning.",
    ),
    (
        "publication_malformed",
        "Dit is geen vindplaats, zoals stb-2026-123.",
        "This is not an official publication, as stb-2026-123.",
    ),
    (
        "publication_does_not_fit",
        "Deze vindplaats past niet bij de uitkomst {outcome}.",
        "This publication does not fit the outcome {outcome}.",
    ),
    (
        "not_for_this_action",
        "De handeling {action} kent dit veld niet.",
        "The action {action} does not take this field.",
    ),
    (
        "outcome_needs_authority",
        "Deze uitkomst vraagt een ministerie; zet de melding eerst door.",
        "This outcome takes a ministry; route the report first.",
    ),
    (
        "outcome_needs_desk",
        "Deze uitkomst handelt het loket af.",
        "This outcome is settled by the desk.",
    ),
    (
        "deviation_needs_reason",
        "De uitkomst is anders dan het standpunt; zeg waarom.",
        "The outcome differs from the position; say why.",
    ),
    (
        "placeholder_unknown",
        "{name} is geen invulveld; wel: {options}.",
        "{name} is no placeholder; these are: {options}.",
    ),
    (
        "placeholder_malformed",
        "Een accolade hoort bij een invulveld, zoals bij dat voor het kenmerk.",
        "A brace belongs to a placeholder, as with that for the reference.",
    ),
    ("file_empty", "Dit bestand is leeg.", "This file is empty."),
    (
        "file_kind",
        "Dit soort bestand wordt niet aangenomen.",
        "This kind of file is not taken.",
    ),
    (
        "file_too_large",
        "Dit bestand is groter dan {limit} bytes.",
        "This file is larger than {limit} bytes.",
    ),
    (
        "form_malformed",
        "Dit formulier is niet te lezen of niet compleet.",
        "This form cannot be read or is not complete.",
    ),
    (
        "already_lead",
        "Deze organisatie is al eerstverantwoordelijk.",
        "This organisation is the lead already.",
    ),
    (
        "lead_is_no_contributor",
        "De eerstverantwoordelijke is geen meebehandelaar.",
        "The lead is no contributor.",
    ),
    (
        "settled_before_submitted",
        "Een melding wordt niet afgehandeld voordat zij is ingediend.",
        "A report is not settled before it was submitted.",
    ),
    (
        "repeated_in_file",
        "Dit zaaknummer staat al op regel {line}.",
        "This case number stands on line {line} already.",
    ),
    (
        "no_json",
        "Deze regel is geen JSON.",
        "This line is no JSON.",
    ),
    (
        "wrong_number_of_cells",
        "Deze regel heeft meer of minder cellen dan er kolommen zijn.",
        "This line has more or fewer cells than there are columns.",
    ),
    (
        "only_desk_routes",
        "Alleen het loket bepaalt waar een melding heen gaat.",
        "Only the desk decides where a report goes.",
    ),
    (
        "wider_than_confidentiality",
        "Zo ver mag de melding niet reizen: de vertrouwelijkheid is strenger.",
        "The report may not travel this far: its confidentiality is narrower.",
    ),
    (
        "not_narrower",
        "De vertrouwelijkheid kan alleen strenger worden.",
        "Confidentiality can only become narrower.",
    ),
    ("unchanged", "Dit is al zo.", "It is so already."),
    (
        "consent_not_needed",
        "Voor een beperking is geen toestemming nodig.",
        "Narrowing needs no consent.",
    ),
    (
        "reopening_needs_not",
        "Heropening vraagt u als de belemmering niet is opgelost.",
        "Reopening is asked when the obstacle is not solved.",
    ),
    (
        "already_assigned",
        "Deze persoon is al de behandelaar.",
        "This person is assigned already.",
    ),
    (
        "unknown_person",
        "Deze persoon werkt niet bij uw organisatie.",
        "This person is not at your organisation.",
    ),
    (
        "person_without_role",
        "Deze persoon heeft niet de rol om meldingen te behandelen.",
        "This person does not have the role to work on reports.",
    ),
    (
        "unknown_profile",
        "Dit termijnprofiel is er niet.",
        "There is no such deadline profile.",
    ),
    (
        "term_malformed",
        "Schrijf een termijn als P7D, P8W of P3M.",
        "Write a term as P7D, P8W or P3M.",
    ),
    (
        "term_out_of_range",
        "Een termijn duurt minstens een dag en hoogstens {limit} dagen.",
        "A term takes at least a day and at most {limit} days.",
    ),
    (
        "extension_not_longer",
        "De verdaagde termijn is langer dan de gewone.",
        "The extended term is longer than the ordinary one.",
    ),
    (
        "relevance_needs_words",
        "Sorteren op relevantie kan alleen met zoekwoorden.",
        "Sorting by relevance needs words to look for.",
    ),
    (
        "nothing_to_correct",
        "Noem wat er te verbeteren is.",
        "Name what is to be corrected.",
    ),
    (
        "merge_into_itself",
        "Een melding kan niet met zichzelf worden samengevoegd.",
        "A report cannot be merged into itself.",
    ),
    (
        "merge_target_closed",
        "De andere melding is niet open.",
        "The other report is not open.",
    ),
    (
        "merge_target_less_confidential",
        "De andere melding is minder vertrouwelijk.",
        "The other report is less confidential.",
    ),
    (
        "link_to_itself",
        "Een melding kan niet met zichzelf worden gekoppeld.",
        "A report cannot be linked with itself.",
    ),
    (
        "merge_chain",
        "Met deze melding zijn zelf meldingen samengevoegd.",
        "Reports were merged into this one itself.",
    ),
    (
        "email_malformed",
        "Dit is geen e-mailadres.",
        "This is not an e-mail address.",
    ),
    (
        "role_not_here",
        "Deze rol past niet bij deze organisatie.",
        "This role cannot be held at this organisation.",
    ),
    (
        "role_not_yours",
        "Deze rol kunt u niet geven.",
        "You cannot give this role.",
    ),
    (
        "scope_beyond_roles",
        "Deze bevoegdheid geven de rollen niet.",
        "The roles do not give this scope.",
    ),
    (
        "password_too_simple",
        "Kies een wachtwoord dat niet uw naam of e-mailadres is.",
        "Choose a password that is not your name or e-mail address.",
    ),
    (
        "token_unusable",
        "Deze link is verlopen of al gebruikt; vraag een nieuwe.",
        "This link has expired or was used; ask for a new one.",
    ),
    (
        "code_malformed",
        "Dit kenmerk heeft niet de juiste vorm.",
        "This code does not have the right form.",
    ),
    (
        "not_for_kind",
        "Dit past niet bij dit soort organisatie.",
        "This does not fit this kind of organisation.",
    ),
    (
        "code_conflict",
        "Dit hoort bij een andere gemeente of provincie.",
        "This belongs to another municipality or province.",
    ),
    (
        "circular_succession",
        "Deze opvolging komt bij zichzelf terug.",
        "This succession comes back to itself.",
    ),
    (
        "owned_by_eu",
        "Een regel van de Europese Unie heeft hier geen eigenaar.",
        "A rule of the European Union has no owner here.",
    ),
    (
        "beyond_maximum",
        "De grondslag staat dit niet toe: uiterlijk {latest}.",
        "The legal basis does not allow this: {latest} at the latest.",
    ),
    (
        "end_before_start",
        "De laatste dag ligt niet na de eerste.",
        "The last day does not lie after the first.",
    ),
    (
        "not_later",
        "Deze dag ligt niet na de huidige laatste dag.",
        "This day does not lie after the present last day.",
    ),
    (
        "extend_instead",
        "Een lopend experiment wordt verlengd met de handeling extend.",
        "A running experiment is extended with the action extend.",
    ),
    (
        "experiment_has_started",
        "Het experiment is begonnen; dit ligt vast.",
        "The experiment has started; this is fixed.",
    ),
    (
        "experiment_starts_later",
        "De eerste dag is nog niet aangebroken.",
        "The first day has not come yet.",
    ),
    (
        "experiment_over",
        "De laatste dag is voorbij.",
        "The last day is over.",
    ),
    (
        "experiment_not_halfway",
        "Een evaluatie begint niet vóór de helft van de looptijd.",
        "An evaluation does not begin before half of the time is over.",
    ),
    (
        "experiment_not_extendable",
        "De grondslag staat geen verlenging toe.",
        "The legal basis allows no extension.",
    ),
    (
        "experiment_changes_no_law",
        "Er is niet besloten de regel te wijzigen.",
        "It was not decided to change the rule.",
    ),
    (
        "experiment_needs_purpose",
        "Wat moet het experiment uitwijzen?",
        "What is the experiment to find out?",
    ),
    (
        "experiment_needs_deviations",
        "Van welke bepalingen wordt afgeweken?",
        "Which provisions does it deviate from?",
    ),
    (
        "experiment_needs_legal_basis",
        "Op welke experimenteerbepaling en regeling berust het?",
        "Which experimentation clause and instrument does it rest on?",
    ),
    (
        "experiment_needs_scope",
        "Voor wie en waarvoor geldt het?",
        "Whom and what does it cover?",
    ),
    (
        "experiment_needs_hypothesis",
        "Wat wordt ervan verwacht?",
        "What is expected of it?",
    ),
    (
        "experiment_needs_published_basis",
        "De regeling is nog niet bekendgemaakt; noem de vindplaats.",
        "The instrument was not made known yet; name where it was published.",
    ),
    (
        "experiment_needs_start",
        "De eerste dag ontbreekt.",
        "The first day is missing.",
    ),
    (
        "experiment_needs_end",
        "De laatste dag ontbreekt.",
        "The last day is missing.",
    ),
    (
        "experiment_needs_baseline",
        "De belangrijkste indicator met een nulmeting ontbreekt.",
        "The primary indicator with a baseline is missing.",
    ),
    (
        "experiment_needs_evaluation_plan",
        "Het evaluatieplan ontbreekt.",
        "The evaluation plan is missing.",
    ),
    (
        "experiment_needs_evaluator",
        "Wie evalueert?",
        "Who evaluates?",
    ),
    (
        "experiment_needs_stop_criteria",
        "Wanneer wordt het experiment gestopt?",
        "When is the experiment stopped?",
    ),
    (
        "experiment_needs_participant",
        "Er is nog geen deelnemer toegelaten.",
        "No participant was admitted yet.",
    ),
    (
        "experiment_needs_evaluation",
        "De evaluatie is nog niet opgeleverd.",
        "The evaluation was not delivered yet.",
    ),
    (
        "experiment_needs_publication",
        "De wijziging is nog niet bekendgemaakt.",
        "The change was not made known yet.",
    ),
    (
        "sheet_header",
        "De eerste regel noemt de kolommen: {columns} (de laatste mag ontbreken).",
        "The first line names the columns: {columns} (the last may be left out).",
    ),
    (
        "sheet_cells",
        "Deze regel heeft meer of minder cellen dan de eerste.",
        "This line has more or fewer cells than the first.",
    ),
    (
        "sheet_day",
        "Schrijf een dag als 2027-10-01 of 1-10-2027.",
        "Write a day as 2027-10-01 or 1-10-2027.",
    ),
    (
        "sheet_number",
        "Schrijf een getal, zonder scheiding van duizendtallen.",
        "Write a number, without separating thousands.",
    ),
    (
        "sheet_empty",
        "Het rekenblad heeft geen regels met waarnemingen.",
        "The sheet has no lines with observations.",
    ),
    (
        "sheet_too_long",
        "Het rekenblad heeft meer dan {most} regels: deel het op.",
        "The sheet has more than {most} lines: send it in parts.",
    ),
    (
        "sheet_unreadable",
        "Het rekenblad is niet als CSV te lezen.",
        "The sheet cannot be read as CSV.",
    ),
    (
        "sheet_not_utf8",
        "Bewaar het rekenblad als CSV in UTF-8.",
        "Save the sheet as CSV in UTF-8.",
    ),
    (
        "experiment_instead",
        "Een experiment wordt voorgesteld onder /v1/experiments.",
        "An experiment is proposed at /v1/experiments.",
    ),
    (
        "report_of_another_lead",
        "Deze melding is niet bij uw organisatie in behandeling.",
        "This report is not led by your organisation.",
    ),
    (
        "report_not_at_implementation",
        "Bij deze melding is nog geen standpunt ingenomen, of zij is al afgehandeld.",
        "No position was taken on this report yet, or it is settled already.",
    ),
    (
        "measure_shared",
        "Deze maatregel dient meer meldingen of is beëindigd: werk haar bij onder /v1/measures.",
        "This measure serves several reports or has ended: change it at /v1/measures.",
    ),
    (
        "measure_of_experiment",
        "Deze maatregel is een experiment: zij volgt wat daar gebeurt. Laat haar hier zoals zij is; de voortgang kan in de toelichting.",
        "This measure is an experiment: it follows what happens there. Leave it as it is here; tell in the explanation how far it is.",
    ),
    (
        "measure_needs_publication",
        "De wijziging is nog niet bekendgemaakt: noem het stadium en de vindplaats.",
        "The amendment was not made known yet: give its stage and publication.",
    ),
    (
        "measure_needs_decision",
        "Noem het kenmerk van het besluit tot ontheffing.",
        "Give the reference of the decision to exempt.",
    ),
    (
        "measure_needs_evidence",
        "Noem een vindplaats waaruit blijkt dat de maatregel is uitgevoerd.",
        "Give something that shows that the measure was carried out.",
    ),
    (
        "not_for_this_measure",
        "Dit hoort niet bij deze soort maatregel.",
        "This does not belong to this kind of measure.",
    ),
    (
        "too_many_updates",
        "Van deze maatregel is al zo vaak de voortgang gemeld als er plaats voor is.",
        "How far this measure is was told as often as there is room for.",
    ),
    (
        "instrument_too_low",
        "Van een wet wordt alleen afgeweken bij wet of algemene maatregel van bestuur.",
        "An act is deviated from by an act or an order in council alone.",
    ),
    (
        "gazette_needed",
        "Een kamerstuk is geen bekendmaking; noem het Staatsblad, de Staatscourant of een ander publicatieblad.",
        "A parliamentary paper makes nothing known; name an official gazette.",
    ),
    (
        "stage_needs_published",
        "Wat bekendgemaakt is heeft het stadium published.",
        "What was made known has the stage published.",
    ),
    (
        "duplicate_name",
        "Deze naam staat er al.",
        "This name is there already.",
    ),
    (
        "duplicate_baseline",
        "Van deze deelnemer staat er al een nulmeting.",
        "There is a baseline of this participant already.",
    ),
    (
        "indicator_in_use",
        "Van een begonnen experiment verdwijnt geen indicator.",
        "No indicator of an experiment that has started goes.",
    ),
    (
        "unknown_indicator",
        "Deze indicator heeft het experiment niet.",
        "The experiment does not have this indicator.",
    ),
    (
        "unknown_milestone",
        "Deze mijlpaal heeft het experiment niet.",
        "The experiment does not have this milestone.",
    ),
    (
        "no_participant",
        "Deze organisatie doet niet mee.",
        "This organisation does not take part.",
    ),
    (
        "no_participant_here",
        "Deze waarde is niet van één deelnemer.",
        "This value is not of one participant.",
    ),
    (
        "no_comparison_group",
        "Het plan kent geen vergelijkingsgroep.",
        "The plan has no comparison group.",
    ),
    (
        "participant_already",
        "Deze organisatie doet al mee, of heeft het al gevraagd.",
        "This organisation takes part already, or has asked to.",
    ),
    (
        "outside_experiment",
        "Deze dag valt buiten het experiment of de deelname.",
        "This day lies outside the experiment or the participation.",
    ),
    (
        "before_experiment",
        "Deze dag ligt vóór het begin: {earliest}.",
        "This day lies before the beginning: {earliest}.",
    ),
    (
        "observed_already",
        "Deze waarneming is er al; corrigeer haar.",
        "This observation is there already; correct it.",
    ),
    (
        "observation_of_another",
        "Dit is niet van uw organisatie.",
        "This is not of your organisation.",
    ),
    (
        "owns_no_rules",
        "Deze organisatie is geen eigenaar van regels.",
        "This organisation owns no rules.",
    ),
    (
        "report_of_another",
        "Deze melding is niet van uw organisatie.",
        "This report is not of your organisation.",
    ),
    (
        "too_many_reports",
        "Niet meer dan 100 meldingen tegelijk.",
        "No more than 100 reports together.",
    ),
];
