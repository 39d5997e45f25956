-- What nears its end is found by the day on which it begins to. What had passed when the report was last changed does not near
-- its end again before the next change: such a day is none from now on.
UPDATE reports SET nearing_on = '9999-12-31' WHERE due_key < substr(updated_at, 1, 10) AND nearing_on < '9999-12-31';
CREATE INDEX reports_nearing ON reports (nearing_on, filed_at, id, due_key) WHERE nearing_on < '9999-12-31';
