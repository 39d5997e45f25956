//! How mail leaves: over SMTP, or as a file a message. Blocking: for the worker's own thread.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};

use crate::config::Settings;
pub use crate::mail::smtp::{MOST_ANSWERS, SendError};
use crate::mail::smtp::{Security, Server, Smtp};
use crate::mail::{text, tls};

/// A way out for mail.
pub enum Transport {
    Smtp(Box<Smtp>),
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
            "smtp" => SUBMISSION_PORT,
            "smtps" => SUBMISSIONS_PORT,
            "smtp+plain" => SMTP_PORT,
            _ => return Err(wrong.into()),
        };
        let place = Place::parse(rest, default_port)?;
        let security = match scheme {
            "smtp" => Security::Starttls(tls::parameters(&place.host, ca)?),
            "smtps" => Security::Tls(tls::Client::new(&place.host, ca)?),
            _ => Security::None,
        };
        let server = Server {
            host: place.host,
            port: place.port,
            security,
            credentials: place
                .sign_in
                .map(|(user, password)| Credentials::new(user, password)),
        };
        Ok(Self::Smtp(Box::new(Smtp::new(server, timeout))))
    }

    /// Whether mail can leave now. Opens a connection, which is then kept for the messages that follow.
    pub fn ready(&self) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.ready(),
            Self::Files(folder) => fs::metadata(folder).map(|_| ()).map_err(unavailable),
        }
    }

    /// Sends one message. It has left when this returns without an error.
    pub fn send(&self, message: &Message) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(message),
            Self::Files(folder) => write(folder, message).map_err(unavailable),
        }
    }
}

/// Where the server is, and who signs in there.
struct Place {
    host: String,
    port: u16,
    sign_in: Option<(String, String)>,
}

impl Place {
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
        let place = Place::parse("meld%40punt:p%3A%40ss@mail.example:2525/", 587).unwrap();
        assert_eq!((place.host.as_str(), place.port), ("mail.example", 2525));
        assert_eq!(place.sign_in, Some(("meld@punt".into(), "p:@ss".into())));
        let place = Place::parse("[::1]:25", 587).unwrap();
        assert_eq!(
            (place.host.as_str(), place.port, place.sign_in),
            ("::1", 25, None)
        );
        assert_eq!(Place::parse("[::1]", 587).unwrap().port, 587);
        for wrong in ["", "user@host", "host:port", "u:%zz@host", "a:b@"] {
            assert!(Place::parse(wrong, 25).is_err(), "{wrong}");
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
    fn a_file_without_an_authority_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for address in ["smtp://localhost", "smtps://localhost"] {
            let told = Transport::parse(address, Some(file.path()), TIMEOUT).err();
            assert!(told.is_some_and(|told| told.contains("holds no certificate")));
        }
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
