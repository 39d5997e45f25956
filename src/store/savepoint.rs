//! A part of a transaction that fails by itself, and a transaction that is taken back with something to tell.

use diesel::prelude::*;

use crate::store::db::{Conn, DbError};

/// Does a part of a transaction: when it fails, it alone is taken back.
pub fn savepoint<T, E>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<diesel::result::Error>,
{
    conn.transaction(work)
}

/// Why a transaction is taken back: because of what came of it, or because it broke.
pub enum Undo<T, E> {
    TakenBack(T),
    Broken(E),
}

impl<T, E: From<DbError>> From<DbError> for Undo<T, E> {
    fn from(error: DbError) -> Self {
        Undo::Broken(error.into())
    }
}

impl<T, E: From<DbError>> From<diesel::result::Error> for Undo<T, E> {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}
