-- Each order of a list of reports, by itself and of one status or one authority, has an index of its own; what has another
-- status is passed there without a look at its row, which is wide.
DROP INDEX reports_filed;
CREATE INDEX reports_filed ON reports (filed_at, id, status);
DROP INDEX reports_updated;
CREATE INDEX reports_updated ON reports (updated_at, id, status);
DROP INDEX reports_due;
CREATE INDEX reports_due ON reports (due_key, id, status, nearing_on);
DROP INDEX reports_urgency;
CREATE INDEX reports_urgency ON reports (urgency, id, status);
CREATE INDEX reports_status_updated ON reports (status, updated_at, id);
CREATE INDEX reports_status_urgency ON reports (status, urgency, id);
DROP INDEX reports_lead_filed;
CREATE INDEX reports_lead_filed ON reports (lead_id, filed_at, id, status);
DROP INDEX reports_lead_due;
CREATE INDEX reports_lead_due ON reports (lead_id, due_key, id, status);
DROP INDEX reports_lead_urgency;
CREATE INDEX reports_lead_urgency ON reports (lead_id, urgency, id, status);
CREATE INDEX reports_lead_updated ON reports (lead_id, updated_at, id, status);
-- Few have these.
DROP INDEX reports_feedback;
CREATE INDEX reports_feedback ON reports (feedback, lead_id, id) WHERE feedback IS NOT NULL;
CREATE INDEX reports_escalated ON reports (filed_at, id, status) WHERE escalated;
