//! Entries of the disposal register, and where they are: the item each is about, and what its absence is worth.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::super::assess::{Assessing, Member};
use super::super::facts::Base;
use super::super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::super::registers::DisposalEntry;
use super::super::{Tally, Verdict, clock, decided, printable};
use crate::model::{ItemId, Outcome};

/// SHA-256 of nothing: every empty file has it, so it tells no copy.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A content hash that says which content it is of.
pub(super) fn telling(hash: Option<&String>) -> Option<&str> {
    hash.map(String::as_str).filter(|h| *h != EMPTY)
}

/// The paths of the containers around an entry of an archive, innermost first.
pub(super) fn containers(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices("!/").map(|(at, _)| &path[..at])
}

/// Items of a run by what registers call them.
pub(super) struct Places<'a> {
    base: &'a Base,
    ids: FxHashMap<ItemId, &'a Member<'a>>,
    paths: FxHashMap<&'a str, &'a Member<'a>>,
    /// Examined items by system.
    examined: FxHashMap<Option<usize>, u64>,
}

impl<'a> Places<'a> {
    pub(super) fn new(members: &'a [Member<'a>], base: &'a Base) -> Self {
        let (mut paths, mut examined) = (FxHashMap::default(), FxHashMap::default());
        for member in members {
            *examined.entry(member.system).or_default() += u64::from(member.is_examined());
            // Of several items of one printed path the first.
            paths.entry(member.path.as_str()).or_insert(member);
        }
        Self { base, ids: members.iter().map(|m| (m.record.item.id, m)).collect(), paths, examined }
    }

    /// The item whose path relative to the policy's folder is this. Registers hold paths as they are and runs as they may
    /// be printed: the id finds what the printed path hides.
    pub(super) fn at(&self, path: &str) -> Option<&'a Member<'a>> {
        let by_id = self.id(path).and_then(|id| self.with_id(id));
        by_id.or_else(|| self.paths.get(path).copied())
    }

    pub(super) fn with_id(&self, id: ItemId) -> Option<&'a Member<'a>> {
        self.ids.get(&id).copied()
    }

    /// The item with this path as it may be printed.
    pub(super) fn printed(&self, path: &str) -> Option<&'a Member<'a>> {
        self.paths.get(path).copied()
    }

    fn id(&self, path: &str) -> Option<ItemId> {
        let raw = self.base.undo(path)?;
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(raw)[..16]);
        Some(ItemId(id))
    }

    /// Whether something around this path was skipped, failed or read in part, so that what is in it is not all known.
    fn hides(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| path[..at].strip_suffix('!').unwrap_or(&path[..at]));
        ends.filter_map(|around| self.at(around)).any(|m| m.record.outcome != Outcome::Scanned)
    }

    /// Why it means nothing that there is no item at this path of a system.
    pub(super) fn unproven(
        &self,
        assessing: &Assessing<'_>,
        system: Option<usize>,
        path: Option<&str>,
    ) -> Option<&'static str> {
        let Some(index) = system else { return Some("root-not-scanned") };
        let declared = assessing.system(index);
        let reason = match assessing.facts.run.roots.get(&declared.id) {
            None => Some("root-not-scanned"),
            Some(reach) => reach.reason(),
        };
        let few = || self.examined.get(&system).is_none_or(|n| *n < declared.min_items.max(1));
        match () {
            () if reason.is_some() => reason,
            () if assessing.facts.run.interrupted => Some("partial-scan"),
            () if few() => Some("below-min-items"),
            () if path.is_some_and(|path| self.hides(path)) => Some("not-listed"),
            () => None,
        }
    }
}

/// One entry that is in force on the day of the assessment.
pub(super) struct Entry<'a> {
    pub said: &'a DisposalEntry,
    /// Relative to the policy's folder; `None` for an entry that names an item's id.
    pub path: Option<&'a str>,
    /// For an entry that names one.
    pub id: Option<ItemId>,
    pub system: Option<usize>,
    pub class: Option<usize>,
    /// When it was approved, if that is all.
    pub approved: Option<Date>,
    /// When it was performed.
    pub performed: Option<Date>,
    /// Its item in this run.
    pub item: Option<&'a Member<'a>>,
}

impl Entry<'_> {
    /// Its item in some run.
    pub(super) fn find<'p>(&self, places: &Places<'p>) -> Option<&'p Member<'p>> {
        if let Some(id) = &self.said.item_id {
            return item_id(id).and_then(|id| places.with_id(id));
        }
        match (self.path, self.id) {
            (Some(path), _) => places.at(path),
            (None, Some(id)) => places.with_id(id),
            (None, None) => None,
        }
    }

    /// The path of its item, as far as it is known.
    pub(super) fn known_path(&self) -> Option<&str> {
        self.path.or(self.item.map(|m| m.path.as_str()))
    }

    /// What is said about it in details.
    pub(super) fn name(&self) -> String {
        format!("entry {}", printable(&self.said.id))
    }

    /// A deviation about an item, with what the entry says of its rule and dates.
    pub(super) fn deviation(
        &self,
        assessing: &Assessing<'_>,
        member: &Member<'_>,
        reason: &str,
    ) -> Deviation {
        let class = self.class.map(|c| &assessing.policy.classes[c]);
        Deviation {
            rule: self.said.rule.clone().or_else(|| class.and_then(|c| c.retention.clone())),
            trigger_date: self.said.trigger_date,
            trigger_source: self.said.trigger_source,
            due: self.said.due,
            reason: Some(reason.to_owned()),
            ..assessing.deviation(member, class)
        }
    }
}

/// The register as of the day of the assessment, with the items of this run.
pub(super) struct Entries<'a> {
    pub all: Vec<Entry<'a>>,
    pub places: Places<'a>,
}

impl<'a> Entries<'a> {
    /// `None` without a register.
    pub(super) fn new(assessing: &'a Assessing<'a>) -> Option<Self> {
        let register = assessing.facts.registers.disposal.as_ref()?;
        let places = Places::new(&assessing.items, &assessing.facts.run.base);
        let zone = clock::zone(assessing.policy);
        let by_now = |moment: Option<super::super::registers::Moment>| {
            moment.map(|m| m.day_in(&zone)).filter(|day| *day <= assessing.as_of)
        };
        let earlier: FxHashMap<ItemId, &Member<'_>> =
            assessing.previous.iter().map(|m| (m.record.item.id, m)).collect();
        let mut all = Vec::new();
        for said in register {
            let performed = by_now(said.performed_at);
            let approved = by_now(said.approved_at).filter(|_| performed.is_none());
            if performed.is_none() && approved.is_none() {
                continue;
            }
            let id = said.item.strip_prefix("item_id:").and_then(item_id);
            let path = id.is_none().then(|| said.item.trim_start_matches("./"));
            let classes = assessing.policy.classes.iter();
            let class =
                classes.enumerate().find(|(_, c)| said.class.as_deref() == Some(&c.id)).map(|(c, _)| c);
            let systems = assessing.policy.scope.systems.iter();
            let stated =
                systems.enumerate().find(|(_, s)| said.system.as_deref() == Some(&s.id)).map(|(s, _)| s);
            let mut entry = Entry { said, path, id, system: None, class, approved, performed, item: None };
            entry.item = entry.find(&places);
            entry.system = match (path, id) {
                (Some(path), _) => assessing.system_of(path),
                (None, id) => {
                    let known = || id.and_then(|id| earlier.get(&id).copied());
                    let known = entry.item.or_else(known).map(|m| m.system);
                    known.unwrap_or(stated)
                }
            };
            all.push(entry);
        }
        all.sort_by(|a, b| a.said.id.cmp(&b.said.id));
        Some(Self { all, places })
    }

    /// Those that are performed, with the day.
    pub(super) fn performed(&self) -> impl Iterator<Item = (&Entry<'a>, Date)> {
        self.all.iter().filter_map(|e| e.performed.map(|day| (e, day)))
    }
}

fn item_id(hex: &str) -> Option<ItemId> {
    let mut id = [0; 16];
    if hex.len() != 32 || !hex.is_ascii() {
        return None;
    }
    for (byte, at) in id.iter_mut().zip((0..32).step_by(2)) {
        *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
    }
    Some(ItemId(id))
}

/// Class and system, each as its place in the policy.
type Pair = (Option<usize>, Option<usize>);

/// One tally for each pair of class and system that occurs.
pub(super) struct Pairs<'a> {
    assessing: &'a Assessing<'a>,
    test: &'static str,
    tallies: BTreeMap<Pair, Tally<'a>>,
    /// How often each thing is to be noted.
    notes: BTreeMap<Pair, BTreeMap<&'static str, u64>>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(assessing: &'a Assessing<'a>, test: &'static str) -> Self {
        Self { assessing, test, tallies: BTreeMap::new(), notes: BTreeMap::new() }
    }

    pub(super) fn count(&mut self, pair: Pair, member: Option<&Member<'_>>, verdict: Verdict) {
        let new = || Tally::new(self.assessing, self.test, pair.1, pair.0);
        self.tallies.entry(pair).or_insert_with(new).count(member, verdict);
    }

    /// Notes that something is so once more; `what` follows the number.
    pub(super) fn note(&mut self, pair: Pair, what: &'static str, times: u64) {
        if times > 0 {
            *self.notes.entry(pair).or_default().entry(what).or_default() += times;
        }
    }

    /// The results; without any member one for the run, not applicable for a reason.
    pub(super) fn finish(mut self, empty: &str) -> Vec<ControlResult> {
        if self.tallies.is_empty() {
            return vec![decided(self.test, None, None, ControlOutcome::NotApplicable, empty)];
        }
        let finish = |(pair, tally): (Pair, Tally<'a>)| {
            let mut result = tally.finish();
            let notes = self.notes.remove(&pair).unwrap_or_default();
            let notes: Vec<String> = notes.iter().map(|(what, times)| format!("{times} {what}")).collect();
            result.note = (!notes.is_empty()).then(|| notes.join("; "));
            result
        };
        self.tallies.into_iter().map(finish).collect()
    }
}

/// `paths` for a detail, the first ones of many.
pub(super) fn listed<'p>(paths: impl ExactSizeIterator<Item = &'p str>) -> String {
    let more = paths.len().saturating_sub(20);
    let mut text = paths.take(20).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
