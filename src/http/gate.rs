//! Who comes in: before anything else of a request is looked at, its token is.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};

use crate::http::access_log::Arrival;
use crate::http::{auth, openapi};
use crate::services::Context;

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
    let operation = openapi::operation(request.method().as_str(), &route);
    // Whatever changes something but reports may change what is known of callers, also when the caller goes away halfway.
    let context = request.app_data::<web::Data<Context>>();
    let _forgets = operation
        .filter(|operation| !request.method().is_safe() && !operation.is_about_reports())
        .and_then(|_| context.cloned())
        .map(Forgets);
    if operation.is_some_and(|operation| operation.secured)
        && let Err(failure) = auth::authenticate(request.request()).await
    {
        return Ok(request.into_response(failure.error_response()));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Forgets who called, once what may have changed them is done.
struct Forgets(web::Data<Context>);

impl Drop for Forgets {
    fn drop(&mut self) {
        self.0.callers.forget();
    }
}
