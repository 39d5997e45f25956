-- What its owner tells a sign-in by.
ALTER TABLE sessions ADD COLUMN program TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at TEXT;

-- Tokens of an API client name the generation of its secret; those of an earlier one are no good.
ALTER TABLE principals ADD COLUMN secret_generation INTEGER NOT NULL DEFAULT 0;

-- Who changed whose roles, scopes, secret or organisation. Rows are added and never changed. Without an actor: the
-- operator, from the command line.
CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT,
    actor_organisation_id TEXT,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    changes TEXT NOT NULL
);
CREATE INDEX audit_events_organisation ON audit_events (organisation_id, id);
CREATE INDEX audit_events_subject ON audit_events (subject_id, id);
