//! Requests are limited, by address and by who asks, and each response says how much is left: `RateLimit-Policy` and
//! `RateLimit` as draft-ietf-httpapi-ratelimit-headers (11) has them. The counts are this node's own.

use std::fmt::Write;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, ResponseError, web};

use crate::domain::id::PrincipalId;
use crate::http::address::ClientAddress;
use crate::http::problem::Failure;
use crate::services::throttle::Left;
use crate::services::{Context, Error, guard};

/// How the limits of a request stand, by the name of their policy.
#[derive(Default)]
struct Standings(Vec<(&'static str, Left)>);

/// Middleware: one from this address. Health is asked by whatever keeps the service running, and is not counted.
pub async fn limits(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = match by_address(&request) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(failure) => request.into_response(failure.error_response()),
    };
    let standings = response.request().extensions_mut().remove::<Standings>();
    if let Some(Standings(standings)) = standings {
        for (name, text) in [
            ("ratelimit-policy", policies(&standings)),
            ("ratelimit", left(&standings)),
        ] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                let name = HeaderName::from_static(name);
                response.headers_mut().insert(name, value);
            }
        }
    }
    Ok(response)
}

fn by_address(request: &ServiceRequest) -> Result<(), Failure> {
    let address = request.extensions().get::<ClientAddress>().copied();
    let (Some(ClientAddress(address)), Some(context)) =
        (address, request.app_data::<web::Data<Context>>())
    else {
        return Ok(());
    };
    let Some(buckets) = context.limits.addresses.as_ref() else {
        return Ok(());
    };
    if request.path().starts_with("/health/") {
        return Ok(());
    }
    let taken = buckets.take(guard::network(address), Instant::now());
    note(
        request.request(),
        "address",
        context.settings.rate_address,
        taken,
    )
}

/// One of whoever asks, once that is known.
pub fn by_principal(
    request: &HttpRequest,
    context: &Context,
    id: PrincipalId,
) -> Result<(), Failure> {
    let Some(buckets) = context.limits.principals.as_ref() else {
        return Ok(());
    };
    let taken = buckets.take(id, Instant::now());
    note(request, "principal", context.settings.rate_principal, taken)
}

fn note(
    request: &HttpRequest,
    policy: &'static str,
    limit: u32,
    taken: Result<Left, Duration>,
) -> Result<(), Failure> {
    let left = taken.unwrap_or_else(|wait| Left {
        limit,
        remaining: 0,
        reset: wait,
    });
    let mut extensions = request.extensions_mut();
    if !extensions.contains::<Standings>() {
        extensions.insert(Standings::default());
    }
    if let Some(Standings(standings)) = extensions.get_mut() {
        standings.push((policy, left));
    }
    match taken {
        Ok(_) => Ok(()),
        Err(wait) => Err(Error::TooMany {
            code: "too_many_requests",
            wait,
        }
        .into()),
    }
}

fn policies(standings: &[(&'static str, Left)]) -> String {
    list(standings, |text, left| {
        write!(text, "q={};w=60", left.limit)
    })
}

fn left(standings: &[(&'static str, Left)]) -> String {
    list(standings, |text, left| {
        let seconds = left.reset.as_millis().div_ceil(1000);
        write!(text, "r={};t={seconds}", left.remaining)
    })
}

/// A list of structured fields (RFC 9651): `"address";q=3000;w=60, "principal";…`.
fn list(
    standings: &[(&'static str, Left)],
    parameters: impl Fn(&mut String, &Left) -> std::fmt::Result,
) -> String {
    let mut text = String::new();
    for (policy, left) in standings {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}\"{policy}\";");
        let _ = parameters(&mut text, left);
    }
    text
}
