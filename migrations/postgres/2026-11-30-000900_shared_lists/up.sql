-- All that lists of what is released filter on and are ordered by, in one narrow row: they are read from it alone, in any
-- order, and what does not fit is passed in the index. The texts of a version are in the report's own row.
CREATE TABLE shared_versions_anew (
    report_id UUID NOT NULL PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    shared_at TIMESTAMPTZ NOT NULL,
    endorsement_count INTEGER NOT NULL,
    status TEXT NOT NULL,
    phase TEXT NOT NULL,
    lead_id UUID REFERENCES organisations (id),
    updated_at TIMESTAMPTZ NOT NULL
);
INSERT INTO shared_versions_anew (report_id, audience, shared_at, endorsement_count, status, phase, lead_id, updated_at)
SELECT s.report_id, s.audience, s.shared_at, s.endorsement_count, r.status, r.phase, r.lead_id, r.updated_at
FROM shared_versions s JOIN reports r ON r.id = s.report_id ORDER BY s.report_id;
DROP TABLE shared_versions;
ALTER TABLE shared_versions_anew RENAME TO shared_versions;
ALTER INDEX shared_versions_anew_pkey RENAME TO shared_versions_pkey;
ALTER TABLE shared_versions RENAME CONSTRAINT shared_versions_anew_report_id_fkey TO shared_versions_report_id_fkey;
ALTER TABLE shared_versions RENAME CONSTRAINT shared_versions_anew_lead_id_fkey TO shared_versions_lead_id_fkey;
CREATE INDEX shared_versions_shared ON shared_versions (shared_at, report_id, audience, status, phase, lead_id);
CREATE INDEX shared_versions_updated ON shared_versions (updated_at, report_id, audience, status, phase, lead_id);
CREATE INDEX shared_versions_endorsed ON shared_versions (endorsement_count, report_id, audience, status, phase, lead_id);
CREATE INDEX shared_versions_status_shared ON shared_versions (status, shared_at, report_id);
CREATE INDEX shared_versions_status_updated ON shared_versions (status, updated_at, report_id);
CREATE INDEX shared_versions_status_endorsed ON shared_versions (status, endorsement_count, report_id);
CREATE INDEX shared_versions_lead_shared ON shared_versions (lead_id, shared_at, report_id);
