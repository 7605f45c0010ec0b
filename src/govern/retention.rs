//! Use and retention: is anything kept longer than its rule allows?
//!
//! What each test counts stands in `docs/controls.md`.

use std::collections::BTreeSet;

use super::ControlTest;
use super::assess::{Assessing, Globs, Member};
use super::clock::{self, Days, Start};
use super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::policy::{Action, Class, Phase, Retention, Source, speaks_of};
use super::tally::{Tally, Verdict, decided};

#[cfg(test)]
mod tests;

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "RET-01",
        checks: "Nothing is kept past its due day and grace",
        not_evaluated_when: &["weak-date", "no-date", "bad-date", "no-event"],
        run: ret_01,
    },
    ControlTest {
        id: "RET-02",
        checks: "Personal and confidential data has a class, and the class a rule",
        not_evaluated_when: &[],
        run: ret_02,
    },
    ControlTest {
        id: "RET-03",
        checks: "Items have a date that their rule can start from",
        not_evaluated_when: &[],
        run: ret_03,
    },
    ControlTest {
        id: "RET-04",
        checks: "Items are where the phase of their life belongs",
        not_evaluated_when: &["weak-date", "no-date", "bad-date", "no-event"],
        run: ret_04,
    },
];

/// The items of one class in one system, and the rule that they are under.
struct Ruled<'a> {
    index: usize,
    class: &'a Class,
    rule: &'a Retention,
    system: Option<usize>,
    members: &'a [&'a Member<'a>],
}

/// One result for each class and system: every declared one, and none where an item outside all of them holds the class.
fn by_rule<'a>(
    assessing: &'a Assessing<'a>,
    test: &'static str,
    judge: impl Fn(&Ruled<'_>) -> ControlResult,
) -> Vec<ControlResult> {
    let groups = assessing.by_class_and_system();
    let mut results = Vec::new();
    for (index, class) in assessing.policy.classes.iter().enumerate() {
        let declared = (0..assessing.policy.scope.systems.len()).map(Some);
        let outside = groups.contains_key(&(index, None)).then_some(None);
        for system in declared.chain(outside) {
            let members = groups.get(&(index, system)).map_or(&[][..], Vec::as_slice);
            let Some(rule) = assessing.policy.rule(class) else {
                let system = system.map(|s| assessing.system(s).id.as_str());
                let no = ControlOutcome::NotApplicable;
                results.push(decided(test, system, Some(&class.id), no, "no-rule"));
                continue;
            };
            results.push(judge(&Ruled { index, class, rule, system, members }));
        }
    }
    results
}

fn ret_01<'a>(assessing: &'a Assessing<'a>) -> Vec<ControlResult> {
    by_rule(assessing, "RET-01", |ruled| {
        let mut tally = Tally::new(assessing, "RET-01", ruled.system, Some(ruled.index));
        for member in ruled.members {
            tally.count(Some(member), overdue(assessing, member, ruled));
        }
        tally.finish()
    })
}

/// Whether an item is overdue under a rule.
fn overdue(assessing: &Assessing<'_>, member: &Member<'_>, ruled: &Ruled<'_>) -> Verdict {
    let (class, rule) = (ruled.class, ruled.rule);
    if rule.action == Action::Permanent || rule.keep_max.is_none() {
        return Verdict::Pass;
    }
    let start = match clock::trigger(assessing, member, class) {
        Ok(start) => start,
        Err(reason) => return Verdict::NotEvaluated(reason),
    };
    // Rows on hold are set aside: they excuse no other row.
    let (mut free, mut held, mut hold) = (Vec::new(), Vec::new(), None);
    for (days, rows) in &start.dates {
        if clock::limit(days.last, rule, assessing.policy).is_none_or(|limit| assessing.as_of <= limit) {
            continue;
        }
        match assessing.hold_within(member, Some(&class.id), Some(start.possible(*days))) {
            Some(id) => {
                hold = hold.or(Some(id));
                held.push((*days, *rows));
            }
            None => free.push((*days, *rows)),
        }
    }
    let (rows, hold) = if free.is_empty() { (held, hold) } else { (free, None) };
    let Some((oldest, _)) = rows.first() else { return not_overdue(assessing, &start) };
    let still = still_kept(assessing, member, class);
    let mut deviation = about(assessing, member, ruled, &start, &rows);
    deviation.due = clock::due(oldest.last, rule, assessing.policy);
    deviation.days_over = clock::limit(oldest.last, rule, assessing.policy)
        .and_then(|limit| assessing.as_of.since(limit).ok())
        .map(|over| i64::from(over.get_days()));
    deviation.approved_exception = hold.map(str::to_owned);
    if !still.is_empty() {
        deviation.reason = Some("mixed".to_owned());
        deviation.detail = Some(format!("still has to be kept as {}: redact or split it", still.join(", ")));
    }
    Verdict::Deviates(Box::new(deviation))
}

/// What can be said of an item none of whose known dates is late.
fn not_overdue(assessing: &Assessing<'_>, start: &Start) -> Verdict {
    match () {
        () if start.is_weak() => Verdict::NotEvaluated("weak-date"),
        () if start.bad_share() > assessing.policy.thresholds.bad_dates => {
            Verdict::NotEvaluated(start.bad_reason())
        }
        () => Verdict::Pass,
    }
}

/// A deviation about some of the dates of an item, oldest first.
fn about(
    assessing: &Assessing<'_>,
    member: &Member<'_>,
    ruled: &Ruled<'_>,
    start: &Start,
    dates: &[(Days, u64)],
) -> Deviation {
    Deviation {
        rule: Some(ruled.rule.id.clone()),
        trigger_source: Some(start.source),
        trigger_date: dates.first().map(|(days, _)| days.last),
        rows: start.by_row.then(|| dates.iter().map(|(_, rows)| rows).sum()),
        ..assessing.deviation(member, Some(ruled.class))
    }
}

/// Other classes that the item holds and under whose rules it still has to be kept.
fn still_kept<'a>(assessing: &Assessing<'a>, member: &Member<'_>, but: &Class) -> Vec<&'a str> {
    let (policy, as_of) = (assessing.policy, assessing.as_of);
    let kept = |class: &&Class| {
        let Some(rule) = policy.rule(class).filter(|_| class.id != but.id) else { return false };
        match clock::trigger(assessing, member, class) {
            _ if rule.action == Action::Permanent => true,
            Ok(start) if start.source == Source::Event && start.bad > 0 => true,
            Ok(start) => {
                let youngest = start.youngest();
                clock::due(youngest.last, rule, policy).is_some_and(|due| as_of < due)
                    || clock::earliest(youngest.first, rule, policy).is_some_and(|day| as_of < day)
            }
            // The clock has not begun to run.
            Err(reason) => reason == "no-event",
        }
    };
    member.classes.iter().map(|c| &policy.classes[*c]).filter(kept).map(|c| c.id.as_str()).collect()
}

fn ret_02<'a>(assessing: &'a Assessing<'a>) -> Vec<ControlResult> {
    let mut results = Vec::new();
    let declared = (0..assessing.policy.scope.systems.len()).map(Some);
    for system in declared.chain([None]) {
        let mut tally = Tally::new(assessing, "RET-02", system, None);
        for member in assessing.examined(system) {
            let sensitive: BTreeSet<&str> = assessing.sensitive(member).collect();
            if !sensitive.is_empty() {
                tally.count(Some(member), without_rule(assessing, member, sensitive));
            }
        }
        if system.is_some() || !tally.is_empty() {
            results.push(tally.finish());
        }
    }
    results
}

fn without_rule(assessing: &Assessing<'_>, member: &Member<'_>, sensitive: BTreeSet<&str>) -> Verdict {
    let classes = member.classes.iter().map(|c| &assessing.policy.classes[*c]);
    let ruled: Vec<&Class> = classes.filter(|c| assessing.policy.rule(c).is_some()).collect();
    let covers = |class: &Class, category: &str| match &class.categories {
        None => true,
        Some(names) => names.iter().any(|name| speaks_of(name, category)),
    };
    let bare: Vec<&str> =
        sensitive.into_iter().filter(|category| !ruled.iter().any(|class| covers(class, category))).collect();
    if bare.is_empty() {
        return Verdict::Pass;
    }
    let deviation = Deviation {
        detail: Some(format!("no rule for {}", bare.join(", "))),
        ..assessing.deviation(member, None)
    };
    Verdict::Deviates(Box::new(deviation))
}

fn ret_03<'a>(assessing: &'a Assessing<'a>) -> Vec<ControlResult> {
    by_rule(assessing, "RET-03", |ruled| {
        let undated = |member: &&Member<'_>| clock::dated(assessing, member, ruled.class).is_err();
        let undated: Vec<bool> = ruled.members.iter().map(undated).collect();
        let (none, all) = (undated.iter().filter(|u| **u).count(), undated.len());
        let tolerated = all == 0 || none as f64 / all as f64 <= assessing.policy.thresholds.no_date;
        let mut tally = Tally::new(assessing, "RET-03", ruled.system, Some(ruled.index));
        for (member, undated) in ruled.members.iter().zip(undated) {
            let verdict = if undated && !tolerated {
                let rule = Some(ruled.rule.id.clone());
                let deviation = Deviation { rule, ..assessing.deviation(member, Some(ruled.class)) };
                Verdict::Deviates(Box::new(deviation))
            } else {
                Verdict::Pass
            };
            tally.count(Some(member), verdict);
        }
        let mut result = tally.finish();
        if tolerated && none > 0 {
            result.note = Some(format!("{none} of {all} items without usable date"));
        }
        result
    })
}

fn ret_04<'a>(assessing: &'a Assessing<'a>) -> Vec<ControlResult> {
    by_rule(assessing, "RET-04", |ruled| {
        let system = ruled.system;
        if ruled.rule.phases.is_empty() {
            let system = system.map(|s| assessing.system(s).id.as_str());
            let no = ControlOutcome::NotApplicable;
            return decided("RET-04", system, Some(&ruled.class.id), no, "no-phases");
        }
        let places: Vec<Globs> = ruled.rule.phases.iter().map(|phase| Globs::new(&phase.location)).collect();
        let mut tally = Tally::new(assessing, "RET-04", system, Some(ruled.index));
        for member in ruled.members {
            if let Some(verdict) = misplaced(assessing, member, ruled, &places) {
                tally.count(Some(member), verdict);
            }
        }
        tally.finish()
    })
}

/// Whether an item is elsewhere than its phase; `None` if it is past the last one.
fn misplaced(
    assessing: &Assessing<'_>,
    member: &Member<'_>,
    ruled: &Ruled<'_>,
    places: &[Globs],
) -> Option<Verdict> {
    let start = match clock::trigger(assessing, member, ruled.class) {
        Ok(start) => start,
        Err(reason) => return Some(Verdict::NotEvaluated(reason)),
    };
    let phase = |day| {
        let ends = |p: &Phase| clock::age(day, &p.until, ruled.rule, assessing.policy);
        ruled.rule.phases.iter().position(|p| assessing.as_of <= ends(p))
    };
    let here: Vec<bool> = places.iter().map(|globs| globs.matches(member)).collect();
    let elsewhere = |phase: usize| match places[phase].is_empty() {
        false => !here[phase],
        true => here.iter().any(|here| *here),
    };
    let (mut wrong, mut past) = (Vec::new(), true);
    for (days, rows) in &start.dates {
        let Some(youngest) = phase(days.last) else { continue };
        past = false;
        // A date that leaves several phases open has to be wrong in all of them.
        if phase(days.first).is_some_and(|oldest| (youngest..=oldest).all(elsewhere)) {
            wrong.push((*days, *rows));
        }
    }
    if past {
        return None;
    }
    if start.is_weak() || wrong.is_empty() {
        return Some(not_overdue(assessing, &start));
    }
    let mut deviation = about(assessing, member, ruled, &start, &wrong);
    let names =
        wrong.iter().filter_map(|(days, _)| phase(days.last)).map(|p| ruled.rule.phases[p].name.as_str());
    let names: BTreeSet<&str> = names.collect();
    deviation.detail =
        Some(format!("belongs where phase {} is", names.into_iter().collect::<Vec<_>>().join(", ")));
    Some(Verdict::Deviates(Box::new(deviation)))
}
