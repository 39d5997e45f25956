-- What the desk has released of reports, as others find it. It follows from the report's own row.
CREATE TABLE shared_versions (
    report_id TEXT NOT NULL PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    shared_at TEXT NOT NULL,
    endorsement_count INTEGER NOT NULL
);
CREATE INDEX shared_versions_shared ON shared_versions (shared_at, report_id);
CREATE INDEX shared_versions_endorsed ON shared_versions (endorsement_count, report_id);

-- Organisations that said "we too". One that is withdrawn stays; a new one is another row.
CREATE TABLE endorsements (
    id TEXT NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    effect TEXT NOT NULL,
    contact TEXT,
    sender TEXT NOT NULL,
    endorsed_at TEXT NOT NULL,
    withdrawn_at TEXT
);
CREATE UNIQUE INDEX endorsements_standing ON endorsements (report_id, organisation_id) WHERE withdrawn_at IS NULL;
