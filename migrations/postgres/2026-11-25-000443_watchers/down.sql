DROP TABLE report_watchers;
