//! Municipalities and provinces.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::place::{Municipality, Province};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::listing::{Listing, lower};
use crate::store::schema::{municipalities as t, provinces, region_municipalities, regions};
use crate::store::types::Json;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, primary_key(code), treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    code: String,
    name: String,
    province_code: String,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    successors: Json<Vec<String>>,
    version: i32,
}

impl From<&Municipality> for Row {
    fn from(municipality: &Municipality) -> Self {
        let municipality = municipality.clone();
        Self {
            code: municipality.code,
            name: municipality.name,
            province_code: municipality.province_code,
            valid_from: municipality.valid_from,
            valid_until: municipality.valid_until,
            successors: Json(municipality.successors),
            version: municipality.version,
        }
    }
}

impl From<Row> for Municipality {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            name: row.name,
            province_code: row.province_code,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            successors: row.successors.0,
            version: row.version,
        }
    }
}

/// Which municipalities a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub provinces: Vec<String>,
    pub regions: Vec<String>,
}

/// One municipality.
pub fn find(conn: &mut Conn, code: &str) -> QueryResult<Option<Municipality>> {
    let row: Option<Row> = t::table.find(code).first(conn).optional()?;
    Ok(row.map(Municipality::from))
}

/// Those of these municipalities that are known, whenever they existed, in no order.
pub fn municipalities(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<Municipality>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = t::table.filter(any_of(t::code, codes)).load(conn)?;
    Ok(rows.into_iter().map(Municipality::from).collect())
}

/// A page by name.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<&(String, String)>,
) -> QueryResult<Vec<Municipality>> {
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
    if !filter.provinces.is_empty() {
        query = query.filter(t::province_code.eq_any(filter.provinces.clone()));
    }
    if !filter.regions.is_empty() {
        use region_municipalities as r;
        let inside = r::table
            .filter(r::municipality_code.eq(t::code))
            .filter(r::region_code.eq_any(filter.regions.clone()));
        query = query.filter(diesel::dsl::exists(inside));
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
    Ok(rows.into_iter().map(Municipality::from).collect())
}

/// Writes new municipalities, several in one statement.
pub fn insert(conn: &mut Conn, new: &[Municipality]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}

/// Writes a municipality whose version was `seen`; false when another has changed it since.
pub fn update(conn: &mut Conn, seen: i32, after: &Municipality) -> QueryResult<bool> {
    let same = t::code.eq(&after.code).and(t::version.eq(seen));
    let changed = diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Codes of the regions that hold on a day and that any of these municipalities lies in, sorted, each once.
pub fn regions_of(
    conn: &mut Conn,
    municipality_codes: &[String],
    today: NaiveDate,
) -> QueryResult<Vec<String>> {
    use {region_municipalities as r, regions as g};
    if municipality_codes.is_empty() {
        return Ok(Vec::new());
    }
    r::table
        .inner_join(g::table.on(g::code.eq(r::region_code)))
        .filter(any_of(r::municipality_code, municipality_codes))
        .filter(g::valid_from.is_null().or(g::valid_from.le(today)))
        .filter(g::valid_until.is_null().or(g::valid_until.gt(today)))
        .select(r::region_code)
        .distinct()
        .load(conn)
        .map(sorted)
}

// The databases sort letters each in their own way.
fn sorted(mut codes: Vec<String>) -> Vec<String> {
    codes.sort();
    codes
}

/// Those of these codes that are provinces.
pub fn known_provinces(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<String>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    provinces::table
        .filter(any_of(provinces::code, codes))
        .select(provinces::code)
        .load(conn)
}

/// Codes and names of those of these codes that are provinces, in no order.
pub fn province_names(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<(String, String)>> {
    provinces::table
        .filter(any_of(provinces::code, codes))
        .select((provinces::code, provinces::name))
        .load(conn)
}

type ProvinceRow = (String, String, String);

fn province((code, name, tooi): ProvinceRow) -> Province {
    Province { code, name, tooi }
}

/// One province.
pub fn find_province(conn: &mut Conn, code: &str) -> QueryResult<Option<Province>> {
    let row: Option<ProvinceRow> = provinces::table.find(code).first(conn).optional()?;
    Ok(row.map(province))
}

/// A page of provinces by name.
pub fn list_provinces(
    conn: &mut Conn,
    listing: &Listing,
    after: Option<&(String, String)>,
) -> QueryResult<Vec<Province>> {
    use provinces as p;
    let mut query = p::table.into_boxed();
    if let Some(pattern) = listing.pattern() {
        query = query.filter(
            lower(p::name)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(p::code).like(pattern).escape('\\')),
        );
    }
    if let Some((name, code)) = after {
        query = query.filter(
            p::name
                .gt(name.clone())
                .or(p::name.eq(name.clone()).and(p::code.gt(code.clone()))),
        );
    }
    let rows: Vec<ProvinceRow> = query
        .order((p::name, p::code))
        .limit(listing.limit)
        .load(conn)?;
    Ok(rows.into_iter().map(province).collect())
}

/// Writes provinces, several in one statement.
pub fn insert_provinces(conn: &mut Conn, new: &[Province]) -> QueryResult<()> {
    use provinces as p;
    let rows: Vec<_> = new
        .iter()
        .map(|province| {
            (
                p::code.eq(&province.code),
                p::name.eq(&province.name),
                p::tooi.eq(&province.tooi),
            )
        })
        .collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(p::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(p::table).values(rows).execute(conn),
    }
    .map(drop)
}
