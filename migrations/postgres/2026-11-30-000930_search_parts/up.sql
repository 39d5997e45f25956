-- The newest that hold a word are looked up in one part of the entries after another, and not by reading the text of each
-- entry from the newest on: with its terms an entry has that of its part, "#" and its number, which is no word; what is shared has
-- parts of its own.
-- What is not yet in its place in the index is read by every search: it is put there soon.
DROP INDEX search_entries_terms;
CREATE INDEX search_entries_parts ON search_entries
USING gin ((terms || array_to_tsvector(ARRAY[CASE WHEN scope = 'shared' THEN '#s' ELSE '#' END || (entry / 1024)::TEXT])))
WITH (gin_pending_list_limit = 128);
