-- Promises that run by the year too: what was due in earlier years is read from a row a year.
DROP INDEX count_promises_none;
ALTER TABLE count_promises RENAME TO count_promises_by_month;
CREATE TABLE count_promises (
    basis TEXT NOT NULL,
    step TEXT NOT NULL,
    authority TEXT NOT NULL,
    -- day, month or year.
    span TEXT NOT NULL,
    -- The first day of it.
    due_on TEXT NOT NULL,
    running BIGINT NOT NULL,
    PRIMARY KEY (basis, authority, span, due_on, step)
) WITHOUT ROWID;
CREATE INDEX count_promises_none ON count_promises (running) WHERE running = 0;
INSERT INTO count_promises (basis, step, authority, span, due_on, running)
SELECT basis, step, authority, CASE WHEN month THEN 'month' ELSE 'day' END, due_on, running FROM count_promises_by_month
UNION ALL
SELECT basis, step, authority, 'year', substr(due_on, 1, 4) || '-01-01', CAST(SUM(running) AS BIGINT) FROM count_promises_by_month
WHERE month GROUP BY basis, step, authority, substr(due_on, 1, 4) || '-01-01';
DROP TABLE count_promises_by_month;
