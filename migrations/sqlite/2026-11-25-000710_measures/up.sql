-- What takes obstacles away, other than experiments: one may serve many reports.
CREATE TABLE measures (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    owner TEXT NOT NULL,
    authority_id TEXT NOT NULL REFERENCES organisations (id),
    state TEXT NOT NULL,
    target_on TEXT NOT NULL,
    -- By when it is told how far it is; none once it has ended.
    update_due_on TEXT,
    course TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX measures_authority ON measures (authority_id, id);
CREATE INDEX measures_update_due ON measures (update_due_on) WHERE update_due_on IS NOT NULL;
-- The reports that it serves, in order.
CREATE TABLE measure_reports (
    measure_id TEXT NOT NULL REFERENCES measures (id) ON DELETE CASCADE,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    PRIMARY KEY (measure_id, report_id)
);
CREATE INDEX measure_reports_report ON measure_reports (report_id);
