//! A year of reports from some forty municipalities, so that every figure has something to show: the same each time. What they
//! say stands in `year.json`, when and how it goes is drawn here; it is told as the rest of the past, and what is impossible
//! by then does not happen.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::demo::cast::{self, Place};
use crate::cli::demo::steps::{Step, What};

const YEAR: &str = include_str!("year.json");
const SEED: u64 = 2012;
const REPORTS: usize = 130;
/// The first day, days ago.
const FIRST: i64 = 360;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    #[expect(dead_code, reason = "for who reads the file")]
    note: String,
    themes: Vec<Theme>,
    question: String,
    answer: String,
    #[serde(rename = "return")]
    returned: String,
    route: String,
    withdraw: String,
    reopen: String,
    granted: String,
    denied: String,
    endorse: String,
    summary: String,
    outcomes: BTreeMap<String, String>,
}

/// An obstacle that several municipalities have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Theme {
    /// Abbreviation of the ministry that owns the rule.
    lead: String,
    weight: usize,
    title: String,
    description: String,
    effect: String,
    regulations: Value,
    domains: Vec<String>,
    outcomes: Vec<String>,
}

/// All steps, in the order of their days.
pub fn steps() -> Result<Vec<Step>, String> {
    let year: Year = serde_json::from_str(YEAR).map_err(|e| format!("the year is broken: {e}"))?;
    let places = cast::places();
    let mut rng = Rng::with_seed(SEED);
    let mut steps = Vec::new();
    // The earliest report of a theme, which others of it are merged into.
    let mut first: BTreeMap<usize, String> = BTreeMap::new();
    for number in 0..REPORTS {
        let day = -FIRST
            + i64::try_from(number).unwrap_or(0) * (FIRST - 2)
                / i64::try_from(REPORTS).unwrap_or(1);
        let theme = drawn(&mut rng, &year.themes);
        let name = format!("J{number:03}");
        let mut case = Case {
            rng: &mut rng,
            year: &year,
            theme: &year.themes[theme],
            places: &places,
            name: name.clone(),
            day,
            steps: Vec::new(),
        };
        case.go(first.get(&theme).cloned());
        steps.extend(case.steps);
        first.entry(theme).or_insert(name);
    }
    steps.retain(|step: &Step| step.day < 0);
    steps.sort_by_key(|step| step.day);
    Ok(steps)
}

/// One of the themes, by their weights.
fn drawn(rng: &mut Rng, themes: &[Theme]) -> usize {
    let mut at = rng.usize(..themes.iter().map(|theme| theme.weight).sum::<usize>());
    for (number, theme) in themes.iter().enumerate() {
        if at < theme.weight {
            return number;
        }
        at -= theme.weight;
    }
    0
}

/// How it goes with one report.
struct Case<'a> {
    rng: &'a mut Rng,
    year: &'a Year,
    theme: &'a Theme,
    places: &'a [Place],
    name: String,
    day: i64,
    steps: Vec<Step>,
}

impl Case<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    /// So many days go by, between two numbers.
    fn wait(&mut self, least: i64, most: i64) {
        self.day += self.rng.i64(least..=most);
    }

    fn step(&mut self, by: &str, what: What) {
        self.steps.push(Step {
            day: self.day,
            by: by.to_owned(),
            what,
        });
    }

    fn act(&mut self, by: &str, act: Value) {
        let of = self.name.clone();
        self.step(by, What::Act { of, act });
    }

    fn lead(&self) -> String {
        cast::liaison(&self.theme.lead)
    }

    fn go(&mut self, earlier: Option<String>) {
        let place = &self.places[self.rng.usize(..self.places.len())];
        let (code, reporter) = (place.code.clone(), cast::reporter(&place.name));
        let said = |text: &str| text.replace("{place}", &place.name);
        let with = json!({
            "title": said(&self.theme.title), "description": said(&self.theme.description), "effect": self.theme.effect,
            "regulations": self.theme.regulations, "domains": self.theme.domains, "municipalities": [code],
            "requested": ["change"],
        });
        let report = self.name.clone();
        self.step(&reporter, What::Report { report, with });
        let (desk, lead) = ("loket@bzk.example", self.lead());
        let route = json!({"action": "route", "lead": format!("@{}", self.theme.lead), "contributors": [], "explanation": self.year.route});
        // What no rule was sure of waits for the desk; what has a lead cannot be routed again, and is not.
        self.wait(0, 6);
        self.act(desk, route.clone());
        if earlier.is_some() && self.chance(12) {
            let merge = json!({"action": "merge", "mergeInto": format!("@{}", earlier.unwrap_or_default())});
            return self.act(desk, merge);
        }
        if self.chance(10) {
            self.wait(1, 6);
            self.act(
                &lead,
                json!({"action": "return", "reason": self.year.returned}),
            );
            self.wait(2, 9);
            self.act(desk, route);
        }
        let (least, most) = if self.chance(18) { (9, 20) } else { (1, 7) };
        self.wait(least, most);
        self.act(&lead, json!({"action": "accept"}));
        if self.chance(5) {
            self.wait(5, 20);
            return self.act(
                &reporter,
                json!({"action": "withdraw", "reason": self.year.withdraw}),
            );
        }
        self.published();
        if self.chance(25) {
            self.wait(2, 10);
            self.act(
                &lead,
                json!({"action": "request_information", "question": self.year.question}),
            );
            if self.chance(80) {
                self.wait(2, 13);
                self.act(
                    &reporter,
                    json!({"action": "provide_information", "answer": self.year.answer}),
                );
            } else {
                self.wait(16, 25);
                self.act(&lead, json!({"action": "continue_without_answer"}));
            }
        }
        if self.chance(15) {
            self.wait(30, 45);
            self.act(&lead, json!({"action": "extend", "reason": "Afstemming met andere ministeries kost tijd."}));
        }
        let (least, most) = if self.chance(20) { (55, 85) } else { (12, 45) };
        self.wait(least, most);
        self.decided(&reporter, &lead);
    }

    /// What everybody or government may read of it, and who says to have it too.
    fn published(&mut self) {
        if !self.chance(70) {
            return;
        }
        let begun = self.day;
        self.wait(2, 20);
        let audience = if self.chance(80) {
            "public"
        } else {
            "government"
        };
        let title = self
            .theme
            .title
            .replace(" in {place}", "")
            .replace("{place}", "de gemeente");
        let publish = json!({"action": "publish", "audience": audience, "title": title, "summary": self.year.summary});
        self.act("loket@bzk.example", publish);
        for _ in 0..self.rng.usize(..4) {
            self.wait(1, 25);
            let other = cast::reporter(&self.places[self.rng.usize(..self.places.len())].name);
            let (endorse, with) = (self.name.clone(), self.year.endorse.clone());
            self.step(&other, What::Endorse { endorse, with });
        }
        // The handling does not wait for it.
        self.day = begun;
    }

    fn decided(&mut self, reporter: &str, lead: &str) {
        let outcome = self.theme.outcomes[self.rng.usize(..self.theme.outcomes.len())].clone();
        let words = self
            .year
            .outcomes
            .get(&outcome)
            .cloned()
            .unwrap_or_default();
        self.act(
            lead,
            json!({"action": "take_position", "outcome": outcome, "publicExplanation": words}),
        );
        let mut settle =
            json!({"action": "settle", "outcome": outcome, "publicExplanation": words});
        let desk = "loket@bzk.example";
        let by = match outcome.as_str() {
            "practice_changed" | "regulation_amended" => {
                let kind = if outcome == "practice_changed" {
                    "changed_practice"
                } else {
                    settle["publication"] =
                        json!(format!("stcrt-2026-{}", 90_000 + self.rng.u32(..9_000)));
                    "amendment"
                };
                self.wait(2, 15);
                let target = format!("@{}", self.day + 150);
                let measure = json!({"kind": kind, "owner": "Directie Wetgeving en Uitvoering", "targetDate": target});
                self.act(
                    lead,
                    json!({"action": "start_implementation", "measure": measure}),
                );
                self.wait(50, 140);
                desk
            }
            "existing_room" => {
                settle["room"] = json!("De toelichting bij het genoemde artikel");
                self.wait(1, 9);
                lead
            }
            _ => {
                self.wait(1, 9);
                lead
            }
        };
        self.act(by, settle);
        if self.chance(60) {
            self.wait(1, 13);
            let verdict =
                ["solved", "solved", "solved", "partly", "partly", "not"][self.rng.usize(..6)];
            self.act(
                reporter,
                json!({"action": "give_feedback", "verdict": verdict}),
            );
        }
        if self.chance(10) {
            self.wait(5, 30);
            self.act(
                reporter,
                json!({"action": "request_reopening", "reason": self.year.reopen}),
            );
            self.wait(2, 9);
            let answer = if self.chance(50) {
                json!({"action": "grant_reopening", "reason": self.year.granted})
            } else {
                json!({"action": "deny_reopening", "reason": self.year.denied})
            };
            self.act(desk, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_is_the_same_each_time_and_spread_over_it() {
        let told = |steps: Vec<Step>| -> Vec<(i64, String)> {
            steps.into_iter().map(|step| (step.day, step.by)).collect()
        };
        let (one, other) = (told(steps().unwrap()), told(steps().unwrap()));
        assert_eq!(one, other);
        assert_eq!(cast::places().len(), 40);
        assert!(one.len() > REPORTS * 5, "{}", one.len());
        assert!(one.first().unwrap().0 == -FIRST && one.last().unwrap().0 >= -3);
    }
}
