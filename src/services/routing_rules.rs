//! Routing rules, for whoever may read them.

use crate::domain::actor::Actor;
use crate::domain::policy;
use crate::domain::routing::Rule;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::listing::Listing;
use crate::store::routing_rules::{self, Filter};

/// A page of rules, each in its latest version, by number.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    listing: &Listing,
    filter: &Filter,
    after: Option<i32>,
) -> Result<Vec<Rule>, Error> {
    authorise(actor)?;
    Ok(routing_rules::list(conn, listing, filter, after)?)
}

/// One rule in its latest version.
pub fn get(conn: &mut Conn, actor: &Actor, number: i32) -> Result<Rule, Error> {
    authorise(actor)?;
    routing_rules::find(conn, number)?.ok_or(Error::NotFound)
}

fn authorise(actor: &Actor) -> Result<(), Error> {
    if policy::may_read_rules(actor) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}
