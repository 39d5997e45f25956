-- When the report was released, beside what it is about: a list of what is released about something is read in its order,
-- and no further than the page.
ALTER TABLE report_facets ADD COLUMN shared_at TIMESTAMPTZ;
UPDATE report_facets SET shared_at = (SELECT s.shared_at FROM shared_versions s WHERE s.report_id = report_facets.report_id);
CREATE INDEX report_facets_shared ON report_facets (facet, value, shared_at, report_id) WHERE shared_at IS NOT NULL;
