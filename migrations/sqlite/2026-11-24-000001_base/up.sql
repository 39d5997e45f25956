-- Who there is: organisations, and the people and API clients that act for them.
CREATE TABLE organisations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    abbreviation TEXT,
    tooi TEXT,
    municipality_code TEXT,
    province_code TEXT,
    owns_rules BOOLEAN NOT NULL,
    operator BOOLEAN NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    successor_id TEXT REFERENCES organisations (id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX organisations_tooi ON organisations (tooi);
CREATE INDEX organisations_name ON organisations (name, id);
CREATE INDEX organisations_municipality ON organisations (municipality_code);

CREATE TABLE principals (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    email TEXT,
    language TEXT NOT NULL,
    roles TEXT NOT NULL,
    scopes TEXT,
    password_hash TEXT,
    secret_hash TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    ended_at TEXT,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX principals_email ON principals (email);
CREATE INDEX principals_organisation ON principals (organisation_id, name, id);

-- A sign-in: the family of its refresh tokens. Only hashes of tokens are kept.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
);
CREATE INDEX sessions_principal ON sessions (principal_id);

CREATE TABLE refresh_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at TEXT NOT NULL,
    used_at TEXT
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE one_time_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    purpose TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE INDEX one_time_tokens_principal ON one_time_tokens (principal_id);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at TEXT NOT NULL,
    retired_at TEXT
);

-- Facts: places, policy domains, regulations. `valid_until` is the first day on which a row no longer holds.
CREATE TABLE provinces (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    tooi TEXT NOT NULL
);

CREATE TABLE municipalities (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    province_code TEXT NOT NULL REFERENCES provinces (code),
    valid_from TEXT,
    valid_until TEXT,
    successors TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX municipalities_name ON municipalities (name, code);

CREATE TABLE regions (
    code TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    source TEXT NOT NULL,
    confidence TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX regions_name ON regions (name, code);

CREATE TABLE region_municipalities (
    municipality_code TEXT NOT NULL REFERENCES municipalities (code),
    region_code TEXT NOT NULL REFERENCES regions (code),
    PRIMARY KEY (municipality_code, region_code)
);
CREATE INDEX region_municipalities_region ON region_municipalities (region_code);

CREATE TABLE domains (
    code TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    label_en TEXT NOT NULL,
    lead_id TEXT REFERENCES organisations (id),
    valid_from TEXT,
    valid_until TEXT,
    version INTEGER NOT NULL
);
CREATE INDEX domains_label ON domains (label, code);

CREATE TABLE regulations (
    identifier TEXT NOT NULL PRIMARY KEY,
    register TEXT NOT NULL,
    title TEXT NOT NULL,
    short_title TEXT,
    aliases TEXT NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    owner_id TEXT REFERENCES organisations (id),
    domains TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    successor TEXT,
    verified BOOLEAN NOT NULL,
    note TEXT,
    version INTEGER NOT NULL
);
CREATE INDEX regulations_title ON regulations (title, identifier);

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

-- Which embedded facts were loaded, and when.
CREATE TABLE reference_loads (
    name TEXT NOT NULL PRIMARY KEY,
    loaded_at TEXT NOT NULL
);

-- Reports. Lists filter and sort on columns and on the two tables behind; the rest is JSON.
CREATE TABLE reports (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT,
    external_reference TEXT,
    submitter_id TEXT NOT NULL REFERENCES organisations (id),
    sender TEXT NOT NULL,
    on_behalf BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    confidentiality TEXT NOT NULL,
    status TEXT NOT NULL,
    resume_status TEXT,
    phase TEXT NOT NULL,
    lead_id TEXT REFERENCES organisations (id),
    contested BOOLEAN NOT NULL,
    merged_into TEXT REFERENCES reports (id),
    handling TEXT NOT NULL,
    created_at TEXT NOT NULL,
    submitted_at TEXT,
    settled_at TEXT,
    updated_at TEXT NOT NULL,
    filed_at TEXT NOT NULL,
    due_key TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX reports_reference ON reports (reference);
CREATE UNIQUE INDEX reports_external_reference ON reports (submitter_id, external_reference);
CREATE INDEX reports_filed ON reports (filed_at, id);
CREATE INDEX reports_updated ON reports (updated_at, id);
CREATE INDEX reports_due ON reports (due_key, id);
CREATE INDEX reports_status_filed ON reports (status, filed_at, id);
CREATE INDEX reports_lead_status_filed ON reports (lead_id, status, filed_at, id);
CREATE INDEX reports_submitter_filed ON reports (submitter_id, filed_at, id);
CREATE INDEX reports_merged_into ON reports (merged_into);

-- What a report is about, a row each, so that a filter is an index look-up.
CREATE TABLE report_facets (
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    PRIMARY KEY (facet, value, report_id)
);
CREATE INDEX report_facets_report ON report_facets (report_id);

-- Which organisations have a report, and as what: who may see it.
CREATE TABLE report_parties (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    party TEXT NOT NULL,
    PRIMARY KEY (organisation_id, report_id, party)
);
CREATE INDEX report_parties_report ON report_parties (report_id);

-- The last number given out in a year.
CREATE TABLE reference_numbers (
    year INTEGER NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
);

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    version INTEGER NOT NULL,
    principal_id TEXT,
    author_name TEXT NOT NULL,
    organisation_id TEXT,
    organisation_name TEXT,
    capacity TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX events_report ON events (report_id, id);

-- Notices to be mailed, written in the transaction of what they tell about.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    report_id TEXT REFERENCES reports (id) ON DELETE CASCADE,
    event_id TEXT,
    kind TEXT NOT NULL,
    to_name TEXT NOT NULL,
    to_email TEXT NOT NULL,
    language TEXT NOT NULL,
    data TEXT NOT NULL,
    message_id TEXT NOT NULL,
    thread_id TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    leased_until TEXT,
    last_error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX outbox_message ON outbox (message_id);
CREATE INDEX outbox_waiting ON outbox (state, next_attempt_at, id);
CREATE INDEX outbox_state ON outbox (state, id);
CREATE INDEX outbox_report ON outbox (report_id);

-- Saved answers of requests with an Idempotency-Key, written in the transaction of their effect.
CREATE TABLE idempotency_keys (
    principal_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (principal_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
