use crate::{
    domain::{event::Event, report::Report},
    services::{Context, Error},
    store::db::Conn,
};
pub fn queue(
    _c: &mut Conn,
    _ctx: &Context,
    _e: &Event,
    _b: Option<&Report>,
    _a: &Report,
    _m: &[Report],
) -> Result<(), Error> {
    Ok(())
}
