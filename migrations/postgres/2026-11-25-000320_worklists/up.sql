-- Worklists in the order people read them: what is due first, what was sent in last, what changed last.
CREATE INDEX reports_lead_filed ON reports (lead_id, filed_at, id);
CREATE INDEX reports_lead_due ON reports (lead_id, due_key, id);
CREATE INDEX reports_phase_filed ON reports (phase, filed_at, id);
CREATE INDEX reports_phase_due ON reports (phase, due_key, id);
CREATE INDEX reports_status_due ON reports (status, due_key, id);
CREATE INDEX reports_submitter_updated ON reports (submitter_id, updated_at, id);
