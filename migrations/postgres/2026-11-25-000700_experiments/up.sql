-- Experiments: temporary, lawful deviations from a rule, with their frozen plans.
CREATE TABLE experiment_numbers (
    year INTEGER NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
);
CREATE TABLE experiments (
    id UUID NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL,
    status TEXT NOT NULL,
    title TEXT NOT NULL,
    idea TEXT NOT NULL,
    proposer_id UUID NOT NULL REFERENCES organisations (id),
    proposed_by UUID NOT NULL REFERENCES principals (id),
    authority_id UUID REFERENCES organisations (id),
    -- In the register: seen by everybody signed in.
    registered BOOLEAN NOT NULL,
    -- The first thing that is due of it, and the day an alert is to be raised.
    due_on DATE,
    alert_on DATE,
    participants JSONB NOT NULL,
    plan JSONB NOT NULL,
    plan_version INTEGER NOT NULL,
    course JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX experiments_reference ON experiments (reference);
CREATE INDEX experiments_registered ON experiments (registered, id);
CREATE INDEX experiments_authority ON experiments (authority_id, id);
CREATE INDEX experiments_due ON experiments (due_on) WHERE due_on IS NOT NULL;
CREATE INDEX experiments_alert ON experiments (alert_on) WHERE alert_on IS NOT NULL;
-- The reports that caused it, in order.
CREATE TABLE experiment_reports (
    experiment_id UUID NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    report_id UUID NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, report_id)
);
CREATE INDEX experiment_reports_report ON experiment_reports (report_id);
-- Who has to do with it: who proposed it, who owns the rule, who takes part or asked to.
CREATE TABLE experiment_parties (
    experiment_id UUID NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    PRIMARY KEY (experiment_id, organisation_id)
);
CREATE INDEX experiment_parties_organisation ON experiment_parties (organisation_id, experiment_id);
CREATE TABLE experiment_events (
    id UUID NOT NULL PRIMARY KEY,
    experiment_id UUID NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    version INTEGER NOT NULL,
    principal_id UUID REFERENCES principals (id),
    author_name TEXT NOT NULL,
    organisation_id UUID REFERENCES organisations (id),
    organisation_name TEXT,
    capacity TEXT NOT NULL,
    details JSONB NOT NULL
);
CREATE INDEX experiment_events_experiment ON experiment_events (experiment_id, id);
-- The plan as it was frozen at the start, and as each later change left it.
CREATE TABLE experiment_plans (
    experiment_id UUID NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    plan JSONB NOT NULL,
    reason TEXT,
    made_by TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (experiment_id, number)
);
-- What was measured. A correction is a row of its own; the old one stays.
CREATE TABLE experiment_observations (
    id UUID NOT NULL PRIMARY KEY,
    experiment_id UUID NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    indicator_id UUID NOT NULL,
    organisation_id UUID REFERENCES organisations (id),
    comparison BOOLEAN NOT NULL,
    observed_on DATE NOT NULL,
    value FLOAT NOT NULL,
    note TEXT,
    entered_by_id UUID NOT NULL REFERENCES organisations (id),
    entered_at TIMESTAMPTZ NOT NULL,
    corrects_id UUID REFERENCES experiment_observations (id),
    corrected_by_id UUID REFERENCES experiment_observations (id),
    reason TEXT
);
CREATE INDEX experiment_observations_experiment ON experiment_observations (experiment_id, id);
