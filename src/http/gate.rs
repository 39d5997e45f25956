//! Who comes in: before anything else of a request is looked at, its token is.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError};

use crate::http::access_log::Arrival;
use crate::http::{auth, openapi};

/// Middleware: whoever calls an operation that needs a token shows a good one before anything else of the request is looked
/// at, and stays within its limit. Which operations these are the document says.
pub async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let arrival = request.extensions().get::<Arrival>().cloned();
    let route = arrival
        .and_then(|arrival| arrival.route)
        .unwrap_or_default();
    if openapi::operation(request.method().as_str(), &route)
        .is_some_and(|operation| operation.secured)
        && let Err(failure) = auth::authenticate(request.request()).await
    {
        return Ok(request.into_response(failure.error_response()));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
