//! What somebody may do at all, for whoever draws a menu. Whether it may be done to one report, that report's transitions say.

use crate::domain::actor::{Actor, Role, Scope};
use crate::domain::code::{Code, code_list};
use crate::domain::policy;

code_list! {
    /// Something that one may do (Dutch: bevoegdheid).
    pub enum Ability {
        /// Hand in reports (meldingen doen).
        SubmitReports = "submit_reports",
        /// Hand in reports for another organisation (melden namens een ander).
        SubmitOnBehalf = "submit_on_behalf",
        /// See reports: one's own, those routed to one, those released (meldingen zien).
        ReadReports = "read_reports",
        /// See every report that is not confidential (alle meldingen zien).
        ReadUnpublished = "read_unpublished",
        /// Check, route, merge and settle reports (loketwerk).
        TriageReports = "triage_reports",
        /// Work on reports as their authority (meldingen behandelen).
        AssessReports = "assess_reports",
        /// Ask how a report would be routed (doorzetting proberen).
        PreviewRouting = "preview_routing",
        /// Read the routing rules (regels lezen).
        ReadRules = "read_rules",
        /// Change rules and reference data (referentiegegevens wijzigen).
        ChangeReference = "change_reference",
        /// Add and change organisations (organisaties wijzigen).
        ChangeOrganisations = "change_organisations",
        /// Manage the people and clients of one's own organisation (eigen organisatie beheren).
        ManageOwnOrganisation = "manage_own_organisation",
        /// Manage those of every organisation (alle organisaties beheren).
        ManageAllOrganisations = "manage_all_organisations",
        /// See mail that could not be sent, and send it again (post beheren).
        AdministerMail = "administer_mail",
    }
}

/// All that an actor's roles and the scopes of its token allow.
pub fn abilities(actor: &Actor) -> Vec<Ability> {
    Ability::ALL
        .iter()
        .copied()
        .filter(|ability| allows(actor, *ability))
        .collect()
}

fn allows(actor: &Actor, ability: Ability) -> bool {
    use Ability as A;
    let has = |role| actor.has(role);
    let may = |scope| actor.may(scope);
    let writes = may(Scope::ReportsWrite);
    match ability {
        A::SubmitReports => writes && policy::may_submit_for(actor, actor.home.id),
        A::SubmitOnBehalf => writes && actor.is_desk(),
        A::ReadReports => may(Scope::ReportsRead),
        A::ReadUnpublished => {
            may(Scope::ReportsRead) && (actor.is_desk() || policy::reads_unpublished(actor))
        }
        A::TriageReports => may(Scope::Triage) && actor.is_desk(),
        A::AssessReports => may(Scope::Triage) && has(Role::Liaison),
        A::PreviewRouting => policy::may_preview_routing(actor),
        A::ReadRules => policy::may_read_rules(actor),
        A::ChangeReference => may(Scope::ReferenceWrite) && policy::may_change_reference(actor),
        A::ChangeOrganisations => may(Scope::Admin) && policy::may_change_organisations(actor),
        A::ManageOwnOrganisation => {
            may(Scope::OrganisationManage) && policy::may_manage(actor, actor.home.id)
        }
        A::ManageAllOrganisations => may(Scope::OrganisationManage) && has(Role::Admin),
        A::AdministerMail => may(Scope::Admin) && policy::may_administer_mail(actor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::{Home, Language, OrganisationKind, PrincipalKind, scopes_of};
    use crate::domain::id::{OrganisationId, PrincipalId};

    fn actor(roles: &[Role]) -> Actor {
        Actor {
            id: PrincipalId::new(),
            kind: PrincipalKind::Person,
            name: "A".into(),
            home: Home {
                id: OrganisationId::new(),
                kind: OrganisationKind::Municipality,
                name: "Delft".into(),
                owns_rules: false,
                operator: false,
            },
            roles: roles.to_vec(),
            scopes: scopes_of(roles),
            language: Language::Nl,
            session: None,
        }
    }

    #[test]
    fn abilities_follow_the_roles_and_the_scopes() {
        use Ability::*;
        let reporter = actor(&[Role::Reporter]);
        assert_eq!(
            abilities(&reporter),
            [SubmitReports, ReadReports, PreviewRouting]
        );
        let org_admin = actor(&[Role::OrgAdmin]);
        assert_eq!(abilities(&org_admin), [ManageOwnOrganisation]);
        let read_only = Actor {
            scopes: vec![Scope::ReportsRead],
            ..reporter
        };
        assert_eq!(abilities(&read_only), [ReadReports, PreviewRouting]);
        let admin = actor(&[Role::Admin]);
        assert!(!abilities(&admin).contains(&ReadReports));
        assert!(abilities(&admin).contains(&ManageAllOrganisations));
    }
}
