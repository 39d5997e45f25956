//! docs/problems.md: every code of an error, from `http::messages`.

use std::fmt::Write;

use crate::http::messages::{DETAILS, FIELDS};

pub fn markdown() -> String {
    let mut text = String::from(
        "# Problems\n\n\
         Every error is `application/problem+json` (RFC 9457): `code` says what went wrong and is stable, `title` and `detail` say it \
         to people, in Dutch unless `Accept-Language` prefers English. `requestId` stands in the log: name it when asking for help. \
         With invalid input `errors` names every faulty field at once, by its JSON pointer, or by the name of a query key or header. \
         The service shows this page at `/docs/problems`; the `type` of a problem leads to its row there.\n\n\
         This page is made by `meldpunt documents` from `src/http/messages.rs`; a test compares.\n\n\
         ## Codes of a problem\n\n| code | Dutch | English |\n| --- | --- | --- |\n",
    );
    rows(&mut text, DETAILS);
    text.push_str("\n## Codes of a field\n\nWhat stands between braces is filled in.\n\n| code | Dutch | English |\n| --- | --- | --- |\n");
    rows(&mut text, FIELDS);
    text
}

fn rows(text: &mut String, words: &[(&str, &str, &str)]) {
    for (code, nl, en) in words {
        let cell = |words: &str| words.replace('|', "\\|").replace('<', "&lt;");
        let _ = writeln!(text, "| `{code}` | {} | {} |", cell(nl), cell(en));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_current() {
        assert_eq!(
            include_str!("../../../docs/problems.md"),
            super::markdown(),
            "make it anew: cargo run -q -- documents"
        );
    }
}
