-- The terms that are promised: a change adds a version.
CREATE TABLE deadline_profiles (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    label TEXT NOT NULL,
    label_en TEXT NOT NULL,
    terms JSONB NOT NULL,
    reason TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    made_by UUID,
    PRIMARY KEY (code, version)
);

-- What worklists show of the clocks. nearing_on: from when the next deadline nears; alert_on: when the service raises the
-- next alert; urgency: the deadline, for what is escalated a thousand years before its time.
ALTER TABLE reports ADD COLUMN nearing_on DATE NOT NULL DEFAULT '9999-12-31';
ALTER TABLE reports ADD COLUMN alert_on DATE NOT NULL DEFAULT '9999-12-31';
ALTER TABLE reports ADD COLUMN urgency DATE NOT NULL DEFAULT '9999-12-31';
ALTER TABLE reports ADD COLUMN escalated BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE reports ADD COLUMN feedback TEXT;
-- What these columns hold follows from the clocks; the service, which looks at each report whose day has come, sets those of
-- the reports that are there already.
UPDATE reports SET urgency = due_key, alert_on = '2000-01-01' WHERE due_key <> '9999-12-31';
CREATE INDEX reports_alert ON reports (alert_on, id);
CREATE INDEX reports_urgency ON reports (urgency, id);
CREATE INDEX reports_lead_urgency ON reports (lead_id, urgency, id);
CREATE INDEX reports_feedback ON reports (lead_id, feedback);

-- Who works on a report, at each organisation.
CREATE TABLE report_assignees (
    report_id UUID NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    principal_id UUID NOT NULL REFERENCES principals (id),
    PRIMARY KEY (report_id, organisation_id)
);
CREATE INDEX report_assignees_principal ON report_assignees (principal_id, report_id);
