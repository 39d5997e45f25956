DROP INDEX reports_external;
DROP INDEX report_facets_filed;
ALTER TABLE report_facets DROP COLUMN filed_at;
