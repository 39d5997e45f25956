-- Who watches which report: told of its status, in no need to act.
CREATE TABLE report_watchers (
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    since TEXT NOT NULL,
    PRIMARY KEY (report_id, principal_id)
);
CREATE INDEX report_watchers_principal ON report_watchers (principal_id, report_id);
