CREATE TABLE shared_versions_anew (
    report_id TEXT NOT NULL PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    shared_at TEXT NOT NULL,
    endorsement_count INTEGER NOT NULL
);
INSERT INTO shared_versions_anew (report_id, audience, title, summary, shared_at, endorsement_count)
SELECT s.report_id, s.audience, r.handling ->> '$.sharing.version.title', r.handling ->> '$.sharing.version.summary',
    s.shared_at, s.endorsement_count
FROM shared_versions s JOIN reports r ON r.id = s.report_id;
DROP TABLE shared_versions;
ALTER TABLE shared_versions_anew RENAME TO shared_versions;
CREATE INDEX shared_versions_shared ON shared_versions (shared_at, report_id);
CREATE INDEX shared_versions_endorsed ON shared_versions (endorsement_count, report_id);
