//! Mail: texts and transports. A notice's facts become a text in two languages and two forms (`render`), the text a
//! message (`message`), and the message leaves (`transport`). Nothing here knows the database.

pub mod bell;
pub mod facts;
pub mod folder;
pub mod message;
pub mod render;
pub mod smtp;
pub mod text;
mod tls;
pub mod transport;
pub mod words;
