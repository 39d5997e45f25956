//! Regions and the municipalities in them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::place::{Confidence, Region, RegionKind};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::listing::{Listing, lower};
use crate::store::schema::{municipalities, region_municipalities as inside, regions as t};
use crate::store::types::Coded;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, primary_key(code), treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    code: String,
    kind: Coded<RegionKind>,
    name: String,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    source: String,
    confidence: Coded<Confidence>,
    version: i32,
}

impl From<&Region> for Row {
    fn from(region: &Region) -> Self {
        let region = region.clone();
        Self {
            code: region.code,
            kind: Coded(region.kind),
            name: region.name,
            valid_from: region.valid_from,
            valid_until: region.valid_until,
            source: region.source,
            confidence: Coded(region.confidence),
            version: region.version,
        }
    }
}

impl From<Row> for Region {
    /// Without its places, which lie in a table of their own.
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            kind: row.kind.0,
            name: row.name,
            municipalities: Vec::new(),
            provinces: Vec::new(),
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            source: row.source,
            confidence: row.confidence.0,
            version: row.version,
        }
    }
}

/// Which regions a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kinds: Vec<RegionKind>,
    pub provinces: Vec<String>,
}

/// One region.
pub fn find(conn: &mut Conn, code: &str) -> QueryResult<Option<Region>> {
    let row: Option<Row> = t::table.find(code).first(conn).optional()?;
    let mut found: Vec<Region> = row.into_iter().map(Region::from).collect();
    add_places(conn, &mut found)?;
    Ok(found.pop())
}

/// Codes and names of those of these codes that are regions, in no order.
pub fn names(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<(String, String)>> {
    t::table
        .filter(any_of(t::code, codes))
        .select((t::code, t::name))
        .load(conn)
}

/// A page by name.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<&(String, String)>,
) -> QueryResult<Vec<Region>> {
    let mut query = t::table.into_boxed();
    if let Some(pattern) = listing.pattern() {
        query = query.filter(
            lower(t::name)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(t::code).like(pattern).escape('\\')),
        );
    }
    if let Some(day) = listing.valid_on {
        query = query
            .filter(t::valid_from.is_null().or(t::valid_from.le(day)))
            .filter(t::valid_until.is_null().or(t::valid_until.gt(day)));
    }
    if !filter.kinds.is_empty() {
        let kinds: Vec<_> = filter.kinds.iter().copied().map(Coded).collect();
        query = query.filter(t::kind.eq_any(kinds));
    }
    if !filter.provinces.is_empty() {
        let lies_in = inside::table
            .inner_join(
                municipalities::table.on(municipalities::code.eq(inside::municipality_code)),
            )
            .filter(inside::region_code.eq(t::code))
            .filter(municipalities::province_code.eq_any(filter.provinces.clone()));
        query = query.filter(diesel::dsl::exists(lies_in));
    }
    if let Some((name, code)) = after {
        query = query.filter(
            t::name
                .gt(name.clone())
                .or(t::name.eq(name.clone()).and(t::code.gt(code.clone()))),
        );
    }
    let rows: Vec<Row> = query
        .order((t::name, t::code))
        .limit(listing.limit)
        .load(conn)?;
    let mut found: Vec<Region> = rows.into_iter().map(Region::from).collect();
    add_places(conn, &mut found)?;
    Ok(found)
}

/// Looks up the municipalities and provinces of all these regions at once.
fn add_places(conn: &mut Conn, found: &mut [Region]) -> QueryResult<()> {
    let codes: Vec<String> = found.iter().map(|region| region.code.clone()).collect();
    if codes.is_empty() {
        return Ok(());
    }
    let places: Vec<(String, String, String)> = inside::table
        .inner_join(municipalities::table.on(municipalities::code.eq(inside::municipality_code)))
        .filter(inside::region_code.eq_any(codes))
        .select((
            inside::region_code,
            municipalities::code,
            municipalities::province_code,
        ))
        .load(conn)?;
    for region in found {
        for (_, municipality, province) in places.iter().filter(|place| place.0 == region.code) {
            region.municipalities.push(municipality.clone());
            region.provinces.push(province.clone());
        }
        region.municipalities.sort();
        region.provinces.sort();
        region.provinces.dedup();
    }
    Ok(())
}

/// Writes new regions with their municipalities, in two statements.
pub fn insert(conn: &mut Conn, new: &[Region]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }?;
    insert_places(conn, new)
}

fn insert_places(conn: &mut Conn, regions: &[Region]) -> QueryResult<()> {
    let rows: Vec<_> = regions
        .iter()
        .flat_map(|region| region.municipalities.iter().map(move |code| (region, code)))
        .map(|(region, code)| {
            (
                inside::region_code.eq(&region.code),
                inside::municipality_code.eq(code),
            )
        })
        .collect();
    let into = diesel::insert_into(inside::table);
    match conn {
        Conn::Sqlite(conn) => into.values(rows).execute(conn),
        Conn::Postgres(conn) => into.values(rows).execute(conn),
    }
    .map(drop)
}

/// Writes a region whose version was `seen`; false when another has changed it since.
pub fn update(conn: &mut Conn, seen: i32, after: &Region) -> QueryResult<bool> {
    let same = t::code.eq(&after.code).and(t::version.eq(seen));
    let changed = diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?;
    if changed == 0 {
        return Ok(false);
    }
    diesel::delete(inside::table.filter(inside::region_code.eq(&after.code))).execute(conn)?;
    insert_places(conn, std::slice::from_ref(after))?;
    Ok(true)
}
