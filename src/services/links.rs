//! Single-use links by mail: to take up an invitation, or to set a new password.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep_until};

use crate::audit;
use crate::crypto::{random_token, sha256_hex};
use crate::domain::notice::NoticeKind;
use crate::domain::register::AuditKind;
use crate::services::guard::Source;
use crate::services::notices::{self, AccountMail};
use crate::services::sign_in::stands;
use crate::services::{Context, Error, members, passwords, register};
use crate::store::db::Conn;
use crate::store::principals::{self, Principal};
use crate::store::sessions::{self, LinkPurpose};

/// Somebody who asks again within this time gets no second mail: nobody can fill another's mailbox.
const BETWEEN_RESETS: TimeDelta = TimeDelta::minutes(5);
/// The answer to who asks for a link comes after at least this long, so that its time does not tell whether an account
/// exists.
const ANSWER_AFTER: Duration = Duration::from_millis(250);

/// Makes a link for a person and queues the mail with it, in the caller's transaction.
pub fn send(
    ctx: &Context,
    conn: &mut Conn,
    person: &Principal,
    purpose: LinkPurpose,
) -> Result<(), Error> {
    let kind = match purpose {
        LinkPurpose::Invitation => NoticeKind::Invitation,
        LinkPurpose::PasswordReset => NoticeKind::PasswordReset,
    };
    let email = person.email.clone().ok_or(Error::NotFound)?;
    let (home, _) = principals::home(conn, person.organisation)?.ok_or(Error::NotFound)?;
    let (link, expires_at) = make(ctx, conn, person, purpose)?;
    let mail = AccountMail {
        name: &person.name,
        email: &email,
        language: person.language,
        organisation: &home.name,
        link,
        expires_at,
    };
    notices::queue_account(conn, ctx, kind, mail)
}

/// Makes a link, and tells until when it works.
pub fn make(
    ctx: &Context,
    conn: &mut Conn,
    person: &Principal,
    purpose: LinkPurpose,
) -> Result<(String, DateTime<Utc>), Error> {
    let now = ctx.clock.now();
    let good_for = match purpose {
        LinkPurpose::Invitation => TimeDelta::days(7),
        LinkPurpose::PasswordReset => TimeDelta::hours(1),
    };
    let token = random_token()?;
    let expires_at = now + good_for;
    sessions::add_link(
        conn,
        &sha256_hex(token.as_bytes()),
        person.id,
        purpose,
        now,
        expires_at,
    )?;
    // What follows `#` stays in the browser: neither this server nor a proxy logs it.
    let link = ctx.settings.link(&format!("/password#token={token}"));
    Ok((link, expires_at))
}

/// Mails a link to set a new password with, when there is such an account; the answer is the same when there is not.
pub async fn ask_reset(ctx: &Context, email: &str, from: &Source) -> Result<(), Error> {
    ctx.guard.link(from)?;
    let answer_at = Instant::now() + ANSWER_AFTER;
    let email = members::normal_email(email);
    let person = ctx
        .db
        .read(move |conn| Ok::<_, Error>(principals::find_by_email(conn, &email)?))
        .await?;
    if let Some(person) = person {
        audit::object("people", person.id);
        let inner = ctx.clone();
        ctx.db
            .write(move |conn| {
                let now = inner.clock.now();
                let purpose = LinkPurpose::PasswordReset;
                let standing = principals::standing(conn, person.id, None)?;
                let mailed = sessions::link_since(conn, person.id, purpose, now - BETWEEN_RESETS)?;
                match standing {
                    Some(standing) if stands(&standing, now) && !mailed => {
                        send(&inner, conn, &standing.principal, purpose)
                    }
                    _ => Ok(()),
                }
            })
            .await?;
    }
    sleep_until(answer_at).await;
    Ok(())
}

/// Sets the password of whoever the link was sent to. The link works once; every sign-in and every other link ends.
/// Where it was done from its owner signs in without hindrance.
pub async fn set_password(
    ctx: &Context,
    token: &str,
    password: String,
    from: &Source,
) -> Result<(), Error> {
    let attempt = ctx.guard.attempt_unnamed(from)?;
    let outcome = use_link(ctx, token, password).await;
    // A password that is too simple comes with a token that was right.
    let guessed = matches!(&outcome, Err(Error::Invalid(faults)) if faults.iter().any(|fault| fault.code == "token_unusable"));
    if !guessed {
        attempt.forgive();
    }
    if let Some(email) = outcome? {
        ctx.guard.recognise(&email, from);
    }
    Ok(())
}

/// Sets a password by a link; the address of its owner.
async fn use_link(ctx: &Context, token: &str, password: String) -> Result<Option<String>, Error> {
    let unusable = || Error::field("/token", "token_unusable");
    let hash = sha256_hex(token.as_bytes());
    let now = ctx.clock.now();
    let looked_up = hash.clone();
    // First whether the link is any good: hashing a password is work that a stranger does not get for free.
    let person = ctx
        .db
        .read(move |conn| {
            let owner = sessions::link_owner(conn, &looked_up, now)?.ok_or_else(unusable)?;
            principals::find(conn, owner)?
                .filter(|person| person.ended_at.is_none())
                .ok_or_else(unusable)
        })
        .await?;
    audit::object("people", person.id);
    let faults = passwords::faults(&password, &person.name, person.email.as_deref());
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let password_hash = ctx.passwords.hash(password).await?;
    ctx.db
        .write(move |conn| {
            if !sessions::use_link(conn, &hash, now)? {
                return Err(unusable());
            }
            give_password(conn, &person, &password_hash, now)?;
            register::record_own(conn, AuditKind::PasswordSet, &person, now)?;
            Ok(person.email)
        })
        .await
}

/// Sets a hashed password; all sign-ins and links of the person end.
pub fn give_password(
    conn: &mut Conn,
    person: &Principal,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    principals::set_password(conn, person.id, password_hash, now)?;
    sessions::void_links(conn, person.id, now)?;
    sessions::revoke_all(conn, person.id, now)?;
    tracing::info!(person = %person.id, "password set");
    Ok(())
}
