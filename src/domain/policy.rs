//! Who may see and do what. Every service asks here; nothing else decides.

use crate::domain::actor::{Actor, OrganisationKind, PrincipalKind, Role, Scope};
use crate::domain::attachment::Attachment;
use crate::domain::code::Code;
use crate::domain::experiment::{Experiment, ExperimentCapacity, ParticipantState};
use crate::domain::id::OrganisationId;
use crate::domain::message::{Message, MessageAudience, MessageState};
use crate::domain::report::{Confidentiality, Report};
use crate::domain::saved_search::SavedSearch;
use crate::domain::sharing::ShareAudience;
use crate::domain::standard_text::StandardText;
use crate::domain::status::{Capacity, Status};

/// How much of a report somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Reference, title, status, lead, dates, public explanation and outcome.
    Progress,
    /// Everything but what is another's.
    Full { contact: bool },
}

impl View {
    pub fn shows_contact(self) -> bool {
        matches!(self, View::Full { contact: true })
    }

    pub fn is_full(self) -> bool {
        matches!(self, View::Full { .. })
    }
}

/// As whom somebody stands towards a report; empty for a stranger.
pub fn capacities(actor: &Actor, report: &Report) -> Vec<Capacity> {
    let mut found = Vec::new();
    if actor.has(Role::Reporter) && actor.home.id == report.submitter {
        found.push(Capacity::Reporter);
    }
    // A draft is its writer's own until it is submitted; the desk sees those it enters for others.
    let desk_sees = report.status != Status::Draft || report.on_behalf;
    if desk_sees && actor.has(Role::Desk) {
        found.push(Capacity::Desk);
    }
    if desk_sees && actor.has(Role::Coordinator) {
        found.push(Capacity::Coordinator);
    }
    if actor.has(Role::Liaison) {
        if report.lead == Some(actor.home.id) {
            found.push(Capacity::Lead);
        } else if report.handling.contributors.contains(&actor.home.id) {
            found.push(Capacity::Contributor);
        }
    }
    found
}

/// What the actor sees of a report; none when for it the report is not there.
pub fn view(actor: &Actor, report: &Report) -> Option<View> {
    let capacities = capacities(actor, report);
    if !capacities.is_empty() {
        let contact = capacities
            .iter()
            .any(|capacity| *capacity != Capacity::Contributor);
        return Some(View::Full { contact });
    }
    if report.status == Status::Draft {
        return None;
    }
    if reads_unpublished(actor) && report.confidentiality != Confidentiality::Confidential {
        return Some(View::Full { contact: false });
    }
    let follows = report.is_followed_by(actor.home.id);
    (follows && (actor.has(Role::Reporter) || actor.has(Role::Liaison))).then_some(View::Progress)
}

/// The title as a view shows it.
pub fn title(report: &Report, view: View) -> &str {
    if view.is_full() {
        &report.content.title
    } else {
        report.title_from_afar()
    }
}

/// As whom somebody writes to an audience; none for whoever may not.
pub fn writes_as(actor: &Actor, report: &Report, audience: MessageAudience) -> Option<Capacity> {
    use Capacity::{Contributor, Coordinator, Desk, Lead, Reporter};
    let writers: &[Capacity] = match audience {
        MessageAudience::Reporter => &[Reporter, Desk, Coordinator, Lead],
        MessageAudience::Government => &[Desk, Coordinator, Lead, Contributor],
        MessageAudience::Authority => &[Lead, Contributor],
    };
    capacities(actor, report)
        .into_iter()
        .find(|capacity| writers.contains(capacity))
}

/// Whether somebody reads what an organisation wrote to an audience. What is for the reporter is part of the full view of
/// a report; contributors read it and do not write it. Analysts read what the full view holds and what is for the
/// government, unless the report is their own organisation's; of what is internal to an authority, their own's.
pub fn reads(
    actor: &Actor,
    report: &Report,
    audience: MessageAudience,
    written_by: OrganisationId,
) -> bool {
    if !view(actor, report).is_some_and(View::is_full) {
        return false;
    }
    let writes = writes_as(actor, report, audience).is_some();
    let analyst =
        reads_unpublished(actor) && report.confidentiality != Confidentiality::Confidential;
    match audience {
        MessageAudience::Reporter => true,
        MessageAudience::Government => writes || (analyst && actor.home.id != report.submitter),
        MessageAudience::Authority => actor.home.id == written_by && (writes || analyst),
    }
}

/// Whether a message is there for somebody: a draft for the people of its organisation who may write to its audience.
pub fn sees_message(actor: &Actor, report: &Report, message: &Message) -> bool {
    match message.state() {
        MessageState::Sent => reads(actor, report, message.audience, message.organisation),
        MessageState::Draft => {
            actor.home.id == message.organisation
                && writes_as(actor, report, message.audience).is_some()
        }
    }
}

/// As whom somebody deletes an attachment: as its organisation, or as the desk; none for whoever may not.
pub fn deletes_as(actor: &Actor, report: &Report, attachment: &Attachment) -> Option<Capacity> {
    let desk = |capacity: &Capacity| matches!(capacity, Capacity::Desk | Capacity::Coordinator);
    let own = actor.home.id == attachment.organisation;
    writes_as(actor, report, attachment.audience)
        .filter(|_| own)
        .or_else(|| capacities(actor, report).into_iter().find(desk))
}

/// May write standard texts for all.
pub fn may_keep_texts_for_all(actor: &Actor) -> bool {
    actor.has(Role::Coordinator)
}

/// May write this standard text: a coordinator one for all, a liaison one of its own authority.
pub fn may_keep_text(actor: &Actor, text: &StandardText) -> bool {
    match text.organisation {
        None => may_keep_texts_for_all(actor),
        Some(organisation) => actor.has(Role::Liaison) && actor.home.id == organisation,
    }
}

/// Whether a standard text is there for somebody: one for all, one of its own organisation; a coordinator sees every one.
pub fn sees_text(actor: &Actor, text: &StandardText) -> bool {
    let own = |organisation| actor.home.id == organisation;
    text.organisation.is_none_or(own) || may_keep_texts_for_all(actor)
}

/// May say what a report is to another: who handles it, and whose it is.
pub fn may_link(actor: &Actor, report: &Report) -> bool {
    writes_as(actor, report, MessageAudience::Reporter).is_some()
}

/// As whom somebody links two reports: as the desk, as the lead of one that sees the whole of the other, or as the
/// reporter of both; empty for whoever may not.
pub fn links_as(actor: &Actor, one: &Report, other: &Report) -> Vec<Capacity> {
    let sees_whole = |report| view(actor, report).is_some_and(View::is_full);
    if !(sees_whole(one) && sees_whole(other)) {
        return Vec::new();
    }
    let (of_one, of_other) = (capacities(actor, one), capacities(actor, other));
    let stands = |capacity: &Capacity| {
        let (here, there) = (of_one.contains(capacity), of_other.contains(capacity));
        match capacity {
            Capacity::Lead => here || there,
            _ => here && there,
        }
    };
    [
        Capacity::Reporter,
        Capacity::Desk,
        Capacity::Coordinator,
        Capacity::Lead,
    ]
    .into_iter()
    .filter(stands)
    .collect()
}

/// A token may be good for less than its holder's roles: as reporter it writes, as desk or ministry it triages.
pub fn scope_of(capacity: Capacity) -> Scope {
    match capacity {
        Capacity::Reporter => Scope::ReportsWrite,
        _ => Scope::Triage,
    }
}

/// Sees what is internal to government: opinions, why the coordinator was called in. As its messages, the reporter's
/// organisation does not see it, unless somebody of it works on the report as well.
pub fn sees_internal(actor: &Actor, report: &Report) -> bool {
    reads(actor, report, MessageAudience::Government, actor.home.id)
}

/// The analysts of BZK and of the ministries read what is not yet published, confidential reports excepted.
pub fn reads_unpublished(actor: &Actor) -> bool {
    actor.has(Role::Analyst) && actor.home.kind == OrganisationKind::Ministry
}

/// Which figures somebody may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figures {
    /// Of all reports that are not confidential.
    All,
    /// How its own authority does.
    Own,
    /// Those that everybody may read.
    None,
}

/// Figures of all reports are for who may count them: the desk, and the analysts of the ministries. A liaison reads how its
/// own authority does.
pub fn figures(actor: &Actor) -> Figures {
    if actor.is_desk() || reads_unpublished(actor) {
        Figures::All
    } else if actor.has(Role::Liaison) {
        Figures::Own
    } else {
        Figures::None
    }
}

/// As whom the actor may take obstacles out of a report: the desk, or who leads it.
pub fn splits_as(actor: &Actor, report: &Report) -> Option<Capacity> {
    capacities(actor, report).into_iter().find(|capacity| {
        matches!(
            capacity,
            Capacity::Desk | Capacity::Coordinator | Capacity::Lead
        )
    })
}

/// Whether the actor reads the reviewed version that was released of a report. It is no view of the report itself: whoever
/// has this alone finds the report at no other address.
pub fn reads_shared(actor: &Actor, report: &Report) -> bool {
    let version = report.handling.sharing.version.as_ref();
    version.is_some_and(|version| shared_with(actor).contains(&version.audience))
}

/// Whether everybody may read what was released of it, without signing in.
pub fn is_public(report: &Report) -> bool {
    let version = report.handling.sharing.version.as_ref();
    version.is_some_and(|version| version.audience == ShareAudience::Public)
}

/// What is released to these is for the actor to read. Partners and the contacts at the EU are no Dutch government.
pub fn shared_with(actor: &Actor) -> &'static [ShareAudience] {
    use OrganisationKind::*;
    match actor.home.kind {
        Ministry | Municipality | Province | WaterBoard => ShareAudience::ALL,
        EuContact | Partner => &[ShareAudience::Public],
    }
}

/// May hand in a report for an organisation: its own, or any when the desk enters it (by telephone).
pub fn may_submit_for(actor: &Actor, organisation: OrganisationId) -> bool {
    (actor.has(Role::Reporter) && actor.home.id == organisation) || actor.is_desk()
}

/// May see and change the people and clients of an organisation.
pub fn may_manage(actor: &Actor, organisation: OrganisationId) -> bool {
    actor.has(Role::Admin) || (actor.has(Role::OrgAdmin) && actor.home.id == organisation)
}

/// May give this role: nobody hands out what only an administrator of the service gives.
pub fn may_grant(actor: &Actor, role: Role) -> bool {
    match role {
        Role::Desk | Role::Coordinator | Role::Admin => actor.has(Role::Admin),
        Role::Reporter | Role::Liaison | Role::Analyst | Role::OrgAdmin => true,
    }
}

/// May add and change organisations.
pub fn may_change_organisations(actor: &Actor) -> bool {
    actor.has(Role::Admin)
}

/// May change municipalities, regions, regulations and domains, and routing rules.
pub fn may_change_reference(actor: &Actor) -> bool {
    actor.has(Role::Coordinator) || actor.has(Role::Admin)
}

/// May change what is promised: the terms of the deadline profiles.
pub fn may_change_deadline_profiles(actor: &Actor) -> bool {
    actor.has(Role::Coordinator)
}

/// Whether figures about an authority count its confidential reports for somebody: for whoever sees them all.
pub fn counts_confidential(actor: &Actor, authority: OrganisationId) -> bool {
    actor.is_desk() || (actor.has(Role::Liaison) && actor.home.id == authority)
}

/// May take up the next report: who works on reports, in person.
pub fn may_claim(actor: &Actor) -> bool {
    actor.kind == PrincipalKind::Person && (actor.is_desk() || actor.has(Role::Liaison))
}

/// May see the outbox's dead letters and send them again.
pub fn may_administer_mail(actor: &Actor) -> bool {
    actor.has(Role::Admin)
}

/// May ask how a report would be routed.
pub fn may_preview_routing(actor: &Actor) -> bool {
    actor.has(Role::Reporter) || actor.is_desk()
}

/// May write routing rules, try them on past reports and put them in force.
pub fn may_write_rules(actor: &Actor) -> bool {
    actor.has(Role::Coordinator)
}

/// Whether a saved search is there for somebody: its own, or one that a colleague shares.
pub fn sees_search(actor: &Actor, search: &SavedSearch) -> bool {
    search.owner == actor.id || (search.shared && search.organisation == actor.home.id)
}

/// May change a saved search: its owner, and any colleague once the owner is gone.
pub fn may_keep_search(actor: &Actor, search: &SavedSearch) -> bool {
    search.owner == actor.id || (search.owner_gone && sees_search(actor, search))
}

/// May read the routing rules themselves.
pub fn may_read_rules(actor: &Actor) -> bool {
    actor.is_desk() || actor.has(Role::Liaison) || actor.has(Role::Analyst)
}

/// As whom somebody stands towards an experiment. Whoever reports may come to take part in what it sees.
pub fn experiment_capacities(actor: &Actor, experiment: &Experiment) -> Vec<ExperimentCapacity> {
    let mut found = ties(actor, experiment);
    let open = experiment.course.registered_on.is_some() || !found.is_empty();
    let takes_part = found.contains(&ExperimentCapacity::Participant);
    if open && !takes_part && actor.has(Role::Reporter) {
        found.push(ExperimentCapacity::Interested);
    }
    found
}

fn ties(actor: &Actor, experiment: &Experiment) -> Vec<ExperimentCapacity> {
    let home = actor.home.id;
    let works = actor.has(Role::Reporter) || actor.has(Role::Liaison);
    let takes_part = |state| {
        use ParticipantState::*;
        matches!(state, Asked | Participating | Leaving)
    };
    let participant = experiment.participant(home);
    [
        (actor.is_desk(), ExperimentCapacity::Desk),
        (
            actor.has(Role::Liaison) && experiment.authority == Some(home),
            ExperimentCapacity::Authority,
        ),
        (
            works && experiment.proposer.organisation == home,
            ExperimentCapacity::Proposer,
        ),
        (
            works && participant.is_some_and(|one| takes_part(one.state)),
            ExperimentCapacity::Participant,
        ),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, capacity)| capacity)
    .collect()
}

/// Whether an experiment is there for somebody: once it is registered, for everybody who is signed in; before, for those it
/// concerns.
pub fn sees_experiment(actor: &Actor, experiment: &Experiment) -> bool {
    experiment.course.registered_on.is_some()
        || !ties(actor, experiment).is_empty()
        || reads_unpublished(actor)
}

/// As whom somebody changes the plan: who proposes it until it is checked, then the authority and the desk.
pub fn plans_as(actor: &Actor, experiment: &Experiment) -> Option<ExperimentCapacity> {
    use crate::domain::experiment::ExperimentStatus::{
        Closed, Decided, Evaluating, LegalCheck, Proposal, Registered, Running, Stopped,
    };
    use ExperimentCapacity::{Authority, Desk, Proposer};
    let may: &[ExperimentCapacity] = match experiment.status {
        Proposal => &[Proposer, Desk],
        LegalCheck | Registered | Running => &[Authority, Desk],
        Evaluating | Decided | Closed | Stopped => &[],
    };
    ties(actor, experiment)
        .into_iter()
        .find(|capacity| may.contains(capacity))
}

/// May propose an experiment from a report: who handles it, and whose it is.
pub fn may_propose_from(actor: &Actor, report: &Report) -> bool {
    report.status != Status::Draft && !capacities(actor, report).is_empty()
}

/// Whether somebody enters observations of a participant, or of all and of the comparison group when none is named.
pub fn observes(
    actor: &Actor,
    experiment: &Experiment,
    participant: Option<OrganisationId>,
) -> bool {
    use ExperimentCapacity::{Authority, Desk};
    let ties = ties(actor, experiment);
    if ties.contains(&Authority) || ties.contains(&Desk) {
        return true;
    }
    ties.contains(&ExperimentCapacity::Participant) && participant == Some(actor.home.id)
}

/// Whether what it was given lets somebody act as this: who works for an authority proposes with the scope of that work.
pub fn may_act_as(actor: &Actor, capacity: ExperimentCapacity) -> bool {
    match capacity {
        ExperimentCapacity::Desk | ExperimentCapacity::Authority => actor.may(Scope::Triage),
        ExperimentCapacity::Proposer => actor.may(Scope::ReportsWrite) || actor.may(Scope::Triage),
        _ => actor.may(Scope::ReportsWrite),
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
