//! Queues the mail that carries a single-use link.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::domain::actor::Language;
use crate::domain::id::NoticeId;
use crate::domain::notice::NoticeKind;
use crate::store::db::Conn;
use crate::store::schema::outbox as t;
use crate::store::types::{Coded, Instant, Json};

/// A mail to one person about its account.
#[derive(Debug, Clone)]
pub struct AccountMail {
    pub kind: NoticeKind,
    pub to_name: String,
    pub to_email: String,
    pub language: Language,
    pub data: Value,
    pub message_id: String,
}

#[derive(Insertable)]
#[diesel(table_name = t)]
struct Row {
    id: NoticeId,
    kind: Coded<NoticeKind>,
    to_name: String,
    to_email: String,
    language: Coded<Language>,
    data: Json<Value>,
    message_id: String,
    state: &'static str,
    attempts: i32,
    next_attempt_at: Instant,
    created_at: Instant,
    version: i32,
}

/// Queues it, in the caller's transaction.
pub fn insert(conn: &mut Conn, mail: AccountMail, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row {
            id: NoticeId::new(),
            kind: Coded(mail.kind),
            to_name: mail.to_name,
            to_email: mail.to_email,
            language: Coded(mail.language),
            data: Json(mail.data),
            message_id: mail.message_id,
            state: "queued",
            attempts: 0,
            next_attempt_at: Instant(now),
            created_at: Instant(now),
            version: 1,
        })
        .execute(conn)
        .map(drop)
}
