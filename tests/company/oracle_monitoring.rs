//! MON-01 to MON-07.

use std::collections::BTreeSet;

use super::run::{Item, Reach, Run};
use super::{Case, Class, Member, System, Verdict, said, tally};

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    for place in case.places() {
        all.push(unread(case, place));
        if let Some(system) = place {
            all.push(coverage(case, system));
            all.push(drift(case, system));
        }
    }
    all.push(cadence(case));
    all.push(governance(case));
    for (test, (outcome, reason)) in [("MON-06", &case.self_test), ("MON-07", &case.integrity)] {
        let mut verdict = said(test, None, None, "pass", "");
        (verdict.outcome, verdict.reason) = (outcome, reason.clone());
        all.push(verdict);
    }
}

/// Whether everything declared was covered, and nothing unread waits for too long anywhere.
pub fn covered_everywhere(case: &Case<'_>) -> bool {
    case.places().into_iter().all(|place| {
        unread(case, place).outcome != "fail" && place.is_none_or(|s| coverage(case, s).outcome == "pass")
    })
}

/// A result about the whole: so many things are wrong with it.
fn whole(test: &'static str, system: Option<&str>, population: usize, wrong: usize) -> Verdict {
    let mut verdict = tally(test, system, None, &vec![Member::Pass; population], true);
    verdict.deviations = wrong as u64;
    if wrong > 0 {
        verdict.outcome = "fail";
    }
    verdict
}

/// MON-01
fn coverage(case: &Case<'_>, system: &System) -> Verdict {
    let items = case.items_in(Some(system));
    let least = case.policy.scope.min_readable.unwrap_or(0.98);
    let scanned = |i: &&&Item| i.outcome == "scanned";
    let share = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    let files: Vec<&Item> = items.iter().copied().filter(|i| i.outermost()).collect();
    let bytes = |files: &[&Item]| files.iter().map(|i| i.bytes).sum::<u64>();
    let read: Vec<&Item> = files.iter().filter(scanned).copied().collect();
    let examined = items.iter().filter(|i| i.examined()).count() as u64;
    let unreadable = share(items.iter().filter(scanned).count() as u64, items.len() as u64) < least
        || share(bytes(&read), bytes(&files)) < least;
    let wrong = [
        case.run.reach(system) != Reach::Reached,
        case.run.interrupted,
        examined < system.min_items.unwrap_or(1),
        unreadable,
    ];
    whole("MON-01", Some(&system.id), items.len(), wrong.iter().filter(|w| **w).count())
}

/// MON-02
fn unread(case: &Case<'_>, place: Option<&System>) -> Verdict {
    let items = case.items_in(place).into_iter().filter(|i| i.unread());
    let members: Vec<Member> = items
        .map(|i| {
            let decided = case.reviews.iter().any(|(subject, _)| *subject == i.id());
            let days = i.unread_since.map_or(0, |d| case.run.as_of.since(d).expect("days").get_days());
            let late = i64::from(days) > case.policy.thresholds.decision_days;
            case.member(late && !decided, "MON-02", &i.path, None)
        })
        .collect();
    tally("MON-02", place.map(|s| s.id.as_str()), None, &members, false)
}

/// MON-03
fn cadence(case: &Case<'_>) -> Verdict {
    let Some(limit) = &case.policy.scope.cadence else {
        return said("MON-03", None, None, "not-applicable", "no-cadence");
    };
    let Some(past) = &case.past else { return said("MON-03", None, None, "not-evaluated", "no-record") };
    let mut days: Vec<_> = past.iter().map(|p| p.as_of).collect();
    if days.is_empty() {
        return said("MON-03", None, None, "not-evaluated", "first-run");
    }
    days.push(case.run.as_of);
    let members: Vec<Member> = std::iter::once(Member::Pass)
        .chain(days.windows(2).map(|d| if d[1] > limit.after(d[0]) { Member::Fail } else { Member::Pass }))
        .collect();
    tally("MON-03", None, None, &members, false)
}

/// MON-04
fn drift(case: &Case<'_>, system: &System) -> Verdict {
    let id = Some(system.id.as_str());
    let Some(previous) = case.previous else {
        return said("MON-04", id, None, "not-evaluated", "no-previous");
    };
    let subject = format!("drift:{}", system.id);
    let acknowledged = |n: u64| case.reviews.iter().any(|(about, run)| *about == subject && *run >= n);
    let past = case.past.iter().flatten();
    let open = past.filter(|p| p.drift.contains(&system.id) && !acknowledged(p.sequence)).count();
    if previous.detectors != case.run.detectors && open == 0 {
        return said("MON-04", id, None, "not-evaluated", "rules-differ");
    }
    let here = |run: &Run, class: &Class| !holding(case, run, system, class).is_empty();
    let classes = case.policy.classes.iter().filter(|c| here(case.run, c) || here(previous, c)).count();
    if classes == 0 && open == 0 {
        return tally("MON-04", id, None, &[], false);
    }
    let mut verdict = whole("MON-04", id, classes, open);
    verdict.reason = (open > 0).then(|| "unacknowledged".to_owned());
    verdict
}

fn holding<'a>(case: &Case<'_>, run: &'a Run, system: &System, class: &Class) -> Vec<&'a Item> {
    let of = |i: &&Item| !i.skipped() && case.is_in(&i.path, Some(system)) && run.holds(i, class);
    run.items.iter().filter(of).collect()
}

/// Systems in which something drifted since the previous run.
pub fn drifting(case: &Case<'_>) -> BTreeSet<String> {
    let Some(previous) = case.previous.filter(|p| p.detectors == case.run.detectors) else {
        return BTreeSet::new();
    };
    let drifts = |system: &&System| {
        let classes: Vec<(Vec<&Item>, Vec<&Item>)> = case
            .policy
            .classes
            .iter()
            .map(|c| (holding(case, previous, system, c), holding(case, case.run, system, c)))
            .filter(|(before, now)| !before.is_empty() || !now.is_empty())
            .collect();
        let changed = |(before, now): &(Vec<&Item>, Vec<&Item>)| {
            let top = |items: &[&Item]| items.iter().map(|i| case.tier(i)).max();
            let sum = |run: &Run, items: &[&Item]| {
                items.iter().map(|i| run.matches(i, |_| true)).sum::<u64>() as f64
            };
            let (was, is) = (sum(previous, before), sum(case.run, now));
            let widened = |i: &&Item| {
                let old = previous.at(i.outer()).and_then(Item::permissions);
                let new = case.run.at(i.outer()).and_then(Item::permissions);
                old.zip(new).is_some_and(|(o, n)| n.0 & !o.0 != 0 || n.1 & !o.1 != 0)
            };
            before.is_empty() != now.is_empty()
                || top(now) > top(before)
                || (is - was).abs() > case.policy.thresholds.drift * was
                || now.iter().any(widened)
        };
        !classes.is_empty() && (previous.policy != case.run.policy || classes.iter().any(changed))
    };
    case.policy.scope.systems.iter().filter(drifts).map(|s| s.id.clone()).collect()
}

/// MON-05
fn governance(case: &Case<'_>) -> Verdict {
    let (policy, today) = (case.policy, case.run.as_of);
    let past = |day: Option<super::policy::Day>| day.is_some_and(|d| today > d.0);
    let exceptions = policy.exceptions.iter().map(|e| today > e.expires.0);
    let holds = policy.holds.iter().map(|h| past(h.review_by) && case.in_force(h, today));
    let exclusions = policy.scope.exclude.iter().map(|e| past(e.expires));
    let head = std::iter::once(past(policy.policy.review_by));
    let classes = policy.classes.iter().map(|c| c.owner.is_none() || c.purpose.is_none());
    let members: Vec<Member> = exceptions
        .chain(holds)
        .chain(exclusions)
        .chain(head)
        .chain(classes)
        .map(|fails| if fails { Member::Fail } else { Member::Pass })
        .collect();
    tally("MON-05", None, None, &members, false)
}
