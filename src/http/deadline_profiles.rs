//! Deadline profiles (termijnprofielen): what the service promises, and for which reports.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::deadline::Term;
use crate::domain::deadline_profile::{DeadlineProfile, ProfileRef, Terms};
use crate::domain::invalid::FieldError;
use crate::http::auth::{Auth, Granted, WriteReference};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag, tagged, with_etag};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reference::is_code;
use crate::services::deadline_profiles::{self, NewProfile, ProfileChange};
use crate::services::idempotency::{Answer, once};
use crate::services::{Context, Error};
use crate::store;
use crate::store::db::Conn;

/// Which version of which profile (Dutch: termijnprofiel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadlineProfileReference, example = json!({"code": "standard", "version": 2}))]
pub struct ProfileRefView {
    /// Code (code).
    code: String,
    /// Version (versie).
    version: i32,
}

impl From<ProfileRef> for ProfileRefView {
    fn from(reference: ProfileRef) -> Self {
        Self {
            code: reference.code,
            version: reference.version,
        }
    }
}

/// A deadline profile (Dutch: termijnprofiel). A clock keeps the version it started with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadlineProfile)]
pub struct DeadlineProfileView {
    /// Code (code).
    #[schema(example = "standard")]
    code: String,
    /// Version, for If-Match; a change makes a new one (versie).
    version: i32,
    /// Name in Dutch (naam).
    #[schema(example = "Standaard")]
    label: String,
    /// Name in English (Engelse naam).
    #[schema(example = "Standard")]
    label_en: String,
    /// What is promised (termijnen).
    terms: TermsView,
    /// Why it is so, or why it was changed (reden).
    reason: String,
    /// When this version was made (gemaakt op).
    made_at: DateTime<Utc>,
}

/// What a profile promises (Dutch: termijnen). Terms are ISO 8601 durations of days, weeks or months.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadlineTerms)]
pub struct TermsView {
    /// Until the desk's first action (reactie van het loket).
    #[schema(example = "P7D")]
    desk_reply: String,
    /// Until it is routed, from the first submission (doorzetten).
    #[schema(example = "P30D")]
    routing: String,
    /// Until the lead accepts or returns it (in behandeling nemen).
    #[schema(example = "P7D")]
    acceptance: String,
    /// Until the position, from acceptance (standpunt).
    #[schema(example = "P8W")]
    position: String,
    /// The same when it was extended, which happens once, from acceptance too (standpunt na verdaging).
    #[schema(example = "P10W")]
    extended_position: String,
    /// Until the reporter answers a question (antwoord).
    #[schema(example = "P14D")]
    answer: String,
    /// Until the next progress update (bericht over de voortgang).
    #[schema(example = "P26W")]
    implementation_update: String,
    /// Until the reporter says what it thinks of the outcome (terugkoppeling).
    #[schema(example = "P14D")]
    feedback: String,
    /// Share of a term after which it nears its end, in percent (bijna verlopen vanaf).
    nearing_percent: u32,
    /// Days after the due date at which the coordinator is called in (escaleren na).
    escalate_after_days: u32,
    /// Days that a decree equates with holidays, beside those of the act (gelijkgestelde dagen).
    equated_days: Vec<NaiveDate>,
}

/// A profile to add (Dutch: nieuw termijnprofiel). Terms that are left out are those of the service's own standard.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"code": "spoed", "label": "Spoed", "labelEn": "Urgent", "terms": {"position": "P4W", "extendedPosition": "P6W"}, "reason": "Voor meldingen waarbij een voorziening binnen een half jaar verdwijnt."}))]
pub struct DeadlineProfileRequest {
    /// Code (code).
    #[schema(min_length = 2, max_length = 60, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    code: String,
    /// Name in Dutch (naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    label: String,
    /// Name in English (Engelse naam).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    label_en: String,
    /// What is promised (termijnen).
    #[schema(nullable = false)]
    terms: Option<TermsChange>,
    /// Why there is such a profile (reden).
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    reason: String,
}

/// Changes to a profile (Dutch: wijziging): they make a new version. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"terms": {"position": "P6W"}, "reason": "Afgesproken met de ministeries."}))]
pub struct DeadlineProfileChange {
    /// Name in Dutch (naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    label: Option<String>,
    /// Name in English (Engelse naam).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    label_en: Option<String>,
    /// What is promised from now on (termijnen).
    #[schema(nullable = false)]
    terms: Option<TermsChange>,
    /// Why (reden).
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    reason: String,
}

/// Terms that change (Dutch: termijnen): ISO 8601 durations of days, weeks or months, of a day to two years.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeadlineTermsChange, example = json!({"position": "P6W", "extendedPosition": "P8W"}))]
pub struct TermsChange {
    /// Until the desk's first action (reactie van het loket).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    desk_reply: Option<String>,
    /// Until it is routed (doorzetten).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    routing: Option<String>,
    /// Until the lead accepts or returns it (in behandeling nemen).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    acceptance: Option<String>,
    /// Until the position (standpunt).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    position: Option<String>,
    /// The same when extended: longer than the position (standpunt na verdaging).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    extended_position: Option<String>,
    /// Until the reporter answers (antwoord).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    answer: Option<String>,
    /// Until the next progress update (bericht over de voortgang).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    implementation_update: Option<String>,
    /// Until the reporter's feedback (terugkoppeling).
    #[schema(max_length = 8, pattern = "^P[0-9]{1,4}[DWM]$", nullable = false)]
    feedback: Option<String>,
    /// Share of a term after which it nears its end, in percent (bijna verlopen vanaf).
    #[schema(minimum = 1, maximum = 100, nullable = false)]
    nearing_percent: Option<u32>,
    /// Days after the due date at which the coordinator is called in (escaleren na).
    #[schema(minimum = 1, maximum = 365, nullable = false)]
    escalate_after_days: Option<u32>,
    /// Days that a decree equates with holidays, all of them (gelijkgestelde dagen).
    #[schema(max_items = 100, nullable = false)]
    equated_days: Option<Vec<NaiveDate>>,
}

/// Which version to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfileVersion {
    /// An earlier version; the latest, unless said (versie).
    #[param(minimum = 1, nullable = false)]
    version: Option<i32>,
}

/// Pages of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfilePage {
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl From<DeadlineProfile> for DeadlineProfileView {
    fn from(profile: DeadlineProfile) -> Self {
        let terms = profile.terms;
        Self {
            code: profile.code,
            version: profile.version,
            label: profile.label,
            label_en: profile.label_en,
            terms: TermsView {
                desk_reply: terms.desk_reply.to_string(),
                routing: terms.routing.to_string(),
                acceptance: terms.acceptance.to_string(),
                position: terms.position.to_string(),
                extended_position: terms.extended_position.to_string(),
                answer: terms.answer.to_string(),
                implementation_update: terms.implementation_update.to_string(),
                feedback: terms.feedback.to_string(),
                nearing_percent: terms.nearing_percent,
                escalate_after_days: terms.escalate_after_days,
                equated_days: terms.equated_days,
            },
            reason: profile.reason,
            made_at: profile.made_at,
        }
    }
}

impl TermsChange {
    /// The terms with what was given in the place of what was.
    fn apply(self, mut terms: Terms) -> Result<Terms, Error> {
        let mut faults = Vec::new();
        let mut put = |slot: &mut Term, text: Option<String>, field: &str| match text
            .map(|text| text.parse::<Term>())
        {
            Some(Ok(term)) => *slot = term,
            Some(Err(())) => {
                faults.push(FieldError::new(format!("/terms/{field}"), "term_malformed"))
            }
            None => {}
        };
        put(&mut terms.desk_reply, self.desk_reply, "deskReply");
        put(&mut terms.routing, self.routing, "routing");
        put(&mut terms.acceptance, self.acceptance, "acceptance");
        put(&mut terms.position, self.position, "position");
        put(
            &mut terms.extended_position,
            self.extended_position,
            "extendedPosition",
        );
        put(&mut terms.answer, self.answer, "answer");
        put(
            &mut terms.implementation_update,
            self.implementation_update,
            "implementationUpdate",
        );
        put(&mut terms.feedback, self.feedback, "feedback");
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if let Some(percent) = self.nearing_percent {
            terms.nearing_percent = percent;
        }
        if let Some(days) = self.escalate_after_days {
            terms.escalate_after_days = days;
        }
        if let Some(mut days) = self.equated_days {
            days.sort_unstable();
            days.dedup();
            terms.equated_days = days;
        }
        Ok(terms)
    }
}

/// List deadline profiles
///
/// The deadline profiles (termijnprofielen) as they are now, by code.
#[utoipa::path(
    tag = "reference",
    params(ProfilePage),
    responses((status = 200, description = "A page (pagina)", body = Page<DeadlineProfileView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/deadline-profiles")]
pub async fn list_deadline_profiles(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    Query(query): Query<ProfilePage>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<String> = paging::decode(query.cursor.as_deref())?;
    let rows = ctx
        .db
        .read(move |conn| {
            let found = store::deadline_profiles::list(conn, after.as_deref(), limit + 1)?;
            Ok::<_, Error>(found)
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |profile| profile.code.clone());
    let items = rows.into_iter().map(DeadlineProfileView::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Read a deadline profile
///
/// One deadline profile (termijnprofiel): the latest version, or an earlier one.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the profile (termijnprofiel)", example = "standard"), ProfileVersion),
    responses(
        (status = 200, description = "The profile (termijnprofiel)", body = DeadlineProfileView, headers(("ETag" = String, description = "Version of the profile (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = [])),
)]
#[get("/deadline-profiles/{code}")]
pub async fn get_deadline_profile(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    code: web::Path<String>,
    Query(query): Query<ProfileVersion>,
) -> Result<HttpResponse, Failure> {
    let code = known(&code)?;
    let read = move |conn: &mut Conn| deadline_profiles::get(conn, &code, query.version);
    let (tag, view) = written(ctx.db.read(read).await?)?;
    Ok(tagged(&request, &tag, &view))
}

/// List the versions of a deadline profile
///
/// Every version of a deadline profile (versies van een termijnprofiel), the latest first, with why it was made.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the profile (termijnprofiel)", example = "standard"), ProfilePage),
    responses((status = 200, description = "A page (pagina)", body = Page<DeadlineProfileView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = [])),
)]
#[get("/deadline-profiles/{code}/versions")]
pub async fn list_deadline_profile_versions(
    ctx: web::Data<Context>,
    _: Auth,
    request: HttpRequest,
    code: web::Path<String>,
    Query(query): Query<ProfilePage>,
) -> Result<HttpResponse, Failure> {
    let code = known(&code)?;
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<i32> = paging::decode(query.cursor.as_deref())?;
    let rows = ctx
        .db
        .read(move |conn| {
            let found = store::deadline_profiles::versions(conn, &code, before, limit + 1)?;
            if found.is_empty() && before.is_none() {
                return Err(Error::NotFound);
            }
            Ok(found)
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |profile| profile.version);
    let items = rows.into_iter().map(DeadlineProfileView::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Add a deadline profile
///
/// Makes a deadline profile (termijnprofiel toevoegen), for coordinators. A report runs by it once a coordinator chooses it
/// for that report.
#[utoipa::path(
    tag = "reference",
    params(IdempotencyKeyHeader),
    request_body(content = DeadlineProfileRequest, description = "The profile (termijnprofiel)"),
    responses((status = 201, description = "Added (toegevoegd)", body = DeadlineProfileView, headers(
        ("Location" = String, description = "Address of the profile (adres)"),
        ("ETag" = String, description = "Version of the profile (versie)"),
    ))),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/deadline-profiles")]
pub async fn add_deadline_profile(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    key: IdempotencyKey,
    body: Body<DeadlineProfileRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let now = ctx.clock.now();
    let wanted = body.value;
    let new = NewProfile {
        code: wanted.code,
        label: wanted.label,
        label_en: wanted.label_en,
        terms: wanted.terms.unwrap_or_default().apply(Terms::default())?,
        reason: wanted.reason.trim().to_owned(),
    };
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let profile = deadline_profiles::create(conn, &actor, new, now)?;
                let location = format!("/v1/deadline-profiles/{}", profile.code);
                let (tag, view) = written(profile)?;
                Ok(Answer {
                    status: 201,
                    headers: vec![(LOCATION.to_string(), location), (ETAG.to_string(), tag)],
                    body: json(&view)?,
                    replayed: false,
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Change a deadline profile
///
/// Makes a new version of a deadline profile (termijnprofiel wijzigen), for coordinators. Running clocks keep the version
/// they started with, unless they are moved on purpose: the action `change_deadline_profile` on their report.
#[utoipa::path(
    tag = "reference",
    params(("code" = String, Path, description = "Code of the profile (termijnprofiel)", example = "standard"), IfMatchHeader),
    request_body(content = DeadlineProfileChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The profile as it now is (termijnprofiel)", body = DeadlineProfileView, headers(("ETag" = String, description = "Version of the profile (versie)")))),
    security(("oauth2" = ["reference:write"])),
)]
#[patch("/deadline-profiles/{code}")]
pub async fn change_deadline_profile(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    IfMatch(seen): IfMatch,
    code: web::Path<String>,
    body: Body<DeadlineProfileChange>,
) -> Result<HttpResponse, Failure> {
    let code = known(&code)?;
    let now = ctx.clock.now();
    let wanted = body.value;
    let profile = ctx
        .db
        .write(move |conn| {
            let before = deadline_profiles::get(conn, &code, None)?;
            let terms = wanted.terms.map(|change| change.apply(before.terms));
            let change = ProfileChange {
                label: wanted.label,
                label_en: wanted.label_en,
                terms: terms.transpose()?,
                reason: wanted.reason.trim().to_owned(),
            };
            deadline_profiles::change(conn, &actor, &code, seen, change, now)
        })
        .await?;
    let (tag, view) = written(profile)?;
    Ok(with_etag(HttpResponse::Ok(), &tag).json(view))
}

/// The code in a path; what is no code names nothing.
fn known(path: &str) -> Result<String, Error> {
    if is_code(path) {
        Ok(path.to_lowercase())
    } else {
        Err(Error::NotFound)
    }
}

fn written(profile: DeadlineProfile) -> Result<(String, DeadlineProfileView), Error> {
    let version = profile.version;
    let view = DeadlineProfileView::from(profile);
    Ok((etag(version, json(&view)?), view))
}

fn json(view: &DeadlineProfileView) -> Result<String, Error> {
    serde_json::to_string(view).map_err(|e| Error::Internal(e.to_string()))
}
