DROP INDEX counts_regions;
DROP TABLE count_lengths;
CREATE TABLE count_lengths (
    basis TEXT NOT NULL,
    step TEXT NOT NULL,
    authority TEXT NOT NULL,
    period TEXT NOT NULL,
    suspended BOOLEAN NOT NULL,
    days INTEGER NOT NULL,
    steps BIGINT NOT NULL,
    in_time BIGINT NOT NULL,
    PRIMARY KEY (basis, period, authority, step, suspended, days)
);
CREATE INDEX count_lengths_none ON count_lengths (steps) WHERE steps = 0;

DELETE FROM uncounted_reports;
INSERT INTO uncounted_reports (report_id, version) SELECT id, version FROM reports;
DELETE FROM report_counts;
DELETE FROM counts;
DELETE FROM count_standings;
DELETE FROM count_promises;
DELETE FROM count_occasions;
