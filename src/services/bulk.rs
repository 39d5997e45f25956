//! Many at once: each by itself, several a transaction; or all or none.

use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::savepoint::{Undo, savepoint};

/// What became of each.
pub type Results<R> = Vec<Result<R, Error>>;

/// Things done in one transaction: more would hold up whoever waits to write.
const TOGETHER: usize = 25;

/// Does things in turn, several a transaction, each in a savepoint: one that fails takes only itself down.
pub async fn each<T, R, F>(context: &Context, things: Vec<T>, act: F) -> Results<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(&mut Conn, T) -> Result<R, Error> + Clone + Send + 'static,
{
    let mut results = Vec::with_capacity(things.len());
    let mut things = things.into_iter();
    loop {
        let some: Vec<T> = things.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            return results;
        }
        let (number, act) = (some.len(), act.clone());
        let made = context
            .db
            .write(move |conn| Ok::<_, Error>(in_savepoints(conn, some, act)))
            .await;
        match made {
            Ok(made) => results.extend(made),
            // Nothing of these was kept; what came before was.
            Err(error) => results.extend((0..number).map(|_| Err(again(&error)))),
        }
    }
}

/// Does all things in one transaction, or none: when one fails, the others are told so.
pub async fn all_or_nothing<T, R, F>(context: &Context, things: Vec<T>, act: F) -> Results<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(&mut Conn, T) -> Result<R, Error> + Send + 'static,
{
    let number = things.len();
    let made = context
        .db
        .write(move |conn| {
            let results = in_savepoints(conn, things, act);
            if results.iter().all(Result::is_ok) {
                Ok(results)
            } else {
                Err(Undo::TakenBack(results))
            }
        })
        .await;
    match made {
        Ok(results) => results,
        Err(Undo::TakenBack(results)) => results
            .into_iter()
            .map(|result| result.and(Err(Error::Conflict("others_failed"))))
            .collect(),
        Err(Undo::Broken(error)) => (0..number).map(|_| Err(again(&error))).collect(),
    }
}

fn in_savepoints<T, R>(
    conn: &mut Conn,
    things: Vec<T>,
    act: impl Fn(&mut Conn, T) -> Result<R, Error>,
) -> Results<R> {
    things
        .into_iter()
        .map(|thing| savepoint(conn, |conn| act(conn, thing)))
        .collect()
}

/// The same for each of those that a transaction was lost for.
fn again(error: &Error) -> Error {
    match error {
        Error::Busy(why) => Error::Busy(why.clone()),
        Error::Full(why) => Error::Full(why.clone()),
        other => Error::Internal(format!("{other:?}")),
    }
}
