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
    parts: Parts,
}

/// A file and its entries, as one.
#[derive(Clone, Default)]
struct Parts {
    /// Rank of the highest tier.
    tier: usize,
    /// All classes; `None` if a part of tier confidential or above has no class.
    classes: BTreeSet<Option<usize>>,
}

impl Parts {
    fn add(&mut self, member: &Member<'_>, confidential: usize) {
        self.tier = self.tier.max(member.tier);
        self.classes.extend(member.classes.iter().copied().map(Some));
        if member.classes.is_empty() && member.tier >= confidential {
            self.classes.insert(None);
        }
    }
}

pub(super) fn dis_05(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let confidential = assessing.rank("confidential");
    let classes = &assessing.policy.classes;
    let systems = 0..assessing.policy.scope.systems.len();
    let pairs = (0..classes.len()).flat_map(|c| systems.clone().map(move |s| (Some(c), Some(s))));
    let mut groups: BTreeMap<(Option<usize>, Option<usize>), Tally<'_>> =
        pairs.map(|(c, s)| ((c, s), Tally::new(assessing, "DIS-05", s, c))).collect();
    for File { member, parts } in files(assessing, confidential) {
        for at in parts.classes {
            let class = at.map(|at| &classes[at]);
            let access = class.and_then(|c| c.access.as_ref());
            if parts.tier < confidential && access.is_none() {
                continue;
            }
            let verdict = match excess(assessing, &member.record.item.meta, parts.tier, access) {
                Ok(None) => Verdict::Pass,
                Ok(Some(detail)) => Verdict::Deviates(Box::new(Deviation {
                    tier: assessing.taxonomy.tiers().get(parts.tier).cloned(),
                    detail: Some(detail),
                    ..assessing.deviation(member, class)
                })),
                Err(reason) => Verdict::NotEvaluated(reason),
            };
            let system = member.system;
            let tally =
                groups.entry((at, system)).or_insert_with(|| Tally::new(assessing, "DIS-05", system, at));
            tally.count(Some(member), verdict);
        }
    }
    groups.into_values().map(Tally::finish).collect()
}

/// Outermost files in the order of their paths. Every entry has the file around it among the items.
fn files<'m, 'a>(assessing: &'m Assessing<'a>, confidential: usize) -> Vec<File<'m, 'a>> {
    let mut entries: FxHashMap<&str, Parts> = FxHashMap::default();
    for entry in assessing.items.iter().filter(|m| !m.is_outermost() && !m.is_skipped()) {
        entries.entry(entry.outermost()).or_default().add(entry, confidential);
    }
    let file = |member: &'m Member<'a>| {
        let mut parts = entries.get(member.path.as_str()).cloned().unwrap_or_default();
        parts.add(member, confidential);
        File { member, parts }
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
