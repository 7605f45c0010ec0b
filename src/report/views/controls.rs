//! Results of control tests, what they say about criteria, and what concerns financial statements.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Sheet;
use super::super::controls::{Sum, numbered, short_id};
use super::super::schema::Cell;
use super::super::text::{printable, thousands};
use super::super::words;
use super::{Kept, head, int, maybe, shown, text};
use crate::govern::{CONTROL_TESTS, ControlOutcome, ControlResult};

/// Tests that matter for financial statements (SOC 1): lost or destroyed early, open to change, out of place, without rule.
const ICFR_TESTS: [&str; 5] = ["COL-02", "DIS-05", "DSP-04", "DSP-05", "RET-02"];

const COLUMNS: [&str; 11] = [
    "test_id",
    "system",
    "class",
    "outcome",
    "reason",
    "population",
    "evaluated",
    "deviations",
    "excepted",
    "not_evaluated_by_reason",
    "note",
];

/// Every result, by test.
pub(super) fn controls(kept: &Kept<'_>) -> Sheet {
    let mut sheet = Sheet::new("control_result", &COLUMNS);
    head(&mut sheet, kept, "Control tests");
    sheet.line(0, "Results of classes without items in a system are counted and not listed.");
    let results: Vec<&ControlResult> = kept.assessment.results.iter().collect();
    by_test(&mut sheet, &results);
    sheet
}

fn by_test(sheet: &mut Sheet, results: &[&ControlResult]) {
    for test in CONTROL_TESTS.iter() {
        let of: Vec<&ControlResult> = results.iter().copied().filter(|r| r.test_id == test.id).collect();
        if of.is_empty() {
            continue;
        }
        sheet.title(&format!("{}  {}", test.id, test.checks));
        let empty = |r: &&&ControlResult| {
            r.class.is_some()
                && r.population == 0
                && matches!(r.outcome, ControlOutcome::NotApplicable | ControlOutcome::NotEvaluated)
        };
        let lines: Vec<Vec<String>> = of.iter().filter(|r| !empty(r)).map(|r| line(r)).collect();
        if !lines.is_empty() {
            let head = ["System", "Class", "Outcome", "Reason", ">Popul.", ">Eval.", ">Dev.", ">Exc."];
            sheet.grid(&head, &lines);
        }
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        for result in of.iter().filter(empty) {
            let reason = result.reason.as_deref().map_or_else(String::new, |r| format!("({r})"));
            *left_out.entry(format!("{}{reason}", result.outcome.word())).or_default() += 1;
        }
        if !left_out.is_empty() {
            sheet.line(2, &format!("Without items: {}.", numbered(left_out.iter(), 150)));
        }
        for result in &of {
            if let Some(note) = &result.note {
                let place = [result.system.as_deref(), result.class.as_deref()];
                let place: Vec<&str> = place.into_iter().flatten().collect();
                let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
                sheet.line(2, &printable(&format!("{place}{note}")));
            }
            sheet.row(row(result));
        }
    }
}

fn line(result: &ControlResult) -> Vec<String> {
    vec![
        shown(result.system.as_deref()),
        shown(result.class.as_deref()),
        result.outcome.word().to_owned(),
        shown(result.reason.as_deref()),
        thousands(result.population),
        thousands(result.evaluated),
        thousands(result.deviations),
        thousands(result.excepted),
    ]
}

fn row(result: &ControlResult) -> Vec<Cell<'static>> {
    let reasons = result.not_evaluated.iter().map(|(why, n)| format!("{why}:{n}").into());
    vec![
        text(&result.test_id),
        maybe(result.system.as_deref()),
        maybe(result.class.as_deref()),
        text(result.outcome.word()),
        maybe(result.reason.as_deref()),
        int(result.population),
        int(result.evaluated),
        int(result.deviations),
        int(result.excepted),
        Cell::List(reasons.collect()),
        maybe(result.note.as_deref()),
    ]
}

/// What the results say about each criterion, and what they cannot say.
pub(super) fn criteria(kept: &Kept<'_>) -> Sheet {
    let columns = [
        "criterion",
        "framework",
        "edition",
        "rating",
        "tests",
        "outcome",
        "population",
        "evaluated",
        "deviations",
        "statement",
        "cannot_say",
    ];
    let mut sheet = Sheet::new("criterion", &columns);
    head(&mut sheet, kept, "Criteria");
    sheet.line(
        0,
        "What a scan of stored data can and cannot say about each criterion. Nothing here is an opinion on a criterion: that \
         is for people to form.",
    );
    let mut framework = "";
    for concluded in kept.concluded {
        if concluded.framework != framework {
            framework = &concluded.framework;
            let known = kept.criteria.frameworks().iter().find(|f| f.name == *framework);
            let title = known.map_or(framework, |f| f.title.as_str());
            sheet.title(&format!("{} ({})", printable(title), printable(&concluded.edition)));
        }
        let found = kept.criteria.find(&concluded.criterion);
        let known = found.first().map(|(_, c)| *c);
        let about = known.map_or("", |c| c.paraphrase.as_str());
        let id = format!("{} ({}, {})", short_id(concluded), concluded.rating, concluded.outcome.word());
        sheet.line(2, &printable(&format!("{id}: {about}")));
        sheet.line(6, &printable(&format!("{}.", concluded.statement.trim_end_matches('.'))));
        if let Some(known) = known.filter(|c| !c.cannot_say.is_empty() && !c.links.is_empty()) {
            sheet.line(6, &format!("Cannot say: {}.", printable(known.cannot_say.trim_end_matches('.'))));
        }
        sheet.row(vec![
            text(&concluded.criterion),
            text(&concluded.framework),
            text(&concluded.edition),
            text(&concluded.rating),
            Cell::List(concluded.tests.iter().map(|t| t.clone().into()).collect()),
            text(concluded.outcome.word()),
            int(concluded.population),
            int(concluded.evaluated),
            int(concluded.deviations),
            text(&concluded.statement),
            maybe(known.map(|c| c.cannot_say.as_str())),
        ]);
    }
    sheet
}

/// The subset for SOC 1: classes that feed financial statements, and the tests that matter for them.
pub(super) fn icfr(kept: &Kept<'_>) -> Sheet {
    let mut sheet = Sheet::new("control_result", &COLUMNS);
    head(&mut sheet, kept, "Records that feed financial statements");
    let classes: BTreeSet<&str> =
        kept.policy.classes.iter().filter(|c| c.icfr).map(|c| c.id.as_str()).collect();
    if classes.is_empty() {
        sheet.line(0, "The policy marks no class with icfr = true, so there is nothing to report on.");
        return sheet;
    }
    let named: Vec<String> = classes.iter().map(|c| printable(c).into_owned()).collect();
    sheet.line(0, &format!("Classes: {}.", named.join(", ")));
    sheet.line(
        0,
        "Control objectives are management's to write; these tests say whether such records stay in place, are open to \
         change, were lost or destroyed early, or have no rule. They say nothing on valuation, authorization or cut-off.",
    );
    let of_class = |r: &&ControlResult| r.class.as_deref().is_some_and(|c| classes.contains(c));
    let all = &kept.assessment.results;
    // What is about a whole system counts where such a class is.
    let systems: BTreeSet<Option<&str>> =
        all.iter().filter(of_class).filter(|r| r.population > 0).map(|r| r.system.as_deref()).collect();
    let of_run = |r: &&ControlResult| r.class.is_none() && r.system.is_none();
    let chosen: Vec<&ControlResult> = all
        .iter()
        .filter(|r| ICFR_TESTS.contains(&r.test_id.as_str()))
        .filter(|r| of_class(r) || of_run(r) || r.class.is_none() && systems.contains(&r.system.as_deref()))
        .collect();
    sheet.title("Together");
    let rows: Vec<Vec<String>> = ICFR_TESTS
        .iter()
        .map(|test| {
            let of: Vec<&ControlResult> = chosen.iter().copied().filter(|r| r.test_id == *test).collect();
            let sum = Sum::of(test, &of);
            let numbers = [sum.population, sum.evaluated, sum.deviations, sum.excepted].map(thousands);
            [vec![sum.test, together(&of)], numbers.to_vec()].concat()
        })
        .collect();
    sheet.grid(&["Test", "Outcome", ">Popul.", ">Eval.", ">Dev.", ">Exc."], &rows);
    let about: Vec<String> =
        ICFR_TESTS.iter().map(|test| format!("{test}: {}", words::deviation(test))).collect();
    sheet.line(2, &format!("{}.", about.join("; ")));
    by_test(&mut sheet, &chosen);
    sheet
}

/// The outcome that stands for several results of a test, the first in order, and the reasons of those that have it.
fn together(results: &[&ControlResult]) -> String {
    let Some(outcome) = results.iter().map(|r| r.outcome).min() else { return "no result".to_owned() };
    let of_it = results.iter().filter(|r| r.outcome == outcome);
    let reasons: BTreeSet<&str> = of_it.filter_map(|r| r.reason.as_deref()).collect();
    match (outcome, reasons.is_empty()) {
        (ControlOutcome::NotEvaluated | ControlOutcome::NotApplicable, false) => {
            let reasons: Vec<&str> = reasons.into_iter().collect();
            printable(&format!("{}({})", outcome.word(), reasons.join(", "))).into_owned()
        }
        _ => outcome.word().to_owned(),
    }
}
