//! People and clients from invitation to removal, on every database at hand.

use std::sync::{Arc, Mutex};

use clap::{Args, Command, FromArgMatches};

use super::*;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::seal::SealKey;
use crate::domain::actor::{Language, OrganisationKind, Role};
use crate::domain::id::OrganisationId;
use crate::services::clients::{self, ClientChange, NewClient};
use crate::services::links;
use crate::services::people::{self, NewPerson, PersonChange};
use crate::store::principals::Principal;
use crate::store::testing::{TestDb, databases, in_transaction, organisation};

const PASSWORD: &str = "correct horse battery";

struct TestClock(Mutex<DateTime<Utc>>);
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

fn here() -> Source {
    Source {
        address: "127.0.0.1".parse().unwrap(),
        program: None,
    }
}

struct World {
    ctx: Context,
    clock: Arc<TestClock>,
    bzk: OrganisationId,
    delft: OrganisationId,
    admin: Actor,
    _test: TestDb,
}

impl World {
    fn forward(&self, by: TimeDelta) {
        *self.clock.0.lock().unwrap() += by;
    }

    fn write<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        in_transaction(&self.ctx.db, work)
    }

    async fn token(&self, email: &str) -> Granted {
        sign_in(&self.ctx, email, PASSWORD.into(), here())
            .await
            .unwrap()
    }

    async fn actor(&self, email: &str) -> Actor {
        let token = self.token(email).await.access_token;
        authenticate(&self.ctx, &token).await.unwrap().0
    }

    /// A person with the usual password.
    async fn person(&self, home: OrganisationId, email: &str, roles: &[Role]) -> Principal {
        let new = new_person(email, roles);
        let hash = self.ctx.passwords.hash(PASSWORD.into()).await.unwrap();
        self.write(|conn| {
            let person = people::add(&self.ctx, conn, None, home, new)?;
            links::give_password(conn, &person, &hash, self.ctx.clock.now())?;
            Ok(principals::find(conn, person.id)?.unwrap())
        })
        .unwrap()
    }

    /// The token of the link mailed last.
    fn mailed(&self) -> Option<String> {
        use crate::store::schema::outbox::dsl::{data, id, outbox};
        use crate::store::types::Json;
        use diesel::prelude::*;
        let mails: Vec<Json<serde_json::Value>> = self
            .ctx
            .db
            .read_blocking(|conn| Ok::<_, Error>(outbox.order(id.desc()).select(data).load(conn)?))
            .unwrap();
        let text = mails.first()?.0.to_string();
        let (_, rest) = text.split_once("/password#token=")?;
        rest.split('"').next().map(str::to_owned)
    }
}

fn new_person(email: &str, roles: &[Role]) -> NewPerson {
    NewPerson {
        name: format!("Name of {email}"),
        email: email.into(),
        language: Language::Nl,
        roles: roles.to_vec(),
    }
}

async fn world(test: TestDb) -> World {
    let given = [
        "test",
        "--password-memory",
        "64",
        "--sign-in-failures",
        "0",
        "--public-url",
        "https://meldpunt.example",
    ];
    let command =
        Settings::augment_args(Command::new("test")).mut_args(|arg| arg.env(None::<&str>));
    let mut settings = Settings::from_arg_matches(&command.get_matches_from(given)).unwrap();
    settings.seal_key = Some(SealKey::generate().unwrap().to_base64());
    let clock = Arc::new(TestClock(Mutex::new(
        "2026-11-24T09:00:00Z".parse().unwrap(),
    )));
    let ctx = Context::new(test.db.clone(), clock.clone(), settings);
    let (bzk, delft) = test
        .db
        .write_blocking(move |conn| {
            Ok::<_, Error>((
                organisation(conn, "BZK", OrganisationKind::Ministry, true),
                organisation(conn, "Delft", OrganisationKind::Municipality, false),
            ))
        })
        .unwrap();
    let placeholder = Actor {
        id: PrincipalId::new(),
        kind: PrincipalKind::Person,
        name: String::new(),
        home: crate::domain::actor::Home {
            id: bzk,
            kind: OrganisationKind::Ministry,
            name: String::new(),
            owns_rules: true,
            operator: true,
        },
        roles: vec![],
        scopes: vec![],
        language: Language::Nl,
        session: None,
    };
    let mut world = World {
        ctx,
        clock,
        bzk,
        delft,
        admin: placeholder,
        _test: test,
    };
    world.person(bzk, "admin@bzk.example", &[Role::Admin]).await;
    world.admin = world.actor("admin@bzk.example").await;
    world
}

fn unauthenticated<T>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::Unauthenticated(code)) => code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => "accepted",
    }
}

fn oauth<T>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::OAuth(code)) => code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => "accepted",
    }
}

#[actix_web::test]
async fn an_invited_person_sets_a_password_and_signs_in() {
    for test in databases() {
        let w = world(test).await;
        let new = new_person(" J.deVries@Delft.example ", &[Role::Reporter]);
        let person = w
            .write(|conn| people::invite(&w.ctx, conn, &w.admin, w.delft, new.clone()))
            .unwrap();
        assert_eq!(person.email.as_deref(), Some("j.devries@delft.example"));
        let again = w.write(|conn| people::invite(&w.ctx, conn, &w.admin, w.delft, new.clone()));
        assert!(
            matches!(again, Err(Error::Conflict("email_taken"))),
            "{again:?}"
        );

        let token = w.mailed().unwrap();
        let early = sign_in(&w.ctx, "j.devries@delft.example", PASSWORD.into(), here()).await;
        assert_eq!(unauthenticated(early), "wrong_credentials");
        let set = async |token: String, password: &str| {
            links::set_password(&w.ctx, &token, password.into(), &here()).await
        };
        assert!(matches!(
            set("junk".into(), PASSWORD).await,
            Err(Error::Invalid(_))
        ));
        assert!(matches!(
            set(token.clone(), "j.devries@delft.example").await,
            Err(Error::Invalid(_))
        ));
        set(token.clone(), PASSWORD).await.unwrap();
        assert!(
            matches!(set(token, PASSWORD).await, Err(Error::Invalid(_))),
            "once"
        );

        let granted = sign_in(&w.ctx, "J.DEVRIES@delft.example", PASSWORD.into(), here())
            .await
            .unwrap();
        assert_eq!(granted.expires_in, 900);
        let (actor, _) = authenticate(&w.ctx, &granted.access_token).await.unwrap();
        assert_eq!(actor.id, person.id);
        assert_eq!(actor.home.id, w.delft);
        assert_eq!(actor.scopes, [Scope::ReportsRead, Scope::ReportsWrite]);
        let wrong = sign_in(
            &w.ctx,
            "j.devries@delft.example",
            "another one altogether".into(),
            here(),
        )
        .await;
        assert_eq!(unauthenticated(wrong), "wrong_credentials");
        let nobody = sign_in(&w.ctx, "nobody@delft.example", PASSWORD.into(), here()).await;
        assert_eq!(unauthenticated(nobody), "wrong_credentials");
        let set_before = w.write(|conn| people::invite_again(&w.ctx, conn, &w.admin, person.id));
        assert!(matches!(
            set_before,
            Err(Error::Conflict("password_set_before"))
        ));
    }
}

#[actix_web::test]
async fn links_lapse_and_a_new_password_ends_what_was() {
    for test in databases() {
        let w = world(test).await;
        w.person(w.delft, "a@delft.example", &[Role::Reporter])
            .await;
        let old = w.token("a@delft.example").await;
        links::ask_reset(&w.ctx, "nobody@delft.example", &here())
            .await
            .unwrap();
        assert!(w.mailed().is_none());
        links::ask_reset(&w.ctx, "A@delft.example", &here())
            .await
            .unwrap();
        let first = w.mailed().unwrap();
        links::ask_reset(&w.ctx, "a@delft.example", &here())
            .await
            .unwrap();
        assert_eq!(w.mailed().unwrap(), first, "no second mail so soon");
        w.forward(TimeDelta::minutes(61));
        let late = links::set_password(&w.ctx, &first, PASSWORD.into(), &here()).await;
        assert!(matches!(late, Err(Error::Invalid(_))));
        // So long after, the access token has lapsed too; the refresh token has not.
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &old.access_token).await),
            "token_expired"
        );
        let fresh = refresh(&w.ctx, &old.refresh_token.unwrap(), None, &here())
            .await
            .unwrap();
        links::ask_reset(&w.ctx, "a@delft.example", &here())
            .await
            .unwrap();
        let second = w.mailed().unwrap();
        assert_ne!(first, second);
        links::set_password(&w.ctx, &second, "a new one altogether".into(), &here())
            .await
            .unwrap();
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &fresh.access_token).await),
            "token_revoked"
        );
        assert_eq!(
            oauth(refresh(&w.ctx, &fresh.refresh_token.unwrap(), None, &here()).await),
            "invalid_grant"
        );
    }
}

#[actix_web::test]
async fn a_refresh_token_used_twice_ends_the_sign_in() {
    for test in databases() {
        let w = world(test).await;
        w.person(w.delft, "a@delft.example", &[Role::Reporter])
            .await;
        let first = w.token("a@delft.example").await;
        let token = first.refresh_token.unwrap();
        let scope = Some(vec![Scope::Admin]);
        assert_eq!(
            oauth(refresh(&w.ctx, &token, scope, &here()).await),
            "invalid_scope",
            "and is not used up"
        );
        let second = refresh(&w.ctx, &token, Some(vec![Scope::ReportsRead]), &here())
            .await
            .unwrap();
        assert_eq!(
            authenticate(&w.ctx, &second.access_token)
                .await
                .unwrap()
                .0
                .scopes,
            [Scope::ReportsRead]
        );
        assert_eq!(
            oauth(refresh(&w.ctx, &token, None, &here()).await),
            "invalid_grant"
        );
        assert_eq!(
            oauth(refresh(&w.ctx, &second.refresh_token.unwrap(), None, &here()).await),
            "invalid_grant"
        );
        for token in [first.access_token, second.access_token] {
            assert_eq!(
                unauthenticated(authenticate(&w.ctx, &token).await),
                "token_revoked"
            );
        }
        assert_eq!(
            oauth(refresh(&w.ctx, "unknown", None, &here()).await),
            "invalid_grant"
        );

        // Two at the same time: one wins, and because the other came the sign-in ends.
        let token = w.token("a@delft.example").await.refresh_token.unwrap();
        let (a, b) = futures_util::future::join(
            refresh(&w.ctx, &token, None, &here()),
            refresh(&w.ctx, &token, None, &here()),
        )
        .await;
        let won: Vec<Granted> = [a, b].into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1);
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &won[0].access_token).await),
            "token_revoked"
        );

        let long_ago = w.token("a@delft.example").await.refresh_token.unwrap();
        w.forward(TimeDelta::hours(24));
        assert_eq!(
            oauth(refresh(&w.ctx, &long_ago, None, &here()).await),
            "invalid_grant"
        );
    }
}

#[actix_web::test]
async fn what_is_taken_away_counts_at_once() {
    for test in databases() {
        let w = world(test).await;
        let person = w
            .person(
                w.delft,
                "a@delft.example",
                &[Role::Reporter, Role::OrgAdmin],
            )
            .await;
        let token = w.token("a@delft.example").await.access_token;
        let change = PersonChange {
            roles: Some(vec![Role::Analyst]),
            ..Default::default()
        };
        let stale =
            w.write(|conn| people::change(&w.ctx, conn, &w.admin, person.id, 99, change.clone()));
        assert!(matches!(stale, Err(Error::Stale)));
        let changed = w
            .write(|conn| people::change(&w.ctx, conn, &w.admin, person.id, person.version, change))
            .unwrap();
        assert_eq!(changed.version, person.version + 1);
        let (actor, _) = authenticate(&w.ctx, &token).await.unwrap();
        assert_eq!(actor.scopes, [Scope::ReportsRead]);

        let now = w.ctx.clock.now();
        w.write(|conn| sign_out(conn, &actor, now)).unwrap();
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &token).await),
            "token_revoked"
        );
        let token = w.token("a@delft.example").await.access_token;
        w.write(|conn| people::remove(&w.ctx, conn, &w.admin, person.id, changed.version))
            .unwrap();
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &token).await),
            "token_revoked"
        );
        let gone = w.write(|conn| people::get(conn, &w.admin, person.id));
        assert!(matches!(gone, Err(Error::NotFound)));
        // The address is free again.
        w.person(w.delft, "a@delft.example", &[Role::Reporter])
            .await;

        // An organisation that has ended takes its people along.
        let token = w.token("a@delft.example").await.access_token;
        w.write(|conn| {
            use crate::store::schema::organisations as t;
            use diesel::prelude::*;
            let end = chrono::NaiveDate::from_ymd_opt(2026, 11, 25);
            diesel::update(t::table.find(w.delft))
                .set(t::valid_until.eq(end))
                .execute(conn)?;
            Ok(())
        })
        .unwrap();
        authenticate(&w.ctx, &token).await.unwrap();
        *w.clock.0.lock().unwrap() = "2026-11-24T22:59:00Z".parse().unwrap();
        let token = w.token("a@delft.example").await.access_token;
        w.forward(TimeDelta::minutes(1));
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &token).await),
            "token_revoked",
            "midnight in Amsterdam"
        );
        let after = sign_in(&w.ctx, "a@delft.example", PASSWORD.into(), here()).await;
        assert_eq!(unauthenticated(after), "wrong_credentials");
    }
}

#[actix_web::test]
async fn an_administrator_reaches_no_further_than_its_roles() {
    for test in databases() {
        let w = world(test).await;
        w.person(w.delft, "boss@delft.example", &[Role::OrgAdmin])
            .await;
        w.person(w.bzk, "boss@bzk.example", &[Role::OrgAdmin]).await;
        let (delft, bzk) = (
            w.actor("boss@delft.example").await,
            w.actor("boss@bzk.example").await,
        );
        let invite = |actor: &Actor, home, roles: &[Role]| {
            let new = new_person(&format!("{}@new.example", PrincipalId::new()), roles);
            w.write(|conn| people::invite(&w.ctx, conn, actor, home, new))
        };
        let fault = |outcome: Result<Principal, Error>| match outcome {
            Err(Error::Invalid(faults)) => faults[0].code,
            other => panic!("{other:?}"),
        };
        assert!(matches!(
            invite(&delft, w.bzk, &[Role::Reporter]),
            Err(Error::NotFound)
        ));
        assert!(matches!(
            invite(&delft, OrganisationId::new(), &[Role::Reporter]),
            Err(Error::NotFound)
        ));
        assert!(matches!(
            invite(&w.admin, OrganisationId::new(), &[Role::Reporter]),
            Err(Error::NotFound)
        ));
        assert_eq!(fault(invite(&delft, w.delft, &[])), "too_few");
        assert_eq!(
            fault(invite(&delft, w.delft, &[Role::Liaison])),
            "role_not_here"
        );
        assert_eq!(
            fault(invite(&delft, w.delft, &[Role::Reporter, Role::Reporter])),
            "not_unique"
        );
        assert_eq!(fault(invite(&bzk, w.bzk, &[Role::Desk])), "role_not_yours");
        invite(&bzk, w.bzk, &[Role::Liaison]).unwrap();

        // Another organisation's people are not there; those who hold more are not its to change.
        let desk = w.person(w.bzk, "desk@bzk.example", &[Role::Desk]).await;
        assert!(matches!(
            w.write(|conn| people::get(conn, &delft, desk.id)),
            Err(Error::NotFound)
        ));
        let removed = w.write(|conn| people::remove(&w.ctx, conn, &bzk, desk.id, desk.version));
        assert!(matches!(removed, Err(Error::Forbidden("not_allowed"))));
        let list = w.write(|conn| people::list(conn, &delft, w.bzk, None, 20));
        assert!(matches!(list, Err(Error::NotFound)));

        let me = w.write(|conn| people::myself(conn, &delft)).unwrap();
        let own = w.write(|conn| people::remove(&w.ctx, conn, &delft, me.id, me.version));
        assert!(matches!(
            own,
            Err(Error::Conflict("cannot_remove_yourself"))
        ));
        let change = PersonChange {
            roles: Some(vec![Role::Reporter]),
            ..Default::default()
        };
        let drop = w.write(|conn| people::change(&w.ctx, conn, &delft, me.id, me.version, change));
        assert!(matches!(
            drop,
            Err(Error::Conflict("cannot_drop_your_role"))
        ));
        let plain = w
            .person(w.delft, "c@delft.example", &[Role::Reporter])
            .await;
        let plain_actor = w.actor("c@delft.example").await;
        let other = w.write(|conn| people::get(conn, &plain_actor, plain.id));
        assert!(matches!(other, Err(Error::NotFound)));
    }
}

#[actix_web::test]
async fn clients_get_tokens_within_their_limits() {
    for test in databases() {
        let w = world(test).await;
        w.person(w.bzk, "boss@bzk.example", &[Role::OrgAdmin]).await;
        let boss = w.actor("boss@bzk.example").await;
        let new = |roles: &[Role], scopes: Option<&[Scope]>| NewClient {
            name: "Zaaksysteem".into(),
            roles: roles.to_vec(),
            scopes: scopes.map(<[Scope]>::to_vec),
        };
        let beyond = new(
            &[Role::Reporter],
            Some(&[Scope::ReportsRead, Scope::Triage]),
        );
        let refused =
            w.write(|conn| clients::create(&w.ctx, conn, Some(&w.admin), w.delft, beyond));
        assert!(matches!(refused, Err(Error::Invalid(faults)) if faults[0].pointer == "/scopes/1"));
        let (client, secret) = w
            .write(|conn| {
                clients::create(
                    &w.ctx,
                    conn,
                    Some(&w.admin),
                    w.delft,
                    new(&[Role::Reporter], None),
                )
            })
            .unwrap();
        let id = client.id.to_string();
        let granted = client_credentials(&w.ctx, &id, &secret, None, &here())
            .await
            .unwrap();
        assert_eq!(granted.expires_in, 3600);
        assert!(granted.refresh_token.is_none());
        let (actor, _) = authenticate(&w.ctx, &granted.access_token).await.unwrap();
        assert_eq!(actor.kind, PrincipalKind::Client);
        let now = w.ctx.clock.now();
        assert!(matches!(
            w.write(|conn| sign_out(conn, &actor, now)),
            Err(Error::Conflict("no_session"))
        ));
        let narrow = client_credentials(
            &w.ctx,
            &id,
            &secret,
            Some(vec![Scope::ReportsRead]),
            &here(),
        )
        .await
        .unwrap();
        assert_eq!(
            authenticate(&w.ctx, &narrow.access_token)
                .await
                .unwrap()
                .0
                .scopes,
            [Scope::ReportsRead]
        );
        let wide =
            client_credentials(&w.ctx, &id, &secret, Some(vec![Scope::Admin]), &here()).await;
        assert_eq!(oauth(wide), "invalid_scope");
        for (id, secret) in [
            (id.as_str(), "wrong"),
            ("no id", secret.as_str()),
            (&PrincipalId::new().to_string(), &secret),
            (&boss.id.to_string(), ""),
        ] {
            assert_eq!(
                oauth(client_credentials(&w.ctx, id, secret, None, &here()).await),
                "invalid_client"
            );
        }

        let limit = ClientChange {
            scopes: Some(Some(vec![Scope::ReportsRead])),
            ..Default::default()
        };
        let client = w
            .write(|conn| clients::change(&w.ctx, conn, &w.admin, client.id, client.version, limit))
            .unwrap();
        assert_eq!(
            authenticate(&w.ctx, &granted.access_token)
                .await
                .unwrap()
                .0
                .scopes,
            [Scope::ReportsRead]
        );
        let (client, renewed) = w
            .write(|conn| clients::renew_secret(&w.ctx, conn, &w.admin, client.id))
            .unwrap();
        assert_eq!(
            oauth(client_credentials(&w.ctx, &id, &secret, None, &here()).await),
            "invalid_client"
        );
        client_credentials(&w.ctx, &id, &renewed, None, &here())
            .await
            .unwrap();
        w.write(|conn| clients::remove(&w.ctx, conn, &w.admin, client.id, client.version))
            .unwrap();
        assert_eq!(
            unauthenticated(authenticate(&w.ctx, &granted.access_token).await),
            "token_revoked"
        );

        // A secret would lend the desk's power.
        let (desk, _) = w
            .write(|conn| {
                clients::create(
                    &w.ctx,
                    conn,
                    Some(&w.admin),
                    w.bzk,
                    new(&[Role::Desk], None),
                )
            })
            .unwrap();
        let lent = w.write(|conn| clients::renew_secret(&w.ctx, conn, &boss, desk.id));
        assert!(matches!(lent, Err(Error::Forbidden("not_allowed"))));
    }
}

#[actix_web::test]
async fn pages_hold_everybody_once() {
    for test in databases() {
        let w = world(test).await;
        for name in ["a", "b", "c", "d", "e"] {
            w.person(w.delft, &format!("{name}@delft.example"), &[Role::Reporter])
                .await;
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let rows = w
                .write(|conn| people::list(conn, &w.admin, w.delft, after.as_ref(), 2))
                .unwrap();
            let more = rows.len() > 2;
            seen.extend(rows.iter().take(2).map(|row| row.name.clone()));
            after = rows
                .into_iter()
                .take(2)
                .next_back()
                .map(|row| (row.name, row.id));
            if !more {
                break;
            }
        }
        let expected: Vec<String> = ["a", "b", "c", "d", "e"]
            .map(|n| format!("Name of {n}@delft.example"))
            .into();
        assert_eq!(seen, expected);
    }
}
