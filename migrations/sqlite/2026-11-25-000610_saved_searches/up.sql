-- Searches that somebody keeps under a name, for itself or for its organisation.
CREATE TABLE saved_searches (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES principals (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX saved_searches_owner ON saved_searches (owner_id, name);
CREATE INDEX saved_searches_organisation ON saved_searches (organisation_id, id);
