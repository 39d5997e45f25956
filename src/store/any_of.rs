//! `column IN (values)` as one bind, whatever the number of values: a statement that is prepared once and kept. Diesel's
//! `eq_any` has a bind for each, and is prepared anew every time.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Text, Uuid as PgUuid};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::domain::code::Code;
use crate::domain::id::Id;
use crate::store::db::MultiBackend;
use crate::store::types::Coded;

/// A value that may stand in such a list.
pub trait Listed: Sized {
    fn list(values: &[Self]) -> List;
}

impl<T> Listed for Id<T> {
    fn list(values: &[Self]) -> List {
        List::Ids(values.iter().map(|id| id.uuid()).collect())
    }
}

impl<C: Code> Listed for Coded<C> {
    fn list(values: &[Self]) -> List {
        List::Texts(values.iter().map(|code| code.0.as_str().into()).collect())
    }
}

impl Listed for String {
    fn list(values: &[Self]) -> List {
        List::Texts(values.to_vec())
    }
}

/// The values, as PostgreSQL has them: of the column's own type, since a cast would be made for each row.
#[derive(Debug, Clone)]
pub enum List {
    Ids(Vec<Uuid>),
    Texts(Vec<String>),
}

/// Whether the column is one of the values; not when it is null.
pub fn any_of<C, V: Listed>(column: C, values: &[V]) -> AnyOf<C> {
    let list = V::list(values);
    let texts: Vec<String> = match &list {
        List::Ids(ids) => ids.iter().map(Uuid::to_string).collect(),
        List::Texts(texts) => texts.clone(),
    };
    let only = match &*texts {
        [only] => Some(only.clone()),
        _ => None,
    };
    AnyOf {
        column,
        only,
        json: serde_json::Value::from(texts).to_string(),
        list,
    }
}

/// See `any_of`.
#[derive(Debug, Clone)]
pub struct AnyOf<C> {
    column: C,
    /// On SQLite, the value when there is one alone: an index can then be read in its order.
    only: Option<String>,
    json: String,
    list: List,
}

impl<C> Expression for AnyOf<C> {
    type SqlType = Bool;
}

// Its text does not follow from its type, as the column's may not.
impl<C> QueryId for AnyOf<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> ValidGrouping<()> for AnyOf<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for AnyOf<C> {}
impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for AnyOf<C> {}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for AnyOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        if let Some(only) = &self.only {
            out.push_sql(" = ");
            return out.push_bind_param::<Text, _>(only);
        }
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for AnyOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        match &self.list {
            List::Ids(ids) => match &**ids {
                [only] => {
                    out.push_sql(" = ");
                    out.push_bind_param::<PgUuid, _>(only)
                }
                _ => {
                    out.push_sql(" = ANY(");
                    out.push_bind_param::<Array<PgUuid>, _>(ids)?;
                    out.push_sql(")");
                    Ok(())
                }
            },
            List::Texts(texts) => match &**texts {
                [only] => {
                    out.push_sql(" = ");
                    out.push_bind_param::<Text, _>(only)
                }
                _ => {
                    out.push_sql(" = ANY(");
                    out.push_bind_param::<Array<Text>, _>(texts)?;
                    out.push_sql(")");
                    Ok(())
                }
            },
        }
    }
}

impl<C> QueryFragment<MultiBackend> for AnyOf<C>
where
    C: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::db::DbError;
    use crate::store::schema::provinces;
    use crate::store::testing::{databases, in_transaction};

    #[test]
    fn values_are_found_whatever_stands_in_them() {
        let odd: Vec<String> = [
            "a", "\"", "\\", "{}", "a,b", "'", "NULL", "\n", "\u{1}", "é",
        ]
        .map(str::to_owned)
        .into();
        for database in databases() {
            database.db.migrate().unwrap();
            in_transaction(&database.db, |conn| {
                for code in &odd {
                    let row = (
                        provinces::code.eq(code),
                        provinces::name.eq(""),
                        provinces::tooi.eq(""),
                    );
                    diesel::insert_into(provinces::table)
                        .values(row)
                        .execute(conn)?;
                }
                let mut found = |values: &[String]| {
                    provinces::table
                        .filter(any_of(provinces::code, values))
                        .select(provinces::code)
                        .load::<String>(conn)
                        .map(|found| found.len())
                };
                for code in &odd {
                    assert_eq!(found(std::slice::from_ref(code))?, 1, "{code:?}");
                    assert_eq!(found(&[code.clone(), "no such".into()])?, 1, "{code:?}");
                }
                assert_eq!(found(&odd)?, odd.len());
                assert_eq!(found(&[])?, 0);
                Ok::<_, DbError>(())
            })
            .unwrap();
        }
    }
}
