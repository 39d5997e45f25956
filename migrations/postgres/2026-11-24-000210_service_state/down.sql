DROP INDEX outbox_state_created;
ALTER TABLE signing_keys DROP COLUMN signs_from;
DROP TABLE service_state;
