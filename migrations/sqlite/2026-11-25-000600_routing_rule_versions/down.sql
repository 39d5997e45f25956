CREATE TABLE routing_rules (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sort_order INTEGER NOT NULL,
    regulation TEXT,
    article TEXT,
    domain TEXT REFERENCES domains (code),
    lead_id TEXT NOT NULL REFERENCES organisations (id),
    contributors TEXT NOT NULL,
    mode TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    explanation_nl TEXT NOT NULL,
    explanation_en TEXT NOT NULL
);
CREATE UNIQUE INDEX routing_rules_number ON routing_rules (number, version);
CREATE INDEX routing_rules_regulation ON routing_rules (regulation);
CREATE INDEX routing_rules_domain ON routing_rules (domain);

-- Of the conditions what the old table can hold.
INSERT INTO routing_rules
SELECT id, number, version, sort_order, COALESCE(json_extract(condition, '$.regulation.id'), json_extract(condition, '$.all[0].regulation.id')),
    COALESCE(json_extract(condition, '$.regulation.articles[0]'), json_extract(condition, '$.all[0].regulation.articles[0]')),
    COALESCE(json_extract(condition, '$.domain'), json_extract(condition, '$.all[1].domain')),
    lead_id, COALESCE(json_extract(actions, '$.contributors'), '[]'), mode, valid_from, valid_until, explanation_nl, explanation_en
FROM routing_rule_versions WHERE state = 'active' AND lead_id IS NOT NULL;

DROP TABLE routing_proposals;
DROP TABLE routing_outcomes;
DROP TABLE routing_rule_facets;
DROP TABLE routing_rule_versions;
