//! How mail leaves: over SMTP with connections that are kept open, or as a file a message. Blocking: for the worker's
//! own thread.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, PoolConfig, SmtpTransport};
use lettre::{Message, Transport as _};

use crate::config::Settings;
use crate::mail::text;

/// Answers of the server that sending one message takes at most.
pub const MOST_ANSWERS: u32 = 4;

/// Why a message did not leave. The text is the server's answer or the system's, for an administrator to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// Refused for good (5xx): trying again does not help.
    Permanent(String),
    /// Refused for now (4xx).
    Transient(String),
    /// Not this message but the way out fails: no connection, no TLS, no sign-in, no space.
    Unavailable(String),
}

/// A way out for mail.
pub enum Transport {
    Smtp(Box<SmtpTransport>),
    /// A file a message, in this folder.
    Files(PathBuf),
}

impl Transport {
    /// Makes the transport that the settings name. Nothing is connected yet.
    ///
    /// # Errors
    /// One sentence for the operator, without the password.
    pub fn from_settings(settings: &Settings) -> Result<Self, String> {
        Self::parse(
            &settings.mail,
            settings.mail_ca.as_deref(),
            settings.mail_timeout(),
        )
    }

    /// Reads `smtp://`, `smtps://`, `smtp+plain://` or `file://`. `timeout` is the longest wait for one answer.
    ///
    /// # Errors
    /// As `from_settings`.
    pub fn parse(address: &str, ca: Option<&Path>, timeout: Duration) -> Result<Self, String> {
        let wrong = "MELDPUNT_MAIL: expected smtp://, smtps://, smtp+plain:// or file://FOLDER";
        let (scheme, rest) = address.split_once("://").ok_or(wrong)?;
        if scheme == "file" {
            if rest.is_empty() {
                return Err("MELDPUNT_MAIL: file:// needs the path of a folder".into());
            }
            let folder = PathBuf::from(rest);
            fs::create_dir_all(&folder)
                .map_err(|e| format!("MELDPUNT_MAIL: cannot make {}: {e}", folder.display()))?;
            return Ok(Self::Files(folder));
        }
        let default_port = match scheme {
            "smtp" => smtp::SUBMISSION_PORT,
            "smtps" => smtp::SUBMISSIONS_PORT,
            "smtp+plain" => smtp::SMTP_PORT,
            _ => return Err(wrong.into()),
        };
        let server = Server::parse(rest, default_port)?;
        let mut builder = SmtpTransport::builder_dangerous(&server.host)
            .port(server.port)
            .timeout(Some(timeout))
            .pool_config(
                PoolConfig::new()
                    .max_size(2)
                    .idle_timeout(Duration::from_secs(60)),
            );
        if scheme != "smtp+plain" {
            let tls = tls(&server.host, ca)?;
            builder = builder.tls(if scheme == "smtps" {
                Tls::Wrapper(tls)
            } else {
                Tls::Required(tls)
            });
        }
        if let Some((user, password)) = server.sign_in {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self::Smtp(Box::new(builder.build())))
    }

    /// Whether mail can leave now. Opens a connection, which is then kept for the messages that follow.
    pub fn ready(&self) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => match smtp.test_connection() {
                Ok(true) => Ok(()),
                Ok(false) => Err(SendError::Unavailable("the server hung up".into())),
                // Before a message was offered every refusal, also one for good, is about the connection.
                Err(error) => Err(SendError::Unavailable(told(&error))),
            },
            Self::Files(folder) => fs::metadata(folder).map(|_| ()).map_err(unavailable),
        }
    }

    /// Sends one message. It has left when this returns without an error.
    pub fn send(&self, message: &Message) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(message).map(|_| ()).map_err(|e| refusal(&e)),
            Self::Files(folder) => write(folder, message).map_err(unavailable),
        }
    }
}

struct Server {
    host: String,
    port: u16,
    sign_in: Option<(String, String)>,
}

impl Server {
    /// Reads `USER:PASSWORD@HOST:PORT`, user and password percent-encoded. No error repeats what it read: it may hold the
    /// password.
    fn parse(rest: &str, default_port: u16) -> Result<Self, String> {
        let rest = rest.trim_end_matches('/');
        let (sign_in, place) = match rest.rsplit_once('@') {
            Some((sign_in, place)) => {
                let (user, password) = sign_in
                    .split_once(':')
                    .ok_or("MELDPUNT_MAIL: expected USER:PASSWORD before the @")?;
                (Some((decode(user)?, decode(password)?)), place)
            }
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            // The colons of an IPv6 address stand between brackets.
            Some((host, port)) if !port.contains(']') => (
                host,
                port.parse()
                    .map_err(|_| "MELDPUNT_MAIL: the port is no number")?,
            ),
            _ => (place, default_port),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains('/') {
            return Err("MELDPUNT_MAIL: expected the name of a server".into());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            sign_in,
        })
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, String> {
    let wrong = || "MELDPUNT_MAIL: user or password is not percent-encoded as it should".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [
                    rest.next().ok_or_else(wrong)?,
                    rest.next().ok_or_else(wrong)?,
                ];
                let digits = std::str::from_utf8(&digits).map_err(|_| wrong())?;
                u8::from_str_radix(digits, 16).map_err(|_| wrong())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn tls(host: &str, ca: Option<&Path>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let pem = fs::read(path)
            .map_err(|e| format!("MELDPUNT_MAIL_CA: cannot read {}: {e}", path.display()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|e| {
            format!(
                "MELDPUNT_MAIL_CA: {} holds no certificate: {e}",
                path.display()
            )
        })?;
        builder = builder.add_root_certificate(certificate);
    }
    builder
        .build()
        .map_err(|e| format!("MELDPUNT_MAIL: TLS cannot be set up: {e}"))
}

/// What a refusal of the server means for the message.
fn refusal(error: &smtp::Error) -> SendError {
    let text = told(error);
    match error.status().map(u16::from) {
        // The sign-in or the service itself, not the message.
        Some(421 | 454 | 530 | 534 | 535 | 538) => SendError::Unavailable(text),
        _ if error.is_permanent() => SendError::Permanent(text),
        _ if error.is_transient() => SendError::Transient(text),
        // What the client finds wrong with the message before it is sent.
        _ if error.is_client() => SendError::Permanent(text),
        _ => SendError::Unavailable(text),
    }
}

/// An error with its causes, as one line.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    if no_answer(error) {
        return "no answer within MELDPUNT_MAIL_TIMEOUT_SECONDS".into();
    }
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    text::line(&told)
}

/// Whether it is a wait that was given up; the system's own words for it say something else.
fn no_answer(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

fn unavailable(error: std::io::Error) -> SendError {
    SendError::Unavailable(text::line(&error.to_string()))
}

/// Writes a message under a name made of its Message-ID, first under another, so that whoever sees the file sees all of
/// it. Sent again, it replaces itself.
fn write(folder: &Path, message: &Message) -> std::io::Result<()> {
    let id = message.headers().get_raw("Message-ID").unwrap_or("unnamed");
    let stem: String = id
        .trim_start_matches('<')
        .split('@')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let partial = folder.join(format!(".{stem}.partial"));
    let mut file = fs::File::create(&partial)?;
    file.write_all(&message.formatted())?;
    file.sync_all()?;
    fs::rename(&partial, folder.join(format!("{stem}.eml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn message(id: &str) -> Message {
        Message::builder()
            .from("a@example.org".parse().unwrap())
            .to("b@example.org".parse().unwrap())
            .message_id(Some(id.to_owned()))
            .subject("x")
            .body("tekst".to_owned())
            .unwrap()
    }

    #[test]
    fn a_file_a_message() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        let transport =
            Transport::parse(&format!("file://{}", deep.display()), None, TIMEOUT).unwrap();
        transport.ready().unwrap();
        for id in [
            "<notice-1@example.org>",
            "<notice-1@example.org>",
            "<../../notice-2@x>",
        ] {
            transport.send(&message(id)).unwrap();
        }
        let mut names: Vec<String> = fs::read_dir(&deep)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["notice-1.eml", "notice-2.eml"]);
        assert!(
            fs::read_to_string(deep.join("notice-1.eml"))
                .unwrap()
                .ends_with("tekst")
        );
        fs::remove_dir_all(&deep).unwrap();
        assert!(matches!(
            transport.send(&message("<n@x>")),
            Err(SendError::Unavailable(_))
        ));
    }

    #[test]
    fn servers_are_read() {
        let server = Server::parse("meld%40punt:p%3A%40ss@mail.example:2525/", 587).unwrap();
        assert_eq!((server.host.as_str(), server.port), ("mail.example", 2525));
        assert_eq!(server.sign_in, Some(("meld@punt".into(), "p:@ss".into())));
        let server = Server::parse("[::1]:25", 587).unwrap();
        assert_eq!(
            (server.host.as_str(), server.port, server.sign_in),
            ("::1", 25, None)
        );
        assert_eq!(Server::parse("[::1]", 587).unwrap().port, 587);
        for wrong in ["", "user@host", "host:port", "u:%zz@host", "a:b@"] {
            assert!(Server::parse(wrong, 25).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_setting_is_told_without_its_password() {
        for wrong in [
            "mail.example",
            "http://x",
            "file://",
            "smtp://u:geheim@host:x",
            "smtp://geheim@host",
        ] {
            let told = Transport::parse(wrong, None, TIMEOUT).err().unwrap();
            assert!(
                told.starts_with("MELDPUNT_MAIL") && !told.contains("geheim"),
                "{told}"
            );
        }
        for right in [
            "smtp://u:p@localhost",
            "smtps://localhost:465",
            "smtp+plain://127.0.0.1:25",
        ] {
            assert!(Transport::parse(right, None, TIMEOUT).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_server_that_says_nothing_is_told_as_that() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("smtp+plain://{}", listener.local_addr().unwrap());
        let transport = Transport::parse(&address, None, Duration::from_millis(200)).unwrap();
        assert_eq!(
            transport.ready(),
            Err(SendError::Unavailable(
                "no answer within MELDPUNT_MAIL_TIMEOUT_SECONDS".into()
            ))
        );
    }

    #[test]
    fn a_server_that_is_away_is_no_fault_of_the_message() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let transport =
            Transport::parse(&format!("smtp+plain://127.0.0.1:{port}"), None, TIMEOUT).unwrap();
        assert!(matches!(transport.ready(), Err(SendError::Unavailable(_))));
        assert!(matches!(
            transport.send(&message("<n@x>")),
            Err(SendError::Unavailable(_))
        ));
    }
}
