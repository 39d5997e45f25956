-- The day a report is due and its status, beside what it is about and whose it is, as when it was filed: a list in the order
-- of what is due is read no further than its page. A report's facets lie together, where it is looked up what else it is about.
CREATE TABLE report_facets_anew (
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    shared_at TEXT,
    filed_at TEXT NOT NULL,
    due_key TEXT NOT NULL DEFAULT '9999-12-31',
    status TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (report_id, facet, value)
) WITHOUT ROWID;
INSERT INTO report_facets_anew (facet, value, report_id, shared_at, filed_at, due_key, status)
SELECT f.facet, f.value, f.report_id, f.shared_at, f.filed_at, r.due_key, r.status
FROM report_facets f JOIN reports r ON r.id = f.report_id ORDER BY f.report_id, f.facet, f.value;
DROP TABLE report_facets;
ALTER TABLE report_facets_anew RENAME TO report_facets;
CREATE INDEX report_facets_filed ON report_facets (facet, value, filed_at, report_id);
CREATE INDEX report_facets_due ON report_facets (facet, value, due_key, report_id);
CREATE INDEX report_facets_shared ON report_facets (facet, value, shared_at, report_id) WHERE shared_at IS NOT NULL;

CREATE TABLE report_parties_anew (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    party TEXT NOT NULL,
    filed_at TEXT NOT NULL,
    due_key TEXT NOT NULL DEFAULT '9999-12-31',
    status TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (organisation_id, report_id, party)
) WITHOUT ROWID;
INSERT INTO report_parties_anew (organisation_id, report_id, party, filed_at, due_key, status)
SELECT p.organisation_id, p.report_id, p.party, p.filed_at, r.due_key, r.status
FROM report_parties p JOIN reports r ON r.id = p.report_id ORDER BY p.organisation_id, p.report_id, p.party;
DROP TABLE report_parties;
ALTER TABLE report_parties_anew RENAME TO report_parties;
CREATE INDEX report_parties_report ON report_parties (report_id);
CREATE INDEX report_parties_filed ON report_parties (organisation_id, filed_at, report_id);
CREATE INDEX report_parties_due ON report_parties (organisation_id, due_key, report_id);
