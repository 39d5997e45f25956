//! From audiences to people.

use std::collections::HashSet;

use crate::domain::actor::{Language, PrincipalKind, Role};
use crate::domain::endorsement::Endorsement;
use crate::domain::id::{OrganisationId, PrincipalId, ReportId};
use crate::domain::notice::{Audience, NoticeKind, told_of, told_watchers};
use crate::domain::policy;
use crate::domain::report::{Contact, Report};
use crate::domain::status::Capacity;
use crate::mail::facts::Reader;
use crate::services::notices::Happened;
use crate::store::recipients::Recipient;

/// Somebody who is told.
pub struct Told<'a> {
    pub kind: NoticeKind,
    pub reader: Reader,
    /// The report the notice is about for this reader: its own, for who is told because it was merged.
    pub report: &'a Report,
    pub name: String,
    pub email: String,
    pub language: Language,
    /// In the place of an authority that has nobody to tell.
    pub stands_in: bool,
}

/// The people of an event.
pub struct Audiences<'a> {
    pub happened: Happened<'a>,
    people: &'a [Recipient],
    /// Those who watch the report, whether they see it still or not.
    watchers: Vec<PrincipalId>,
    /// By address and report: one notice about each.
    told: HashSet<(String, ReportId)>,
    /// Authorities without a liaison: the desk is told in their place, so that nothing is lost.
    pub unmanned: Vec<OrganisationId>,
}

impl<'a> Audiences<'a> {
    pub fn new(happened: Happened<'a>) -> Self {
        Self {
            happened,
            people: &[],
            watchers: Vec::new(),
            told: HashSet::new(),
            unmanned: Vec::new(),
        }
    }

    /// The report, when whoever watches it is told. One that is new has nobody who does.
    pub fn watched(&self) -> Option<ReportId> {
        told_watchers(self.happened.event)
            .filter(|_| self.happened.after.version > 1)
            .map(|_| self.happened.after.id)
    }

    /// Takes those who watch its report.
    pub fn add_watchers(&mut self, all: &[(ReportId, PrincipalId)]) {
        let own = all.iter().filter(|(id, _)| Some(*id) == self.watched());
        self.watchers = own.map(|(_, watcher)| *watcher).collect();
    }

    /// Organisations whose people may be told.
    pub fn organisations(&self) -> Vec<OrganisationId> {
        let mut ids: Vec<OrganisationId> = told_of(self.happened.event)
            .iter()
            .flat_map(|(audience, _)| match audience {
                Audience::Reporter => vec![self.happened.after.submitter],
                Audience::Followers => {
                    let followers = self.happened.followers;
                    let merged = followers.merged.iter().map(|report| report.submitter);
                    let endorsers = followers.endorsements.iter().map(|one| one.organisation);
                    merged.chain(endorsers).collect()
                }
                other => self.authorities(*other),
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// People who may be told, wherever they are, and whoever did it.
    pub fn named(&self) -> Vec<PrincipalId> {
        let details = &self.happened.event.details;
        let assignees = details.assignee.iter().chain(&details.former_assignee);
        let followers = self.happened.followers;
        let merged = followers.merged.iter().map(|report| report.sender.id);
        let endorsers = followers.endorsements.iter().map(|one| one.sender.id);
        let senders = merged.chain(endorsers);
        [self.happened.after.sender.id]
            .into_iter()
            .chain(self.happened.event.author.principal)
            .chain(assignees.map(|person| person.id))
            .chain(senders)
            .chain(self.watchers.iter().copied())
            .collect()
    }

    /// Organisations that texts name.
    pub fn mentioned(&self) -> Vec<OrganisationId> {
        let one = [self.happened.after.submitter]
            .into_iter()
            .chain(self.happened.after.lead);
        one.chain(self.happened.event.details.suggested_authority)
            .chain(self.unmanned.iter().copied())
            .collect()
    }

    /// The authorities of an audience.
    fn authorities(&self, audience: Audience) -> Vec<OrganisationId> {
        let contributors = &self.happened.after.handling.contributors;
        match audience {
            Audience::Lead => self.happened.after.lead.into_iter().collect(),
            Audience::Contributors => contributors.clone(),
            Audience::NewContributors => {
                let known: Vec<OrganisationId> = self
                    .happened
                    .before
                    .map(|before| before.authorities().collect())
                    .unwrap_or_default();
                contributors
                    .iter()
                    .copied()
                    .filter(|id| !known.contains(id))
                    .collect()
            }
            Audience::FormerLead => {
                let former = self
                    .happened
                    .event
                    .details
                    .former_lead
                    .or(self.happened.before.and_then(|before| before.lead));
                former
                    .filter(|former| Some(*former) != self.happened.after.lead)
                    .into_iter()
                    .collect()
            }
            Audience::OwnAuthority => self
                .happened
                .event
                .author
                .organisation
                .into_iter()
                .collect(),
            Audience::Asker if self.asked_by_lead() => {
                self.happened.after.lead.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn asked_by_lead(&self) -> bool {
        let question = self.happened.after.handling.question.as_ref();
        question.is_some_and(|question| question.asked_as == Capacity::Lead)
    }

    /// Everybody who is told, each once: by the first row of the table that reaches them.
    pub fn resolve(&mut self, people: &'a [Recipient]) -> Vec<Told<'a>> {
        self.people = people;
        let mut told = Vec::new();
        let mut unmanned_for = Vec::new();
        for (audience, kind) in told_of(self.happened.event) {
            match audience {
                Audience::Reporter => {
                    let after = self.happened.after;
                    told.extend(self.reporters(*kind, Reader::Reporter, after, of_report(after)))
                }
                Audience::Followers => {
                    for report in &self.happened.followers.merged {
                        let voice = of_report(report);
                        told.extend(self.reporters(*kind, Reader::Follower, report, voice));
                    }
                    for endorsement in &self.happened.followers.endorsements {
                        let (after, voice) = (self.happened.after, of_endorsement(endorsement));
                        told.extend(self.reporters(*kind, Reader::Endorser, after, voice));
                    }
                }
                Audience::Desk => told.extend(self.desk(*kind, false)),
                Audience::DeskWithoutLead if self.happened.after.lead.is_none() => {
                    told.extend(self.desk(*kind, false))
                }
                Audience::DeskWithoutLead => {}
                Audience::Coordinators => told.extend(self.coordinators(*kind)),
                Audience::Assignee | Audience::FormerAssignee => {
                    told.extend(self.assignee(*audience, *kind));
                }
                Audience::Asker if !self.asked_by_lead() => told.extend(self.desk(*kind, false)),
                // What is internal is for nobody else, whoever is missing.
                Audience::OwnAuthority => {
                    for id in self.authorities(*audience) {
                        let reader = match self.happened.after.lead {
                            Some(lead) if lead == id => Reader::Lead,
                            _ => Reader::Contributor,
                        };
                        told.extend(self.liaisons(*kind, reader, id).into_iter().flatten());
                    }
                }
                other => {
                    for id in self.authorities(*other) {
                        match self.liaisons(*kind, reader(*other), id) {
                            Some(liaisons) => told.extend(liaisons),
                            None => {
                                if !self.unmanned.contains(&id) {
                                    self.unmanned.push(id);
                                }
                                unmanned_for.push(*kind);
                            }
                        }
                    }
                }
            }
        }
        for kind in unmanned_for {
            told.extend(self.desk(kind, true));
        }
        // Last, so that who is told as a party is not told again for watching.
        if let Some((_, kind)) = told_watchers(self.happened.event) {
            told.extend(self.watching(kind));
        }
        told
    }

    /// The contact person when a machine or the desk sent the report in, else the sender. When that person is not there
    /// any more: the other one, or at last the reporters of the organisation.
    fn reporters(
        &mut self,
        kind: NoticeKind,
        reader: Reader,
        report: &'a Report,
        voice: Voice<'a>,
    ) -> Vec<Told<'a>> {
        let sender = self
            .people
            .iter()
            .find(|person| {
                person.id == voice.sender
                    && person.organisation == voice.organisation
                    && person.roles.contains(&Role::Reporter)
            })
            .map(of_person);
        let contact = voice.contact.map(|contact| {
            (
                contact.name.clone(),
                contact.email.clone(),
                contact.language,
            )
        });
        // A desk that entered a report is not its reporter, whoever else is missing.
        let one = if voice.through_another {
            contact
        } else {
            sender.or(contact)
        };
        let found = match one {
            Some(one) => vec![one],
            None => self
                .people
                .iter()
                .filter(|person| {
                    person.organisation == voice.organisation
                        && person.roles.contains(&Role::Reporter)
                })
                .map(of_person)
                .collect(),
        };
        let own_deed_too = kind == NoticeKind::Acknowledgement;
        found
            .into_iter()
            .filter_map(|one| self.tell(kind, reader, report, one, own_deed_too, false))
            .collect()
    }

    /// The liaisons of an authority; none when it has nobody.
    fn liaisons(
        &mut self,
        kind: NoticeKind,
        reader: Reader,
        authority: OrganisationId,
    ) -> Option<Vec<Told<'a>>> {
        let report = self.happened.after;
        let there: Vec<&Recipient> = self
            .people
            .iter()
            .filter(|person| {
                person.organisation == authority && person.roles.contains(&Role::Liaison)
            })
            .collect();
        if there.is_empty() {
            return None;
        }
        // Once somebody there has taken it up, it is that person's; of a new report all hear.
        let assignee = report
            .assignee_at(authority)
            .filter(|_| kind != NoticeKind::ForYou)
            .and_then(|assignee| there.iter().find(|person| person.id == assignee.id));
        let found: Vec<Person> = match assignee {
            Some(assignee) => vec![of_person(assignee)],
            None => there.into_iter().map(of_person).collect(),
        };
        Some(
            found
                .into_iter()
                .filter_map(|one| self.tell(kind, reader, report, one, false, false))
                .collect(),
        )
    }

    /// The desk, for itself or in the place of an authority that has nobody.
    fn desk(&mut self, kind: NoticeKind, stands_in: bool) -> Vec<Told<'a>> {
        let found: Vec<_> = self
            .people
            .iter()
            .filter(|person| person.operator)
            .filter(|person| {
                person.roles.contains(&Role::Desk) || person.roles.contains(&Role::Coordinator)
            })
            .map(of_person)
            .collect();
        // Whoever forwarded it has to know that nobody there was told.
        let own_deed_too = stands_in && kind == NoticeKind::ForYou;
        let report = self.happened.after;
        found
            .into_iter()
            .filter_map(|one| self.tell(kind, Reader::Desk, report, one, own_deed_too, stands_in))
            .collect()
    }

    fn coordinators(&mut self, kind: NoticeKind) -> Vec<Told<'a>> {
        let found: Vec<_> = self
            .people
            .iter()
            .filter(|person| person.operator && person.roles.contains(&Role::Coordinator))
            .map(of_person)
            .collect();
        let report = self.happened.after;
        found
            .into_iter()
            .filter_map(|one| self.tell(kind, Reader::Desk, report, one, false, false))
            .collect()
    }

    /// Who was given the report, or had it until then.
    fn assignee(&mut self, audience: Audience, kind: NoticeKind) -> Option<Told<'a>> {
        let details = &self.happened.event.details;
        let person = match audience {
            Audience::Assignee => &details.assignee,
            _ => &details.former_assignee,
        };
        let id = person.as_ref()?.id;
        let found = self.people.iter().find(|known| known.id == id)?;
        let reader = if found.operator && !found.roles.contains(&Role::Liaison) {
            Reader::Desk
        } else {
            Reader::Lead
        };
        let report = self.happened.after;
        self.tell(kind, reader, report, of_person(found), false, false)
    }

    /// Those who watch the report, as far as they see it now: who has lost sight of it hears nothing.
    fn watching(&mut self, kind: NoticeKind) -> Vec<Told<'a>> {
        let report = self.happened.after;
        let found: Vec<_> = self
            .people
            .iter()
            .filter(|person| self.watchers.contains(&person.id))
            .filter(|person| policy::view(&person.as_actor(), report).is_some())
            .map(of_person)
            .collect();
        found
            .into_iter()
            .filter_map(|one| self.tell(kind, Reader::Watcher, report, one, false, false))
            .collect()
    }

    /// Tells somebody, unless it was told already or did it itself.
    fn tell(
        &mut self,
        kind: NoticeKind,
        reader: Reader,
        report: &'a Report,
        (name, email, language): Person,
        own_deed_too: bool,
        stands_in: bool,
    ) -> Option<Told<'a>> {
        let address = email.to_lowercase();
        if !own_deed_too && self.author_address().is_some_and(|own| own == address) {
            return None;
        }
        self.told.insert((address, report.id)).then_some(Told {
            kind,
            reader,
            report,
            name,
            email,
            language,
            stands_in,
        })
    }

    /// An address stands for one person: comparing it excludes the author as a contact person too.
    fn author_address(&self) -> Option<String> {
        let author = self.happened.event.author.principal?;
        let person = self.people.iter().find(|person| person.id == author)?;
        Some(person.email.to_lowercase())
    }
}

type Person = (String, String, Language);

/// Who speaks for an organisation that reports or endorses.
struct Voice<'a> {
    organisation: OrganisationId,
    sender: PrincipalId,
    contact: Option<&'a Contact>,
    /// The contact person is told in the place of the sender.
    through_another: bool,
}

fn of_report(report: &Report) -> Voice<'_> {
    Voice {
        organisation: report.submitter,
        sender: report.sender.id,
        contact: report.content.contact.as_ref(),
        through_another: report.on_behalf || report.sender.kind == PrincipalKind::Client,
    }
}

fn of_endorsement(endorsement: &Endorsement) -> Voice<'_> {
    Voice {
        organisation: endorsement.organisation,
        sender: endorsement.sender.id,
        contact: endorsement.contact.as_ref(),
        through_another: endorsement.contact.is_some(),
    }
}

fn of_person(person: &Recipient) -> Person {
    (person.name.clone(), person.email.clone(), person.language)
}

fn reader(audience: Audience) -> Reader {
    match audience {
        Audience::Contributors | Audience::NewContributors => Reader::Contributor,
        Audience::FormerLead => Reader::FormerLead,
        _ => Reader::Lead,
    }
}
