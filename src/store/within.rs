//! A column that is one of what a query finds, in the same statement: diesel's `eq_any` takes no boxed query of both databases.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::store::db::MultiBackend;

/// Whether the column is one of the values that a query finds.
pub fn within<C, Q>(column: C, query: Q) -> Within<C, Q> {
    Within(column, query)
}

/// See `within`.
#[derive(Debug, Clone)]
pub struct Within<C, Q>(C, Q);

impl<C, Q> Expression for Within<C, Q> {
    type SqlType = Bool;
}

// Its text does not follow from its type, as the query's does not.
impl<C, Q> QueryId for Within<C, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, Q> ValidGrouping<()> for Within<C, Q> {
    type IsAggregate = is_aggregate::No;
}

impl<C: AppearsOnTable<QS>, Q, QS> AppearsOnTable<QS> for Within<C, Q> {}
impl<C: SelectableExpression<QS>, Q, QS> SelectableExpression<QS> for Within<C, Q> {}

impl<C, Q> QueryFragment<MultiBackend> for Within<C, Q>
where
    C: QueryFragment<MultiBackend>,
    Q: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        self.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
