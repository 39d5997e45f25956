DROP INDEX search_entries_shared;
