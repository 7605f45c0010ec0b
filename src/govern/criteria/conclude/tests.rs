use super::*;

fn result(test: &str, outcome: ControlOutcome, numbers: (u64, u64, u64)) -> ControlResult {
    let (population, evaluated, deviations) = numbers;
    ControlResult {
        test_id: test.to_owned(),
        criteria: Vec::new(),
        system: Some("s".to_owned()),
        class: None,
        outcome,
        reason: None,
        population,
        evaluated,
        deviations,
        excepted: 0,
        not_evaluated: BTreeMap::new(),
        note: None,
        deviating: Vec::new(),
    }
}

fn reason(mut result: ControlResult, reason: &str, count: Option<u64>) -> ControlResult {
    result.reason = Some(reason.to_owned());
    result.not_evaluated.extend(count.map(|n| (reason.to_owned(), n)));
    result
}

fn excepted(mut result: ControlResult, count: u64) -> ControlResult {
    result.excepted = count;
    result
}

fn concluded(results: &[ControlResult], id: &str) -> CriterionResult {
    let criteria = Criteria::builtin().expect("sound");
    let all = criteria.conclude(results, &[]);
    all.into_iter().find(|c| c.criterion == id).expect("a criterion")
}

use ControlOutcome::{Excepted, Fail, NotApplicable, NotEvaluated, Pass};

/// All tests of P4.2, with the results that stand for one of them.
fn p4_2(instead: &[ControlResult]) -> CriterionResult {
    let mut results: Vec<ControlResult> = ["RET-01", "RET-02", "RET-03", "RET-04", "DSP-04", "DSP-05"]
        .into_iter()
        .filter(|test| !instead.iter().any(|r| r.test_id == *test))
        .map(|test| result(test, Pass, (5, 5, 0)))
        .collect();
    results.extend_from_slice(instead);
    concluded(&results, "soc2:P4.2")
}

#[test]
fn without_deviations_the_statement_says_of_how_many() {
    let c = p4_2(&[result("RET-01", Pass, (7, 7, 0))]);
    assert_eq!(
        c.statement,
        "no deviations noted in 5 of 5 items evaluated (DSP-04, DSP-05, RET-02, RET-03, RET-04); no deviations noted in 7 \
         of 7 items evaluated (RET-01)"
    );
    assert_eq!((c.outcome, c.population, c.evaluated, c.deviations), (Pass, 32, 32, 0));
    assert_eq!((c.framework.as_str(), c.rating.as_str()), ("soc2", "tests"));
    assert_eq!(c.tests, ["DSP-04", "DSP-05", "RET-01", "RET-02", "RET-03", "RET-04"]);
    assert_eq!(c.edition, "2017, points of focus of 2022");
}

#[test]
fn deviations_come_first_and_exceptions_are_no_pass() {
    let c = p4_2(&[
        reason(result("RET-01", Fail, (7, 6, 2)), "no-date", Some(1)),
        result("RET-01", Pass, (3, 3, 0)),
        excepted(result("RET-04", Excepted, (5, 5, 0)), 1),
    ]);
    assert_eq!(c.outcome, Fail);
    assert_eq!(
        c.statement,
        "2 deviations noted in 9 of 10 items evaluated (RET-01); no deviations noted beyond 1 under an approved exception \
         or hold in 5 of 5 items evaluated (RET-04); no deviations noted in 5 of 5 items evaluated (DSP-04, DSP-05, \
         RET-02, RET-03); not evaluated: no-date: 1 (RET-01)"
    );
    assert_eq!(p4_2(&[excepted(result("RET-04", Excepted, (5, 5, 0)), 1)]).outcome, Excepted);
}

#[test]
fn what_coverage_withholds_is_not_counted_as_evaluated() {
    let withheld = reason(result("RET-01", NotEvaluated, (7, 7, 0)), "coverage", None);
    let c = p4_2(&[withheld]);
    assert_eq!((c.outcome, c.population, c.evaluated), (NotEvaluated, 32, 25));
    assert!(c.statement.ends_with("; not evaluated: coverage: 7 (RET-01)"), "{}", c.statement);
    assert!(!c.statement.contains("7 of 7"), "{}", c.statement);
    // Members that could not be judged are another matter: of the others something can be said.
    let some = reason(result("RET-01", NotEvaluated, (7, 4, 0)), "weak-date", Some(3));
    let c = p4_2(&[some]);
    assert_eq!((c.outcome, c.evaluated), (NotEvaluated, 29));
    assert!(c.statement.contains("4 of 7 items evaluated (RET-01)"), "{}", c.statement);
    assert!(c.statement.ends_with("; not evaluated: weak-date: 3 (RET-01)"), "{}", c.statement);
}

#[test]
fn a_test_without_result_or_without_subject_is_named() {
    let c = p4_2(&[
        reason(result("RET-04", NotApplicable, (0, 0, 0)), "no-phases", None),
        reason(result("DSP-04", NotEvaluated, (0, 0, 0)), "no-previous", None),
    ]);
    assert_eq!(c.outcome, NotEvaluated);
    assert_eq!(
        c.statement,
        "no deviations noted in 5 of 5 items evaluated (DSP-05, RET-01, RET-02, RET-03); not evaluated: no-previous \
         (DSP-04); nothing in scope for RET-04"
    );
    let c = concluded(&[], "soc2:P6.1");
    assert_eq!((c.outcome, c.statement.as_str()), (NotEvaluated, "not evaluated: no result (DIS-01)"));
    let c = concluded(&[result("DIS-01", NotApplicable, (0, 0, 0))], "soc2:P6.1");
    assert_eq!((c.outcome, c.statement.as_str()), (NotApplicable, "nothing in scope for DIS-01"));
    // What was looked at and was empty says so.
    let c = concluded(&[result("MON-06", Pass, (0, 0, 0))], "nist-privacy:CT.DM-P9");
    assert_eq!(c.statement, "no deviations noted in 0 of 0 pairs of kind and format evaluated (MON-06)");
}

#[test]
fn a_criterion_that_is_only_supported_is_never_concluded_upon() {
    let mon = |outcome, deviations| {
        let results = [result("MON-03", outcome, (6, 6, deviations)), result("MON-04", Pass, (2, 2, 0))];
        concluded(&results, "soc2:CC7.1")
    };
    let c = mon(Pass, 0);
    assert_eq!((c.outcome, c.population, c.evaluated), (NotEvaluated, 0, 0));
    assert_eq!(
        c.statement,
        "not evaluated: only supported: no deviations noted in 6 of 6 runs evaluated (MON-03); no deviations noted in 2 of \
         2 classes evaluated (MON-04)"
    );
    let c = mon(Fail, 1);
    assert_eq!((c.outcome, c.deviations), (NotEvaluated, 0));
    assert!(c.statement.starts_with("not evaluated: only supported: 1 deviation noted in 6 of 6 runs"));
    // Nor does support change what tests say.
    let c = concluded(
        &[
            result("DSP-03", Pass, (2, 2, 0)),
            result("DSP-06", Pass, (1, 1, 0)),
            result("DSP-05", Fail, (4, 4, 3)),
        ],
        "gdpr:17",
    );
    assert_eq!((c.outcome, c.population, c.deviations), (Pass, 3, 0));
    assert!(c.statement.ends_with("; supported by: 3 deviations noted in 4 of 4 items evaluated (DSP-05)"));
    let c = concluded(&[], "soc2:P5.2");
    assert_eq!(c.outcome, NotEvaluated);
    assert!(c.statement.starts_with("not evaluated: no control test bears on it; other evidence: Findings"));
    assert_eq!(concluded(&[], "soc2:P7.1").outcome, NotEvaluated);
    let c = concluded(&[], "soc2:CC1.1");
    assert_eq!((c.outcome, c.statement.as_str()), (NotEvaluated, "this tool says nothing about it"));
}

#[test]
fn all_criteria_of_the_chosen_frameworks_are_listed_and_none_is_praised() {
    let criteria = Criteria::builtin().expect("sound");
    for (outcome, numbers) in [
        (Pass, (3, 3, 0)),
        (Fail, (3, 3, 2)),
        (Excepted, (3, 3, 0)),
        (NotEvaluated, (3, 0, 0)),
        (NotApplicable, (0, 0, 0)),
    ] {
        let results: Vec<ControlResult> =
            crate::govern::CONTROL_TESTS.iter().map(|t| result(t.id, outcome, numbers)).collect();
        for c in criteria.conclude(&results, &[]) {
            let said = c.statement.to_lowercase();
            for word in ["complian", "certified", "pass", "satisf", "conform"] {
                assert!(!said.contains(word), "{}: {said}", c.criterion);
            }
            let tested = c.rating.starts_with("tests") && !c.tests.is_empty();
            assert_eq!(c.outcome, if tested { outcome } else { NotEvaluated }, "{}", c.criterion);
        }
    }
    let ids = |frameworks: &[&str]| -> Vec<String> {
        let frameworks: Vec<String> = frameworks.iter().map(|f| (*f).to_owned()).collect();
        criteria.conclude(&[], &frameworks).into_iter().map(|c| c.criterion).collect()
    };
    assert_eq!(ids(&["soc2"]).len(), 61);
    assert_eq!(ids(&["glba", "ccpa"]).len(), 9);
    assert_eq!(ids(&[]).len(), criteria.all().count());
    assert!(ids(&["soc3"]).is_empty());
}
