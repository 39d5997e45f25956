//! Pages that go on after a key: no row is skipped or met twice when others come in between, and none is read again.

/// Puts a query in the order of a column and then of an id, and lets it go on strictly after a key of both, if there is one.
/// The first condition follows from the second, and is what an index can begin at.
macro_rules! ordered {
    ($query:expr, $column:expr, $id:expr, $after:expr, ascending) => {{
        let mut query = $query;
        if let Some((value, id)) = $after {
            let beyond = $column.gt(value).or($column.eq(value).and($id.gt(id)));
            query = query.filter($column.ge(value).and(beyond));
        }
        query.order(($column.asc(), $id.asc()))
    }};
    ($query:expr, $column:expr, $id:expr, $after:expr, descending) => {{
        let mut query = $query;
        if let Some((value, id)) = $after {
            let beyond = $column.lt(value).or($column.eq(value).and($id.lt(id)));
            query = query.filter($column.le(value).and(beyond));
        }
        query.order(($column.desc(), $id.desc()))
    }};
}
pub(super) use ordered;
