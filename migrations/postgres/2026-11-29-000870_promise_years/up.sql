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
    due_on DATE NOT NULL,
    running BIGINT NOT NULL,
    PRIMARY KEY (basis, authority, span, due_on, step)
);
CREATE INDEX count_promises_none ON count_promises (running) WHERE running = 0;
INSERT INTO count_promises (basis, step, authority, span, due_on, running)
SELECT basis, step, authority, CASE WHEN month THEN 'month' ELSE 'day' END, due_on, running FROM count_promises_by_month
UNION ALL
SELECT basis, step, authority, 'year', CAST(date_trunc('year', due_on) AS DATE), CAST(SUM(running) AS BIGINT) FROM count_promises_by_month
WHERE month GROUP BY basis, step, authority, CAST(date_trunc('year', due_on) AS DATE);
DROP TABLE count_promises_by_month;
