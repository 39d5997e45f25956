DROP INDEX count_promises_none;
ALTER TABLE count_promises RENAME TO count_promises_by_span;
CREATE TABLE count_promises (
    basis TEXT NOT NULL,
    step TEXT NOT NULL,
    authority TEXT NOT NULL,
    -- The day, or the first of the month where it is of a whole month.
    due_on TEXT NOT NULL,
    month BOOLEAN NOT NULL,
    running BIGINT NOT NULL,
    PRIMARY KEY (basis, authority, month, due_on, step)
) WITHOUT ROWID;
CREATE INDEX count_promises_none ON count_promises (running) WHERE running = 0;
INSERT INTO count_promises (basis, step, authority, due_on, month, running)
SELECT basis, step, authority, due_on, span = 'month', running FROM count_promises_by_span WHERE span <> 'year';
DROP TABLE count_promises_by_span;
