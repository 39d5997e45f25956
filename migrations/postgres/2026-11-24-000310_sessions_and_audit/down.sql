DROP TABLE audit_events;
ALTER TABLE principals DROP COLUMN secret_generation;
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE sessions DROP COLUMN program;
