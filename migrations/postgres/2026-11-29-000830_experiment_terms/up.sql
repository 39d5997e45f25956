-- The terms of what experiments say, as domain/terms.rs makes them, each with a blank on either side. There are dozens of
-- experiments: they are looked through, an index would save nothing.
ALTER TABLE experiments ADD COLUMN terms TEXT NOT NULL DEFAULT '';
-- Which version of the terms; what was made by an earlier one is made anew.
ALTER TABLE experiments ADD COLUMN terms_version INTEGER NOT NULL DEFAULT 0;
