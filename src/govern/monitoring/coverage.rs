//! MON-01 and MON-02: whether everything declared was reached and read, and what became of what was not.

use rustc_hash::{FxHashMap, FxHashSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::super::assess::{Assessing, Globs, Member};
use super::super::facts::Reach;
use super::super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::super::{Tally, Verdict};
use super::{by_system, deviation, of_whole, unevaluated};
use crate::model::{Outcome, Reason};

/// Whether every declared system was covered, so that what is found nowhere is nowhere: MON-01 passes in each, and
/// MON-02 fails for nothing.
pub(in super::super) fn covered(assessing: &Assessing<'_>) -> bool {
    mon_01(assessing).iter().all(|r| r.outcome == ControlOutcome::Pass)
        && mon_02(assessing).iter().all(|r| r.outcome != ControlOutcome::Fail)
}

/// Counts of one system's items.
#[derive(Default)]
struct Counts {
    /// Different items.
    enumerated: u64,
    scanned: u64,
    partial: u64,
    skipped: u64,
    failed: u64,
    /// Bytes of files, and of those wholly read.
    bytes: u64,
    bytes_read: u64,
}

impl Counts {
    fn of(members: &[&Member<'_>]) -> Self {
        let mut counts = Self::default();
        let mut ids = FxHashSet::default();
        for member in members {
            counts.enumerated += u64::from(ids.insert(member.record.item.id));
            let of_outcome = match member.record.outcome {
                Outcome::Scanned => &mut counts.scanned,
                Outcome::Partial(_) => &mut counts.partial,
                Outcome::Skipped(_) => &mut counts.skipped,
                Outcome::Failed(_) => &mut counts.failed,
            };
            *of_outcome += 1;
            if member.is_outermost() && !member.is_skipped() {
                let bytes = member.record.item.meta.bytes.unwrap_or(0);
                counts.bytes = counts.bytes.saturating_add(bytes);
                if member.record.outcome == Outcome::Scanned {
                    counts.bytes_read = counts.bytes_read.saturating_add(bytes);
                }
            }
        }
        counts
    }

    fn sum(&self) -> u64 {
        self.scanned + self.partial + self.skipped + self.failed
    }

    fn population(&self) -> u64 {
        self.scanned + self.partial + self.failed
    }

    /// The reconciliation in one line.
    fn note(&self) -> String {
        let (sign, Self { enumerated, scanned, partial, skipped, failed, .. }) =
            (if self.enumerated == self.sum() { '=' } else { '≠' }, self);
        format!(
            "enumerated {enumerated} {sign} scanned {scanned} + partial {partial} + skipped {skipped} + failed {failed}"
        )
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Whether globs or files of globs left it out.
fn is_left_out(member: &Member<'_>) -> bool {
    member.record.outcome == Outcome::Skipped(Reason::Excluded)
}

pub(super) fn mon_01(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let systems = by_system(assessing);
    let excluded: Vec<String> = assessing.policy.scope.exclude.iter().map(|e| e.glob.clone()).collect();
    let excluded = Globs::new(&excluded);
    let declared = assessing.policy.scope.systems.iter().enumerate();
    let one = |(index, system): (usize, &super::super::policy::System)| {
        let members = systems.get(&Some(index)).map_or(&[][..], Vec::as_slice);
        let counts = Counts::of(members);
        let note = Some(counts.note());
        let reach = assessing.facts.run.roots.get(&system.id).copied().unwrap_or(Reach::NotScanned);
        if reach == Reach::NotScanned {
            let result = unevaluated("MON-01", Some(&system.id), counts.population(), "root-not-scanned");
            return ControlResult { note, ..result };
        }
        let mut deviating = Vec::new();
        let mut add = |reason: &str, detail: String| deviating.push(deviation(reason, detail));
        if let Some(reason) = reach.reason() {
            add(reason, format!("root {}", reach.word()));
        }
        if assessing.facts.run.interrupted {
            add("interrupted", "the run was interrupted".to_owned());
        }
        let examined = counts.scanned + counts.partial;
        if examined < system.min_items {
            add("below-min-items", format!("{examined} items examined, {} expected", system.min_items));
        }
        let least = assessing.policy.scope.min_readable;
        let shares =
            [("items", counts.scanned, counts.population()), ("bytes", counts.bytes_read, counts.bytes)];
        for (what, part, whole) in shares {
            if share(part, whole) < least {
                add("below-min-readable", format!("{part} of {whole} {what} wholly read, {least} needed"));
            }
        }
        let by_hand = members.iter().filter(|m| is_left_out(m) && !excluded.matches_path(&m.path)).count();
        if by_hand > 0 {
            add("left-out", format!("{by_hand} left out by the command line, not by the policy"));
        }
        if counts.enumerated != counts.sum() {
            add("does-not-add-up", counts.note());
        }
        for deviation in &mut deviating {
            deviation.owner.clone_from(&system.owner);
        }
        let result = of_whole(assessing, "MON-01", Some(&system.id), counts.population(), deviating);
        ControlResult { note, ..result }
    };
    declared.map(one).collect()
}

/// Days of the decisions that count by now, by what they are about.
fn decisions<'a>(assessing: &'a Assessing<'a>) -> FxHashMap<&'a str, Date> {
    let reviews = assessing.facts.reviews.iter().filter(|r| r.on <= assessing.as_of);
    reviews.map(|r| (r.subject.as_str(), r.on)).collect()
}

pub(super) fn mon_02(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let decisions = decisions(assessing);
    let patience = i64::from(assessing.policy.thresholds.decision_days).days();
    let one = |(system, members): (Option<usize>, Vec<&Member<'_>>)| {
        let mut tally = Tally::new(assessing, "MON-02", system, None);
        let (mut waiting, mut oldest) = (0, assessing.as_of);
        for member in members {
            let reason = match member.record.outcome {
                Outcome::Scanned | Outcome::Skipped(_) => continue,
                Outcome::Partial(reason) | Outcome::Failed(reason) => reason,
            };
            let since = member.record.evidence.unread_since.unwrap_or(assessing.as_of);
            let decided = decisions.contains_key(member.record.item.id.to_string().as_str());
            let limit = since.checked_add(patience).unwrap_or(Date::MAX);
            let verdict = match () {
                () if decided => Verdict::Pass,
                () if assessing.as_of > limit => Verdict::Deviates(Box::new(Deviation {
                    reason: Some("unacknowledged".to_owned()),
                    detail: Some(format!("{} since {since}", reason.code())),
                    ..assessing.deviation(member, None)
                })),
                () => {
                    waiting += 1;
                    oldest = oldest.min(since);
                    Verdict::Pass
                }
            };
            tally.count(Some(member), verdict);
        }
        let note = (waiting > 0).then(|| format!("{waiting} without decision, the oldest since {oldest}"));
        ControlResult { note, ..tally.finish() }
    };
    let systems = by_system(assessing).into_iter();
    let results = systems.map(one);
    results.filter(|r| r.system.is_some() || r.population > 0).collect()
}
