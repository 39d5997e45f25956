-- What is shared, by where it lies in the index: a search of it does not pass what is not shared.
CREATE INDEX search_entries_shared ON search_entries (entry) WHERE scope = 'shared';
