-- Figures are read from these tables of counts, whatever the number of reports.

-- Reports that changed since they were counted; noted in the transaction of the change.
CREATE TABLE uncounted_reports (
    report_id UUID NOT NULL PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
    version INTEGER NOT NULL
);
INSERT INTO uncounted_reports (report_id, version) SELECT id, version FROM reports;

-- As what a report is counted in the tables below.
CREATE TABLE report_counts (
    report_id UUID NOT NULL PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
    facts JSONB NOT NULL
);

-- Reports by a dimension, or by two that are crossed; and how many different ones stand behind them.
CREATE TABLE counts (
    basis TEXT NOT NULL,
    dimension TEXT NOT NULL,
    across TEXT NOT NULL,
    value TEXT NOT NULL,
    across_value TEXT NOT NULL,
    reports BIGINT NOT NULL,
    organisations BIGINT NOT NULL,
    endorsers BIGINT NOT NULL,
    -- Organisations that reported, endorsed or both.
    backers BIGINT NOT NULL,
    municipalities BIGINT NOT NULL,
    PRIMARY KEY (basis, dimension, across, value, across_value)
);
CREATE INDEX counts_across ON counts (basis, dimension, across, across_value, value);
CREATE INDEX counts_most ON counts (basis, dimension, across, reports, value, across_value);
CREATE INDEX counts_widest ON counts (basis, dimension, municipalities, value) WHERE across = '';
CREATE INDEX counts_none ON counts (reports) WHERE reports = 0;

-- Who stands behind the reports of a cell above, so that nobody is counted twice.
CREATE TABLE count_standings (
    basis TEXT NOT NULL,
    dimension TEXT NOT NULL,
    across TEXT NOT NULL,
    value TEXT NOT NULL,
    across_value TEXT NOT NULL,
    -- Id of an organisation, or CBS code of a municipality.
    who TEXT NOT NULL,
    reported BIGINT NOT NULL,
    endorsed BIGINT NOT NULL,
    hit BIGINT NOT NULL,
    PRIMARY KEY (basis, dimension, across, value, across_value, who)
);
CREATE INDEX count_standings_none ON count_standings (reported) WHERE reported = 0 AND endorsed = 0 AND hit = 0;

-- How long steps took, in days on the scale of domain/counting/spread.rs.
CREATE TABLE count_lengths (
    basis TEXT NOT NULL,
    step TEXT NOT NULL,
    -- Of one authority; empty for all together.
    authority TEXT NOT NULL,
    -- Month or year in which they ended; empty for all together.
    period TEXT NOT NULL,
    -- The days they stood still.
    suspended BOOLEAN NOT NULL,
    days INTEGER NOT NULL,
    steps BIGINT NOT NULL,
    in_time BIGINT NOT NULL,
    PRIMARY KEY (basis, period, authority, step, suspended, days)
);
CREATE INDEX count_lengths_none ON count_lengths (steps) WHERE steps = 0;

-- Promises that run, by the day and by the month in which they are due.
CREATE TABLE count_promises (
    basis TEXT NOT NULL,
    step TEXT NOT NULL,
    authority TEXT NOT NULL,
    -- The day, or the first of the month where it is of a whole month.
    due_on DATE NOT NULL,
    month BOOLEAN NOT NULL,
    running BIGINT NOT NULL,
    PRIMARY KEY (basis, authority, month, due_on, step)
);
CREATE INDEX count_promises_none ON count_promises (running) WHERE running = 0;

-- What befell reports at authorities.
CREATE TABLE count_occasions (
    basis TEXT NOT NULL,
    what TEXT NOT NULL,
    authority TEXT NOT NULL,
    period TEXT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (basis, period, authority, what)
);
CREATE INDEX count_occasions_none ON count_occasions (times) WHERE times = 0;
