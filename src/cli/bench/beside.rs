//! Two databases, asked in turn: what the machine does besides changes from minute to minute, and so both meet the same.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

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
    fn start(
        run: Run,
        settings: &Settings,
        environment: &[(String, String)],
        folder: &Path,
        effort: Effort,
    ) -> Result<Self, String> {
        let plan = Plan {
            seed: run.seed,
            reports: run.reports,
        };
        let (_, world, accounts) = filled(settings, plan)?;
        let authority = world::authority(&world)?;
        let side = Self {
            run,
            server: Server::start(&["serve"], environment, folder)?,
            accounts,
            authority,
            asks: pages::reading(&world, plan, authority),
        };
        let works = side.works(effort);
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
    let effort = Effort {
        connections: bench.connections.into(),
        lasting: Duration::from_secs_f64(bench.seconds) / TURNS,
    };
    let start = |reports, settings: &Settings| {
        let plan = Plan {
            seed: bench.seed,
            reports,
        };
        let run = begun(bench, settings, plan)?;
        Side::start(run, settings, &environment(settings), folder, effort)
    };
    let mut sides = [
        start(bench.reports, settings)?,
        start(
            other.reports,
            &Settings {
                database_url: other.database_url.clone(),
                ..settings.clone()
            },
        )?,
    ];
    for nth in 0..sides[0].asks.len() {
        let work = &sides[0].asks[nth].work;
        if !bench.only.is_empty() && !bench.only.iter().any(|text| work.contains(text)) {
            continue;
        }
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
