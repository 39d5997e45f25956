//! Every operation of version 1, below `/v1`. What is listed here stands in the OpenAPI document by that alone.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::{
    attachments, audit_events, bulk, claim, clients, clocks, deadline_profiles, endorsements,
    events, history, me, municipalities, notices, organisations, people, policy_domains, provinces,
    record, regions, regulations, report_messages, reports, routing, routing_rules, sessions,
    shared_reports, tokens, transitions,
};

/// The operations.
pub fn operations(config: &mut ServiceConfig) {
    config
        .service(reports::submit_report)
        .service(reports::list_reports)
        .service(reports::get_report)
        .service(reports::change_report)
        .service(reports::delete_draft);
    config
        .service(transitions::list_transitions)
        .service(transitions::make_transition)
        .service(events::list_events)
        .service(history::list_field_changes)
        .service(clocks::list_clocks)
        .service(claim::claim_next);
    config
        .service(deadline_profiles::list_deadline_profiles)
        .service(deadline_profiles::get_deadline_profile)
        .service(deadline_profiles::list_deadline_profile_versions)
        .service(deadline_profiles::add_deadline_profile)
        .service(deadline_profiles::change_deadline_profile);
    config
        .service(report_messages::list_messages)
        .service(report_messages::write_message)
        .service(report_messages::get_message)
        .service(report_messages::change_message)
        .service(report_messages::delete_message)
        .service(report_messages::send_message);
    config
        .service(bulk::submit_reports)
        .service(bulk::make_transitions);
    config
        .service(shared_reports::list_shared_reports)
        .service(shared_reports::get_shared_report)
        .service(endorsements::endorse_report)
        .service(endorsements::withdraw_endorsement)
        .service(endorsements::count_endorsements)
        .service(endorsements::list_endorsements);
    config
        .service(attachments::list_attachments)
        .service(attachments::add_attachment)
        .service(attachments::get_attachment)
        .service(attachments::fetch_attachment)
        .service(attachments::delete_attachment);
    config
        .service(sessions::create_session)
        .service(sessions::end_session)
        .service(sessions::list_my_sessions)
        .service(sessions::end_my_session)
        .service(sessions::end_my_other_sessions)
        .service(sessions::ask_password_reset)
        .service(sessions::set_password)
        .service(tokens::request_token)
        .service(me::get_me)
        .service(me::change_me);
    config
        .service(people::list_people)
        .service(people::invite_person)
        .service(people::get_person)
        .service(people::change_person)
        .service(people::remove_person)
        .service(people::resend_invitation)
        .service(people::end_sessions_of_person)
        .service(audit_events::list_audit_events);
    config
        .service(clients::list_clients)
        .service(clients::create_client)
        .service(clients::get_client)
        .service(clients::change_client)
        .service(clients::remove_client)
        .service(clients::renew_client_secret);
    config
        .service(notices::list_notices)
        .service(notices::get_notice)
        .service(notices::resend_notice);
    config
        .service(routing::preview_routing)
        .service(routing_rules::list_routing_rules)
        .service(routing_rules::get_routing_rule);
    config
        .service(organisations::list_organisations)
        .service(organisations::get_organisation)
        .service(record::get_authority_record)
        .service(organisations::add_organisation)
        .service(organisations::change_organisation);
    config
        .service(municipalities::list_municipalities)
        .service(municipalities::get_municipality)
        .service(municipalities::add_municipality)
        .service(municipalities::change_municipality);
    config
        .service(regions::list_regions)
        .service(regions::get_region)
        .service(regions::add_region)
        .service(regions::change_region);
    config
        .service(regulations::list_regulations)
        .service(regulations::get_regulation)
        .service(regulations::add_regulation)
        .service(regulations::change_regulation);
    config
        .service(policy_domains::list_domains)
        .service(policy_domains::get_domain)
        .service(policy_domains::add_domain)
        .service(policy_domains::change_domain);
    config
        .service(provinces::list_provinces)
        .service(provinces::get_province);
}
