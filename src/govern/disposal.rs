//! Disposal: is what was to go gone, from everywhere, and nothing else?
//!
//! What each test counts stands in `docs/controls.md`.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::assess::{Assessing, Globs, Member};
use super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::{ControlTest, Verdict, decided};
use crate::model::ItemId;

mod copies;
mod entries;
mod erasure;
mod losses;
mod residue;
#[cfg(test)]
mod tests;
pub mod verified;

use entries::{Entries, Entry, Pairs};

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "DSP-01",
        checks: "What was approved for disposal or put into quarantine is no longer there",
        not_evaluated_when: &[
            "no-date",
            "root-missing",
            "root-unmounted",
            "root-unreadable",
            "root-not-scanned",
            "below-min-items",
            "partial-scan",
            "not-listed",
            "no-register",
        ],
        run: dsp_01,
    },
    ControlTest {
        id: "DSP-02",
        checks: "Disposed items are absent at their source",
        not_evaluated_when: &[
            "root-missing",
            "root-unmounted",
            "root-unreadable",
            "root-not-scanned",
            "below-min-items",
            "partial-scan",
            "not-listed",
            "no-register",
        ],
        run: dsp_02,
    },
    ControlTest {
        id: "DSP-03",
        checks: "No copies of disposed items remain in scope",
        not_evaluated_when: &[
            "no-fingerprints",
            "no-key",
            "not-watched",
            "detector-off",
            "coverage",
            "no-register",
        ],
        run: copies::dsp_03,
    },
    ControlTest {
        id: "DSP-04",
        checks: "Nothing has disappeared without an entry in the register",
        not_evaluated_when: &["no-previous", "partial-scan"],
        run: losses::dsp_04,
    },
    ControlTest {
        id: "DSP-05",
        checks: "Nothing was lost before its time or while on hold",
        not_evaluated_when: &["no-date", "partial-scan", "no-previous"],
        run: losses::dsp_05,
    },
    ControlTest {
        id: "DSP-06",
        checks: "Identifiers of erased persons are found nowhere",
        not_evaluated_when: &[
            "no-key",
            "no-fingerprints",
            "not-watched",
            "detector-off",
            "coverage",
            "no-register",
        ],
        run: erasure::dsp_06,
    },
    ControlTest {
        id: "DSP-07",
        checks: "Formats keep no readable residue of deleted data",
        not_evaluated_when: &["no-residue-support"],
        run: residue::dsp_07,
    },
];

/// What all tests of the register say without one.
fn no_register(test: &'static str) -> Vec<ControlResult> {
    vec![decided(test, None, None, ControlOutcome::NotEvaluated, "no-register")]
}

fn days(number: u32) -> jiff::Span {
    i64::from(number).days()
}

/// The day after which a period that began on `start` is over.
fn after(start: Date, period: jiff::Span) -> Date {
    start.checked_add(period).unwrap_or(Date::MAX)
}

/// How the content at an entry's path compares with what was disposed of.
#[derive(PartialEq)]
enum Content {
    Same,
    Other,
    /// One of the two is not known.
    Unknown,
}

fn content(entry: &Entry<'_>, item: &Member<'_>) -> Content {
    match (&entry.said.content_hash, &item.record.evidence.content_hash) {
        (Some(then), Some(now)) if then == now => Content::Same,
        (Some(_), Some(_)) => Content::Other,
        _ => Content::Unknown,
    }
}

/// The deviation of a performed entry whose item is where it was.
fn still_there(
    assessing: &Assessing<'_>,
    entry: &Entry<'_>,
    day: Date,
    item: &Member<'_>,
) -> Option<Deviation> {
    let what = match content(entry, item) {
        Content::Same => "same content",
        Content::Unknown => "content not compared",
        Content::Other => return None,
    };
    let detail = format!("{}, performed on {day}: present, {what}", entry.name());
    Some(Deviation { detail: Some(detail), ..entry.deviation(assessing, item, "still-there") })
}

fn dsp_01(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(entries) = Entries::new(assessing) else { return no_register("DSP-01") };
    let mut pairs = Pairs::new(assessing, "DSP-01");
    let patience = days(assessing.policy.thresholds.disposal_days);
    for entry in &entries.all {
        let class = entry.class.map(|c| assessing.policy.classes[c].id.as_str());
        let deviation = entry.item.and_then(|item| match (entry.performed, entry.approved) {
            (Some(day), _) => still_there(assessing, entry, day, item),
            // What came to its place since was not approved.
            (None, Some(_)) if content(entry, item) == Content::Other => None,
            (None, Some(day)) if assessing.as_of > after(day, patience) => Some(Deviation {
                approved_exception: assessing.hold(item, class, entry.said.trigger_date).map(str::to_owned),
                detail: Some(format!("{}, approved on {day}: present", entry.name())),
                ..entry.deviation(assessing, item, "not-done")
            }),
            _ => None,
        });
        let unproven = || match entry.item {
            // It was seen: there is nothing to prove about its absence.
            Some(_) => None,
            None => entries.places.unproven(assessing, entry.system, entry.path),
        };
        let verdict = match deviation {
            Some(deviation) => Verdict::Deviates(Box::new(deviation)),
            None => unproven().map_or(Verdict::Pass, Verdict::NotEvaluated),
        };
        pairs.count((entry.class, entry.system), entry.item, verdict);
    }
    quarantine(assessing, &entries, &mut pairs);
    pairs.finish("no-items")
}

/// Items of which the register says last that they were not disposed of in the end, by every approved entry about them.
pub(super) fn refused(assessing: &Assessing<'_>) -> FxHashSet<ItemId> {
    let Some(entries) = Entries::new(assessing) else { return FxHashSet::default() };
    let of = |refused: bool| {
        let approved =
            entries.all.iter().filter(move |e| e.performed.is_none() && e.said.refused.is_some() == refused);
        approved.filter_map(|e| e.item.map(|item| item.record.item.id)).collect::<FxHashSet<_>>()
    };
    &of(true) - &of(false)
}

/// Items that wait in quarantine: since when, and whether that is too long.
fn quarantine<'a>(assessing: &'a Assessing<'a>, entries: &Entries<'a>, pairs: &mut Pairs<'a>) {
    let globs = Globs::new(assessing.policy.disposal.as_ref().map_or(&[], |d| d.quarantine.as_slice()));
    let mut moved: FxHashMap<&str, (Date, &Entry<'_>)> = FxHashMap::default();
    for (entry, day) in entries.performed() {
        let place = entry.said.quarantine.as_deref().map(|path| path.trim_start_matches("./"));
        if let Some(item) = place.and_then(|path| entries.places.at(path)) {
            let first = moved.entry(item.path.as_str()).or_insert((day, entry));
            if day < first.0 {
                *first = (day, entry);
            }
        }
    }
    for member in assessing.items.iter().filter(|m| !m.is_skipped() && globs.matches(m)) {
        let entry = moved.get(member.path.as_str()).or_else(|| moved.get(member.outermost()));
        let since = entry.map(|(day, _)| *day).into_iter().chain(member.record.evidence.first_seen).min();
        let classes: BTreeMap<Option<usize>, ()> = match member.classes.as_slice() {
            [] => [(None, ())].into(),
            held => held.iter().map(|c| (Some(*c), ())).collect(),
        };
        for class in classes.into_keys() {
            let definition = class.map(|c| &assessing.policy.classes[c]);
            let rule = definition.and_then(|c| assessing.policy.rule(c));
            let grace = rule.and_then(|r| r.grace);
            let grace = grace.map_or(days(assessing.policy.thresholds.disposal_days), |period| period.0);
            let verdict = match since {
                None => Verdict::NotEvaluated("no-date"),
                Some(since) if assessing.as_of > after(since, grace) => {
                    let trigger = entry.and_then(|(_, e)| e.said.trigger_date);
                    let hold = assessing.hold(member, definition.map(|c| c.id.as_str()), trigger);
                    Verdict::Deviates(Box::new(Deviation {
                        rule: rule.map(|r| r.id.clone()),
                        reason: Some("quarantine-over".to_owned()),
                        detail: Some(format!("in quarantine since {since}")),
                        approved_exception: hold.map(str::to_owned),
                        ..assessing.deviation(member, definition)
                    }))
                }
                Some(_) => Verdict::Pass,
            };
            pairs.count((class, member.system), Some(member), verdict);
        }
    }
}

/// What DSP-02 says of one performed entry.
fn absent(assessing: &Assessing<'_>, entries: &Entries<'_>, entry: &Entry<'_>, day: Date) -> Verdict {
    let deviation = entry.item.and_then(|item| still_there(assessing, entry, day, item));
    match deviation {
        Some(deviation) => Verdict::Deviates(Box::new(deviation)),
        None => match entries.places.unproven(assessing, entry.system, entry.path) {
            Some(reason) => Verdict::NotEvaluated(reason),
            None => Verdict::Pass,
        },
    }
}

fn dsp_02(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(entries) = Entries::new(assessing) else { return no_register("DSP-02") };
    let mut pairs = Pairs::new(assessing, "DSP-02");
    for (entry, day) in entries.performed() {
        let pair = (entry.class, entry.system);
        let verdict = absent(assessing, &entries, entry, day);
        let other = matches!(verdict, Verdict::Pass) && entry.item.is_some();
        pairs.note(pair, "at whose path there is other content now", u64::from(other));
        pairs.count(pair, entry.item, verdict);
    }
    pairs.finish("no-entries")
}
