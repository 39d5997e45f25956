-- What people write to each other about a report: kept as a draft until it is sent, never changed after.
CREATE TABLE messages (
    id UUID NOT NULL PRIMARY KEY,
    report_id UUID NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    organisation_name TEXT NOT NULL,
    capacity TEXT NOT NULL,
    text TEXT NOT NULL,
    drafted_by JSONB NOT NULL,
    sent_by JSONB,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    filed_at TIMESTAMPTZ NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX messages_report ON messages (report_id, filed_at, id);
