-- What people write to each other about a report: kept as a draft until it is sent, never changed after.
CREATE TABLE messages (
    id TEXT NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    organisation_name TEXT NOT NULL,
    capacity TEXT NOT NULL,
    text TEXT NOT NULL,
    drafted_by TEXT NOT NULL,
    sent_by TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    sent_at TEXT,
    filed_at TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX messages_report ON messages (report_id, filed_at, id);
