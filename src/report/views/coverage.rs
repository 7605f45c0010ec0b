//! What was read of each declared system, and what not.

use std::collections::BTreeMap;

use super::super::Sheet;
use super::super::controls::OUTSIDE;
use super::super::schema::Cell;
use super::super::text::{bytes, printable, thousands};
use super::{Kept, head, int, maybe, text};
use crate::classify::Taxonomy;
use crate::govern::facts::{Facts, RunFacts};
use crate::govern::policy::System;
use crate::govern::{Assessing, Policy, Registers};
use crate::model::{ItemRecord, Outcome, Reach};

/// Items and stored bytes of one outcome and reason.
type Counts = BTreeMap<(&'static str, &'static str), (u64, u64)>;

/// One row per system, outcome and reason.
pub(super) fn coverage(kept: &Kept<'_>) -> Sheet {
    let columns = ["system", "owner", "root", "reach", "outcome", "reason", "items", "bytes"];
    let mut sheet = Sheet::new("coverage", &columns);
    head(&mut sheet, kept, "Coverage: what was read, and what not");
    sheet.line(0, "Bytes are those of files in the store; entries of archives have none of their own.");
    let by_system = count(kept.policy, kept.facts, kept.items, kept.taxonomy);
    let systems = &kept.policy.scope.systems;
    let name = |at: usize| systems.get(at).map_or(OUTSIDE, |s| s.id.as_str());
    let reach = |at: usize| {
        let known = systems.get(at).and_then(|s| kept.facts.roots.get(&s.id));
        known.map(|reach: &Reach| reach.word())
    };
    let lines: Vec<Vec<String>> = by_system
        .iter()
        .map(|(at, counts)| {
            let items =
                |word: &str| counts.iter().filter(|((w, _), _)| *w == word).map(|(_, n)| n.0).sum::<u64>();
            let all: u64 = counts.values().map(|n| n.0).sum();
            let stored: u64 = counts.values().map(|n| n.1).sum();
            let (scanned, wanted) = (items("scanned"), all - items("skipped"));
            let share = match wanted {
                0 => "-".to_owned(),
                // Down, so that 100 % means all.
                wanted => format!("{}%", scanned * 100 / wanted),
            };
            vec![
                printable(name(*at)).into_owned(),
                reach(*at).unwrap_or("-").to_owned(),
                thousands(all),
                thousands(scanned),
                thousands(items("partial")),
                thousands(items("skipped")),
                thousands(items("failed")),
                share,
                bytes(stored),
            ]
        })
        .collect();
    sheet.title("By system");
    sheet.grid(
        &["System", "Root", ">Items", ">Scanned", ">Partial", ">Skipped", ">Failed", ">Read", ">Bytes"],
        &lines,
    );
    let mut reasons = Vec::new();
    for (at, counts) in &by_system {
        let system = systems.get(*at);
        if let (true, Some(system)) = (counts.is_empty(), system) {
            let known = kept.facts.roots.get(&system.id).copied();
            sheet.row(vec![
                text(&system.id),
                maybe(system.owner.as_deref()),
                text(&system.root),
                maybe(reach(*at)),
                Cell::Null,
                maybe(known.and_then(Reach::reason)),
                int(0),
                int(0),
            ]);
        }
        for ((outcome, reason), (items, stored)) in counts {
            if !reason.is_empty() {
                reasons.push(vec![
                    printable(name(*at)).into_owned(),
                    (*outcome).to_owned(),
                    (*reason).to_owned(),
                    thousands(*items),
                    bytes(*stored),
                ]);
            }
            sheet.row(vec![
                maybe(system.map(|s| s.id.as_str())),
                maybe(system.and_then(|s| s.owner.as_deref())),
                maybe(system.map(|s| s.root.as_str())),
                maybe(reach(*at)),
                text(outcome),
                maybe(Some(*reason).filter(|r| !r.is_empty())),
                int(*items),
                int(*stored),
            ]);
        }
    }
    let not_seen: Vec<&str> =
        systems.iter().map(|s| s.id.as_str()).filter(|id| !is_seen(kept.facts, id)).collect();
    match (reasons.is_empty(), kept.items.is_empty(), not_seen.is_empty()) {
        (true, true, _) => sheet.line(0, "There was no item to read."),
        (true, _, true) => sheet.line(0, "Every item was wholly read."),
        (true, _, false) => sheet.line(0, "Every item that was met was wholly read."),
        (false, ..) => {
            sheet.title("Not, or not wholly, read");
            sheet.grid(&["System", "Outcome", "Reason", ">Items", ">Bytes"], &reasons);
        }
    }
    not_looked_at(&mut sheet, kept, &not_seen);
    sheet
}

/// Whether the root of a system was there to be read, and meant to be.
fn is_seen(facts: &RunFacts, id: &str) -> bool {
    facts.roots.get(id) == Some(&Reach::Reached)
}

/// Names the systems that nothing is known of.
fn not_looked_at(sheet: &mut Sheet, kept: &Kept<'_>, systems: &[&str]) {
    if systems.is_empty() {
        return;
    }
    let told = systems.iter().map(|id| {
        let reach = kept.facts.roots.get(*id).copied().unwrap_or(Reach::NotScanned);
        format!("{} ({})", printable(id), reach.word())
    });
    let told: Vec<String> = told.collect();
    sheet.line(
        0,
        &format!("Not looked at in this run: {}. Nothing is said of what they hold.", told.join(", ")),
    );
}

/// A declared system in a run: as much of it as the public may know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Its id.
    pub system: String,
    /// Its root was to be read, and was there.
    pub reached: bool,
    /// Items that were wholly read.
    pub read: u64,
    /// All items that were met, those that were left out too.
    pub items: u64,
}

/// What a run looked at, in the order of its policy's systems.
pub fn looked_at(
    policy: &Policy,
    facts: &RunFacts,
    items: &[ItemRecord],
    taxonomy: &Taxonomy,
) -> Vec<Looked> {
    let counts = count(policy, facts, items, taxonomy);
    let system = |(at, system): (usize, &System)| {
        let of = || counts.get(&at).into_iter().flatten();
        Looked {
            system: system.id.clone(),
            reached: is_seen(facts, &system.id),
            read: of().filter(|((outcome, _), _)| *outcome == "scanned").map(|(_, n)| n.0).sum(),
            items: of().map(|(_, n)| n.0).sum(),
        }
    };
    policy.scope.systems.iter().enumerate().map(system).collect()
}

/// Counts by position of the system; the last stands for items outside all, if there are any.
fn count(
    policy: &Policy,
    facts: &RunFacts,
    items: &[ItemRecord],
    taxonomy: &Taxonomy,
) -> BTreeMap<usize, Counts> {
    let systems = policy.scope.systems.len();
    let mut all: BTreeMap<usize, Counts> = (0..systems).map(|at| (at, Counts::new())).collect();
    let registers = Registers::default();
    let nothing = Facts {
        run: facts,
        items: &[],
        previous: None,
        history: None,
        registers: &registers,
        reviews: &[],
        self_test: None,
        integrity: None,
    };
    let assessing = Assessing::new(policy, &nothing, taxonomy);
    for record in items {
        let at = assessing.system_of(&facts.base.apply(&record.printed_path)).unwrap_or(systems);
        let reason = match record.outcome {
            Outcome::Scanned => "",
            other => other.reason().map_or("", |r| r.code()),
        };
        let stored = record.item.meta.bytes.filter(|_| record.item.path.depth() == 0).unwrap_or(0);
        let entry = all.entry(at).or_default().entry((record.outcome.word(), reason)).or_default();
        *entry = (entry.0 + 1, entry.1.saturating_add(stored));
    }
    all
}
