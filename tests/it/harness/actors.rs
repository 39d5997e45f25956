//! Who acts in a test: people and API clients, made without HTTP, at the organisations that the embedded facts give.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use diesel::prelude::*;
use meldpunt::domain::actor::{Language, Role, Scope, scopes_of};
use meldpunt::domain::id::{OrganisationId, PrincipalId, SessionId};
use meldpunt::services::clients::NewClient;
use meldpunt::services::people::NewPerson;
use meldpunt::services::tokens::{self, Subject};
use meldpunt::services::{Error, clients, people};
use meldpunt::store::principals;
use meldpunt::store::schema::organisations;
use meldpunt::store::sessions::{self, Session};
use serde_json::json;

use super::TestApp;

/// What a person signs in with, once `give_password` was called.
pub const PASSWORD: &str = "een lang wachtwoord dat niemand raadt";

/// A person or an API client that is signed in: its tokens are made anew for each request, so the clock may be moved.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: PrincipalId,
    pub name: String,
    /// Of people.
    pub email: String,
    pub organisation: OrganisationId,
    /// The sign-in of a person.
    pub session: Option<SessionId>,
    /// The secret of a client.
    pub secret: String,
    pub scopes: Vec<Scope>,
}

impl TestApp {
    pub async fn reporter(&self, municipality: &str) -> Actor {
        let home = self.organisation(municipality).await;
        self.person(&[Role::Reporter], home).await
    }

    pub async fn desk(&self) -> Actor {
        self.at_bzk(Role::Desk).await
    }

    pub async fn coordinator(&self) -> Actor {
        self.at_bzk(Role::Coordinator).await
    }

    pub async fn admin(&self) -> Actor {
        self.at_bzk(Role::Admin).await
    }

    /// At a ministry, by its abbreviation.
    pub async fn liaison(&self, ministry: &str) -> Actor {
        let home = self.organisation(ministry).await;
        self.person(&[Role::Liaison], home).await
    }

    async fn at_bzk(&self, role: Role) -> Actor {
        let home = self.organisation("BZK").await;
        self.person(&[role], home).await
    }

    /// An organisation of the embedded facts: a ministry by its abbreviation, a municipality or province by its code.
    pub async fn organisation(&self, name: &str) -> OrganisationId {
        let wanted = name.to_owned();
        let found: Option<OrganisationId> = self
            .context
            .db
            .read(move |conn| {
                let named = organisations::abbreviation
                    .eq(&wanted)
                    .or(organisations::municipality_code.eq(&wanted))
                    .or(organisations::province_code
                        .eq(&wanted)
                        .and(organisations::kind.eq("province")));
                let id = organisations::table
                    .filter(named)
                    .select(organisations::id)
                    .first(conn)
                    .optional()?;
                Ok::<_, Error>(id)
            })
            .await
            .unwrap();
        found.unwrap_or_else(|| panic!("the facts have no organisation {name}"))
    }

    /// A person with a name and address of its own, signed in.
    pub async fn person(&self, roles: &[Role], organisation: OrganisationId) -> Actor {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let role = roles[0].to_string().replace('_', "-");
        let new = NewPerson {
            name: format!("Persoon {number} ({role})"),
            email: format!("{role}{number}@example.org"),
            language: Language::Nl,
            roles: roles.to_vec(),
        };
        let context = self.context.clone();
        let person = self
            .context
            .db
            .write(move |conn| people::add(&context, conn, None, organisation, new))
            .await
            .expect("a person can be added");
        let mut actor = Actor {
            id: person.id,
            name: person.name,
            email: person.email.unwrap(),
            organisation,
            session: None,
            secret: String::new(),
            scopes: scopes_of(roles),
        };
        actor.session = Some(self.begin_session(&actor).await);
        actor
    }

    /// An API client; without scopes of its own it has those of its roles.
    pub async fn client(
        &self,
        roles: &[Role],
        scopes: Option<&[Scope]>,
        organisation: OrganisationId,
    ) -> Actor {
        let new = NewClient {
            name: "Zaaksysteem".into(),
            roles: roles.to_vec(),
            scopes: scopes.map(<[Scope]>::to_vec),
        };
        let context = self.context.clone();
        let (client, secret) = self
            .context
            .db
            .write(move |conn| clients::create(&context, conn, None, organisation, new))
            .await
            .expect("a client can be added");
        Actor {
            id: client.id,
            name: client.name,
            email: String::new(),
            organisation,
            session: None,
            secret,
            scopes: scopes.map_or_else(|| scopes_of(roles), <[Scope]>::to_vec),
        }
    }

    /// A sign-in that outlasts any test.
    pub async fn begin_session(&self, person: &Actor) -> SessionId {
        let now = self.now();
        let session = Session {
            id: SessionId::new(),
            principal: person.id,
            expires_at: now + TimeDelta::days(36_500),
        };
        self.context
            .db
            .write(move |conn| Ok::<_, Error>(sessions::begin(conn, &session, None, now)?))
            .await
            .unwrap();
        session.id
    }

    /// A token of somebody, good for a quarter of an hour.
    pub async fn token_of(&self, actor: &Actor) -> String {
        self.token_until(actor, self.now() + TimeDelta::minutes(15))
            .await
    }

    pub async fn token_until(&self, actor: &Actor, until: chrono::DateTime<chrono::Utc>) -> String {
        let now = self.now();
        let key = self
            .context
            .keys
            .signer(&self.context.db, now)
            .await
            .unwrap();
        let subject = Subject {
            principal: actor.id,
            session: actor.session,
            generation: 0,
            scopes: &actor.scopes,
            expires_at: until,
        };
        tokens::issue(&self.context.settings, &key, &subject, now).unwrap()
    }

    /// Lets a person sign in with `PASSWORD`.
    pub async fn give_password(&self, person: &Actor) {
        let hash = self
            .context
            .passwords
            .hash(PASSWORD.to_owned())
            .await
            .unwrap();
        let (id, now) = (person.id, self.now());
        self.context
            .db
            .write(move |conn| Ok::<_, Error>(principals::set_password(conn, id, &hash, now)?))
            .await
            .unwrap();
    }

    /// Signs in over HTTP with `PASSWORD`.
    pub async fn sign_in(&self, person: &Actor) -> super::client::Reply {
        self.post("/v1/sessions")
            .json(json!({"email": person.email, "password": PASSWORD}))
            .await
            .expect(201)
    }
}
