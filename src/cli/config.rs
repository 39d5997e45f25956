//! `meldpunt config`: every setting with its value and where that came from. The text of docs/configuration.md is made here
//! too, so that it cannot say anything else.

use std::fmt::Write;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};

use crate::cli::serve::say;
use crate::config::{SECRETS, Settings};

/// What to show.
#[derive(Debug, Args)]
pub struct Config {
    #[command(flatten)]
    pub settings: Settings,

    /// Print the page of the documentation instead, without values.
    #[arg(long)]
    markdown: bool,
}

pub fn run(config: &Config, matches: &ArgMatches) -> Result<(), String> {
    if config.markdown {
        say(markdown().trim_end());
        return Ok(());
    }
    say(&table(matches));
    config.settings.check()
}

/// One setting, as the command line knows it.
struct Setting {
    id: String,
    environment: String,
    flag: String,
    default: String,
    help: String,
}

fn settings() -> Vec<Setting> {
    let command = Settings::augment_args(Command::new("settings"));
    command.get_arguments().map(setting).collect()
}

fn setting(arg: &Arg) -> Setting {
    let default: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    // The help of a command line has no full stop.
    if !help.ends_with('.') {
        help.push('.');
    }
    Setting {
        id: arg.get_id().to_string(),
        environment: arg
            .get_env()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        flag: arg
            .get_long()
            .map(|flag| format!("--{flag}"))
            .unwrap_or_default(),
        default: default.join(","),
        help,
    }
}

fn table(matches: &ArgMatches) -> String {
    let heads = [
        "SETTING",
        "VALUE",
        "SOURCE",
        "DEFAULT",
        "ENVIRONMENT",
        "FLAG",
    ];
    let mut rows = vec![heads.map(str::to_owned)];
    let mut helps = vec![String::new()];
    let shown = |value: String| {
        if value.is_empty() {
            "-".to_owned()
        } else {
            value
        }
    };
    for setting in settings() {
        let source = match matches.value_source(&setting.id) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        let values = matches.get_raw(&setting.id).into_iter().flatten();
        let value: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        rows.push([
            setting.id.clone(),
            shown(masked(&setting.id, &value.join(","))),
            source.to_owned(),
            shown(setting.default),
            setting.environment,
            setting.flag,
        ]);
        helps.push(setting.help);
    }
    layout(&rows, &helps)
}

/// Columns as wide as their longest cell; what a setting means stands below it.
fn layout(rows: &[[String; 6]], helps: &[String]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let mut text = String::new();
    for (row, help) in rows.iter().zip(helps) {
        let line: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<0$}", width(column)))
            .collect();
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
        if !help.is_empty() {
            let _ = writeln!(text, "    {help}");
        }
    }
    text.trim_end().to_owned()
}

/// A value without what is secret in it.
fn masked(id: &str, value: &str) -> String {
    const HIDDEN: &str = "********";
    // The name of a file with a secret is none.
    if !SECRETS.contains(&id) || value.is_empty() || value.starts_with('@') {
        return value.to_owned();
    }
    let Some((scheme, rest)) = value.split_once("://") else {
        return HIDDEN.to_owned();
    };
    // A query can name a password too.
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, format!("?{HIDDEN}")),
        None => (rest, String::new()),
    };
    match rest.rsplit_once('@') {
        None => format!("{scheme}://{rest}{query}"),
        Some((user, place)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{HIDDEN}@{place}{query}")
        }
    }
}

/// The text of docs/configuration.md.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Every setting is an environment variable and a flag of `meldpunt serve`, `migrate`, `admin` and `config`; the flag goes \
         first. `meldpunt config` shows each with the value in force and where that comes from, secrets masked. \
         A secret can stand in a file: the value is then `@` and its path. A setting that cannot be right stops the start with one line. `meldpunt demo` takes none but `MELDPUNT_LISTEN`.\n\n\
         This page is made by `meldpunt config --markdown` from `src/config.rs`; a test compares.\n\n\
         | environment | flag | default | meaning |\n| --- | --- | --- | --- |\n",
    );
    // A setting of a feature is not in every build; docs/operations.md has it.
    for setting in settings()
        .into_iter()
        .filter(|one| one.id != "otlp_endpoint")
    {
        let default = if setting.default.is_empty() {
            "none".to_owned()
        } else {
            format!("`{}`", setting.default)
        };
        let help = setting.help.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {default} | {help} |",
            setting.environment, setting.flag
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_current() {
        assert_eq!(
            include_str!("../../docs/configuration.md"),
            markdown(),
            "make it anew: cargo run -q -- documents"
        );
    }

    #[test]
    fn every_setting_is_complete() {
        for setting in settings() {
            assert!(
                !setting.environment.is_empty() && !setting.flag.is_empty(),
                "{}",
                setting.id
            );
            assert!(setting.help.len() > 5, "{} has no help", setting.id);
        }
        for secret in SECRETS {
            assert!(
                settings().iter().any(|setting| setting.id == *secret),
                "{secret}"
            );
        }
    }

    #[test]
    fn secrets_are_masked() {
        for (id, value, shown) in [
            (
                "database_url",
                "postgres://meld:geheim@db/x",
                "postgres://meld:********@db/x",
            ),
            (
                "database_url",
                "postgres://db/x?user=a&password=geheim",
                "postgres://db/x?********",
            ),
            ("database_url", "sqlite://a/b.db", "sqlite://a/b.db"),
            (
                "mail",
                "smtp://u:ge@heim@mail:587",
                "smtp://u:********@mail:587",
            ),
            ("mail", "geheim", "********"),
            ("seal_key", "geheim", "********"),
            ("seal_key", "", ""),
            (
                "seal_key",
                "@/run/secrets/seal-key",
                "@/run/secrets/seal-key",
            ),
            ("listen", "127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(masked(id, value), shown);
        }
    }
}
