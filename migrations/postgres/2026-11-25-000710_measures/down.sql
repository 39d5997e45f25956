DROP TABLE measure_reports;
DROP TABLE measures;
