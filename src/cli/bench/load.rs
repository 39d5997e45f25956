//! The load: so many connections that are kept open, each asking again as soon as it was answered. It shares the machine
//! with the server, so it does as little as it can: one thread, and of an answer only status and length are read. That is
//! less than an HTTP library does, which is why there is none here.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::cli::bench::figures::Figure;
use crate::cli::bench::server::Server;
use crate::cli::wait;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How much is kept of the first failure.
const TOLD: usize = 400;

/// Makes the next request; none when there are no more.
pub type Next<'a> = dyn FnMut() -> Option<Vec<u8>> + 'a;

/// How hard, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub connections: usize,
    pub lasting: Duration,
}

#[derive(Default)]
struct Tally {
    micros: Vec<u32>,
    failures: u64,
    first_failure: Option<String>,
}

impl Tally {
    fn fail(&mut self, why: String) {
        self.failures += 1;
        self.first_failure.get_or_insert(why);
    }
}

/// Has the server do one kind of work for a while, after a tenth of that to warm up. It ends early when there are no more
/// requests.
pub fn drive(server: &Server, effort: Effort, work: &str, next: &mut Next<'_>) -> Figure {
    wait(async {
        let next = RefCell::new(next);
        let _ = spell(
            server.address,
            effort.connections,
            effort.lasting / 10,
            &next,
        )
        .await;
        let most = Cell::new(server.memory());
        let looking = Box::pin(async {
            loop {
                most.set(most.get().or_more(server.memory()));
                sleep(LOOK).await;
            }
        });
        let started = Instant::now();
        let working = Box::pin(spell(
            server.address,
            effort.connections,
            effort.lasting,
            &next,
        ));
        let tally = match select(working, looking).await {
            Either::Left((tally, _)) => tally,
            Either::Right((never, _)) => never,
        };
        Figure {
            failures: tally.failures,
            first_failure: tally.first_failure,
            memory_mib: most.get().or_more(server.memory()),
            ..Figure::of(work, tally.micros, started.elapsed())
        }
    })
}

/// The larger of two that may be unknown.
trait Most {
    fn or_more(self, other: Self) -> Self;
}

impl Most for Option<f64> {
    fn or_more(self, other: Self) -> Self {
        match (self, other) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }
}

async fn spell(
    address: SocketAddr,
    connections: usize,
    lasting: Duration,
    next: &RefCell<&mut Next<'_>>,
) -> Tally {
    let until = Instant::now() + lasting;
    let each = (0..connections).map(|_| one_connection(address, until, next));
    let mut all = Tally::default();
    for tally in join_all(each).await {
        all.micros.extend(tally.micros);
        all.failures += tally.failures;
        all.first_failure = all.first_failure.or(tally.first_failure);
    }
    all
}

async fn one_connection(
    address: SocketAddr,
    until: Instant,
    next: &RefCell<&mut Next<'_>>,
) -> Tally {
    let mut tally = Tally::default();
    let mut open: Option<Connection> = None;
    while Instant::now() < until {
        let Some(request) = (next.borrow_mut())() else {
            break;
        };
        let started = Instant::now();
        let asked = async {
            let mut connection = match open.take() {
                Some(connection) => connection,
                None => Connection::open(address).await?,
            };
            let status = connection.ask(&request).await?;
            Ok::<_, std::io::Error>((connection, status))
        };
        match timeout(PATIENCE, asked).await {
            Ok(Ok((connection, status))) => {
                if (200..300).contains(&status) {
                    let micros = started.elapsed().as_micros();
                    tally.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
                } else {
                    tally.fail(connection.told(TOLD));
                }
                open = Some(connection);
            }
            Ok(Err(error)) => tally.fail(error.to_string()),
            Err(_) => tally.fail(format!("no answer in {} s", PATIENCE.as_secs())),
        }
    }
    tally
}

/// A connection that is kept open.
struct Connection {
    stream: TcpStream,
    /// The last answer.
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and reads the whole answer; returns its status.
    async fn ask(&mut self, request: &[u8]) -> std::io::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut whole = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if whole.is_none() {
                whole = frame(&self.buffer)?;
            }
            if let Some((status, length)) = whole
                && self.buffer.len() >= length
            {
                return Ok(status);
            }
        }
    }

    fn told(&self, most: usize) -> String {
        let start = &self.buffer[..self.buffer.len().min(most * 4)];
        let text = String::from_utf8_lossy(start);
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let line = text.lines().next().unwrap_or_default();
        format!("{line}: {body}").chars().take(most).collect()
    }
}

/// Status of an answer and its length with the head; none while the head is not complete.
fn frame(answer: &[u8]) -> std::io::Result<Option<(u16, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let wrong = |why: &str| std::io::Error::other(format!("{why}: {head}"));
    let status = head
        .get(9..12)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| wrong("an answer that is no HTTP"))?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok());
    match length {
        Some(length) => Ok(Some((status, end + 4 + length))),
        None if status == 204 => Ok(Some((status, end + 4))),
        None => Err(wrong("an answer without a length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_framed() {
        let head = "HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(frame(head.as_bytes()).unwrap(), Some((201, head.len() + 3)));
        assert_eq!(frame(&head.as_bytes()[..20]).unwrap(), None);
        let none = "HTTP/1.1 204 No Content\r\nx: y\r\n\r\n";
        assert_eq!(frame(none.as_bytes()).unwrap(), Some((204, none.len())));
        for wrong in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        ] {
            assert!(frame(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
