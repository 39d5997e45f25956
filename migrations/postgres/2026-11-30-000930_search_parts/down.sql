DROP INDEX search_entries_parts;
CREATE INDEX search_entries_terms ON search_entries USING gin (terms);
