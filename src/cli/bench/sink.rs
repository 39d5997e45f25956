//! An SMTP server that takes whatever it is sent, and beside it the barest way to send: a loop over connections that are
//! kept open.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// What was taken.
#[derive(Default)]
pub struct Taken {
    pub messages: usize,
    /// When the first and the last were.
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    /// Their Message-IDs.
    pub ids: HashSet<Vec<u8>>,
    /// Connections that brought any.
    pub connections: usize,
    /// The last one, as it came over the line.
    pub example: Vec<u8>,
}

impl Taken {
    fn take(&mut self, message: Vec<u8>) {
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.messages += 1;
        self.ids.extend(message_id(&message));
        self.example = message;
    }
}

/// The server. It listens until the process ends.
pub struct Sink {
    pub address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Sink {
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let taken: Arc<Mutex<Taken>> = Arc::default();
        let all = taken.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let taken = all.clone();
                // A connection that breaks is its client's to tell.
                std::thread::spawn(move || drop(receive(client, &taken)));
            }
        });
        Ok(Self { address, taken })
    }

    /// What was taken until now. Nothing is while this is looked at.
    pub fn taken(&self) -> MutexGuard<'_, Taken> {
        lock(&self.taken)
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn receive(client: TcpStream, taken: &Mutex<Taken>) -> Result<()> {
    client.set_nodelay(true)?;
    let mut answers = client.try_clone()?;
    let mut lines = BufReader::new(client);
    let mut brought = false;
    answers.write_all(b"220 bench\r\n")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        line.truncate(4);
        line.make_ascii_uppercase();
        match line.as_slice() {
            b"EHLO" => answers.write_all(b"250-bench\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")?,
            b"DATA" => {
                answers.write_all(b"354 go on\r\n")?;
                let message = message(&mut lines)?;
                let mut taken = lock(taken);
                taken.connections += usize::from(!std::mem::replace(&mut brought, true));
                taken.take(message);
                drop(taken);
                answers.write_all(b"250 taken\r\n")?;
            }
            b"QUIT" => return answers.write_all(b"221 bye\r\n"),
            _ => answers.write_all(b"250 ok\r\n")?,
        }
    }
}

/// Reads a message up to the line with a dot alone, which is not of it.
fn message(lines: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let start = message.len();
        if lines.read_until(b'\n', &mut message)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if &message[start..] == b".\r\n" {
            message.truncate(start);
            return Ok(message);
        }
    }
}

fn message_id(message: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"message-id:";
    message
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .find(|line| {
            line.get(..NAME.len())
                .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
        })
        .map(|line| line[NAME.len()..].trim_ascii().to_vec())
}

/// Sends a message, as it came over the line, so many times over so many connections.
///
/// # Errors
/// When a connection breaks, or anything is refused.
pub fn send(address: SocketAddr, message: &[u8], times: usize, connections: usize) -> Result<()> {
    let whole = [message, b".\r\n"].concat();
    let turn = AtomicUsize::new(0);
    let one_connection = || {
        let mut line = Line::open(address)?;
        while turn.fetch_add(1, Ordering::Relaxed) < times {
            line.ask(b"MAIL FROM:<meldpunt@bench.example>\r\n")?;
            line.ask(b"RCPT TO:<contact@bench.example>\r\n")?;
            line.ask(b"DATA\r\n")?;
            line.ask(&whole)?;
        }
        line.ask(b"QUIT\r\n")
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..connections)
            .map(|_| scope.spawn(one_connection))
            .collect();
        running.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(Error::other("a thread broke off")))
        })
    })
}

/// A client's end of a connection.
struct Line {
    asks: TcpStream,
    answers: BufReader<TcpStream>,
    answer: Vec<u8>,
}

impl Line {
    fn open(address: SocketAddr) -> Result<Self> {
        let asks = TcpStream::connect(address)?;
        asks.set_nodelay(true)?;
        let mut line = Self {
            answers: BufReader::new(asks.try_clone()?),
            asks,
            answer: Vec::new(),
        };
        line.hear()?;
        line.ask(b"EHLO bench\r\n")?;
        Ok(line)
    }

    fn ask(&mut self, what: &[u8]) -> Result<()> {
        self.asks.write_all(what)?;
        self.hear()
    }

    /// Reads an answer to its last line, the one without a hyphen.
    fn hear(&mut self) -> Result<()> {
        loop {
            self.answer.clear();
            self.answers.read_until(b'\n', &mut self.answer)?;
            match self.answer.as_slice() {
                [b'2' | b'3', _, _, b'-', ..] => {}
                [b'2' | b'3', _, _, b' ', ..] => return Ok(()),
                other => {
                    let told = String::from_utf8_lossy(other);
                    return Err(Error::other(format!("refused: {}", told.trim_end())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_sent_is_taken() {
        let sink = Sink::start().unwrap();
        let message = b"Subject: x\r\nmessage-ID: <1@x>\r\n\r\nMessage-ID: <2@x>\r\n..\r\n";
        send(sink.address, message, 7, 2).unwrap();
        let taken = sink.taken();
        assert_eq!(taken.messages, 7);
        assert!((1..=2).contains(&taken.connections));
        assert_eq!(taken.example, message);
        assert_eq!(taken.ids, HashSet::from([b"<1@x>".to_vec()]));
        assert!(taken.first <= taken.last);
    }
}
