DROP INDEX report_facets_shared;
ALTER TABLE report_facets DROP COLUMN shared_at;
