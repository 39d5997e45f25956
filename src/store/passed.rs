//! A column that no index is to be chosen for: SQLite, which cannot tell how soon a page is full, would else gather all that
//! has a value and sort it, where a list is read in the order of another index and passes what does not fit.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

use crate::store::db::MultiBackend;

/// The column, as a condition that what is met is held against.
pub fn passed<C: Expression>(column: C) -> Passed<C> {
    Passed(column)
}

/// See `passed`.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Passed<C>(C);

impl<C: Expression> Expression for Passed<C> {
    type SqlType = C::SqlType;
}

impl<C> ValidGrouping<()> for Passed<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Passed<C> {}
impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for Passed<C> {}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Passed<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // A term of an expression is looked up in no index.
        out.push_sql("+");
        self.0.walk_ast(out)
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Passed<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<C> QueryFragment<MultiBackend> for Passed<C>
where
    C: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}
