DROP TABLE count_occasions;
DROP TABLE count_promises;
DROP TABLE count_lengths;
DROP TABLE count_standings;
DROP TABLE counts;
DROP TABLE report_counts;
DROP TABLE uncounted_reports;
