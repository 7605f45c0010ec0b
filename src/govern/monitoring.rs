//! Monitoring: was everything looked at, in time, by detectors that work, with evidence that holds?
//!
//! What each test counts stands in `docs/controls.md`.

use std::collections::BTreeMap;

use super::assess::Assessing;
use super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::{ControlTest, Tally, Verdict, decided, printable};

mod coverage;
mod drift;
#[cfg(test)]
mod tests;

pub(super) use coverage::covered;
pub use drift::drifted;

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "MON-01",
        checks: "Everything declared was reached and read, and the counts add up",
        not_evaluated_when: &["root-not-scanned"],
        run: coverage::mon_01,
    },
    ControlTest {
        id: "MON-02",
        checks: "Each item that could not be read has a decision",
        not_evaluated_when: &[],
        run: coverage::mon_02,
    },
    ControlTest {
        id: "MON-03",
        checks: "Runs keep their cadence",
        not_evaluated_when: &["first-run", "no-record"],
        run: mon_03,
    },
    ControlTest {
        id: "MON-04",
        checks: "Changes since the last run are shown and acknowledged",
        not_evaluated_when: &["no-previous", "rules-differ"],
        run: drift::mon_04,
    },
    ControlTest {
        id: "MON-05",
        checks: "Exceptions, holds, exclusions and the policy itself are in date and owned",
        not_evaluated_when: &[],
        run: mon_05,
    },
    ControlTest {
        id: "MON-06",
        checks: "Detectors find what is planted for them, in each format in use",
        not_evaluated_when: &["no-generator", "no-self-test"],
        run: mon_06,
    },
    ControlTest {
        id: "MON-07",
        checks: "The record holds together and agrees with its anchor",
        not_evaluated_when: &["not-anchored", "no-record"],
        run: mon_07,
    },
];

/// A result about a whole, whose deviations are not of single members of its population.
fn of_whole(
    assessing: &Assessing<'_>,
    test: &'static str,
    system: Option<&str>,
    population: u64,
    mut deviating: Vec<Deviation>,
) -> ControlResult {
    for deviation in &mut deviating {
        deviation.approved_exception = assessing.exception(test, None, None).map(str::to_owned);
    }
    let excepted = deviating.iter().filter(|d| d.approved_exception.is_some()).count() as u64;
    let deviations = deviating.len() as u64 - excepted;
    let first = deviating.iter().find(|d| d.approved_exception.is_none());
    let (outcome, reason) = match (first, deviating.first()) {
        (Some(first), _) => (ControlOutcome::Fail, first.reason.clone()),
        (None, Some(first)) => (ControlOutcome::Excepted, first.approved_exception.clone()),
        (None, None) => (ControlOutcome::Pass, None),
    };
    ControlResult {
        outcome,
        reason,
        population,
        evaluated: population,
        deviations,
        excepted,
        deviating,
        ..decided(test, system, None, outcome, "")
    }
}

/// The same without deviation, and not evaluated.
fn unevaluated(test: &'static str, system: Option<&str>, population: u64, reason: &str) -> ControlResult {
    let by_reason = (population > 0).then(|| (reason.to_owned(), population));
    ControlResult {
        population,
        not_evaluated: by_reason.into_iter().collect(),
        ..decided(test, system, None, ControlOutcome::NotEvaluated, reason)
    }
}

fn deviation(reason: &str, detail: String) -> Deviation {
    Deviation { reason: Some(reason.to_owned()), detail: Some(detail), ..Deviation::default() }
}

fn mon_03(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(cadence) = &assessing.policy.scope.cadence else {
        return vec![decided("MON-03", None, None, ControlOutcome::NotApplicable, "no-cadence")];
    };
    let Some(history) = assessing.facts.history else {
        return vec![unevaluated("MON-03", None, 1, "no-record")];
    };
    let mut completed: Vec<_> = history.iter().filter(|run| run.completed).collect();
    completed.sort_by_key(|run| run.sequence);
    let aborted = history.len() - completed.len();
    let note = match aborted {
        0 => None,
        1 => Some("1 aborted run".to_owned()),
        n => Some(format!("{n} aborted runs")),
    };
    if completed.is_empty() {
        return vec![ControlResult { note, ..unevaluated("MON-03", None, 1, "first-run") }];
    }
    let this = std::iter::once(("this run".to_owned(), assessing.as_of));
    let runs = completed.iter().map(|run| (format!("run {}", run.sequence), run.as_of)).chain(this);
    let mut tally = Tally::new(assessing, "MON-03", None, None);
    let mut last = None;
    for (name, day) in runs {
        let late = last.as_ref().filter(|(_, before): &&(String, jiff::civil::Date)| {
            before.checked_add(cadence.0).is_ok_and(|limit| day > limit)
        });
        let verdict = match late {
            Some((earlier, before)) => Verdict::Deviates(Box::new(deviation(
                "gap",
                format!("from {earlier} on {before} to {name} on {day}: longer than {cadence}"),
            ))),
            None => Verdict::Pass,
        };
        tally.count(None, verdict);
        last = Some((name, day));
    }
    vec![ControlResult { note, ..tally.finish() }]
}

fn mon_05(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let policy = assessing.policy;
    let past = |day: Option<jiff::civil::Date>| day.filter(|day| assessing.as_of > *day);
    let mut tally = Tally::new(assessing, "MON-05", None, None);
    let mut count = |class: Option<&str>, deviation: Option<Deviation>| {
        let verdict = deviation.map_or(Verdict::Pass, |mut deviation| {
            let exception = assessing.exception("MON-05", None, class);
            deviation.approved_exception = exception.map(str::to_owned);
            Verdict::Deviates(Box::new(deviation))
        });
        tally.count(None, verdict);
    };
    let over = past(policy.policy.review_by);
    count(None, over.map(|day| deviation("policy-review-due", format!("policy: review was due on {day}"))));
    for exception in &policy.exceptions {
        let what = |day| format!("exception {}: expired on {day}", printable(&exception.id));
        count(None, past(Some(exception.expires)).map(|day| deviation("exception-expired", what(day))));
    }
    for hold in &policy.holds {
        let in_force = hold.released.is_none_or(|released| released > assessing.as_of);
        let what = |day| format!("hold {}: review was due on {day}", printable(&hold.id));
        let over = past(hold.review_by).filter(|_| in_force);
        count(None, over.map(|day| deviation("hold-review-due", what(day))));
    }
    for exclusion in &policy.scope.exclude {
        let what = |day| format!("exclusion {}: expired on {day}", printable(&exclusion.glob));
        count(None, past(exclusion.expires).map(|day| deviation("exclusion-expired", what(day))));
    }
    for class in &policy.classes {
        // A draft's `TODO: who answers for this` names nobody.
        let open = |t: &str| t.trim().is_empty() || t.trim_start().starts_with("TODO");
        let absent = |text: &Option<String>| text.as_deref().is_none_or(open);
        let missing: Vec<&str> = [("owner", &class.owner), ("purpose", &class.purpose)]
            .into_iter()
            .filter_map(|(what, text)| absent(text).then_some(what))
            .collect();
        let what = format!("class {}: no {}", printable(&class.id), missing.join(", no "));
        let incomplete = (!missing.is_empty()).then(|| deviation("class-incomplete", what));
        count(Some(&class.id), incomplete);
    }
    vec![tally.finish()]
}

fn mon_06(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(test) = assessing.facts.self_test else {
        return vec![decided("MON-06", None, None, ControlOutcome::NotEvaluated, "no-self-test")];
    };
    let mut tally = Tally::new(assessing, "MON-06", None, None);
    (0..test.hit).for_each(|_| tally.count(None, Verdict::Pass));
    for pair in &test.missed {
        tally.count(None, Verdict::Deviates(Box::new(deviation("missed", pair.clone()))));
    }
    for _ in &test.without_generator {
        tally.count(None, Verdict::NotEvaluated("no-generator"));
    }
    let mut notes = Vec::new();
    if !test.without_generator.is_empty() {
        notes.push(format!("no canaries for {}", test.without_generator.join(", ")));
    }
    if test.decoys > 0 {
        notes.push(format!("{} false alarms in {} decoys", test.false_alarms, test.decoys));
    }
    vec![ControlResult { note: (!notes.is_empty()).then(|| notes.join("; ")), ..tally.finish() }]
}

fn mon_07(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(integrity) = assessing.facts.integrity else {
        return vec![decided("MON-07", None, None, ControlOutcome::NotEvaluated, "no-record")];
    };
    let mut deviating: Vec<Deviation> =
        integrity.broken.iter().map(|what| deviation("broken", what.clone())).collect();
    if integrity.anchored == Some(false) {
        deviating.push(deviation("anchor-differs", "the head is not the one noted outside".to_owned()));
    }
    let result = match (deviating.is_empty(), integrity.anchored, integrity.runs) {
        (true, _, 0) => decided("MON-07", None, None, ControlOutcome::NotApplicable, "no-runs"),
        (true, None, runs) => {
            let note = Some("chain consistent, not anchored".to_owned());
            ControlResult { note, ..unevaluated("MON-07", None, runs, "not-anchored") }
        }
        (_, _, runs) => of_whole(assessing, "MON-07", None, runs, deviating),
    };
    let looked_at = integrity.checked.as_ref().map(|what| format!("checked: {what}"));
    let notes: Vec<String> = result.note.clone().into_iter().chain(looked_at).collect();
    let result = ControlResult { note: (!notes.is_empty()).then(|| notes.join("; ")), ..result };
    vec![result]
}

/// Items by system, in the order of the policy; those outside all systems under `None`.
fn by_system<'a>(
    assessing: &'a Assessing<'a>,
) -> BTreeMap<Option<usize>, Vec<&'a super::assess::Member<'a>>> {
    let mut systems: BTreeMap<Option<usize>, Vec<_>> =
        (0..assessing.policy.scope.systems.len()).map(|s| (Some(s), Vec::new())).collect();
    for member in &assessing.items {
        systems.entry(member.system).or_default().push(member);
    }
    systems
}
