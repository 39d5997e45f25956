//! docs/workflow.md: the statuses, the diagram and the table of transitions, from `domain::status`.

use std::fmt::Write;

use crate::domain::code::Code;
use crate::domain::status::{Action, Field, Status, TRANSITIONS, Target, Transition};

pub fn markdown() -> String {
    let mut text = String::from(
        "# Workflow\n\n\
         What a report is in, and who may do what with it. The service decides by this very table: `GET /v1/reports/{id}/transitions` \
         says what the caller may do now and what each action needs, `POST` there does it.\n\n\
         This page is made by `meldpunt documents` from `src/domain/status.rs`; a test compares. The guards beyond the table \
         (which outcome needs what, when a question lapses, what can be merged) stand in `src/domain/workflow/`.\n\n\
         ## Statuses\n\n| status | Dutch | phase | open |\n| --- | --- | --- | --- |\n",
    );
    for status in Status::ALL {
        let phase = match status {
            Status::InformationRequested => "that of the status it came from".to_owned(),
            other => other.phase(None).to_string(),
        };
        let open = if status.is_open() { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| `{status}` | {} | {phase} | {open} |",
            status.label()
        );
    }
    text.push_str(
        "\n## Diagram\n\nActions that leave the status as it is are in the table alone.\n\n",
    );
    diagram(&mut text);
    text.push_str(
        "\n## Transitions\n\n\
         *By*: `lead` is a liaison of the lead authority; the coordinator has every right of the desk. *Needs* are properties of the \
         request body; those in brackets are asked for in some cases only.\n\n\
         | action | from | to | by | needs |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in TRANSITIONS {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            row.action,
            from(row),
            to(row),
            codes(row.by),
            needs(row)
        );
    }
    text
}

fn codes<C: Code>(codes: &[C]) -> String {
    codes
        .iter()
        .map(|code| code.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Every open status, so that the row stands for all of them.
fn from_all_open(row: &Transition) -> bool {
    Status::ALL
        .iter()
        .filter(|status| status.is_open())
        .eq(row.from)
}

fn from(row: &Transition) -> String {
    if from_all_open(row) {
        "any open".to_owned()
    } else {
        codes(row.from)
    }
}

fn to(row: &Transition) -> String {
    match row.to {
        Target::To(status) => status.to_string(),
        Target::Before => "where it came from".to_owned(),
        Target::Reopened => "in_review, or submitted if it never had a lead".to_owned(),
        Target::Same => "stays".to_owned(),
    }
}

fn needs(row: &Transition) -> String {
    let optional = row
        .optional
        .iter()
        .map(|field: &Field| format!("[{field}]"));
    let all: Vec<String> = row
        .required
        .iter()
        .map(ToString::to_string)
        .chain(optional)
        .collect();
    if all.is_empty() {
        "—".to_owned()
    } else {
        all.join(", ")
    }
}

/// The statuses that a row leads to from one of its own.
fn targets(row: &Transition) -> Vec<Status> {
    match row.to {
        Target::To(status) => vec![status],
        Target::Reopened => vec![Status::InReview, Status::Submitted],
        Target::Same => Vec::new(),
        // Back to wherever the question can be asked.
        Target::Before if row.from.contains(&Status::InformationRequested) => TRANSITIONS
            .iter()
            .filter(|asking| asking.action == Action::RequestInformation)
            .flat_map(|asking| asking.from.iter().copied())
            .collect(),
        Target::Before => Vec::new(),
    }
}

fn diagram(text: &mut String) {
    text.push_str("```mermaid\nstateDiagram-v2\n    [*] --> draft\n    state open {\n");
    for status in Status::ALL.iter().filter(|status| status.is_open()) {
        let _ = writeln!(text, "        {status}");
    }
    let mut arrows: Vec<(String, Status, String)> = Vec::new();
    let mut add = |from: String, to: Status, action: Action| match arrows
        .iter_mut()
        .find(|(a, b, _)| *a == from && *b == to)
    {
        Some((_, _, label)) if label.split(", ").any(|known| known == action.as_str()) => {}
        Some((_, _, label)) => {
            let _ = write!(label, ", {action}");
        }
        None => arrows.push((from, to, action.to_string())),
    };
    for row in TRANSITIONS {
        for target in targets(row) {
            if from_all_open(row) {
                add("open".to_owned(), target, row.action);
                continue;
            }
            for status in row.from {
                add(status.to_string(), target, row.action);
            }
        }
    }
    let inner = |name: &str| Status::parse(name).is_some_and(Status::is_open);
    let (inside, outside): (Vec<_>, Vec<_>) = arrows
        .iter()
        .partition(|(from, to, _)| inner(from) && to.is_open());
    for (from, to, label) in inside {
        let _ = writeln!(text, "        {from} --> {to}: {label}");
    }
    text.push_str("    }\n");
    for (from, to, label) in outside {
        let _ = writeln!(text, "    {from} --> {to}: {label}");
    }
    let _ = writeln!(text, "    {} --> open: {}", Status::Merged, Action::Unmerge);
    text.push_str("```\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status::Capacity;

    #[test]
    fn the_page_is_current() {
        assert_eq!(
            include_str!("../../../docs/workflow.md"),
            markdown(),
            "make it anew: cargo run -q -- documents"
        );
    }

    #[test]
    fn the_page_names_all() {
        let page = markdown();
        for action in Action::ALL {
            assert!(page.contains(&format!("| `{action}` |")), "{action}");
        }
        for status in Status::ALL {
            assert!(page.contains(&format!("| `{status}` |")), "{status}");
        }
        assert!(page.contains(Capacity::Lead.as_str()));
    }
}
