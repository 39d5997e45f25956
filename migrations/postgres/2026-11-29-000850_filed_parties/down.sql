DROP INDEX report_parties_filed;
ALTER TABLE report_parties DROP COLUMN filed_at;
