ALTER TABLE experiments DROP COLUMN terms_version;
ALTER TABLE experiments DROP COLUMN terms;
