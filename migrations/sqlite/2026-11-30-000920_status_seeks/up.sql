-- What is about something and has one status lies together too: of a status that few have, or that comes late, the newest are
-- found without passing all that came after them. Every report has a status: said so in a query, these indexes are read by
-- it, and by no other, which SQLite would else have gather all that is about something.
CREATE INDEX report_facets_status ON report_facets (facet, value, status, filed_at, report_id) WHERE status <> '';
CREATE INDEX report_facets_shared_status ON report_facets (facet, value, status, shared_at, report_id)
WHERE shared_at IS NOT NULL AND status <> '';
-- When a report is due lies beside its status in the other orders too: what is not overdue, or does not near its end, is passed
-- without a look at its row.
DROP INDEX reports_filed;
CREATE INDEX reports_filed ON reports (filed_at, id, status, due_key, nearing_on);
DROP INDEX reports_updated;
CREATE INDEX reports_updated ON reports (updated_at, id, status, due_key, nearing_on);
