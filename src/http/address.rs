//! Where a request comes from: the one place that decides whose address counts. A header of a proxy is believed only when
//! the proxy is trusted; anybody else could write one.

use std::net::IpAddr;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{HeaderMap, USER_AGENT};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use std::future::{Ready, ready};

use crate::config::Settings;
use crate::http::problem::Failure;
use crate::http::program;
use crate::services::guard::Source;
use crate::services::{Context, Error};

/// The caller's address, left on each request before anything else looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Leaves the caller's address on a request.
pub fn put(request: &ServiceRequest) {
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else {
        return;
    };
    let context = request.app_data::<web::Data<Context>>();
    let address = context.map_or(peer, |ctx| {
        effective(peer, request.headers(), &ctx.settings)
    });
    request.extensions_mut().insert(ClientAddress(address));
}

/// The address that was left there.
pub fn of(request: &ServiceRequest) -> Option<IpAddr> {
    let address = request.extensions().get::<ClientAddress>().copied();
    address.map(|ClientAddress(address)| address)
}

/// A handler that must know where its caller is.
pub struct SentFrom(pub Source);

impl FromRequest for SentFrom {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = request.extensions().get::<ClientAddress>().copied();
        let program = request
            .headers()
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .and_then(program::describe);
        ready(match address {
            Some(ClientAddress(address)) => Ok(Self(Source { address, program })),
            None => Err(Error::Internal("a request without an address".into()).into()),
        })
    }
}

/// The address nearest to us that is not a trusted proxy's. Each proxy adds whom it heard from at the end, so the list is
/// read from there; what stands before the first stranger is what that stranger says.
fn effective(peer: IpAddr, headers: &HeaderMap, settings: &Settings) -> IpAddr {
    let trusted = |address: &IpAddr| {
        let address = address.to_canonical();
        settings
            .trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    };
    let mut nearest = peer.to_canonical();
    if !trusted(&nearest) {
        return nearest;
    }
    let hops: Vec<&str> = headers
        .get_all(settings.proxy_header.as_str())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.iter().rev() {
        let named = match settings.proxy_header.as_str() {
            "forwarded" => forwarded_for(hop),
            _ => hop,
        };
        // What is no address hides whatever comes before it.
        let Some(address) = parse(named) else { break };
        nearest = address;
        if !trusted(&nearest) {
            break;
        }
    }
    nearest
}

/// The `for` of one element of `Forwarded` (RFC 7239).
fn forwarded_for(element: &str) -> &str {
    element
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map_or("", |(_, value)| value)
}

/// An address with or without quotes, brackets and port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text
        .strip_prefix('[')
        .map_or(text, |rest| rest.split(']').next().unwrap_or_default());
    let address: Option<IpAddr> = bare.parse().ok();
    let with_port = || {
        text.rsplit_once(':')
            .and_then(|(host, _)| host.parse().ok())
    };
    address.or_else(with_port).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn seen(peer: &str, header: &str, values: &[&str]) -> String {
        let mut settings = Settings::defaults().unwrap();
        settings.trusted_proxies = ["10.0.0.0/8", "2001:db8::1/128"]
            .map(|network| network.parse().unwrap())
            .to_vec();
        settings.proxy_header = header.to_owned();
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                HeaderName::try_from(header).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        effective(peer.parse().unwrap(), &headers, &settings).to_string()
    }

    #[test]
    fn a_strangers_header_is_not_believed() {
        let told = &["192.0.2.9"];
        assert_eq!(seen("203.0.113.1", "x-forwarded-for", told), "203.0.113.1");
        assert_eq!(
            seen("203.0.113.1", "forwarded", &["for=192.0.2.9"]),
            "203.0.113.1"
        );
        assert_eq!(seen("10.0.0.1", "x-forwarded-for", told), "192.0.2.9");
    }

    #[test]
    fn the_nearest_that_is_no_proxy_counts_whatever_stands_before_it() {
        let xff = |values: &[&str]| seen("10.0.0.1", "x-forwarded-for", values);
        assert_eq!(xff(&[]), "10.0.0.1");
        assert_eq!(xff(&["127.0.0.1, 192.0.2.9, 10.1.2.3"]), "192.0.2.9");
        assert_eq!(xff(&["127.0.0.1", "192.0.2.9", "10.1.2.3"]), "192.0.2.9");
        assert_eq!(xff(&["192.0.2.9:4711"]), "192.0.2.9");
        assert_eq!(xff(&["::ffff:192.0.2.9"]), "192.0.2.9");
        assert_eq!(xff(&["192.0.2.9, unknown, 10.1.2.3"]), "10.1.2.3");
        assert_eq!(xff(&["10.3.0.1, 10.2.0.1"]), "10.3.0.1");
    }

    #[test]
    fn forwarded_is_read_as_its_standard_says() {
        let forwarded = |value: &str| seen("2001:db8::1", "forwarded", &[value]);
        assert_eq!(
            forwarded("for=192.0.2.9;proto=https;by=10.0.0.1"),
            "192.0.2.9"
        );
        assert_eq!(forwarded("For=\"[2001:db8:7::9]:4711\""), "2001:db8:7::9");
        assert_eq!(forwarded("for=203.0.113.5, for=10.1.1.1"), "203.0.113.5");
        assert_eq!(forwarded("for=_hidden"), "2001:db8::1");
        assert_eq!(forwarded("proto=https"), "2001:db8::1");
    }
}
