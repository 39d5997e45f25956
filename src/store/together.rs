//! What some queries find together, in one statement: diesel joins no boxed queries that have an order and a limit of their
//! own, and its `eq_any` takes none of both databases.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::store::db::MultiBackend;

/// The rows of each of the queries, of which there is one at least; in no order.
pub fn together<Q>(queries: Vec<Q>) -> Together<Q> {
    Together(queries)
}

/// Whether the column is one of the values that any of the queries finds.
pub fn within<C, Q>(column: C, queries: Vec<Q>) -> Within<C, Q> {
    Within(column, together(queries))
}

/// See `together`.
#[derive(Debug, Clone)]
pub struct Together<Q>(Vec<Q>);

/// See `within`.
#[derive(Debug, Clone)]
pub struct Within<C, Q>(C, Together<Q>);

impl<Q: Query> Query for Together<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Conn> RunQueryDsl<Conn> for Together<Q> {}

// Its text does not follow from its type, as the queries' does not.
impl<Q> QueryId for Together<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Together<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (nth, query) in self.0.iter().enumerate() {
            if nth > 0 {
                out.push_sql(" UNION ALL ");
            }
            // Each in its own order, and no more of it than it says: SQLite has that of a subquery alone.
            out.push_sql("SELECT * FROM (");
            query.walk_ast(out.reborrow())?;
            out.push_sql(") AS part");
        }
        Ok(())
    }
}

impl<C, Q> Expression for Within<C, Q> {
    type SqlType = Bool;
}

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
