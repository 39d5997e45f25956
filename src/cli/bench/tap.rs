//! Listens in between this process and PostgreSQL, and remembers the statements with their values: the ones that the service
//! really sends, for pgbench to send again. It speaks no TLS: to a server that asks for it nothing is measured this way.

use std::collections::HashMap;
use std::io::{Error, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a client asks before it begins: for TLS, or for encryption by Kerberos.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];
/// Longer than any statement of ours.
const LONGEST: usize = 16 * 1024 * 1024;

/// A statement as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub sql: String,
    /// The type of each value and its binary form; none for NULL.
    pub values: Vec<(u32, Option<Vec<u8>>)>,
}

#[derive(Default)]
struct Heard {
    recording: bool,
    statements: Vec<Statement>,
}

/// The ear. It listens until the process ends.
pub struct Tap {
    pub address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Tap {
    /// Listens in between whoever connects to `address` and the server.
    pub fn start(server: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let ear = heard.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, heard) = (server.clone(), ear.clone());
                // A connection that breaks is told to its owner by the database's own library.
                std::thread::spawn(move || drop(pass_on(client, &server, &heard)));
            }
        });
        Ok(Self { address, heard })
    }

    /// What is sent while something is done.
    pub fn listen<T>(&self, doing: impl FnOnce() -> T) -> (T, Vec<Statement>) {
        let switch = |on: bool| {
            let mut heard = self
                .heard
                .lock()
                .unwrap_or_else(|broken| broken.into_inner());
            heard.recording = on;
            std::mem::take(&mut heard.statements)
        };
        switch(true);
        let done = doing();
        (done, switch(false))
    }
}

fn pass_on(mut client: TcpStream, server: &str, heard: &Mutex<Heard>) -> Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    begin(&mut client, &mut server)?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let mut prepared = HashMap::new();
    loop {
        let mut head = [0; 5];
        client.read_exact(&mut head)?;
        let body = body(&mut client, [head[1], head[2], head[3], head[4]])?;
        let statement = understand(head[0], &body, &mut prepared);
        if let (Some(statement), Ok(mut heard)) = (statement, heard.lock())
            && heard.recording
        {
            heard.statements.push(statement);
        }
        server.write_all(&head)?;
        server.write_all(&body)?;
    }
}

/// The first message has no kind; what comes before it is refused in one letter.
fn begin(client: &mut TcpStream, server: &mut TcpStream) -> Result<()> {
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let body = body(client, length)?;
        let code = body.get(..4).map(|code| number(code) as u32);
        if code.is_some_and(|code| ENCRYPTION.contains(&code)) {
            client.write_all(b"N")?;
            continue;
        }
        server.write_all(&length)?;
        return server.write_all(&body);
    }
}

fn body(client: &mut TcpStream, length: [u8; 4]) -> Result<Vec<u8>> {
    let length = (u32::from_be_bytes(length) as usize)
        .checked_sub(4)
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| Error::other("a message of no possible length"))?;
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    Ok(body)
}

/// A number in network order, of up to four bytes.
fn number(bytes: &[u8]) -> i64 {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | i64::from(*byte))
}

/// Statements that are prepared, by name: the text, and the types of the values.
type Prepared = HashMap<String, (String, Vec<u32>)>;

/// What a message says: Parse is kept, Bind and Query are statements.
fn understand(kind: u8, body: &[u8], prepared: &mut Prepared) -> Option<Statement> {
    let mut rest = Cursor(body);
    match kind {
        b'P' => {
            let (name, sql) = (rest.text()?, rest.text()?);
            let count = rest.number(2)?;
            let types = (0..count)
                .map(|_| u32::try_from(rest.number(4)?).ok())
                .collect::<Option<_>>()?;
            prepared.insert(name, (sql, types));
            None
        }
        b'B' => {
            rest.text()?;
            let (sql, types) = prepared.get(&rest.text()?)?.clone();
            let formats = rest.number(2)?;
            rest.take(usize::try_from(formats).ok()? * 2)?;
            rest.number(2)?;
            let values = types
                .into_iter()
                .map(|kind| {
                    let length = rest.number(4)?;
                    let value = if length == 0xffff_ffff {
                        None
                    } else {
                        Some(rest.take(usize::try_from(length).ok()?)?.to_vec())
                    };
                    Some((kind, value))
                })
                .collect::<Option<_>>()?;
            Some(Statement { sql, values })
        }
        b'Q' => Some(Statement {
            sql: rest.text()?,
            values: Vec::new(),
        }),
        _ => None,
    }
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, length: usize) -> Option<i64> {
        self.take(length).map(number)
    }

    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_statement_is_put_together_with_its_values() {
        let mut prepared = Prepared::new();
        let parse = b"s1\0SELECT $1, $2\0\0\x02\0\0\0\x19\0\0\0\x17";
        assert_eq!(understand(b'P', parse, &mut prepared), None);
        let bind = b"\0s1\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\0";
        let statement = understand(b'B', bind, &mut prepared).unwrap();
        assert_eq!(statement.sql, "SELECT $1, $2");
        assert_eq!(statement.values, [(25, Some(b"ab".to_vec())), (23, None)]);
        assert_eq!(
            understand(b'Q', b"BEGIN\0", &mut prepared).unwrap().sql,
            "BEGIN"
        );
        assert_eq!(understand(b'B', b"\0s2\0", &mut prepared), None);
        assert_eq!(understand(b'B', b"\0s1\0\0\x01", &mut prepared), None);
    }
}
