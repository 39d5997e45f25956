-- Routing rules with conditions as a tree, and every version of each. They take the place of routing_rules.
CREATE TABLE routing_rule_versions (
    id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    sort_order INTEGER NOT NULL,
    condition TEXT NOT NULL,
    lead_id TEXT REFERENCES organisations (id),
    actions TEXT NOT NULL,
    mode TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    explanation_nl TEXT NOT NULL,
    explanation_en TEXT NOT NULL,
    reason TEXT,
    author TEXT,
    created_at TEXT NOT NULL,
    -- The latest version of its number.
    latest BOOLEAN NOT NULL,
    -- When the coordinators were told that an organisation in it has ended.
    alerted_at TEXT
);
CREATE UNIQUE INDEX routing_rule_versions_number ON routing_rule_versions (number, version);
CREATE INDEX routing_rule_versions_state ON routing_rule_versions (state, number);

-- What the conditions of the latest version of a rule name, for lists to filter on.
CREATE TABLE routing_rule_facets (
    rule_id TEXT NOT NULL REFERENCES routing_rule_versions (id) ON DELETE CASCADE,
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (rule_id, facet, value)
);
CREATE INDEX routing_rule_facets_value ON routing_rule_facets (facet, value);

INSERT INTO routing_rule_versions
SELECT r.id, r.number, r.version,
    CASE WHEN r.version = (SELECT MAX(n.version) FROM routing_rules n WHERE n.number = r.number) THEN 'active' ELSE 'replaced' END,
    r.sort_order,
    CASE
        WHEN r.regulation IS NULL AND r.domain IS NULL THEN '{"all":[]}'
        WHEN r.regulation IS NULL THEN json_object('domain', r.domain)
        WHEN r.domain IS NULL THEN json_object('regulation', json_object('id', r.regulation, 'articles',
            CASE WHEN r.article IS NULL THEN json_array() ELSE json_array(r.article) END))
        ELSE json_object('all', json_array(
            json_object('regulation', json_object('id', r.regulation, 'articles',
                CASE WHEN r.article IS NULL THEN json_array() ELSE json_array(r.article) END)),
            json_object('domain', r.domain)))
    END,
    r.lead_id,
    json_object('contributors', json(r.contributors)),
    r.mode, r.valid_from, r.valid_until, r.explanation_nl, r.explanation_en, NULL, NULL, r.valid_from || 'T00:00:00.000000Z',
    r.version = (SELECT MAX(n.version) FROM routing_rules n WHERE n.number = r.number), NULL
FROM routing_rules r;

INSERT INTO routing_rule_facets
SELECT v.id, 'regulation', r.regulation FROM routing_rules r JOIN routing_rule_versions v ON v.id = r.id
WHERE r.regulation IS NOT NULL AND v.latest;
INSERT INTO routing_rule_facets
SELECT v.id, 'domain', r.domain FROM routing_rules r JOIN routing_rule_versions v ON v.id = r.id
WHERE r.domain IS NOT NULL AND v.latest;

DROP TABLE routing_rules;

-- What became of routing: what a rule routed, what was returned and rerouted of that, and what a person chose. What the
-- rules are judged by.
CREATE TABLE routing_outcomes (
    id TEXT NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    rule_number INTEGER,
    rule_version INTEGER,
    regulation TEXT,
    article TEXT,
    from_id TEXT REFERENCES organisations (id),
    to_id TEXT REFERENCES organisations (id),
    happened_at TEXT NOT NULL
);
CREATE INDEX routing_outcomes_rule ON routing_outcomes (rule_number, kind);
CREATE INDEX routing_outcomes_regulation ON routing_outcomes (regulation, article);
CREATE INDEX routing_outcomes_report ON routing_outcomes (report_id);

-- Rules that corrections speak for, until a coordinator accepts or dismisses them.
CREATE TABLE routing_proposals (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    regulation TEXT NOT NULL,
    article TEXT,
    lead_id TEXT NOT NULL REFERENCES organisations (id),
    times INTEGER NOT NULL,
    of_all INTEGER NOT NULL,
    rule_number INTEGER,
    made_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT,
    reason TEXT
);
CREATE UNIQUE INDEX routing_proposals_subject ON routing_proposals (regulation, COALESCE(article, ''), lead_id);
CREATE INDEX routing_proposals_state ON routing_proposals (state, id);
