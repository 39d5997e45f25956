-- When the report was filed, beside what it is about, as when it was released: a list about something is read in its order.
ALTER TABLE report_facets ADD COLUMN filed_at TIMESTAMPTZ NOT NULL DEFAULT '-infinity';
UPDATE report_facets SET filed_at = (SELECT r.filed_at FROM reports r WHERE r.id = report_facets.report_id);
CREATE INDEX report_facets_filed ON report_facets (facet, value, filed_at, report_id);

-- A number of somebody's own system, looked up without knowing whose.
CREATE INDEX reports_external ON reports (external_reference) WHERE external_reference IS NOT NULL;
