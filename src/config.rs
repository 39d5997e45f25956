//! The settings: one field each, with its doc comment, flag, environment variable and default. `meldpunt config` and the
//! documents read them from here.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches};
use ipnet::IpNet;

/// Everything an operator can set.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// The database: `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME` (15 or newer).
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite://meldpunt-data/meldpunt.db",
        hide_env_values = true,
        value_parser = secret
    )]
    pub database_url: String,

    /// Address and port to listen on.
    #[arg(long, env = "MELDPUNT_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// The address people and clients reach the service at; links in mail are built from it and tokens carry it as issuer.
    #[arg(long, env = "PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,

    /// The https address that the OpenAPI document names as its server; `PUBLIC_URL` when that is https.
    #[arg(
        long,
        env = "MELDPUNT_API_URL",
        default_value = "https://meldpunt.example/v1"
    )]
    pub api_url: String,

    /// How mail leaves: `smtp://USER:PASSWORD@HOST:PORT` (STARTTLS), `smtps://…` (TLS), `smtp+plain://HOST:PORT`
    /// (unencrypted, for a relay on the same machine), or `file://FOLDER` (a file a message).
    #[arg(
        long,
        env = "MELDPUNT_MAIL",
        default_value = "file://meldpunt-data/mail",
        hide_env_values = true,
        value_parser = secret
    )]
    pub mail: String,

    /// Sender of all mail.
    #[arg(
        long,
        env = "MELDPUNT_MAIL_FROM",
        default_value = "Meldpunt Knellende Regelgeving <meldpunt@localhost>"
    )]
    pub mail_from: String,

    /// A file with certificates (PEM) to trust for mail beside the system's.
    #[arg(long, env = "MELDPUNT_MAIL_CA")]
    pub mail_ca: Option<PathBuf>,

    /// Longest wait for one answer of the mail server, in seconds. Ten times as long a node keeps the notices it took for
    /// sending; when it dies, another sends them after that.
    #[arg(long, env = "MELDPUNT_MAIL_TIMEOUT_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub mail_timeout_seconds: u32,

    /// Leave mail and tidying to other nodes: `serve` then answers the API alone. One node at least must do them, this
    /// one without it or `meldpunt worker`.
    #[arg(long, env = "MELDPUNT_NO_WORKER")]
    pub no_worker: bool,

    /// Where the bytes of attachments lie: `file://FOLDER`, or `s3://BUCKET/PREFIX` in a build with the feature `s3`. Nodes
    /// that share a database share this too.
    #[arg(
        long,
        env = "MELDPUNT_ATTACHMENTS",
        default_value = "file://meldpunt-data/attachments"
    )]
    pub attachments: String,

    /// Largest attachment, in bytes.
    #[arg(long, env = "MELDPUNT_ATTACHMENT_LIMIT", default_value_t = 20_971_520, value_parser = clap::value_parser!(u64).range(1..=1_073_741_824))]
    pub attachment_limit: u64,

    /// Most attachments of one report, those that were deleted not counted.
    #[arg(long, env = "MELDPUNT_ATTACHMENTS_PER_REPORT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub attachments_per_report: u32,

    /// Address of the S3-compatible store, as `https://s3.example`; without it Amazon's.
    #[arg(long, env = "MELDPUNT_S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,

    /// Region of the bucket.
    #[arg(long, env = "MELDPUNT_S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,

    /// Access key of the store: `ID:SECRET`. Without it what the machine has been given is asked for, as at Amazon.
    #[arg(long, env = "MELDPUNT_S3_KEY", hide_env_values = true, value_parser = secret)]
    pub s3_key: Option<String>,

    /// Key that seals the signing keys in the database: 32 bytes in base64; with several, separated by commas, the first seals
    /// and all open. Without it one is made in a file beside the
    /// SQLite database, readable by its owner alone; PostgreSQL needs it set.
    #[arg(long, env = "MELDPUNT_SEAL_KEY", hide_env_values = true, value_parser = secret)]
    pub seal_key: Option<String>,

    /// Leave the schema to `meldpunt migrate`: a start refuses one that is behind, and the role in `DATABASE_URL` needs no
    /// right to change it.
    #[arg(long, env = "MELDPUNT_NO_MIGRATE")]
    pub no_migrate: bool,

    /// Where a weakness is reported, for `/.well-known/security.txt`: `mailto:` or `https:` addresses, the preferred first.
    #[arg(long, env = "MELDPUNT_SECURITY_CONTACT", value_delimiter = ',')]
    pub security_contact: Vec<String>,

    /// Address of the policy for reporting weaknesses, for the same file.
    #[arg(long, env = "MELDPUNT_SECURITY_POLICY")]
    pub security_policy: Option<String>,

    /// Connections to the database.
    #[arg(long, env = "MELDPUNT_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub database_connections: u32,

    /// Threads that take requests.
    #[arg(long, env = "MELDPUNT_WORKERS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,

    /// Largest request body, in bytes.
    #[arg(long, env = "MELDPUNT_BODY_LIMIT", default_value_t = 262_144)]
    pub body_limit: usize,

    /// Requests a minute that a node takes from one address (of IPv6 one /64), health checks not counted; 0 for no limit.
    #[arg(long, env = "MELDPUNT_RATE_ADDRESS", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    pub rate_address: u32,

    /// Requests a minute that a node takes of one person or API client; 0 for no limit.
    #[arg(long, env = "MELDPUNT_RATE_PRINCIPAL", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    pub rate_principal: u32,

    /// Failed sign-ins of one account from one address that a node takes before it slows them to one a minute. Ten times as
    /// many from one address, and twenty times as many of one account from addresses it never signed in from. 0 for no limit.
    #[arg(long, env = "MELDPUNT_SIGN_IN_FAILURES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub sign_in_failures: u32,

    /// Addresses or networks (`10.0.0.0/8`) of proxies that are believed when they say whose request it is. May be repeated; in the environment commas part them.
    #[arg(long, env = "MELDPUNT_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// The header in which they say so. The proxy must write or extend this one; the other is not looked at.
    #[arg(long, env = "MELDPUNT_PROXY_HEADER", default_value = "x-forwarded-for", value_parser = ["x-forwarded-for", "forwarded"])]
    pub proxy_header: String,

    /// Origins of web pages that may call the API, besides the public parts that all may. May be repeated; in the environment commas part them.
    #[arg(long, env = "MELDPUNT_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,

    /// Minutes that an access token of a person is good for.
    #[arg(long, env = "MELDPUNT_PERSON_TOKEN_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=15))]
    pub person_token_minutes: u32,

    /// Minutes that an access token of an API client is good for.
    #[arg(long, env = "MELDPUNT_CLIENT_TOKEN_MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub client_token_minutes: u32,

    /// Hours that a sign-in can be refreshed.
    #[arg(long, env = "MELDPUNT_SESSION_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub session_hours: u32,

    /// Memory that hashing one password takes, in KiB (argon2id).
    #[arg(long, env = "MELDPUNT_PASSWORD_MEMORY", default_value_t = 19_456, value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    pub password_memory: u32,

    /// Seconds that a stop takes at most: requests under way are finished, and the message in flight.
    #[arg(long, env = "MELDPUNT_SHUTDOWN_SECONDS", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub shutdown_seconds: u64,

    /// Seconds of these in which the service is no longer ready but still takes requests, for a load balancer to notice.
    #[arg(long, env = "MELDPUNT_DRAIN_SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub drain_seconds: u64,

    /// What is logged, as `info` or `meldpunt=debug,warn`.
    #[arg(long, env = "MELDPUNT_LOG", default_value = "info")]
    pub log: String,

    /// How it is logged.
    #[arg(long, env = "MELDPUNT_LOG_FORMAT", default_value = "text", value_parser = ["text", "json"])]
    pub log_format: String,

    /// Where the audit log goes, an object a line: `stderr`, `stdout`, `off`, or a file to add to.
    #[arg(long, env = "MELDPUNT_AUDIT_LOG", default_value = "stderr")]
    pub audit_log: String,

    /// Address and port of `/metrics`, for whoever watches the service; without it there is none. Not for the outside: it
    /// asks for no sign-in.
    #[arg(long, env = "MELDPUNT_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Where spans are sent by OpenTelemetry's protocol (OTLP over HTTP), as `http://127.0.0.1:4318`, without TLS; without it none are.
    #[cfg(feature = "otel")]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let one = || text.parse::<IpAddr>().map(IpNet::from).ok();
    let network = text.parse::<IpNet>().ok().or_else(one);
    network.ok_or_else(|| "expected an address or a network, as 10.0.0.0/8".into())
}

/// Settings whose value is never shown. Each can be `@FILE`, to be read from that file: `secret` is their parser.
pub const SECRETS: &[&str] = &["database_url", "mail", "seal_key", "s3_key"];

/// A secret itself, or `@FILE` that holds it.
pub fn secret(given: &str) -> Result<String, String> {
    let Some(path) = given.strip_prefix('@') else {
        return Ok(given.to_owned());
    };
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {path}: {e}"))?;
    match text.trim() {
        "" => Err(format!("{path} is empty")),
        text => Ok(text.to_owned()),
    }
}

/// The settings as a command line of their own.
#[derive(Debug, clap::Parser)]
#[command(no_binary_name = true)]
struct Alone {
    #[command(flatten)]
    settings: Settings,
}

impl Settings {
    /// Variables of the environment that are named like a setting and are none: mistyped, or gone.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is no setting is only found in a list of all; the values stay unread"
    )]
    pub fn strange_variables() -> Vec<String> {
        let command = Self::augment_args(clap::Command::new("settings"));
        let known = |name: &str| {
            command
                .get_arguments()
                .any(|arg| arg.get_env().is_some_and(|known| known == name))
        };
        let mut strange: Vec<String> = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with("MELDPUNT_") && !known(name))
            .collect();
        strange.sort();
        strange
    }

    /// Every setting at its default, whatever the environment says.
    ///
    /// # Errors
    /// When a default does not fit its own setting, which a test rules out.
    pub fn defaults() -> Result<Self, String> {
        let matches = Alone::command()
            .mut_args(|arg| arg.env(clap::builder::Resettable::Reset))
            .try_get_matches_from(std::iter::empty::<&str>())
            .map_err(|e| e.to_string())?;
        Self::from_arg_matches(&matches).map_err(|e| e.to_string())
    }

    /// Where the database is.
    ///
    /// # Errors
    /// A sentence for the operator when the address cannot be read.
    pub fn database(&self) -> Result<Address, String> {
        Address::parse(&self.database_url).map_err(|e| format!("DATABASE_URL: {e}"))
    }

    /// Where the bytes of attachments lie.
    ///
    /// # Errors
    /// A sentence for the operator when the address cannot be read.
    pub fn attachments(&self) -> Result<Place, String> {
        Place::parse(&self.attachments).map_err(|e| format!("MELDPUNT_ATTACHMENTS: {e}"))
    }

    /// Checks what a type alone cannot, so that a bad setting stops the start with one line.
    pub fn check(&self) -> Result<(), String> {
        self.database()?;
        self.attachments()?;
        if let Some(key) = &self.s3_key
            && key.split_once(':').is_none()
        {
            return Err("MELDPUNT_S3_KEY: expected ID:SECRET".into());
        }
        if let Some(endpoint) = &self.s3_endpoint
            && !(endpoint.starts_with("https://") || endpoint.starts_with("http://"))
        {
            return Err(format!(
                "MELDPUNT_S3_ENDPOINT: expected https://HOST, not {endpoint:?}"
            ));
        }
        let url = &self.public_url;
        if !(url.starts_with("https://") || url.starts_with("http://")) || url.ends_with('/') {
            return Err(format!(
                "PUBLIC_URL: expected http(s)://HOST without a slash at the end, not {url:?}"
            ));
        }
        if !self.api_url.starts_with("https://") || !self.api_url.ends_with("/v1") {
            return Err(format!(
                "MELDPUNT_API_URL: expected https://HOST/v1, not {:?}",
                self.api_url
            ));
        }
        for contact in &self.security_contact {
            let known = ["mailto:", "https://", "tel:"]
                .iter()
                .any(|kind| contact.starts_with(kind));
            if !known || contact.contains(char::is_whitespace) {
                return Err(format!(
                    "MELDPUNT_SECURITY_CONTACT: expected mailto:… or https://…, not {contact:?}"
                ));
            }
        }
        if let Some(policy) = &self.security_policy
            && (!policy.starts_with("https://") || policy.contains(char::is_whitespace))
        {
            return Err(format!(
                "MELDPUNT_SECURITY_POLICY: expected https://…, not {policy:?}"
            ));
        }
        if self.drain_seconds >= self.shutdown_seconds {
            return Err(
                "MELDPUNT_DRAIN_SECONDS: expected less than MELDPUNT_SHUTDOWN_SECONDS".into(),
            );
        }
        Ok(())
    }

    /// The absolute address of a path of ours, for mail and `Location`.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    pub fn mail_timeout(&self) -> Duration {
        Duration::from_secs(self.mail_timeout_seconds.into())
    }

    pub fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Address {
    /// Reads `sqlite://data/meldpunt.db` or `postgres://…`.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err("sqlite:// needs the path of a file".into());
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err("expected sqlite://FILE or postgres://…".into())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// Where bytes lie that are no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    /// A bucket, and what all its names begin with.
    S3 {
        bucket: String,
        prefix: String,
    },
}

impl Place {
    /// Reads `file://folder` or `s3://bucket/prefix`.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(folder) = url.strip_prefix("file://").filter(|path| !path.is_empty()) {
            return Ok(Self::Folder(PathBuf::from(folder)));
        }
        let Some(rest) = url.strip_prefix("s3://") else {
            return Err("expected file://FOLDER or s3://BUCKET/PREFIX".into());
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
        if bucket.is_empty() || !rest.chars().all(plain) {
            return Err("expected s3://BUCKET/PREFIX of letters, digits, - . and _".into());
        }
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }
}
