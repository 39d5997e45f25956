DROP INDEX reports_updated;
CREATE INDEX reports_updated ON reports (updated_at, id, status);
DROP INDEX reports_filed;
CREATE INDEX reports_filed ON reports (filed_at, id, status);
DROP INDEX report_facets_shared_status;
DROP INDEX report_facets_status;
