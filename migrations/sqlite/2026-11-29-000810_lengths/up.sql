-- How long steps took, all their lengths in one row: a median is read from one row, however many lengths occur.
DROP TABLE count_lengths;
CREATE TABLE count_lengths (
    basis TEXT NOT NULL,
    step TEXT NOT NULL,
    -- Of one authority; empty for all together.
    authority TEXT NOT NULL,
    -- Month or year in which they ended; empty for all together.
    period TEXT NOT NULL,
    -- The days they stood still.
    suspended BOOLEAN NOT NULL,
    steps BIGINT NOT NULL,
    in_time BIGINT NOT NULL,
    -- Days on the scale of domain/counting/spread.rs, each followed by how many steps took so long: a list in JSON.
    days TEXT NOT NULL,
    PRIMARY KEY (basis, period, authority, step, suspended)
) WITHOUT ROWID;
CREATE INDEX count_lengths_none ON count_lengths (steps) WHERE steps = 0;

-- The regions with most reports, of each rule.
CREATE INDEX counts_regions ON counts (basis, across, across_value, reports DESC, value) WHERE dimension = 'region';

-- All is counted anew.
DELETE FROM uncounted_reports;
INSERT INTO uncounted_reports (report_id, version) SELECT id, version FROM reports;
DELETE FROM report_counts;
DELETE FROM counts;
DELETE FROM count_standings;
DELETE FROM count_promises;
DELETE FROM count_occasions;
