use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

const TIMEOUT: Duration = Duration::from_secs(2);

/// What a server got to hear: the number of the connection and the command, or `.` at the end of a message.
type Heard = (usize, String);

/// A server on loopback: each command is answered as the function says. It hangs up after an answer that ends in `bye`,
/// and without a word when there is none.
fn server(
    answer: impl Fn(&Heard) -> &'static str + Send + Sync + 'static,
) -> (Smtp, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = channel();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let (answer, tell) = (answer.clone(), tell.clone());
            std::thread::spawn(move || converse(number, stream, &*answer, &tell));
        }
    });
    let server = Server {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        credentials: None,
    };
    (Smtp::new(server, TIMEOUT), heard)
}

fn converse(
    number: usize,
    mut stream: TcpStream,
    answer: &dyn Fn(&Heard) -> &'static str,
    tell: &Sender<Heard>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut said = "220 hello";
    // In one piece: a server that writes in two waits for acknowledgements itself.
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    while !said.is_empty() && say(said) && !said.ends_with("bye") {
        let in_message = said.starts_with("354");
        let mut next = lines.by_ref().map_while(Result::ok);
        let Some(line) = next.find(|line| !in_message || line == ".") else {
            return;
        };
        let heard = (number, line);
        said = answer(&heard);
        tell.send(heard).ok();
    }
}

/// As a server that is content with everything.
fn content(heard: &Heard) -> &'static str {
    match heard.1.as_str() {
        "DATA" => "354 go on",
        _ => "250 well",
    }
}

fn message(to: &str) -> Message {
    Message::builder()
        .from("a@example.org".parse().unwrap())
        .to(to.parse().unwrap())
        .subject("x")
        .body("tekst".to_owned())
        .unwrap()
}

/// All that the server got to hear: connections and the first four letters of commands.
fn all(heard: &Receiver<Heard>) -> Vec<(usize, String)> {
    let short = |(number, line): Heard| (number, line.chars().take(4).collect());
    heard.try_iter().map(short).collect()
}

fn commands(connection: usize, commands: &str) -> Vec<(usize, String)> {
    let commands = commands.split_whitespace();
    commands.map(|word| (connection, word.to_owned())).collect()
}

#[test]
fn a_message_waits_for_no_acknowledgement() {
    let (smtp, heard) = server(content);
    smtp.ready().unwrap();
    let begun = Instant::now();
    for _ in 0..50 {
        smtp.send(&message("b@example.org")).unwrap();
    }
    let took = begun.elapsed();
    // With 40 ms for each it would be two seconds.
    assert!(took < Duration::from_secs(1), "{took:?}");
    drop(smtp);
    let said = format!("EHLO {} QUIT", "MAIL RCPT DATA . ".repeat(50));
    assert_eq!(
        all(&heard),
        commands(0, &said),
        "one connection, no word more"
    );
}

#[test]
fn a_connection_that_the_server_closed_is_replaced() {
    for (at, bye) in [
        (".", "250 taken, bye"),
        ("MAIL", "421 idle too long, bye"),
        ("MAIL", ""),
    ] {
        let met = AtomicUsize::new(0);
        // The first connection ends with the first message, or at the second.
        let (smtp, heard) = server(move |heard| {
            let last = if at == "." { 1 } else { 2 };
            match heard {
                (0, line) if line.starts_with(at) && met.fetch_add(1, SeqCst) + 1 == last => bye,
                _ => content(heard),
            }
        });
        for _ in 0..3 {
            smtp.send(&message("b@example.org")).unwrap();
        }
        let one = "MAIL RCPT DATA .";
        let first = if at == "." {
            format!("EHLO {one}")
        } else {
            format!("EHLO {one} MAIL")
        };
        let second = commands(1, &format!("EHLO {one} {one}"));
        assert_eq!(all(&heard), [commands(0, &first), second].concat(), "{bye}");
    }
}

#[test]
fn a_message_whose_end_stays_unanswered_is_not_offered_again() {
    let (smtp, heard) = server(|heard| match heard {
        (0, line) if line == "." => "",
        _ => content(heard),
    });
    smtp.ready().unwrap();
    let outcome = smtp.send(&message("b@example.org"));
    assert!(
        matches!(outcome, Err(SendError::Unavailable(_))),
        "{outcome:?}"
    );
    assert_eq!(all(&heard), commands(0, "EHLO MAIL RCPT DATA ."));
    smtp.send(&message("b@example.org")).unwrap();
    assert_eq!(all(&heard), commands(1, "EHLO MAIL RCPT DATA ."));
}

#[test]
fn a_refused_message_leaves_the_connection_to_the_next() {
    let (smtp, heard) = server(|heard| match heard.1.as_str() {
        "RCPT TO:<never@example.org>" => "550 who",
        "RCPT TO:<later@example.org>" => "451 later",
        _ => content(heard),
    });
    let never = smtp.send(&message("never@example.org"));
    assert!(matches!(never, Err(SendError::Permanent(_))), "{never:?}");
    let later = smtp.send(&message("later@example.org"));
    assert!(matches!(later, Err(SendError::Transient(_))), "{later:?}");
    smtp.send(&message("b@example.org")).unwrap();
    assert_eq!(
        all(&heard),
        commands(0, "EHLO MAIL RCPT RSET MAIL RCPT RSET MAIL RCPT DATA .")
    );
}

#[test]
fn no_answer_in_time_ends_the_connection() {
    let (smtp, heard) = server(|heard| {
        if heard.0 == 0 && heard.1.starts_with("MAIL") {
            std::thread::sleep(TIMEOUT * 2);
        }
        content(heard)
    });
    smtp.ready().unwrap();
    let begun = Instant::now();
    let outcome = smtp.send(&message("b@example.org"));
    assert_eq!(outcome, Err(unavailable(Fault::Late)));
    assert!(begun.elapsed() < TIMEOUT * 2);
    assert_eq!(
        all(&heard),
        commands(0, "EHLO"),
        "and it is not tried again"
    );
    smtp.send(&message("b@example.org")).unwrap();
    drop(smtp);
}
