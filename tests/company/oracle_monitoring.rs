//! MON-01 to MON-07.

use std::collections::BTreeSet;

use super::run::{Item, Reach, Run};
use super::{Case, Class, Member, System, Verdict, said, tally};

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let policy = case.policy;
    for system in &policy.scope.systems {
        all.push(coverage(case, system));
        all.push(unread(case, system));
        all.push(drift(case, system));
    }
    all.push(cadence(case));
    all.push(governance(case));
    for (test, (outcome, reason)) in [("MON-06", case.self_test), ("MON-07", case.integrity)] {
        let mut verdict = said(test, None, None, outcome, reason.unwrap_or_default());
        verdict.reason = reason.map(str::to_owned);
        all.push(verdict);
    }
}

fn items_of<'a>(case: &Case<'_>, run: &'a Run, system: &System) -> Vec<&'a Item> {
    let of = |i: &&Item| !i.skipped() && case.is_in(&i.path, Some(system));
    run.items.iter().filter(of).collect()
}

/// MON-01
fn coverage(case: &Case<'_>, system: &System) -> Verdict {
    let items = items_of(case, case.run, system);
    let least = case.policy.scope.min_readable.unwrap_or(0.98);
    let scanned = |i: &&&Item| i.outcome == "scanned";
    let share = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    let files: Vec<&Item> = items.iter().copied().filter(|i| i.outermost()).collect();
    let bytes = |files: &[&Item]| files.iter().map(|i| i.bytes).sum::<u64>();
    let read: Vec<&Item> = files.iter().filter(scanned).copied().collect();
    let examined = items.iter().filter(|i| i.examined()).count() as u64;
    let fails = case.run.reach(system) != Reach::Reached
        || examined < system.min_items.unwrap_or(1)
        || share(items.iter().filter(scanned).count() as u64, items.len() as u64) < least
        || share(bytes(&read), bytes(&files)) < least;
    let mut verdict = tally("MON-01", Some(&system.id), None, &vec![Member::Pass; items.len()], true);
    verdict.counts_open = true;
    if fails {
        verdict.outcome = "fail";
    }
    verdict
}

/// MON-02
fn unread(case: &Case<'_>, system: &System) -> Verdict {
    let items = items_of(case, case.run, system).into_iter().filter(|i| i.unread());
    let members: Vec<Member> = items
        .map(|i| {
            let decided = case.reviews.iter().any(|(subject, _)| *subject == i.id());
            let days = i.unread_since.map_or(0, |d| case.run.as_of.since(d).expect("days").get_days());
            let late = i64::from(days) > case.policy.thresholds.decision_days;
            case.member(late && !decided, "MON-02", &i.path, None)
        })
        .collect();
    tally("MON-02", Some(&system.id), None, &members, false)
}

/// MON-03
fn cadence(case: &Case<'_>) -> Verdict {
    let Some(limit) = &case.policy.scope.cadence else {
        return said("MON-03", None, None, "not-applicable", "no-cadence");
    };
    let mut days = case.completed.clone().unwrap_or_default();
    if days.is_empty() {
        return said("MON-03", None, None, "not-evaluated", "first-run");
    }
    days.push(case.run.as_of);
    let gaps = days.windows(2).filter(|d| d[1] > limit.after(d[0])).count() as u64;
    let mut verdict = tally("MON-03", None, None, &vec![Member::Pass; days.len()], true);
    verdict.deviations = gaps;
    if gaps > 0 {
        verdict.outcome = "fail";
    }
    verdict
}

/// MON-04
fn drift(case: &Case<'_>, system: &System) -> Verdict {
    let id = Some(system.id.as_str());
    let Some(previous) = case.previous else {
        return said("MON-04", id, None, "not-evaluated", "no-previous");
    };
    if previous.detectors != case.run.detectors {
        return said("MON-04", id, None, "not-evaluated", "rules-differ");
    }
    let here = |run: &Run, class: &Class| !holding(case, run, system, class).is_empty();
    let classes = case.policy.classes.iter().filter(|c| here(case.run, c) || here(previous, c)).count();
    let mut verdict = tally("MON-04", id, None, &vec![Member::Pass; classes], false);
    let acknowledged = case
        .reviews
        .iter()
        .any(|(about, run)| *about == format!("drift:{}", system.id) && *run == case.previous_sequence);
    if case.previous_drift.contains(&system.id) && !acknowledged {
        (verdict.outcome, verdict.reason) = ("fail", Some("unacknowledged".to_owned()));
        verdict.counts_open = true;
    }
    verdict
}

fn holding<'a>(case: &Case<'_>, run: &'a Run, system: &System, class: &Class) -> Vec<&'a Item> {
    items_of(case, run, system).into_iter().filter(|i| run.holds(i, class)).collect()
}

/// Systems in which something drifted since the previous run.
pub fn drifting(case: &Case<'_>) -> BTreeSet<String> {
    let Some(previous) = case.previous.filter(|p| p.detectors == case.run.detectors) else {
        return BTreeSet::new();
    };
    let drifts = |system: &&System| {
        previous.policy != case.run.policy
            || case.policy.classes.iter().any(|class| {
                let before = holding(case, previous, system, class);
                let now = holding(case, case.run, system, class);
                let top = |items: &[&Item]| items.iter().map(|i| case.tier(i)).max();
                let names = |c: &str| match &class.categories {
                    Some(list) => super::any_name(list, c),
                    None => true,
                };
                let sum = |run: &Run, items: &[&Item]| {
                    items.iter().map(|i| run.matches(i, names)).sum::<u64>() as f64
                };
                let (was, is) = (sum(previous, &before), sum(case.run, &now));
                let widened = |i: &&Item| {
                    let old = before.iter().find(|b| b.path == i.path).and_then(|b| b.permissions());
                    let new = i.permissions();
                    old.zip(new).is_some_and(|(o, n)| n.0 & !o.0 != 0 || n.1 & !o.1 != 0)
                };
                before.is_empty() && !now.is_empty()
                    || !before.is_empty() && top(&now) > top(&before)
                    || !before.is_empty() && (is - was).abs() > case.policy.thresholds.drift * was
                    || now.iter().any(widened)
            })
    };
    case.policy.scope.systems.iter().filter(drifts).map(|s| s.id.clone()).collect()
}

/// MON-05
fn governance(case: &Case<'_>) -> Verdict {
    let (policy, today) = (case.policy, case.run.as_of);
    let past = |day: Option<super::policy::Day>| day.is_some_and(|d| today > d.0);
    let exceptions = policy.exceptions.iter().map(|e| today > e.expires.0);
    let holds = policy.holds.iter().map(|h| past(h.review_by) && h.released.is_none_or(|d| today < d.0));
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
