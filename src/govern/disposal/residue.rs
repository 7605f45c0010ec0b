//! DSP-07: what was deleted inside a format and is still readable there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::assess::{Assessing, Member};
use super::super::outcome::{ControlResult, Deviation};
use super::super::policy::{Class, speaks_of};
use super::super::{Tally, Verdict};
use super::entries::{Places, containers};
use crate::model::residue::{Residue, residue};

/// What is in a container, by how it is there.
#[derive(Default)]
struct Inside<'a> {
    open: BTreeSet<&'a str>,
    hidden: Vec<&'a Member<'a>>,
}

/// Whether some class speaks of a category.
fn of_a_class(classes: &[Class], category: &str) -> bool {
    let named = |class: &Class| {
        let matches = class.matches.iter().flat_map(|m| m.all_of.iter().chain(&m.any_of));
        let mut names = class.categories.iter().flatten().chain(&class.prohibited).chain(matches);
        names.any(|name| speaks_of(name, category))
    };
    classes.iter().any(named)
}

/// Everything in containers, by the path of each container: the residue that lies directly in it, and what it and its
/// entries at any depth hold in the open.
fn insides<'a>(assessing: &'a Assessing<'a>, places: &Places<'a>) -> BTreeMap<&'a str, Inside<'a>> {
    let mut insides: BTreeMap<&str, Inside<'a>> = BTreeMap::new();
    for member in &assessing.items {
        let around = || containers(&member.path).filter_map(|path| places.printed(path));
        let hides = |m: &Member<'_>| m.record.evidence.residue.is_some();
        let outermost_residue = around().filter(|m| hides(m)).last();
        match outermost_residue.or(hides(member).then_some(member)) {
            // An entry of residue is as hidden as the residue.
            Some(hidden) => {
                if let Some(container) = containers(&hidden.path).next() {
                    insides.entry(container).or_default().hidden.push(member);
                }
            }
            None => {
                for path in std::iter::once(member.path.as_str()).chain(containers(&member.path)) {
                    insides.entry(path).or_default().open.extend(&member.counted);
                }
            }
        }
    }
    insides
}

pub(super) fn dsp_07(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let places = Places::new(&assessing.items, &assessing.facts.run.base);
    let insides = insides(assessing, &places);
    let judge = |member: &Member<'_>, kept: Residue| {
        let inside = insides.get(member.path.as_str());
        let mut wrong = inside.into_iter().flat_map(|i| i.hidden.iter().map(move |h| (i, h)));
        let deviation = wrong.find_map(|(inside, hidden)| {
            let only = hidden.counted.difference(&inside.open);
            let only: Vec<&str> =
                only.filter(|c| of_a_class(&assessing.policy.classes, c)).copied().collect();
            let how = hidden.record.evidence.residue.as_deref().unwrap_or("entry of residue");
            (!only.is_empty()).then(|| (*hidden, format!("{how}: {}", only.join(", "))))
        });
        match (deviation, kept) {
            (Some((hidden, detail)), _) => {
                let deviation = Deviation { detail: Some(detail), ..assessing.deviation(hidden, None) };
                (Some(hidden), Verdict::Deviates(Box::new(deviation)))
            }
            (None, Residue::NotRead) => (None, Verdict::NotEvaluated("no-residue-support")),
            (None, _) => (None, Verdict::Pass),
        }
    };
    let one = |system: Option<usize>| {
        let mut tally = Tally::new(assessing, "DSP-07", system, None);
        for member in assessing.examined(system) {
            let kept = residue(member.record.format.as_deref().unwrap_or_default());
            let hides = || insides.get(member.path.as_str()).is_some_and(|i| !i.hidden.is_empty());
            if kept != Residue::None || hides() {
                let (about, verdict) = judge(member, kept);
                tally.count(Some(about.unwrap_or(member)), verdict);
            }
        }
        tally
    };
    let systems = (0..assessing.policy.scope.systems.len()).map(|s| one(Some(s)));
    let outside = Some(one(None)).filter(|tally| !tally.is_empty());
    systems.chain(outside).map(Tally::finish).collect()
}
