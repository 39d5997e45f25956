//! Mail over SMTP, by one connection that is kept open between messages.
//!
//! lettre speaks the protocol, over a stream of ours: its own writes a message and the line that ends it apart, and the
//! system then holds the second back until the server has acknowledged the first, which takes 40 ms (Nagle's algorithm
//! and delayed acknowledgements). Each command is sent from here, because what may be done again depends on how far a
//! message came.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lettre::Message;
use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;

use crate::mail::{text, tls};

/// Answers of the server that sending one message takes at most. It is given up when it takes longer than waiting for
/// these, also when a new connection was needed.
pub const MOST_ANSWERS: u32 = 4;
/// How long a connection may have been idle to be used again.
const KEEP: Duration = Duration::from_secs(60);
/// How long after it was used a connection is taken to be there without asking.
const FRESH: Duration = Duration::from_secs(1);
/// Longest wait for the answer to a farewell.
const FAREWELL: Duration = Duration::from_secs(1);

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

/// How the words are kept from others. With either TLS nothing is said, and nobody signs in, before it is there.
pub enum Security {
    None,
    Starttls(TlsParameters),
    Tls(tls::Client),
}

pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
}

/// The way to a server. Blocking.
pub struct Smtp {
    server: Server,
    hello: ClientId,
    /// Longest wait for one answer.
    timeout: Duration,
    line: Mutex<Line>,
}

/// The connection, and what drives it. Made when first needed.
#[derive(Default)]
struct Line {
    runtime: Option<Runtime>,
    kept: Option<Kept>,
}

struct Kept {
    connection: AsyncSmtpConnection,
    used: Instant,
}

/// What went wrong on the line.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Smtp(#[from] smtp::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no answer within MELDPUNT_MAIL_TIMEOUT_SECONDS")]
    Late,
    #[error("the server offers no STARTTLS")]
    NoTls,
    #[error("the server takes no message with {0}")]
    Unfit(&'static str),
}

impl Smtp {
    /// Nothing is connected yet. `timeout` is the longest wait for one answer.
    pub fn new(server: Server, timeout: Duration) -> Self {
        Self {
            server,
            hello: ClientId::default(),
            timeout,
            line: Mutex::default(),
        }
    }

    /// Whether mail can leave now. Opens a connection, which is then kept for the messages that follow.
    pub fn ready(&self) -> Result<(), SendError> {
        self.on_the_line(async |kept| {
            let connection = match self.kept(kept).await {
                Some(connection) => connection,
                None => self.connect().await.map_err(unavailable)?,
            };
            *kept = Some(Kept::now(connection));
            Ok(())
        })
    }

    /// Sends one message. The server has it when this returns without an error.
    pub fn send(&self, message: &Message) -> Result<(), SendError> {
        let raw = message.formatted();
        self.on_the_line(async |kept| {
            let sending = self.deliver(kept, message.envelope(), &raw);
            match timeout(self.timeout * MOST_ANSWERS, sending).await {
                Ok(outcome) => outcome,
                Err(_) => Err(unavailable(Fault::Late)),
            }
        })
    }

    fn on_the_line(
        &self,
        work: impl AsyncFnOnce(&mut Option<Kept>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let mut line = self.line();
        let Line { runtime, kept } = &mut *line;
        let runtime = match runtime {
            Some(runtime) => runtime,
            none => none.insert(
                Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|e| unavailable(e.into()))?,
            ),
        };
        runtime.block_on(work(kept))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the connection that was kept, if it is still good. Whoever takes it puts it back: what goes wrong in between
    /// drops it.
    async fn kept(&self, kept: &mut Option<Kept>) -> Option<AsyncSmtpConnection> {
        let Kept {
            mut connection,
            used,
        } = kept.take()?;
        let idle = used.elapsed();
        if idle >= KEEP {
            farewell(connection).await;
            return None;
        }
        let good = idle < FRESH || self.answer(connection.command(Noop)).await.is_ok();
        good.then_some(connection)
    }

    async fn deliver(
        &self,
        kept: &mut Option<Kept>,
        envelope: &Envelope,
        raw: &[u8],
    ) -> Result<(), SendError> {
        let (mut connection, is_old) = match self.kept(kept).await {
            Some(connection) => (connection, true),
            None => (self.connect().await.map_err(unavailable)?, false),
        };
        let mut outcome = self.begin(&mut connection, envelope, raw).await;
        // The server had hung up since the message before. Later than this nothing is done again: it might be there.
        if is_old && outcome.as_ref().is_err_and(Fault::is_hang_up) {
            connection = self.connect().await.map_err(unavailable)?;
            outcome = self.begin(&mut connection, envelope, raw).await;
        }
        if outcome.is_ok() {
            outcome = self.finish(&mut connection, envelope, raw).await;
        }
        let good = match &outcome {
            Ok(()) | Err(Fault::Unfit(_)) => true,
            // A refused message is still half said.
            Err(fault) if fault.is_answer() => self.answer(connection.command(Rset)).await.is_ok(),
            Err(_) => false,
        };
        if good {
            *kept = Some(Kept::now(connection));
        }
        outcome.map_err(refusal)
    }

    /// The first command of a message.
    async fn begin(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        raw: &[u8],
    ) -> Result<(), Fault> {
        let offered = |extension| connection.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        let addresses = &mut envelope.to().iter().chain(envelope.from());
        if addresses.any(|address| !address.to_string().is_ascii()) {
            if !offered(Extension::SmtpUtfEight) {
                return Err(Fault::Unfit("an address beyond ASCII (SMTPUTF8)"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !raw.is_ascii() {
            if !offered(Extension::EightBitMime) {
                return Err(Fault::Unfit("a text beyond ASCII (8BITMIME)"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(envelope.from().cloned(), parameters);
        self.answer(connection.command(mail)).await.map(drop)
    }

    /// All the others.
    async fn finish(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        raw: &[u8],
    ) -> Result<(), Fault> {
        for to in envelope.to() {
            self.answer(connection.command(Rcpt::new(to.clone(), Vec::new())))
                .await?;
        }
        self.answer(connection.command(Data)).await?;
        self.answer(connection.message(raw)).await.map(drop)
    }

    /// A new connection, encrypted and signed in as the settings say.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let tcp = self.dial().await?;
        let stream: Box<dyn AsyncTokioStream> = match &self.server.security {
            Security::Tls(client) => Box::new(self.answer(client.encrypt(tcp)).await?),
            Security::None | Security::Starttls(_) => Box::new(tcp),
        };
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &self.hello);
        let mut connection = self.answers(2, greeting).await?;
        if let Security::Starttls(parameters) = &self.server.security {
            if !connection.can_starttls() {
                return Err(Fault::NoTls);
            }
            let upgrade = connection.starttls(parameters.clone(), &self.hello);
            self.answers(3, upgrade).await?;
        }
        if let Some(credentials) = &self.server.credentials {
            let sign_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            self.answers(3, sign_in).await?;
        }
        Ok(connection)
    }

    /// Tries the addresses of the server in turn.
    async fn dial(&self) -> Result<TcpStream, Fault> {
        let place = (self.server.host.as_str(), self.server.port);
        let mut fault = io::Error::from(io::ErrorKind::AddrNotAvailable).into();
        for address in self.answer(lookup_host(place)).await? {
            match self.answer(TcpStream::connect(address)).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(why) => fault = why,
            }
        }
        Err(fault)
    }

    async fn answer<T, E: Into<Fault>>(
        &self,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault> {
        self.answers(1, step).await
    }

    /// Does what takes so many answers, and waits no longer than for these.
    async fn answers<T, E: Into<Fault>>(
        &self,
        number: u32,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault> {
        match timeout(self.timeout * number, step).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(_) => Err(Fault::Late),
        }
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let Line { runtime, kept } = std::mem::take(&mut *self.line());
        let Some(runtime) = runtime else { return };
        // Nothing may be waited for where other work is driven.
        if let (Some(kept), Err(_)) = (kept, Handle::try_current()) {
            runtime.block_on(farewell(kept.connection));
        }
        runtime.shutdown_background();
    }
}

impl Kept {
    fn now(connection: AsyncSmtpConnection) -> Self {
        Self {
            connection,
            used: Instant::now(),
        }
    }
}

/// Takes leave of the server, as it likes: without, it notes a lost connection.
async fn farewell(mut connection: AsyncSmtpConnection) {
    // It does not matter what it answers.
    let _ = timeout(FAREWELL, connection.quit()).await;
}

impl Fault {
    /// The code that the server answered with.
    fn code(&self) -> Option<u16> {
        match self {
            Self::Smtp(error) => error.status().map(u16::from),
            _ => None,
        }
    }

    /// The connection is gone: closed, or closed with a word of farewell (421).
    fn is_hang_up(&self) -> bool {
        match self {
            Self::Smtp(error) => !error.is_client() && matches!(self.code(), None | Some(421)),
            Self::Io(_) => true,
            Self::Late | Self::NoTls | Self::Unfit(_) => false,
        }
    }

    /// The server answered, if not what was hoped for, and goes on listening.
    fn is_answer(&self) -> bool {
        self.code().is_some_and(|code| code != 421)
    }
}

/// Before a message was offered every refusal, also one for good, is about the connection.
fn unavailable(fault: Fault) -> SendError {
    SendError::Unavailable(told(&fault))
}

/// What a refusal of the server means for the message.
fn refusal(fault: Fault) -> SendError {
    let text = told(&fault);
    match (&fault, fault.code()) {
        // The sign-in or the service itself, not the message.
        (_, Some(421 | 454 | 530 | 534 | 535 | 538)) => SendError::Unavailable(text),
        // What is wrong with the message before it is sent.
        (Fault::Unfit(_), _) => SendError::Permanent(text),
        (Fault::Smtp(error), _) if error.is_permanent() || error.is_client() => {
            SendError::Permanent(text)
        }
        (Fault::Smtp(error), _) if error.is_transient() => SendError::Transient(text),
        _ => SendError::Unavailable(text),
    }
}

/// An error with its causes, as one line.
fn told(error: &dyn std::error::Error) -> String {
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

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
