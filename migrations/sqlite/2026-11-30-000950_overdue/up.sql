-- What is overdue, in the order of filing: what had passed when it was last changed, which the alert about it does, and by its
-- day what has passed since.
CREATE INDEX reports_passed ON reports (filed_at, id, due_key) WHERE nearing_on = '9999-12-31' AND due_key < '9999-12-31';
CREATE INDEX reports_to_come ON reports (due_key, filed_at, id) WHERE nearing_on < '9999-12-31';
