-- When the report was filed, beside whose it is, as beside what it is about: a list of one's own is read in its order.
ALTER TABLE report_parties ADD COLUMN filed_at TIMESTAMPTZ NOT NULL DEFAULT '-infinity';
UPDATE report_parties SET filed_at = (SELECT r.filed_at FROM reports r WHERE r.id = report_parties.report_id);
CREATE INDEX report_parties_filed ON report_parties (organisation_id, filed_at, report_id);
