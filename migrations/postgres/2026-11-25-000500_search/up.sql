-- The terms of reports, of what is shared of them and of messages, as domain/terms.rs makes them: the index holds nothing else.
CREATE TABLE search_entries (
    entry SERIAL NOT NULL PRIMARY KEY,
    report_id UUID NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    message_id UUID REFERENCES messages (id) ON DELETE CASCADE,
    audience TEXT,
    organisation_id UUID,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX search_entries_report ON search_entries (report_id, scope);
CREATE INDEX search_entries_message ON search_entries (message_id);
CREATE INDEX search_entries_version ON search_entries (version);

ALTER TABLE search_entries ADD COLUMN terms TSVECTOR GENERATED ALWAYS AS
    (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', body), 'D')) STORED;
CREATE INDEX IF NOT EXISTS search_entries_terms ON search_entries USING gin (terms);
