use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::*;
use crate::govern::outcome::{ControlOutcome, Deviation};

fn result(
    test: &str,
    system: &str,
    outcome: ControlOutcome,
    items: &[(&str, Option<&str>)],
) -> ControlResult {
    let excepted = items.iter().filter(|(_, leave)| leave.is_some()).count() as u64;
    ControlResult {
        test_id: test.to_owned(),
        criteria: Vec::new(),
        system: Some(system.to_owned()),
        class: Some("customer".to_owned()),
        outcome,
        reason: None,
        population: 4,
        evaluated: 4,
        deviations: items.len() as u64 - excepted,
        excepted,
        not_evaluated: BTreeMap::new(),
        note: None,
        deviating: items
            .iter()
            .map(|(item, leave)| Deviation {
                item_id: Some((*item).to_owned()),
                approved_exception: leave.map(str::to_owned),
                ..Deviation::default()
            })
            .collect(),
    }
}

fn run(sequence: u64, as_of: Date, results: Vec<ControlResult>) -> PeriodRun {
    let cadence = serde_json::from_str("\"P7D\"").ok();
    PeriodRun {
        sequence,
        name: format!("{sequence:06}"),
        as_of,
        started: as_of,
        completed: true,
        state: "completed",
        kept: Some(KeptRun { cadence, results, ..KeptRun::default() }),
    }
}

fn aborted(sequence: u64, as_of: Date) -> PeriodRun {
    PeriodRun { completed: false, state: "aborted", kept: None, ..run(sequence, as_of, Vec::new()) }
}

use ControlOutcome::{Excepted, Fail, NotEvaluated, Pass};

#[test]
fn gaps_are_those_longer_than_the_cadence_at_the_ends_too() {
    // Days between: 7 (kept), 8 (a gap), an aborted run in it; 3 (kept); 16 to the end.
    let runs = [
        run(1, date(2026, 3, 30), Vec::new()),
        run(2, date(2026, 4, 6), Vec::new()),
        aborted(3, date(2026, 4, 10)),
        run(4, date(2026, 4, 14), Vec::new()),
        run(5, date(2026, 4, 17), Vec::new()),
        run(6, date(2026, 5, 9), Vec::new()),
    ];
    let told = |from: Date, to: Date| {
        let period = period(&runs, from, to);
        let gaps = period.gaps.iter().map(|g| (g.from, g.to, g.days)).collect::<Vec<_>>();
        (period.runs.len(), period.kept, gaps)
    };
    let april = (date(2026, 4, 1), date(2026, 5, 3));
    assert_eq!(told(april.0, april.1), (4, 2, vec![(Some(2), Some(4), 8), (Some(5), None, 16)]));
    // The run before the period says when it was last looked at; without one the period's first day does.
    assert_eq!(told(date(2026, 4, 7), date(2026, 4, 14)), (2, 0, vec![(Some(2), Some(4), 8)]));
    assert_eq!(told(date(2026, 3, 1), date(2026, 4, 6)), (2, 1, vec![(None, Some(1), 29)]));
    assert_eq!(told(date(2026, 4, 20), date(2026, 4, 30)), (0, 0, vec![(None, None, 10)]));
    assert_eq!(told(date(2026, 4, 18), date(2026, 4, 24)), (0, 0, Vec::new()));
}

#[test]
fn a_deviation_is_opened_excepted_closed_and_comes_again() {
    let runs = [
        run(1, date(2026, 1, 5), vec![result("RET-01", "crm", Fail, &[("a", None), ("b", None)])]),
        run(2, date(2026, 1, 12), vec![result("RET-01", "crm", Fail, &[("a", None), ("c", None)])]),
        run(3, date(2026, 1, 19), vec![result("RET-01", "crm", Fail, &[("a", Some("EX-1")), ("c", None)])]),
        run(4, date(2026, 1, 26), vec![result("RET-01", "crm", Fail, &[("b", None)])]),
        run(5, date(2026, 2, 2), vec![result("RET-01", "crm", Excepted, &[("b", Some("LH-1"))])]),
    ];
    let period = period(&runs, date(2026, 1, 13), date(2026, 2, 28));
    let told: Vec<_> = period
        .tracks
        .iter()
        .map(|t| {
            let item = t.deviation.item_id.clone().unwrap_or_default();
            (item, t.first.0, t.last.0, t.closed.map(|c| c.0), t.state().word(), t.days_open, t.from_start)
        })
        .collect();
    // The first life of b ended before the period; its second one is excepted at the end, after 7 days.
    let want = [
        ("a", 1, 3, Some(4), "closed", 21, true),
        ("c", 2, 3, Some(4), "closed", 14, false),
        ("b", 4, 5, None, "excepted", 7, false),
    ];
    let want = want.map(|(i, f, l, c, s, d, b)| (i.to_owned(), f, l, c, s, d, b));
    assert_eq!(told, want);
    let used: Vec<_> = period.used.iter().map(|u| (u.id.as_str(), u.deviations, u.first, u.last)).collect();
    assert_eq!(used, [("EX-1", 1, 3, 3), ("LH-1", 1, 5, 5)]);
    assert_eq!(period.tracks.len(), 3);
}

#[test]
fn only_a_run_that_could_say_so_closes_a_deviation() {
    let open = || vec![result("RET-01", "crm", Fail, &[("a", None)])];
    let last = |second: PeriodRun| {
        let runs = [run(1, date(2026, 1, 5), open()), second];
        let tracks = period(&runs, date(2026, 1, 1), date(2026, 1, 31)).tracks;
        assert_eq!(tracks.len(), 1);
        (tracks[0].state(), tracks[0].days_open)
    };
    let day = date(2026, 1, 12);
    let clean = result("RET-01", "crm", Pass, &[]);
    assert_eq!(last(run(2, day, vec![clean.clone()])), (State::Closed, 7));
    // Not evaluated as a whole, in part, or not at all; elsewhere; interrupted; aborted.
    let withheld = ControlResult { outcome: NotEvaluated, ..clean.clone() };
    assert_eq!(last(run(2, day, vec![withheld])), (State::NotSeen, 7));
    let partly = ControlResult { not_evaluated: [("no-date".to_owned(), 1)].into(), ..clean.clone() };
    assert_eq!(last(run(2, day, vec![partly])), (State::NotSeen, 7));
    assert_eq!(last(run(2, day, Vec::new())), (State::NotSeen, 7));
    assert_eq!(last(run(2, day, vec![result("RET-01", "hr", Pass, &[])])), (State::NotSeen, 7));
    let interrupted =
        PeriodRun { completed: false, state: "interrupted", ..run(2, day, vec![clean.clone()]) };
    assert_eq!(last(interrupted), (State::NotSeen, 7));
    assert_eq!(last(aborted(2, day)), (State::Open, 0));
    // Nothing of the class is left, and the whole system was read.
    let none = ControlOutcome::NotApplicable;
    let gone = ControlResult { outcome: none, reason: Some("no-items".to_owned()), ..clean.clone() };
    assert_eq!(last(run(2, day, vec![gone])), (State::Closed, 7));
    let without_rule = ControlResult { outcome: none, reason: Some("no-rule".to_owned()), ..clean };
    assert_eq!(last(run(2, day, vec![without_rule])), (State::NotSeen, 7));
}

#[test]
fn a_loss_is_not_closed_by_looking_away() {
    let runs = [
        run(1, date(2026, 1, 5), vec![result("DSP-04", "crm", Fail, &[("a", None)])]),
        run(2, date(2026, 1, 12), vec![result("DSP-04", "crm", Pass, &[])]),
    ];
    assert_eq!(period(&runs, date(2026, 1, 1), date(2026, 1, 31)).tracks[0].state(), State::NotSeen);
}

#[test]
fn changes_are_between_runs_that_kept_something_and_tests_have_a_letter_each() {
    let mut runs = vec![
        run(1, date(2026, 1, 5), vec![result("RET-01", "crm", Fail, &[("a", None)])]),
        aborted(2, date(2026, 1, 8)),
        run(3, date(2026, 1, 12), vec![result("RET-01", "crm", Pass, &[])]),
        run(4, date(2026, 1, 19), vec![result("RET-01", "hr", NotEvaluated, &[])]),
    ];
    let policy = |run: &mut PeriodRun, version: &str, missed: &[&str]| {
        if let Some(kept) = &mut run.kept {
            kept.policy = Some((version.to_owned(), format!("{version}-hash")));
            kept.settings = [("threads".to_owned(), version.to_owned())].into();
            let missed: Vec<String> = missed.iter().map(|m| (*m).to_owned()).collect();
            kept.self_test = Some(SelfTest { hit: 9, missed, ..SelfTest::default() });
        }
    };
    policy(&mut runs[0], "1", &[]);
    policy(&mut runs[2], "1", &["US_SSN × zip"]);
    policy(&mut runs[3], "2", &["US_SSN × zip"]);
    let period = period(&runs, date(2026, 1, 1), date(2026, 1, 31));
    let told: Vec<_> = period
        .changes
        .iter()
        .map(|c| (c.sequence, c.what.as_str(), c.from.as_str(), c.to.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "self-test", "0 of 9 pairs missed", "1 of 10 pairs missed"),
            (4, "policy", "1 (1-hash)", "2 (2-hash)"),
            (4, "threads", "1", "2"),
        ]
    );
    let letters: Vec<(Option<&str>, String)> = period
        .series
        .iter()
        .map(|s| (s.system.as_deref(), s.said.iter().map(|said| letter(*said)).collect()))
        .collect();
    assert_eq!(letters, [(Some("crm"), "Fp ".to_owned()), (Some("hr"), "  n".to_owned())]);
}
