//! Text that people typed, made harmless, and paragraphs in both forms.

use std::borrow::Cow;
use std::fmt::Write;

/// Width of the plain text.
const WIDTH: usize = 74;

/// Styles stand in the elements: many mail programs drop what stands in the head.
const QUOTE: &str = "margin:0 0 16px;padding:10px 14px;background:#f0f4f8;border-left:4px solid #154273;color:#1b1f24";
const PARAGRAPH: &str = "margin:0 0 16px";
const LIST: &str = "margin:0 0 16px;padding-left:22px";

/// Characters that say nothing and can mislead: controls, and those that turn the direction of what follows.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}'
        )
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// One line: white space of any kind becomes one space.
pub fn line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !is_unwanted(*c))
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Several lines, each harmless; at most one empty line in a row.
pub fn lines(text: &str) -> String {
    let unified = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let mut kept = String::with_capacity(unified.len());
    let mut empty = 0;
    for one in unified.split('\n') {
        let one: String = one
            .chars()
            .map(|c| if c == '\t' { ' ' } else { c })
            .filter(|c| !is_unwanted(*c))
            .collect();
        let one = one.trim_end();
        empty = if one.is_empty() { empty + 1 } else { 0 };
        if empty <= 1 {
            kept.push_str(one);
            kept.push('\n');
        }
    }
    kept.trim_matches('\n').to_owned()
}

/// At most this many characters, cut at a word.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().count() <= most {
        return text.into();
    }
    let end = text
        .char_indices()
        .nth(most.saturating_sub(1))
        .map_or(text.len(), |(at, _)| at);
    let head = &text[..end];
    // A text without spaces near the end is cut where it is.
    let cut = head.rfind(' ').filter(|at| *at > end / 2).unwrap_or(end);
    format!(
        "{}…",
        head[..cut].trim_end_matches([' ', ',', ';', ':', '-'])
    )
    .into()
}

/// With its first letter large, as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect())
        .unwrap_or_default()
}

/// Breaks at words; a word longer than the line stays whole, so that an address can be followed.
pub fn wrap(text: &str, prefix: &str) -> String {
    let room = WIDTH - prefix.chars().count();
    let mut out = String::new();
    let mut used = 0;
    out.push_str(prefix);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            out.push('\n');
            out.push_str(prefix);
            used = 0;
        }
        if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out.trim_end().to_owned()
}

/// What somebody wrote, as a quotation in plain text.
pub fn quote_text(text: &str) -> String {
    let quoted: Vec<String> = text.lines().map(|one| wrap(one, "> ")).collect();
    quoted.join("\n")
}

/// What somebody wrote, as a quotation in HTML; escaped here.
pub fn quote_html(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape).collect();
    format!(
        "<blockquote class=\"quote\" dir=\"auto\" style=\"{QUOTE}\">{}</blockquote>",
        lines.join("<br>")
    )
}

/// Escapes for HTML, in text and in attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The parts of a body: what empty lines separate.
fn parts(body: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut parts = vec![Vec::new()];
    for one in body.lines() {
        match (one.trim().is_empty(), parts.last_mut()) {
            (false, Some(part)) => part.push(one.trim()),
            _ => parts.push(Vec::new()),
        }
    }
    parts.into_iter().filter(|part| !part.is_empty())
}

fn is_list(part: &[&str]) -> bool {
    part.iter().all(|one| one.starts_with("- "))
}

/// A rendered body as plain text: paragraphs broken at words, lists and quotations as they are.
pub fn body_text(body: &str) -> String {
    let part = |part: Vec<&str>| {
        if part[0].starts_with("> ") {
            part.join("\n")
        } else if is_list(&part) {
            part.iter()
                .map(|one| wrap(&one[2..], "  ").replacen("  ", "- ", 1))
                .collect::<Vec<_>>()
                .join("\n")
        } else {
            wrap(&part.join(" "), "")
        }
    };
    parts(body).map(part).collect::<Vec<_>>().join("\n\n")
}

/// A rendered and escaped body as HTML. A part that begins with a tag is a quotation of ours: what people typed is
/// escaped and cannot begin with one.
pub fn body_html(body: &str) -> String {
    let mut out = String::new();
    for part in parts(body) {
        // Writing to a string does not fail.
        let _ = if part[0].starts_with('<') {
            writeln!(out, "{}", part.join("\n"))
        } else if is_list(&part) {
            let items: String = part
                .iter()
                .map(|one| format!("<li>{}</li>", &one[2..]))
                .collect();
            writeln!(out, "<ul style=\"{LIST}\">{items}</ul>")
        } else {
            writeln!(out, "<p style=\"{PARAGRAPH}\">{}</p>", part.join(" "))
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(
            line("a\r\nBcc: x@y\u{2028}z\t\0q\u{202E}k"),
            "a Bcc: x@y z qk"
        );
        assert_eq!(lines("a\r\n\r\n\r\n\u{0}b\u{202E}c\rd\n\n"), "a\n\nbc\nd");
    }

    #[test]
    fn long_text_is_cut_at_a_word() {
        assert_eq!(shorten("een twee drie vier", 10), "een twee…");
        assert_eq!(shorten("abcdefghijklmn", 5), "abcd…");
        assert_eq!(shorten("kort", 10), "kort");
        assert_eq!(shorten(&"😀".repeat(200), 120).chars().count(), 120);
    }

    #[test]
    fn quotations_are_marked_and_escaped() {
        assert_eq!(quote_text("een\n\ntwee"), "> een\n>\n> twee");
        assert_eq!(
            quote_html("<b>\n\"x\"").replace(QUOTE, "…"),
            "<blockquote class=\"quote\" dir=\"auto\" style=\"…\">&lt;b&gt;<br>&quot;x&quot;</blockquote>"
        );
    }

    #[test]
    fn a_body_has_paragraphs_lists_and_quotations() {
        let body = "Een\ntwee.\n\n\n- a\n- b\n\n> q\n> r\n";
        assert_eq!(body_text(body), "Een twee.\n\n- a\n- b\n\n> q\n> r");
        assert_eq!(
            body_html("Een\ntwee.\n\n- a\n- b\n\n<blockquote>q</blockquote>"),
            format!(
                "<p style=\"{PARAGRAPH}\">Een twee.</p>\n<ul style=\"{LIST}\"><li>a</li><li>b</li></ul>\n<blockquote>q</blockquote>\n"
            )
        );
    }
}
