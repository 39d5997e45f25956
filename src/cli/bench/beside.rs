//! Two databases, asked in turn: what the machine does besides changes from minute to minute, and so both meet the same.

use std::path::Path;
use std::str::FromStr;

use crate::cli::bench::figures::{Figure, Run};
use crate::cli::bench::load::Effort;
use crate::cli::bench::pages::{self, Ask};
use crate::cli::bench::plan::Plan;
use crate::cli::bench::server::Server;
use crate::cli::bench::works::Works;
use crate::cli::bench::world::{self, Accounts};
use crate::cli::bench::{Bench, begun, filled};
use crate::config::Settings;
use crate::domain::id::OrganisationId;

/// How many turns each takes at a work, within the seconds of it.
const TURNS: u32 = 5;

/// The other database, and of how many reports it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    reports: u32,
    database_url: String,
}

impl FromStr for Beside {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected REPORTS=URL, as 1000000=sqlite://million.db";
        let (reports, url) = text.split_once('=').ok_or(wrong)?;
        let reports = reports.parse().ok().filter(|reports| *reports >= 100);
        Ok(Self {
            reports: reports.ok_or(wrong)?,
            database_url: url.to_owned(),
        })
    }
}

/// One of the two: its server, and all that is asked of it.
struct Side {
    run: Run,
    server: Server,
    accounts: Accounts,
    authority: OrganisationId,
    asks: Vec<Ask>,
}

impl Side {
    /// Fills the database where it is not, and starts a server on it.
    fn start(
        bench: &Bench,
        plan: Plan,
        settings: &Settings,
        environment: &[(String, String)],
        folder: &Path,
    ) -> Result<Self, String> {
        let (_, world, accounts) = filled(settings, plan)?;
        let authority = world::authority(&world)?;
        let mut asks = pages::reading(&world, plan, authority);
        let asked_for = |ask: &Ask| bench.only.iter().any(|text| ask.work.contains(text));
        asks.retain(|ask| bench.only.is_empty() || asked_for(ask));
        if asks.is_empty() {
            return Err(format!(
                "no work has {} in its name",
                bench.only.join(" or ")
            ));
        }
        let side = Self {
            run: begun(bench, settings, plan)?,
            server: Server::start(&["serve"], environment, folder)?,
            accounts,
            authority,
            asks,
        };
        let works = side.works(bench.effort());
        works.take(plan)?;
        works.counted()?;
        Ok(side)
    }

    fn works(&self, effort: Effort) -> Works<'_> {
        Works {
            server: &self.server,
            effort,
            accounts: &self.accounts,
            authority: self.authority,
        }
    }
}

/// Asks both all that reads; of each work the turn in the middle is told.
///
/// # Errors
/// One sentence when a database or a server cannot be used.
pub fn measure(
    bench: &Bench,
    settings: &Settings,
    other: &Beside,
    environment: &dyn Fn(&Settings) -> Vec<(String, String)>,
    folder: &Path,
) -> Result<[Run; 2], String> {
    let start = |reports, settings: &Settings| {
        let plan = Plan {
            reports,
            ..bench.plan()
        };
        Side::start(bench, plan, settings, &environment(settings), folder)
    };
    let others = Settings {
        database_url: other.database_url.clone(),
        ..settings.clone()
    };
    let mut sides = [
        start(bench.reports, settings)?,
        start(other.reports, &others)?,
    ];
    let whole = bench.effort();
    let effort = Effort {
        lasting: whole.lasting / TURNS,
        ..whole
    };
    for nth in 0..sides[0].asks.len() {
        let mut turns = [Vec::new(), Vec::new()];
        for turn in 0..TURNS {
            // Neither always follows the other.
            let order = if turn % 2 == 0 { [0, 1] } else { [1, 0] };
            for which in order {
                let side = &sides[which];
                turns[which].push(side.works(effort).ask(&side.asks[nth])?);
            }
        }
        for (side, turns) in sides.iter_mut().zip(turns) {
            side.run.figures.push(Figure::middle(turns));
        }
    }
    Ok(sides.map(|side| side.run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_database_is_told_with_its_size() {
        let told: Beside = "1000000=postgres://a@b/c?sslmode=disable".parse().unwrap();
        assert_eq!(told.reports, 1_000_000);
        assert_eq!(told.database_url, "postgres://a@b/c?sslmode=disable");
        for wrong in ["sqlite://a.db", "99=sqlite://a.db", "many=sqlite://a.db"] {
            assert!(wrong.parse::<Beside>().is_err(), "{wrong}");
        }
    }
}
