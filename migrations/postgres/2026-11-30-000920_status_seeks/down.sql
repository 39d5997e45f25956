DROP INDEX report_facets_shared_status;
DROP INDEX report_facets_status;
