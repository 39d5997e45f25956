//! TLS to PostgreSQL, as DATABASE_URL asks for it: with a real server, whose certificate is for localhost and 127.0.0.1
//! (scripts/test starts it). Both runs of the suite do this; it needs no other database.

use std::path::Path;
use std::process::Output;
use std::sync::Once;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use reqwest::Url;

use crate::cli::{refused, text};
use crate::harness::process::meldpunt;
use crate::mail::setting;

/// The database of the server that takes no connection without TLS. It goes with the server.
const ONLY_TLS: &str = "tls_only";

#[derive(QueryableByName)]
struct Encryption {
    #[diesel(sql_type = Bool)]
    ssl: bool,
    #[diesel(sql_type = Text)]
    version: String,
}

/// A database of the server, with these words of libpq's.
fn url(database: &str, words: &[(&str, &str)]) -> Url {
    let mut url = Url::parse(&setting("TEST_TLS_DATABASE_URL")).unwrap();
    url.set_path(database);
    url.query_pairs_mut().extend_pairs(words);
    url
}

fn connect(url: &Url) -> Result<Encryption, String> {
    let mut conn = PgConnection::establish(url.as_str()).map_err(|e| e.to_string())?;
    let asked = "SELECT ssl, coalesce(version, '') AS version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    Ok(diesel::sql_query(asked).get_result(&mut conn).unwrap())
}

fn make_database() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut conn = PgConnection::establish(url("postgres", &[]).as_str()).unwrap();
        // The run on the other database may have made it.
        if let Err(error) = conn.batch_execute(&format!("CREATE DATABASE {ONLY_TLS}")) {
            assert!(error.to_string().contains("already exists"), "{error}");
        }
    });
}

fn migrate(url: &Url) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = meldpunt(Path::new(folder.path()), &["migrate"]);
    command.env("DATABASE_URL", url.as_str()).env(
        "MELDPUNT_SEAL_KEY",
        "bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=",
    );
    command.output().unwrap()
}

#[test]
fn the_servers_certificate_is_checked_and_the_connection_encrypted() {
    make_database();
    let ca = setting("TEST_TLS_CA");
    let verified = [("sslmode", "verify-full"), ("sslrootcert", ca.as_str())];
    let encryption = connect(&url(ONLY_TLS, &verified)).unwrap();
    assert!(encryption.ssl);
    assert!(
        encryption.version.starts_with("TLSv1."),
        "{}",
        encryption.version
    );
    assert!(
        connect(&url(ONLY_TLS, &[("sslmode", "require")]))
            .unwrap()
            .ssl
    );

    // The service itself, on the whole way that an operator takes.
    let done = migrate(&url(ONLY_TLS, &verified));
    assert!(done.status.success(), "{}", text(&done.stderr));

    let plain = url(ONLY_TLS, &[("sslmode", "disable")]);
    let why = connect(&plain).err().expect("no TLS, no connection");
    assert!(why.contains("pg_hba.conf rejects"), "{why}");
    refused(&migrate(&plain), "cannot open");
}

#[test]
fn a_certificate_of_another_authority_or_for_another_host_is_refused() {
    make_database();
    let (ca, other) = (setting("TEST_TLS_CA"), setting("TEST_OTHER_CA"));
    let stranger = url(
        ONLY_TLS,
        &[("sslmode", "verify-full"), ("sslrootcert", &other)],
    );
    refused(&migrate(&stranger), "certificate verify failed");

    // The same server under a name that its certificate does not have.
    let mut elsewhere = url(
        ONLY_TLS,
        &[
            ("sslmode", "verify-full"),
            ("sslrootcert", &ca),
            ("hostaddr", "127.0.0.1"),
        ],
    );
    elsewhere.set_host(Some("db.example")).unwrap();
    refused(&migrate(&elsewhere), "does not match host name");

    // A root that is not there is no reason to go on without.
    let nowhere = url(
        ONLY_TLS,
        &[
            ("sslmode", "verify-full"),
            ("sslrootcert", "/nowhere/ca.pem"),
        ],
    );
    refused(&migrate(&nowhere), "root certificate file");
}
