//! What a database server says about itself; a SQLite file has none.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::store::db::{Conn, DbError};

/// Connections of others to this database; `name` is the application name of our own.
pub fn other_connections(conn: &mut Conn, name: &str) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    match conn {
        Conn::Sqlite(_) => Ok(0),
        Conn::Postgres(conn) => {
            let count: Count = diesel::sql_query(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
                 AND backend_type = 'client backend' AND application_name <> $1",
            )
            .bind::<Text, _>(name)
            .get_result(conn)?;
            Ok(count.n)
        }
    }
}
