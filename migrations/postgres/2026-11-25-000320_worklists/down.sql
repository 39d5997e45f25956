DROP INDEX reports_submitter_updated;
DROP INDEX reports_status_due;
DROP INDEX reports_phase_due;
DROP INDEX reports_phase_filed;
DROP INDEX reports_lead_due;
DROP INDEX reports_lead_filed;
