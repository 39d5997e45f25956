//! The tables, as both databases have them; a test compares this with the migrated database.

diesel::table! {
    use diesel::sql_types::{Bool, Date, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    organisations (id) {
        id -> IdSql,
        kind -> Text,
        name -> Text,
        abbreviation -> Nullable<Text>,
        tooi -> Nullable<Text>,
        municipality_code -> Nullable<Text>,
        province_code -> Nullable<Text>,
        owns_rules -> Bool,
        operator -> Bool,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        successor_id -> Nullable<IdSql>,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    principals (id) {
        id -> IdSql,
        kind -> Text,
        organisation_id -> IdSql,
        name -> Text,
        email -> Nullable<Text>,
        language -> Text,
        roles -> JsonSql,
        scopes -> Nullable<JsonSql>,
        password_hash -> Nullable<Text>,
        secret_hash -> Nullable<Text>,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        ended_at -> Nullable<InstantSql>,
        version -> Integer,
        secret_generation -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    sessions (id) {
        id -> IdSql,
        principal_id -> IdSql,
        created_at -> InstantSql,
        expires_at -> InstantSql,
        revoked_at -> Nullable<InstantSql>,
        program -> Nullable<Text>,
        last_used_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    refresh_tokens (hash) {
        hash -> Text,
        session_id -> IdSql,
        issued_at -> InstantSql,
        used_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    one_time_tokens (hash) {
        hash -> Text,
        principal_id -> IdSql,
        purpose -> Text,
        created_at -> InstantSql,
        expires_at -> InstantSql,
        used_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::store::types::{InstantSql, JsonSql};

    signing_keys (kid) {
        kid -> Text,
        sealed -> Binary,
        public_jwk -> JsonSql,
        created_at -> InstantSql,
        retired_at -> Nullable<InstantSql>,
        signs_from -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::types::InstantSql;

    service_state (name) {
        name -> Text,
        since -> InstantSql,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    provinces (code) {
        code -> Text,
        name -> Text,
        tooi -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Integer, Nullable, Text};
    use crate::store::types::JsonSql;

    municipalities (code) {
        code -> Text,
        name -> Text,
        province_code -> Text,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        successors -> JsonSql,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Integer, Nullable, Text};

    regions (code) {
        code -> Text,
        kind -> Text,
        name -> Text,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        source -> Text,
        confidence -> Text,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    region_municipalities (municipality_code, region_code) {
        municipality_code -> Text,
        region_code -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Integer, Nullable, Text};
    use crate::store::types::IdSql;

    domains (code) {
        code -> Text,
        label -> Text,
        label_en -> Text,
        lead_id -> Nullable<IdSql>,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Date, Integer, Nullable, Text};
    use crate::store::types::{IdSql, JsonSql};

    regulations (identifier) {
        identifier -> Text,
        register -> Text,
        title -> Text,
        short_title -> Nullable<Text>,
        aliases -> JsonSql,
        kind -> Text,
        level -> Text,
        owner_id -> Nullable<IdSql>,
        domains -> JsonSql,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        successor -> Nullable<Text>,
        verified -> Bool,
        note -> Nullable<Text>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Date, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    routing_rule_versions (id) {
        id -> IdSql,
        number -> Integer,
        version -> Integer,
        state -> Text,
        sort_order -> Integer,
        condition -> JsonSql,
        lead_id -> Nullable<IdSql>,
        actions -> JsonSql,
        mode -> Text,
        valid_from -> Date,
        valid_until -> Nullable<Date>,
        explanation_nl -> Text,
        explanation_en -> Text,
        reason -> Nullable<Text>,
        author -> Nullable<Text>,
        created_at -> InstantSql,
        latest -> Bool,
        alerted_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::types::IdSql;

    routing_rule_facets (rule_id, facet, value) {
        rule_id -> IdSql,
        facet -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    routing_outcomes (id) {
        id -> IdSql,
        report_id -> IdSql,
        kind -> Text,
        rule_number -> Nullable<Integer>,
        rule_version -> Nullable<Integer>,
        regulation -> Nullable<Text>,
        article -> Nullable<Text>,
        from_id -> Nullable<IdSql>,
        to_id -> Nullable<IdSql>,
        happened_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    routing_proposals (id) {
        id -> IdSql,
        state -> Text,
        regulation -> Text,
        article -> Nullable<Text>,
        lead_id -> IdSql,
        times -> Integer,
        of_all -> Integer,
        rule_number -> Nullable<Integer>,
        made_at -> InstantSql,
        decided_at -> Nullable<InstantSql>,
        decided_by -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::types::InstantSql;

    reference_loads (name) {
        name -> Text,
        loaded_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Date, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    reports (id) {
        id -> IdSql,
        reference -> Nullable<Text>,
        external_reference -> Nullable<Text>,
        submitter_id -> IdSql,
        sender -> JsonSql,
        on_behalf -> Bool,
        content -> JsonSql,
        confidentiality -> Text,
        status -> Text,
        resume_status -> Nullable<Text>,
        phase -> Text,
        lead_id -> Nullable<IdSql>,
        contested -> Bool,
        merged_into -> Nullable<IdSql>,
        handling -> JsonSql,
        created_at -> InstantSql,
        submitted_at -> Nullable<InstantSql>,
        settled_at -> Nullable<InstantSql>,
        updated_at -> InstantSql,
        filed_at -> InstantSql,
        due_key -> Date,
        version -> Integer,
        nearing_on -> Date,
        alert_on -> Date,
        urgency -> Date,
        escalated -> Bool,
        feedback -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::store::types::IdSql;

    report_assignees (report_id, organisation_id) {
        report_id -> IdSql,
        organisation_id -> IdSql,
        principal_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    deadline_profiles (code, version) {
        code -> Text,
        version -> Integer,
        label -> Text,
        label_en -> Text,
        terms -> JsonSql,
        reason -> Text,
        made_at -> InstantSql,
        made_by -> Nullable<IdSql>,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    report_facets (report_id, facet, value) {
        facet -> Text,
        value -> Text,
        report_id -> IdSql,
        shared_at -> Nullable<InstantSql>,
        filed_at -> InstantSql,
        due_key -> Date,
        status -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Text};
    use crate::store::types::{IdSql, InstantSql};

    report_parties (organisation_id, report_id, party) {
        organisation_id -> IdSql,
        report_id -> IdSql,
        party -> Text,
        filed_at -> InstantSql,
        due_key -> Date,
        status -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    shared_versions (report_id) {
        report_id -> IdSql,
        audience -> Text,
        shared_at -> InstantSql,
        endorsement_count -> Integer,
        status -> Text,
        phase -> Text,
        lead_id -> Nullable<IdSql>,
        updated_at -> InstantSql,
    }
}

diesel::joinable!(shared_versions -> reports (report_id));
diesel::joinable!(report_facets -> reports (report_id));

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    endorsements (id) {
        id -> IdSql,
        report_id -> IdSql,
        organisation_id -> IdSql,
        effect -> Text,
        contact -> Nullable<JsonSql>,
        sender -> JsonSql,
        endorsed_at -> InstantSql,
        withdrawn_at -> Nullable<InstantSql>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::store::types::{IdSql, InstantSql};

    report_links (id) {
        id -> IdSql,
        from_id -> IdSql,
        to_id -> IdSql,
        kind -> Text,
        linked_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;

    reference_numbers (year) {
        year -> Integer,
        last -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    events (id) {
        id -> IdSql,
        report_id -> IdSql,
        at -> InstantSql,
        kind -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        version -> Integer,
        principal_id -> Nullable<IdSql>,
        author_name -> Text,
        organisation_id -> Nullable<IdSql>,
        organisation_name -> Nullable<Text>,
        capacity -> Text,
        details -> JsonSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    outbox (id) {
        id -> IdSql,
        report_id -> Nullable<IdSql>,
        event_id -> Nullable<IdSql>,
        kind -> Text,
        to_name -> Text,
        to_email -> Text,
        language -> Text,
        data -> JsonSql,
        message_id -> Text,
        thread_id -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> InstantSql,
        leased_until -> Nullable<InstantSql>,
        last_error -> Nullable<Text>,
        created_at -> InstantSql,
        sent_at -> Nullable<InstantSql>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    idempotency_keys (principal_id, key) {
        principal_id -> IdSql,
        key -> Text,
        fingerprint -> Text,
        status -> Integer,
        headers -> JsonSql,
        body -> Text,
        created_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    audit_events (id) {
        id -> IdSql,
        at -> InstantSql,
        kind -> Text,
        actor_id -> Nullable<IdSql>,
        actor_name -> Nullable<Text>,
        actor_organisation_id -> Nullable<IdSql>,
        organisation_id -> IdSql,
        subject_kind -> Text,
        subject_id -> IdSql,
        subject_name -> Text,
        changes -> JsonSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    messages (id) {
        id -> IdSql,
        report_id -> IdSql,
        audience -> Text,
        organisation_id -> IdSql,
        organisation_name -> Text,
        capacity -> Text,
        text -> Text,
        drafted_by -> JsonSql,
        sent_by -> Nullable<JsonSql>,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        sent_at -> Nullable<InstantSql>,
        filed_at -> InstantSql,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    attachments (id) {
        id -> IdSql,
        report_id -> IdSql,
        audience -> Text,
        organisation_id -> IdSql,
        organisation_name -> Text,
        capacity -> Text,
        uploaded_by -> JsonSql,
        name -> Text,
        kind -> Text,
        bytes -> BigInt,
        digest -> Text,
        created_at -> InstantSql,
        deleted_by -> Nullable<JsonSql>,
        deleted_at -> Nullable<InstantSql>,
        removed_at -> Nullable<InstantSql>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    standard_texts (id, version) {
        id -> IdSql,
        version -> Integer,
        organisation_id -> Nullable<IdSql>,
        name -> Text,
        action -> Text,
        outcome -> Nullable<Text>,
        language -> Text,
        text -> Text,
        retired -> Bool,
        made_at -> InstantSql,
        made_by -> Nullable<JsonSql>,
    }
}

diesel::table! {
    use crate::store::types::{IdSql, InstantSql};

    report_watchers (report_id, principal_id) {
        report_id -> IdSql,
        principal_id -> IdSql,
        since -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::IdSql;

    search_entries (entry) {
        entry -> Integer,
        report_id -> IdSql,
        scope -> Text,
        message_id -> Nullable<IdSql>,
        audience -> Nullable<Text>,
        organisation_id -> Nullable<IdSql>,
        title -> Text,
        body -> Text,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Text};
    use crate::store::types::{IdSql, InstantSql};

    saved_searches (id) {
        id -> IdSql,
        owner_id -> IdSql,
        organisation_id -> IdSql,
        name -> Text,
        query -> Text,
        shared -> Bool,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;

    experiment_numbers (year) {
        year -> Integer,
        last -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Date, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    experiments (id) {
        id -> IdSql,
        reference -> Text,
        status -> Text,
        title -> Text,
        idea -> Text,
        proposer_id -> IdSql,
        proposed_by -> IdSql,
        authority_id -> Nullable<IdSql>,
        registered -> Bool,
        due_on -> Nullable<Date>,
        alert_on -> Nullable<Date>,
        participants -> JsonSql,
        plan -> JsonSql,
        plan_version -> Integer,
        course -> JsonSql,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        version -> Integer,
        terms -> Text,
        terms_version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::store::types::IdSql;

    experiment_reports (experiment_id, report_id) {
        experiment_id -> IdSql,
        report_id -> IdSql,
        place -> Integer,
    }
}

diesel::table! {
    use crate::store::types::IdSql;

    experiment_parties (experiment_id, organisation_id) {
        experiment_id -> IdSql,
        organisation_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    experiment_events (id) {
        id -> IdSql,
        experiment_id -> IdSql,
        at -> InstantSql,
        kind -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        version -> Integer,
        principal_id -> Nullable<IdSql>,
        author_name -> Text,
        organisation_id -> Nullable<IdSql>,
        organisation_name -> Nullable<Text>,
        capacity -> Text,
        details -> JsonSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    experiment_plans (experiment_id, number) {
        experiment_id -> IdSql,
        number -> Integer,
        plan -> JsonSql,
        reason -> Nullable<Text>,
        made_by -> Text,
        made_at -> InstantSql,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Date, Double, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql};

    experiment_observations (id) {
        id -> IdSql,
        experiment_id -> IdSql,
        indicator_id -> IdSql,
        organisation_id -> Nullable<IdSql>,
        comparison -> Bool,
        observed_on -> Date,
        value -> Double,
        note -> Nullable<Text>,
        entered_by_id -> IdSql,
        entered_at -> InstantSql,
        corrects_id -> Nullable<IdSql>,
        corrected_by_id -> Nullable<IdSql>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Integer, Nullable, Text};
    use crate::store::types::{IdSql, InstantSql, JsonSql};

    measures (id) {
        id -> IdSql,
        kind -> Text,
        title -> Text,
        owner -> Text,
        authority_id -> IdSql,
        state -> Text,
        target_on -> Date,
        update_due_on -> Nullable<Date>,
        course -> JsonSql,
        created_at -> InstantSql,
        updated_at -> InstantSql,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::store::types::IdSql;

    measure_reports (measure_id, report_id) {
        measure_id -> IdSql,
        report_id -> IdSql,
        place -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::store::types::IdSql;

    uncounted_reports (report_id) {
        report_id -> IdSql,
        version -> Integer,
    }
}

diesel::table! {
    use crate::store::types::{IdSql, JsonSql};

    report_counts (report_id) {
        report_id -> IdSql,
        facts -> JsonSql,
    }
}

diesel::table! {
    counts (basis, dimension, across, value, across_value) {
        basis -> Text,
        dimension -> Text,
        across -> Text,
        value -> Text,
        across_value -> Text,
        reports -> BigInt,
        organisations -> BigInt,
        endorsers -> BigInt,
        backers -> BigInt,
        municipalities -> BigInt,
    }
}

diesel::table! {
    count_standings (basis, dimension, across, value, across_value, who) {
        basis -> Text,
        dimension -> Text,
        across -> Text,
        value -> Text,
        across_value -> Text,
        who -> Text,
        reported -> BigInt,
        endorsed -> BigInt,
        hit -> BigInt,
    }
}

diesel::table! {
    count_lengths (basis, period, authority, step, suspended) {
        basis -> Text,
        step -> Text,
        authority -> Text,
        period -> Text,
        suspended -> Bool,
        steps -> BigInt,
        in_time -> BigInt,
        days -> Text,
    }
}

diesel::table! {
    count_promises (basis, authority, span, due_on, step) {
        basis -> Text,
        step -> Text,
        authority -> Text,
        span -> Text,
        due_on -> Date,
        running -> BigInt,
    }
}

diesel::table! {
    count_occasions (basis, period, authority, what) {
        basis -> Text,
        what -> Text,
        authority -> Text,
        period -> Text,
        times -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    uncounted_reports,
    report_counts,
    measures,
    measure_reports,
    experiments,
    experiment_numbers,
    experiment_reports,
    experiment_parties,
    experiment_events,
    experiment_plans,
    experiment_observations,
    saved_searches,
    organisations,
    principals,
    sessions,
    refresh_tokens,
    one_time_tokens,
    signing_keys,
    provinces,
    municipalities,
    regions,
    region_municipalities,
    domains,
    regulations,
    routing_rule_versions,
    routing_rule_facets,
    routing_outcomes,
    routing_proposals,
    reference_loads,
    reports,
    report_facets,
    report_parties,
    shared_versions,
    endorsements,
    report_links,
    report_assignees,
    deadline_profiles,
    search_entries,
    reference_numbers,
    events,
    outbox,
    idempotency_keys,
    audit_events,
    messages,
    attachments,
    standard_texts,
    report_watchers,
);
