//! Names are content: they are searched like text, and what was found in them is hidden wherever they are printed.

use std::ops::Range;

use super::ScanPlan;
use super::locating::hidden as hidden_in;
use crate::classify::protect::Mask;
use crate::detect::{Match, Scratch};
use crate::model::Likelihood;

/// How names are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathStyle {
    /// What was found inside a name is masked.
    #[default]
    Masked,
    /// As they are.
    Raw,
    /// A keyed hash of each.
    Hashed,
}

/// A name, searched and made printable.
pub(super) struct Printed {
    /// What may be printed.
    pub text: String,
    /// What was found in the raw name, at any likelihood.
    pub matches: Vec<Match>,
}

/// Searches `name` and renders it. What is `possible` or more is masked, at whatever likelihood the run reports.
pub(super) fn print(name: &[u8], plan: &ScanPlan, scratch: &mut Scratch) -> Printed {
    let ScanPlan { detectors, taxonomy, protector, .. } = plan;
    let matches = search(name, plan, scratch);
    let literals = plan.evidence.as_deref().and_then(|e| e.literals.as_deref());
    let text = match plan.paths {
        PathStyle::Raw => escape(name),
        PathStyle::Hashed => protector.fingerprint("name", name)[..16].to_owned(),
        PathStyle::Masked if matches.is_empty() && literals.is_none() => escape(name),
        PathStyle::Masked => {
            let masked = matches.iter().filter(|m| Likelihood::of(m.score) >= Likelihood::Possible);
            let mask = |m: &Match| taxonomy.mask(&detectors.definition(m.detector).info_type);
            let mut hidden: Vec<_> = masked.map(|m| (m.start..m.end, Some(mask(m)))).collect();
            if let Some(literals) = literals {
                // What is looked for is hidden whole, whatever else is found around it.
                let wanted = hidden_in(literals, name);
                let apart = |r: &Range<usize>| wanted.iter().all(|w| r.end <= w.start || w.end <= r.start);
                hidden.retain(|(r, _)| apart(r));
                hidden.extend(wanted.into_iter().map(|r| (r, None)));
                hidden.sort_by_key(|(r, _)| r.start);
            }
            render(name, &hidden)
        }
    };
    Printed { text, matches }
}

/// The name with some parts masked, or hidden where they have no mask.
fn render(name: &[u8], hidden: &[(Range<usize>, Option<Mask>)]) -> String {
    let (mut out, mut from) = (String::new(), 0);
    for (part, mask) in hidden {
        if part.end <= from {
            continue;
        }
        out.push_str(&escape(&name[from..part.start.max(from)]));
        match mask {
            Some(mask) => out.push_str(&mask.apply(&name[part.clone()])),
            None => out.push_str("•••"),
        }
        from = part.end;
    }
    out.push_str(&escape(&name[from..]));
    out
}

/// Extensions that are taken for one: `.tar.gz.bak`.
const EXTENSIONS: usize = 3;

/// What is in `name`. An extension reads on from what it stands behind, which then looks like no address or number
/// any more (`ana@larkspur.co.txt`, `219-45-6789.7z`): where that may be, the dot before it is read as a space.
fn search(name: &[u8], plan: &ScanPlan, scratch: &mut Scratch) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::new();
    plan.detectors.search_whole(scratch, name, &mut |m| matches.push(*m));
    let mut cut = Vec::new();
    for _ in 0..EXTENSIONS {
        let in_match = |at: usize| matches.iter().any(|m| (m.start..m.end).contains(&at));
        let text = if cut.is_empty() { name } else { &cut };
        let dots = dots_before_extensions(text, |at| !in_match(at));
        if dots.is_empty() {
            break;
        }
        if cut.is_empty() {
            cut = name.to_vec();
        }
        dots.iter().for_each(|at| cut[*at] = b' ');
        let known = matches.len();
        plan.detectors.search_whole(scratch, &cut, &mut |m| {
            if matches[..known].iter().all(|k| m.end <= k.start || k.end <= m.start) {
                matches.push(*m);
            }
        });
    }
    matches.sort_by_key(|m| m.start);
    matches
}

/// The last dot of each component that has an `@` before it, or a digit on both sides.
fn dots_before_extensions(name: &[u8], wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut dots = Vec::new();
    let mut start = 0;
    for component in name.split(|b| *b == b'/') {
        if let Some(dot) = component.iter().rposition(|b| *b == b'.') {
            let digit = |at: usize| component.get(at).is_some_and(u8::is_ascii_digit);
            let joined = component[..dot].contains(&b'@') || (dot > 0 && digit(dot - 1) && digit(dot + 1));
            if joined && wanted(start + dot) {
                dots.push(start + dot);
            }
        }
        start += component.len() + 1;
    }
    dots
}

/// Bytes that are not UTF-8 become `\xNN`.
pub(super) fn escape(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_before_an_extension_is_found_where_it_matters() {
        let dots = |name: &str| dots_before_extensions(name.as_bytes(), |_| true);
        assert_eq!(dots("mail/ana@larkspur.co.txt"), [20]);
        assert_eq!(dots("ana@larkspur.co.d/219-45-6789.7z"), [15, 29]);
        assert_eq!(dots("src/main.rs"), Vec::<usize>::new());
        assert_eq!(dots_before_extensions(b"a@b.co", |_| false), Vec::<usize>::new());
    }
}
