//! The pages that are asked for: each filter and each order of the lists, the figures, and the register.

use chrono::TimeDelta;

use crate::cli::bench::plain::LISTED;
use crate::cli::bench::plan::Plan;
use crate::cli::bench::world::{DOMAIN, REGULATION, World};
use crate::domain::id::OrganisationId;
use crate::http::paging;
use crate::store::reports::After;
use crate::store::shared_reports::After as SharedAfter;

pub const READ: &str = "read one";
pub const LIST: &str = "list: status and authority, newest first";
/// Reports read, all over the database.
const READERS: u32 = 2_000;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Desk,
    Liaison,
    Anybody,
}

/// A kind of work that reads: its pages are asked for in turn.
#[derive(Debug)]
pub struct Ask {
    pub work: String,
    pub who: Who,
    pub paths: Vec<String>,
}

impl Ask {
    pub fn page(work: impl Into<String>, who: Who, path: String) -> Self {
        Self {
            work: work.into(),
            who,
            paths: vec![path],
        }
    }
}

/// All the work that reads.
pub fn reading(world: &World, plan: Plan, authority: OrganisationId) -> Vec<Ask> {
    let one = Ask {
        work: READ.into(),
        who: Who::Desk,
        paths: read_paths(plan),
    };
    let limited = Ask::page(LIST, Who::Desk, limited_list(authority));
    let lists = lists(world, plan, authority).into_iter();
    let (government, public) = figures(plan);
    let government = government
        .into_iter()
        .map(|path| Ask::page(format!("figure: {path}"), Who::Desk, path));
    let public = public.into_iter().map(|path| {
        // A cursor is another with other reports, its work is the same.
        let work = match path.split_once("cursor=") {
            Some((before, _)) => format!("public: {before}cursor=…"),
            None => format!("public: {path}"),
        };
        Ask::page(work, Who::Anybody, path)
    });
    [one, limited]
        .into_iter()
        .chain(lists.map(|(work, path)| Ask::page(work, Who::Desk, path)))
        .chain(own_lists().map(|(work, path)| Ask::page(work, Who::Liaison, path.into())))
        .chain(government)
        .chain(public)
        .collect()
}

/// The paths of reports all over the database, drafts left out.
pub fn read_paths(plan: Plan) -> Vec<String> {
    let step = (plan.reports / READERS).max(1) as usize;
    (0..plan.reports)
        .step_by(step)
        .filter(|i| !plan.stays_draft(*i))
        .map(|i| format!("/v1/reports/{}", plan.id(i)))
        .collect()
}

/// The page that is held against its bare query.
pub fn limited_list(authority: OrganisationId) -> String {
    format!("/v1/reports?status={LISTED}&authority={authority}")
}

/// The lists: each filter and each order that is documented, alone, and some together as people do. What is asked for fills a
/// page of 10,000 reports, where it can, so that with more reports a page is as much.
fn lists(world: &World, plan: Plan, authority: OrganisationId) -> Vec<(String, String)> {
    let middle = (plan.reports / 2..plan.reports)
        .find(|i| !plan.stays_draft(*i) && plan.has_external_reference(*i))
        .unwrap_or(0);
    let busiest = &world.municipalities[0];
    let days = |days| {
        let since = plan.begun(plan.reports) - TimeDelta::days(days);
        since.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let deep = paging::encode(&After::At(plan.begun(middle), plan.id(middle)));
    let region = world
        .municipalities
        .iter()
        .find_map(|one| one.regions.first());
    let region = region.map_or("", String::as_str);
    let rows: Vec<(&str, String)> = vec![
        ("newest first", String::new()),
        ("oldest first", "sort=submitted".into()),
        ("in the middle of all", format!("cursor={deep}")),
        ("last changed first", "sort=-updated".into()),
        ("last changed last", "sort=updated".into()),
        (
            "changed since",
            format!("sort=updated&updatedSince={}", days(5)),
        ),
        ("due first", "sort=due".into()),
        ("due last", "sort=-due".into()),
        ("urgent first", "sort=urgency".into()),
        ("overdue", "overdue=true".into()),
        (
            "overdue, last changed first",
            "overdue=true&sort=-updated".into(),
        ),
        ("nearing", "nearing=true".into()),
        ("escalated", "escalated=true".into()),
        ("high priority", "highPriority=true".into()),
        ("assigned to one", "assignee=me".into()),
        ("assigned to nobody", "assignee=none".into()),
        ("watched", "watching=true".into()),
        ("feedback", "feedback=not".into()),
        ("words", "q=school".into()),
        ("status", "status=position_taken".into()),
        (
            "status, last changed first",
            "status=settled&sort=-updated".into(),
        ),
        ("status, urgent first", "status=settled&sort=urgency".into()),
        (
            "two statuses, last changed first",
            "status=routed&status=in_review&sort=-updated".into(),
        ),
        (
            "two statuses, due first",
            "status=routed&status=in_review&sort=due".into(),
        ),
        ("phase", "phase=assessment".into()),
        ("phase, due first", "phase=assessment&sort=due".into()),
        ("authority", format!("authority={authority}")),
        (
            "authority, due first",
            format!("authority={authority}&sort=due"),
        ),
        (
            "authority, last changed first",
            format!("authority={authority}&sort=-updated"),
        ),
        (
            "authority, urgent first",
            format!("authority={authority}&sort=urgency"),
        ),
        (
            "authority and status, due first",
            format!("authority={authority}&status=in_review&sort=due"),
        ),
        (
            "submitter",
            format!("submitter={}", busiest.reporter.home.id),
        ),
        (
            "submitter, last changed first",
            format!("submitter={}&sort=-updated", busiest.reporter.home.id),
        ),
        ("domain", format!("domain={DOMAIN}")),
        ("region", format!("region={region}")),
        ("province", format!("province={}", busiest.province)),
        (
            "province, urgent first",
            format!("province={}&sort=urgency", busiest.province),
        ),
        ("municipality", format!("municipality={}", busiest.code)),
        (
            "two municipalities",
            format!(
                "municipality={}&municipality={}",
                world.municipalities[1].code, world.municipalities[2].code
            ),
        ),
        ("regulation", format!("regulation={REGULATION}")),
        (
            "regulation and status",
            format!("regulation={REGULATION}&status=settled"),
        ),
        (
            "regulation and status, due first",
            format!("regulation={REGULATION}&status=in_review&sort=due"),
        ),
        (
            "domain and region",
            format!("domain={DOMAIN}&region={region}&limit=10"),
        ),
        (
            "external reference",
            format!("externalReference={}", plan.external_reference(middle)),
        ),
        ("reference", format!("reference={}", plan.reference(middle))),
    ];
    rows.into_iter()
        .map(|(name, query)| (format!("list: {name}"), format!("/v1/reports?{query}")))
        .map(|(name, path)| (name, path.trim_end_matches('?').to_owned()))
        .collect()
}

/// The figures, and the pages of the register: what the desk reads and what everybody reads.
fn figures(plan: Plan) -> (Vec<String>, Vec<String>) {
    let counts = [
        "reports?by=status",
        "reports?by=phase&across=authority",
        "reports?by=outcome&across=submitted_month",
        "reports?by=authority&across=status",
        "reports?by=domain&across=province",
        "reports?by=region&across=outcome",
        "reports?by=regulation",
        "reports?by=article&across=status",
        "reports?by=article&across=status&sort=value",
        "reports?by=status&across=article",
        "reports?by=submitted_day",
        "reports?by=submitted_week&across=domain",
        "reports?by=settled_month",
        "lead-times",
        "lead-times?by=authority",
        "promises",
        "promises?by=authority",
        "hot-spots",
        "hot-spots?by=article",
        "scorecards",
        "experiments",
    ];
    let of = |base: &str, paths: &[&str]| -> Vec<String> {
        paths.iter().map(|path| format!("{base}/{path}")).collect()
    };
    let mut government = of("/v1/statistics", &counts);
    government.push("/v1/statistics/reports?by=reporter_kind".into());
    government.push("/v1/statistics/handling?by=authority".into());
    let mut public = of("/v1/public/statistics", &counts);
    let deep = paging::encode(&SharedAfter::At(
        plan.begun(plan.reports / 2),
        plan.id(plan.reports / 2),
    ));
    public.extend([
        "/v1/public/reports".into(),
        "/v1/public/reports?sort=shared".into(),
        "/v1/public/reports?status=settled".into(),
        "/v1/public/reports?status=settled&sort=-updated".into(),
        "/v1/public/reports?sort=-updated".into(),
        "/v1/public/reports?sort=-endorsements".into(),
        "/v1/public/reports?phase=assessment".into(),
        format!("/v1/public/reports?domain={DOMAIN}"),
        format!("/v1/public/reports?domain={DOMAIN}&status=settled"),
        format!("/v1/public/reports?domain={DOMAIN}&sort=-updated"),
        format!("/v1/public/reports?regulation={REGULATION}"),
        "/v1/public/reports?q=dorpsschool".into(),
        format!("/v1/public/reports?cursor={deep}"),
        "/v1/public/reports/feed".into(),
        "/v1/public/experiments".into(),
    ]);
    (government, public)
}

/// The lists as somebody sees them who does not see all.
fn own_lists() -> [(&'static str, &'static str); 2] {
    [
        ("list: a ministry's own, newest first", "/v1/reports"),
        ("list: a ministry's own, due first", "/v1/reports?sort=due"),
    ]
}
