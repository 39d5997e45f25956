-- What holds for the whole service, whichever node asks; a row is there while it holds.
CREATE TABLE service_state (
    name TEXT NOT NULL PRIMARY KEY,
    since TIMESTAMPTZ NOT NULL,
    reason TEXT NOT NULL
);

-- A key is published before it signs; null stands for the moment it was made.
ALTER TABLE signing_keys ADD COLUMN signs_from TIMESTAMPTZ;

-- How many notices wait, and from when, without reading those that were sent.
CREATE INDEX outbox_state_created ON outbox (state, created_at);
