-- Reports that have to do with each other. A pair has one link of a kind, whichever way it points.
CREATE TABLE report_links (
    id UUID NOT NULL PRIMARY KEY,
    from_id UUID NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    to_id UUID NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    linked_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX report_links_from ON report_links (from_id, to_id, kind);
CREATE INDEX report_links_to ON report_links (to_id);
