-- The status in the indexes themselves: what has another is passed without a look at its row.
DROP INDEX report_facets_filed;
CREATE INDEX report_facets_filed ON report_facets (facet, value, filed_at, report_id, status);
DROP INDEX report_facets_due;
CREATE INDEX report_facets_due ON report_facets (facet, value, due_key, report_id, status);
DROP INDEX report_facets_shared;
CREATE INDEX report_facets_shared ON report_facets (facet, value, shared_at, report_id, status) WHERE shared_at IS NOT NULL;
DROP INDEX report_parties_filed;
CREATE INDEX report_parties_filed ON report_parties (organisation_id, filed_at, report_id, status);
DROP INDEX report_parties_due;
CREATE INDEX report_parties_due ON report_parties (organisation_id, due_key, report_id, status);
