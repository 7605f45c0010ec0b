//! MON-04: what changed since the last run, and whether someone looked at what changed before.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::super::assess::{Assessing, Member};
use super::super::outcome::{ControlOutcome, ControlResult};
use super::super::{decided, printable};
use super::{deviation, of_whole, unevaluated};

/// What a class comes to in a system.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Highest tier of its items.
    tier: usize,
    /// Sum of the counts of counted findings of its items.
    matches: u64,
}

/// Classes of each system.
type Extents = BTreeMap<Option<usize>, BTreeMap<usize, Extent>>;

fn extents(assessing: &Assessing<'_>, members: &[Member<'_>]) -> Extents {
    let mut extents = Extents::new();
    for member in members.iter().filter(|m| !m.is_skipped()) {
        let matches = assessing.counted(member.record).map(|f| f.count).fold(0_u64, u64::saturating_add);
        for class in &member.classes {
            let extent = extents.entry(member.system).or_default().entry(*class).or_default();
            extent.tier = extent.tier.max(member.tier);
            extent.matches = extent.matches.saturating_add(matches);
        }
    }
    extents
}

/// Files that hold a class, entries included, and whose permissions for group or others have grown, by system.
fn widened(assessing: &Assessing<'_>) -> BTreeMap<Option<usize>, u64> {
    let modes = |members: &'_ [Member<'_>]| -> FxHashMap<String, u32> {
        let files = members.iter().filter(|m| m.is_outermost());
        files.filter_map(|m| m.record.item.meta.mode.map(|mode| (m.path.clone(), mode))).collect()
    };
    let (before, now) = (modes(&assessing.previous), modes(&assessing.items));
    let holding = assessing.items.iter().filter(|m| !m.classes.is_empty());
    let files: BTreeSet<(Option<usize>, &str)> = holding.map(|m| (m.system, m.outermost())).collect();
    let mut counts = BTreeMap::new();
    for (system, file) in files {
        if let (Some(before), Some(now)) = (before.get(file), now.get(file)) {
            *counts.entry(system).or_default() += u64::from(now & !before & 0o077 != 0);
        }
    }
    counts
}

/// Whether both runs looked for the same things.
fn same_rules(assessing: &Assessing<'_>) -> bool {
    let before = assessing.facts.previous.map(|(run, _)| &run.detectors_digest);
    before == Some(&assessing.facts.run.detectors_digest)
}

/// What changed in each system that holds classes now or did in the previous run; systems without change have an empty
/// list. Nothing without a previous run under the same rules.
fn changes(assessing: &Assessing<'_>) -> BTreeMap<Option<usize>, Vec<String>> {
    let Some((previous, _)) = assessing.facts.previous.filter(|_| same_rules(assessing)) else {
        return BTreeMap::new();
    };
    let (before, now) = (extents(assessing, &assessing.previous), extents(assessing, &assessing.items));
    let widened = widened(assessing);
    let policy_changed = previous.policy_digest != assessing.facts.run.policy_digest;
    let systems: BTreeSet<Option<usize>> = before.keys().chain(now.keys()).copied().collect();
    let none = BTreeMap::new();
    let one = |system: Option<usize>| {
        let (before, now) = (before.get(&system).unwrap_or(&none), now.get(&system).unwrap_or(&none));
        let mut changes = Vec::new();
        let classes: BTreeSet<usize> = before.keys().chain(now.keys()).copied().collect();
        for class in classes {
            let name = printable(&assessing.policy.classes[class].id);
            match (before.get(&class), now.get(&class)) {
                (None, _) => changes.push(format!("class {name} is new")),
                (_, None) => changes.push(format!("class {name} is gone")),
                (Some(before), Some(now)) => {
                    if now.tier > before.tier {
                        let tier = assessing.taxonomy.tiers().get(now.tier).map_or("", String::as_str);
                        changes.push(format!("class {name} rises to {tier}"));
                    }
                    let moved = now.matches.abs_diff(before.matches);
                    let share = moved as f64 / before.matches as f64;
                    if moved > 0 && share > assessing.policy.thresholds.drift {
                        changes.push(format!("matches of {name}: {} to {}", before.matches, now.matches));
                    }
                }
            }
        }
        if let Some(files) = widened.get(&system).filter(|n| **n > 0) {
            changes.push(format!("permissions of {files} files widened"));
        }
        if policy_changed {
            changes.push("the policy changed".to_owned());
        }
        (system, changes)
    };
    systems.into_iter().map(one).collect()
}

/// Systems whose drift MON-04 notes: a later run asks whether someone acknowledged it.
pub fn drifted(assessing: &Assessing<'_>) -> BTreeSet<String> {
    let changed = changes(assessing).into_iter().filter(|(_, changes)| !changes.is_empty());
    changed.filter_map(|(system, _)| system.map(|s| assessing.system(s).id.clone())).collect()
}

/// Runs whose drift in the system nobody reviewed by now. A review of a later run's drift speaks of the earlier ones too.
fn unacknowledged(assessing: &Assessing<'_>, system: &str) -> Vec<u64> {
    let subject = format!("drift:{system}");
    let reviews = assessing.facts.reviews.iter();
    let reviewed =
        reviews.filter(|r| r.subject == subject && r.on <= assessing.as_of).map(|r| r.sequence).max();
    let history = assessing.facts.history.unwrap_or_default().iter().filter(|run| run.completed);
    let open =
        history.filter(|run| run.drifted.contains(system) && reviewed.is_none_or(|r| r < run.sequence));
    open.map(|run| run.sequence).collect()
}

pub(super) fn mon_04(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let changes = changes(assessing);
    let held = |members: &[Member<'_>]| -> BTreeSet<(usize, usize)> {
        let held = members.iter().filter(|m| !m.is_skipped());
        held.flat_map(|m| m.classes.iter().filter_map(|c| m.system.map(|s| (s, *c)))).collect()
    };
    let classes = &held(&assessing.items) | &held(&assessing.previous);
    let one = |(index, system): (usize, &super::super::policy::System)| {
        let population = classes.iter().filter(|(s, _)| *s == index).count() as u64;
        let open = unacknowledged(assessing, &system.id);
        let deviating = open
            .iter()
            .map(|run| deviation("unacknowledged", format!("drift that run {run} noted has no review")));
        let found = changes.get(&Some(index)).filter(|c| !c.is_empty());
        let result = match () {
            () if !open.is_empty() => {
                of_whole(assessing, "MON-04", Some(&system.id), population, deviating.collect())
            }
            () if assessing.facts.previous.is_none() => {
                unevaluated("MON-04", Some(&system.id), population, "no-previous")
            }
            () if !same_rules(assessing) => {
                unevaluated("MON-04", Some(&system.id), population, "rules-differ")
            }
            () if population == 0 => {
                decided("MON-04", Some(&system.id), None, ControlOutcome::NotApplicable, "no-items")
            }
            () => of_whole(assessing, "MON-04", Some(&system.id), population, Vec::new()),
        };
        ControlResult { note: found.map(|changes| changes.join("; ")), ..result }
    };
    assessing.policy.scope.systems.iter().enumerate().map(one).collect()
}
