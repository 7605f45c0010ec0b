//! Runs the examples of detectors; used by `detectors check` and by the tests.

use rayon::prelude::*;

use super::definition::Anchor;
use super::{Detectors, Match, Scratch};
use crate::model::{Cell, FieldId};

/// An example or counterexample that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Detector id.
    pub detector: String,
    /// The text as it stands in the definition.
    pub text: String,
    /// What was expected and what came.
    pub what: String,
}

/// Runs every example and counterexample of every detector. An example holds when its detector finds exactly the marked
/// parts, whatever other detectors make of them; a counterexample when it finds nothing. `pedantic` also wants no
/// other detector to win over the marked parts.
pub fn check(detectors: &Detectors, pedantic: bool) -> Vec<Failure> {
    let ids: Vec<u16> = (0..detectors.definitions().len() as u16).collect();
    ids.par_iter()
        .map_init(|| detectors.scratch(), |scratch, id| check_one(detectors, scratch, *id, pedantic))
        .flatten()
        .collect()
}

fn check_one(detectors: &Detectors, scratch: &mut Scratch, id: u16, pedantic: bool) -> Vec<Failure> {
    let def = detectors.definition(id);
    let mut failures = Vec::new();
    let mut fail = |text: &str, what: String| {
        failures.push(Failure { detector: def.id.clone(), text: text.to_owned(), what });
    };
    for example in &def.examples {
        let (text, marked) = unmark(example);
        let own = own_spans(detectors, scratch, text.as_bytes(), id);
        if own != marked {
            fail(example, format!("expected {}, found {}", show(&text, &marked), show(&text, &own)));
        } else if pedantic && !def.decoy && def.anchor != Anchor::Cell {
            let mut winners = Vec::new();
            detectors.search_whole(scratch, text.as_bytes(), &mut |m: &Match| winners.push(*m));
            for span in &marked {
                let winner = winners.iter().find(|m| m.start < span.1 && m.end > span.0);
                let name = winner.map_or("nobody", |m| detectors.definition(m.detector).id.as_str());
                if name != def.id {
                    fail(example, format!("{} is claimed by {name}", show(&text, &[*span])));
                }
            }
        }
    }
    for counterexample in &def.counterexamples {
        let own = own_spans(detectors, scratch, counterexample.as_bytes(), id);
        if !own.is_empty() {
            fail(counterexample, format!("expected nothing, found {}", show(counterexample, &own)));
        }
    }
    failures
}

/// What the detector alone finds, before overlaps between detectors are resolved. The examples of detectors of whole
/// cells are written `field name: value`.
fn own_spans(detectors: &Detectors, scratch: &mut Scratch, text: &[u8], id: u16) -> Vec<(usize, usize)> {
    if detectors.definition(id).anchor != Anchor::Cell {
        return detectors.search_alone(scratch, text, id).iter().map(|m| (m.start, m.end)).collect();
    }
    let Some(colon) = memchr::memmem::find(text, b": ") else { return Vec::new() };
    let field = detectors.field_context(&text[..colon]);
    let from = colon + 2;
    let value = [&text[from..], b"\n"].concat();
    let end = value.len() as u32 - 1;
    let cell = Cell { start: 0, end, field: FieldId(0), row: 0, raw: Cell::NO_RAW, times: 1 };
    let mut spans = Vec::new();
    detectors.search_cells(scratch, &value, &[cell], &[field], &mut |m| {
        if m.detector == id {
            spans.push((m.start + from, m.end + from));
        }
    });
    spans
}

fn show(text: &str, spans: &[(usize, usize)]) -> String {
    if spans.is_empty() {
        return "nothing".to_owned();
    }
    let parts: Vec<&str> =
        spans.iter().map(|(s, e)| text.get(*s..*e).unwrap_or("(cut inside a character)")).collect();
    format!("`{}`", parts.join("`, `"))
}

/// The text without its `⟦ ⟧` marks, and the marked spans; without marks, all of it.
pub fn unmark(example: &str) -> (String, Vec<(usize, usize)>) {
    let mut text = String::new();
    let mut spans = Vec::new();
    let mut open = None;
    for c in example.chars() {
        match c {
            '⟦' => open = Some(text.len()),
            '⟧' => spans.extend(open.take().map(|s| (s, text.len()))),
            other => text.push(other),
        }
    }
    if spans.is_empty() {
        spans.push((0, text.len()));
    }
    (text, spans)
}
