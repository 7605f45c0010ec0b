//! DIS-05: permission bits of files against the tier of what is in them.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::govern::assess::{Assessing, Member};
use crate::govern::outcome::{ControlResult, Deviation};
use crate::govern::policy::{Access, Other};
use crate::govern::{Tally, Verdict, printable};
use crate::model::ItemMeta;

/// A file of the store with what its entries add.
struct File<'m, 'a> {
    member: &'m Member<'a>,
    tier: usize,
    classes: Vec<usize>,
}

pub(super) fn dis_05(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let confidential = assessing.rank("confidential");
    let classes = &assessing.policy.classes;
    let systems = 0..assessing.policy.scope.systems.len();
    let pairs = (0..classes.len()).flat_map(|c| systems.clone().map(move |s| (Some(c), Some(s))));
    let mut groups: BTreeMap<(Option<usize>, Option<usize>), Tally<'_>> =
        pairs.map(|(c, s)| ((c, s), Tally::new(assessing, "DIS-05", s, c))).collect();
    for file in files(assessing) {
        let none = file.classes.is_empty().then_some(None);
        for at in file.classes.iter().copied().map(Some).chain(none) {
            let class = at.map(|at| &classes[at]);
            let access = class.and_then(|c| c.access.as_ref());
            if file.tier < confidential && access.is_none() {
                continue;
            }
            let verdict = match excess(assessing, &file.member.record.item.meta, file.tier, access) {
                Ok(None) => Verdict::Pass,
                Ok(Some(detail)) => Verdict::Deviates(Box::new(Deviation {
                    tier: assessing.taxonomy.tiers().get(file.tier).cloned(),
                    detail: Some(detail),
                    ..assessing.deviation(file.member, class)
                })),
                Err(reason) => Verdict::NotEvaluated(reason),
            };
            let system = file.member.system;
            let tally =
                groups.entry((at, system)).or_insert_with(|| Tally::new(assessing, "DIS-05", system, at));
            tally.count(Some(file.member), verdict);
        }
    }
    groups.into_values().map(Tally::finish).collect()
}

/// Outermost files in the order of their paths, each with the highest tier and all classes of itself and its entries.
fn files<'m, 'a>(assessing: &'m Assessing<'a>) -> Vec<File<'m, 'a>> {
    let mut entries: FxHashMap<&str, (usize, BTreeSet<usize>)> = FxHashMap::default();
    for entry in assessing.items.iter().filter(|m| !m.is_outermost() && !m.is_skipped()) {
        let (tier, classes) = entries.entry(entry.outermost()).or_default();
        *tier = entry.tier.max(*tier);
        classes.extend(&entry.classes);
    }
    let file = |member: &'m Member<'a>| {
        let mut file = File { member, tier: member.tier, classes: member.classes.clone() };
        if let Some((tier, classes)) = entries.get(member.path.as_str()) {
            file.tier = file.tier.max(*tier);
            file.classes =
                classes.iter().chain(&member.classes).copied().collect::<BTreeSet<_>>().into_iter().collect();
        }
        file
    };
    assessing.items.iter().filter(|m| m.is_outermost() && !m.is_skipped()).map(file).collect()
}

/// What the permission bits allow beyond tier and class, in words.
fn excess(
    assessing: &Assessing<'_>,
    meta: &ItemMeta,
    tier: usize,
    access: Option<&Access>,
) -> Result<Option<String>, &'static str> {
    let Some(mode) = meta.mode else { return Err("no-permissions") };
    // Bits that others must not have.
    let withheld = match access.and_then(|a| a.other) {
        Some(Other::None) => 0o7,
        Some(Other::Read) => 0o2,
        Some(Other::Write) => 0,
        None if tier >= assessing.rank("restricted") => 0o7,
        None if tier >= assessing.rank("confidential") => 0o6,
        None => 0,
    };
    let mut found = Vec::new();
    if mode & withheld != 0 {
        found.push(format!("others may {}", verbs(mode & withheld)));
    }
    let mut unknown = false;
    if let Some(groups) = access.and_then(|a| a.groups.as_deref())
        && mode & 0o070 != 0
    {
        let may = verbs(mode >> 3 & 0o7);
        match meta.group.as_deref() {
            Some(group) if groups.iter().any(|g| g == group) => {}
            Some(group) => found.push(format!("group {} may {may} and is not listed", printable(group))),
            None => unknown = true,
        }
    }
    match (found.is_empty(), unknown) {
        (false, _) => Ok(Some(format!("mode {:04o}: {}", mode & 0o7777, found.join("; ")))),
        (true, true) => Err("no-permissions"),
        (true, false) => Ok(None),
    }
}

/// What three permission bits allow.
fn verbs(bits: u32) -> String {
    let all = [(4, "read"), (2, "write"), (1, "execute")];
    let verbs: Vec<&str> = all.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, verb)| *verb).collect();
    verbs.join(" and ")
}
