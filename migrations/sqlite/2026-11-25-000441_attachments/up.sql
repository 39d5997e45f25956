-- Attachments of reports. Their bytes lie elsewhere, by the ids of report and attachment; a row that is deleted stays.
CREATE TABLE attachments (
    id TEXT NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    organisation_name TEXT NOT NULL,
    capacity TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    deleted_by TEXT,
    deleted_at TEXT,
    removed_at TEXT,
    version INTEGER NOT NULL
);
CREATE INDEX attachments_report ON attachments (report_id, id);
CREATE INDEX attachments_deleted ON attachments (deleted_at, removed_at);
