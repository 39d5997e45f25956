//! `meldpunt recount`: throws away the sums that figures are read from and makes them anew from the reports. It may run
//! beside the service: figures are low until it is done.

use crate::app;
use crate::cli::existing::refuse_missing;
use crate::cli::logging;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::services::counting;

/// Reports counted in one transaction: the more, the fewer sums are written twice.
const BATCH: i64 = 20_000;

pub fn run(settings: Settings) -> Result<(), String> {
    logging::start(&settings)?;
    settings.check()?;
    refuse_missing(&settings)?;
    let context = app::context(settings)?;
    let failed = |error| format!("counting failed: {error:?}");
    counting::forget(&context).map_err(failed)?;
    let mut counted = 0;
    loop {
        match counting::round(&context, BATCH).map_err(failed)? {
            0 => break,
            seen => counted += seen,
        }
    }
    say(&format!("{counted} reports counted"));
    Ok(())
}
