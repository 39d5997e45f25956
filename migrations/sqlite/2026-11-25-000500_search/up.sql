-- The terms of reports, of what is shared of them and of messages, as domain/terms.rs makes them: the index holds nothing else.
CREATE TABLE search_entries (
    entry INTEGER NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    message_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
    audience TEXT,
    organisation_id TEXT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX search_entries_report ON search_entries (report_id, scope);
CREATE INDEX search_entries_message ON search_entries (message_id);
CREATE INDEX search_entries_version ON search_entries (version);

CREATE VIRTUAL TABLE search_terms USING fts5 (
    title, body, content = 'search_entries', content_rowid = 'entry', tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER search_entries_insert AFTER INSERT ON search_entries BEGIN
    INSERT INTO search_terms (rowid, title, body) VALUES (new.entry, new.title, new.body);
END;
CREATE TRIGGER search_entries_delete AFTER DELETE ON search_entries BEGIN
    INSERT INTO search_terms (search_terms, rowid, title, body) VALUES ('delete', old.entry, old.title, old.body);
END;
CREATE TRIGGER search_entries_update AFTER UPDATE OF title, body ON search_entries BEGIN
    INSERT INTO search_terms (search_terms, rowid, title, body) VALUES ('delete', old.entry, old.title, old.body);
    INSERT INTO search_terms (rowid, title, body) VALUES (new.entry, new.title, new.body);
END;
