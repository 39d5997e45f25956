//! What was measured, and how it is shown: a table, or one object. The table is Markdown, so that it can stand in a document.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One piece of work: what was asked, how often a second, how long it took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    pub work: String,
    pub per_second: f64,
    /// Milliseconds in which half of them were done; none where the tool does not tell.
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub done: u64,
    /// Answers other than 2xx, and connections that broke.
    pub failures: u64,
    /// The first of them, as far as it was told.
    pub first_failure: Option<String>,
    /// The work it is held against, and what part of that it reaches.
    pub limit: Option<String>,
    pub of_limit: Option<f64>,
    /// Most memory of the server during it, in MiB.
    pub memory_mib: Option<f64>,
}

impl Figure {
    /// Of the times that each took, in microseconds.
    pub fn of(work: &str, mut micros: Vec<u32>, elapsed: Duration) -> Self {
        micros.sort_unstable();
        Self {
            work: work.to_owned(),
            per_second: rate(micros.len(), elapsed),
            p50_ms: percentile(&micros, 50),
            p99_ms: percentile(&micros, 99),
            done: micros.len() as u64,
            ..Self::default()
        }
    }

    /// Of several turns at one work that with the p50 in the middle, with the failures of all.
    pub fn middle(mut turns: Vec<Figure>) -> Self {
        let failures = turns.iter().map(|turn| turn.failures).sum();
        let first_failure = turns.iter().find_map(|turn| turn.first_failure.clone());
        let time = |turn: &Figure| turn.p50_ms.unwrap_or(f64::INFINITY);
        turns.sort_by(|a, b| time(a).total_cmp(&time(b)));
        let middle = turns.len() / 2;
        let figure = turns.into_iter().nth(middle).unwrap_or_default();
        Self {
            failures,
            first_failure,
            ..figure
        }
    }

    /// Holds it against its limit.
    pub fn against(mut self, limit: Option<&Figure>) -> Self {
        if let Some(limit) = limit.filter(|limit| limit.per_second > 0.0) {
            self.limit = Some(limit.work.clone());
            self.of_limit = Some(self.per_second / limit.per_second);
        }
        self
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing is done so often")]
pub fn rate(done: usize, elapsed: Duration) -> f64 {
    if elapsed.is_zero() {
        return 0.0;
    }
    done as f64 / elapsed.as_secs_f64()
}

/// The time within which so many of a hundred were done, in milliseconds; of sorted microseconds.
fn percentile(sorted: &[u32], of_hundred: usize) -> Option<f64> {
    let rank = (sorted.len() * of_hundred).div_ceil(100);
    sorted
        .get(rank.checked_sub(1)?)
        .map(|micros| f64::from(*micros) / 1_000.0)
}

/// A whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub reports: u32,
    pub seed: u64,
    pub connections: usize,
    pub seconds: f64,
    pub cores: usize,
    /// Not when the database was filled before.
    pub fill_seconds: Option<f64>,
    pub start_ms: f64,
    pub memory_idle_mib: Option<f64>,
    pub memory_most_mib: Option<f64>,
    /// What could not be measured, and why.
    pub left_out: Vec<String>,
    pub figures: Vec<Figure>,
}

impl Run {
    /// How many answers were not as they should be.
    pub fn failures(&self) -> u64 {
        self.figures.iter().map(|figure| figure.failures).sum()
    }

    pub fn table(&self) -> String {
        let mut rows = vec![
            [
                "work",
                "per second",
                "p50 ms",
                "p99 ms",
                "of its limit",
                "memory MiB",
                "failures",
            ]
            .map(str::to_owned),
        ];
        rows.extend(self.figures.iter().map(|figure| {
            [
                figure.work.clone(),
                format!("{:.0}", figure.per_second),
                shown(figure.p50_ms, 2),
                shown(figure.p99_ms, 2),
                shown(figure.of_limit, 2),
                shown(figure.memory_mib, 0),
                figure.failures.to_string(),
            ]
        }));
        let mut text = format!(
            "meldpunt {} on {}, {} reports, {} connections, {} s each, {} cores\n\
             ready after {:.0} ms; memory idle {} MiB, at most {} MiB{}\n\n{}",
            self.version,
            self.database,
            self.reports,
            self.connections,
            self.seconds,
            self.cores,
            self.start_ms,
            shown(self.memory_idle_mib, 0),
            shown(self.memory_most_mib, 0),
            self.fill_seconds
                .map(|seconds| format!("; filled in {seconds:.0} s"))
                .unwrap_or_default(),
            layout(&rows),
        );
        for figure in self.figures.iter().filter(|figure| figure.failures > 0) {
            let first = figure.first_failure.as_deref().unwrap_or("?");
            text.push_str(&format!("\n{}: {first}", figure.work));
        }
        for why in &self.left_out {
            text.push_str(&format!("\nleft out: {why}"));
        }
        text
    }
}

fn shown(value: Option<f64>, decimals: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"))
}

/// Runs beside one another: the p50 of each work, and how often that of the first run it is.
///
/// # Errors
/// When a file holds no run.
pub fn compare(files: &[impl AsRef<Path>]) -> Result<String, String> {
    let runs: Vec<Run> = files
        .iter()
        .map(|file| {
            let file = file.as_ref();
            let text = std::fs::read_to_string(file)
                .map_err(|e| format!("cannot read {}: {e}", file.display()))?;
            serde_json::from_str(&text).map_err(|e| format!("{} holds no run: {e}", file.display()))
        })
        .collect::<Result<_, String>>()?;
    Ok(table_of(&runs))
}

/// The p50 of each work of these runs, and how often that of the first it is.
pub fn table_of(runs: &[Run]) -> String {
    layout(&compared(runs))
}

fn compared(runs: &[Run]) -> Vec<Vec<String>> {
    let Some((first, others)) = runs.split_first() else {
        return Vec::new();
    };
    let name = |run: &Run| format!("{} {}", run.database, run.reports);
    let mut head = vec!["p50 ms".to_owned(), name(first)];
    head.extend(others.iter().flat_map(|run| [name(run), "times".into()]));
    let mut rows = vec![head];
    let p50 = |run: &Run, work: &str| {
        let figure = run.figures.iter().find(|figure| figure.work == work);
        figure.and_then(|figure| figure.p50_ms)
    };
    for figure in &first.figures {
        let base = figure.p50_ms;
        let mut row = vec![figure.work.clone(), shown(base, 2)];
        for run in others {
            let value = p50(run, &figure.work);
            row.push(shown(value, 2));
            let times = value.zip(base).filter(|(_, base)| *base > 0.0);
            row.push(shown(times.map(|(value, base)| value / base), 2));
        }
        rows.push(row);
    }
    rows
}

/// Columns as wide as their longest cell; numbers to the right.
fn layout<R: AsRef<[String]>>(rows: &[R]) -> String {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &[String]| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if column == 0 {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            })
            .collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut lines: Vec<String> = rows.iter().map(|row| line(row.as_ref())).collect();
    if !lines.is_empty() {
        let rule: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| {
                let end = if column == 0 { '-' } else { ':' };
                format!("{}{end}", "-".repeat(width + 1))
            })
            .collect();
        lines.insert(1, format!("|{}|", rule.join("|")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_done() {
        let sorted: Vec<u32> = (1..=200).map(|n| n * 1_000).collect();
        assert_eq!(percentile(&sorted, 50), Some(100.0));
        assert_eq!(percentile(&sorted, 99), Some(198.0));
        assert_eq!(percentile(&[7_000], 50), Some(7.0));
        assert_eq!(percentile(&[7_000], 99), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
        let figure = Figure::of("x", vec![3_000, 1_000, 2_000], Duration::from_millis(500));
        assert_eq!((figure.per_second, figure.p50_ms), (6.0, Some(2.0)));
    }

    #[test]
    fn the_turn_in_the_middle_has_the_failures_of_all() {
        let turn = |p50_ms, failures| Figure {
            p50_ms,
            failures,
            first_failure: (failures > 0).then(|| format!("{failures} failed")),
            ..Figure::default()
        };
        let turns = vec![turn(Some(9.0), 1), turn(None, 2), turn(Some(3.0), 0)];
        let middle = Figure::middle(turns);
        assert_eq!((middle.p50_ms, middle.failures), (Some(9.0), 3));
        assert_eq!(middle.first_failure.as_deref(), Some("1 failed"));
        assert_eq!(Figure::middle(Vec::new()), Figure::default());
    }

    #[test]
    fn a_ratio_needs_a_limit() {
        let figure = |per_second| Figure {
            work: "x".into(),
            per_second,
            ..Figure::default()
        };
        assert_eq!(figure(3.0).against(Some(&figure(4.0))).of_limit, Some(0.75));
        assert_eq!(figure(3.0).against(Some(&figure(0.0))).of_limit, None);
        assert_eq!(figure(3.0).against(None).of_limit, None);
    }

    #[test]
    fn runs_are_held_against_the_first() {
        let run = |reports, p50| Run {
            database: "sqlite".into(),
            reports,
            figures: vec![
                Figure {
                    work: "read one".into(),
                    p50_ms: p50,
                    ..Figure::default()
                },
                Figure {
                    work: "mail".into(),
                    ..Figure::default()
                },
            ],
            ..Run::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = [run(10, Some(2.0)), run(1_000, Some(3.0))]
            .iter()
            .map(|run| {
                let path = folder.path().join(format!("{}.json", run.reports));
                std::fs::write(&path, serde_json::to_string(run).unwrap()).unwrap();
                path
            })
            .collect();
        assert_eq!(
            compare(&files).unwrap(),
            "| p50 ms   | sqlite 10 | sqlite 1000 | times |\n\
             |----------|----------:|------------:|------:|\n\
             | read one |      2.00 |        3.00 |  1.50 |\n\
             | mail     |         - |           - |     - |"
        );
        assert!(compare(&[folder.path().join("none.json")]).is_err());
    }
}
