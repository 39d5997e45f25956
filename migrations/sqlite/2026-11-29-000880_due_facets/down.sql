CREATE TABLE report_facets_anew (
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    shared_at TEXT,
    filed_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (facet, value, report_id)
);
INSERT INTO report_facets_anew (facet, value, report_id, shared_at, filed_at)
SELECT facet, value, report_id, shared_at, filed_at FROM report_facets;
DROP TABLE report_facets;
ALTER TABLE report_facets_anew RENAME TO report_facets;
CREATE INDEX report_facets_report ON report_facets (report_id);
CREATE INDEX report_facets_shared ON report_facets (facet, value, shared_at, report_id) WHERE shared_at IS NOT NULL;
CREATE INDEX report_facets_filed ON report_facets (facet, value, filed_at, report_id);

CREATE TABLE report_parties_anew (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    party TEXT NOT NULL,
    filed_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (organisation_id, report_id, party)
);
INSERT INTO report_parties_anew (organisation_id, report_id, party, filed_at)
SELECT organisation_id, report_id, party, filed_at FROM report_parties;
DROP TABLE report_parties;
ALTER TABLE report_parties_anew RENAME TO report_parties;
CREATE INDEX report_parties_report ON report_parties (report_id);
CREATE INDEX report_parties_filed ON report_parties (organisation_id, filed_at, report_id);
