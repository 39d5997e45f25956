-- Standard texts: what people write often. A change writes a new version; the versions before it stay.
CREATE TABLE standard_texts (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    organisation_id TEXT REFERENCES organisations (id),
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    retired BOOLEAN NOT NULL,
    made_at TEXT NOT NULL,
    made_by TEXT,
    PRIMARY KEY (id, version)
);
CREATE INDEX standard_texts_action ON standard_texts (action, language, id, version);
