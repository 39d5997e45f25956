//! Who calls. A handler gets its `Actor` from here or not at all.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use crate::audit;
use crate::domain::actor::{Actor, Scope};
use crate::http::limits;
use crate::http::problem::Failure;
use crate::services::{Context, Error};

/// The scopes of an operation: a token must hold one of them.
pub trait Needs: 'static {
    const ANY: &'static [Scope];
}

/// Signed in is enough.
pub struct SignedIn;
impl Needs for SignedIn {
    const ANY: &'static [Scope] = &[];
}

macro_rules! needs {
    ($($(#[$meta:meta])* $name:ident = $($scope:ident)|+;)+) => {
        $($(#[$meta])* pub struct $name;
        impl Needs for $name {
            const ANY: &'static [Scope] = &[$(Scope::$scope),+];
        })+
    };
}
needs! {
    /// `reports:read`
    ReadReports = ReportsRead;
    /// `reports:write`
    WriteReports = ReportsWrite;
    /// `reports:write` or `triage`: whoever may do something with a report.
    WorkOnReports = ReportsWrite | Triage;
    /// `triage`
    Triage = Triage;
    /// `statistics`
    ReadStatistics = Statistics;
    /// `reference:write`
    WriteReference = ReferenceWrite;
    /// `organisation:manage`
    ManageOrganisation = OrganisationManage;
    /// `admin`
    Administer = Admin;
}

/// The caller, with a token that holds one of the scopes of `N`.
pub struct Granted<N> {
    pub actor: Actor,
    // Private, so that only this file makes one.
    scope: PhantomData<N>,
}

/// The caller, whatever its scopes.
pub type Auth = Granted<SignedIn>;

/// Finds out who calls, counts the request as its, and leaves the `Actor` on the request for the handler.
pub async fn authenticate(request: &HttpRequest) -> Result<(), Failure> {
    let context = request
        .app_data::<web::Data<Context>>()
        .ok_or_else(|| Error::Internal("the API runs without its context".into()))?;
    let actor = context
        .callers
        .of(context, &bearer(request)?)
        .await
        .inspect_err(|error| {
            if let Error::Unauthenticated(code) = error {
                context.metrics.refused_token(code);
            }
        })?;
    audit::who(&*actor);
    tracing::Span::current().record("actor", tracing::field::display(actor.id));
    limits::by_principal(request, context, actor.id)?;
    request.extensions_mut().insert(actor);
    Ok(())
}

impl<N: Needs> FromRequest for Granted<N> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // None when the document forgot to say that the operation needs a token.
        let actor = request.extensions().get::<Arc<Actor>>().cloned();
        ready(match actor {
            None => Err(Error::Internal("an operation without its caller".into()).into()),
            Some(actor) if N::ANY.is_empty() || N::ANY.iter().any(|scope| actor.may(*scope)) => {
                Ok(Self {
                    actor: Arc::unwrap_or_clone(actor),
                    scope: PhantomData,
                })
            }
            Some(_) => Err(Error::Forbidden("insufficient_scope").into()),
        })
    }
}

/// The token of the `Authorization` header; never from the address.
fn bearer(request: &HttpRequest) -> Result<String, Failure> {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .ok_or(Error::Unauthenticated("token_missing"))?;
    let text = header
        .to_str()
        .map_err(|_| Error::Unauthenticated("token_malformed"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
            Ok(token.trim().to_owned())
        }
        _ => Err(Error::Unauthenticated("token_malformed").into()),
    }
}
