//! What has to hold for any policy and any facts, tried on those of all cases.

use std::collections::BTreeMap;

use super::super::ControlOutcome;
use super::super::policy::{Exception, ExceptionMatch};
use super::*;

type Key = (String, Option<String>, Option<String>);

fn by_key(results: Vec<ControlResult>) -> BTreeMap<Key, ControlResult> {
    results.into_iter().map(|r| ((r.test_id.clone(), r.system.clone(), r.class.clone()), r)).collect()
}

fn all(case: &Case, policy: &Policy, taxonomy: &Taxonomy) -> BTreeMap<Key, ControlResult> {
    let results = results(case, "gate", policy, taxonomy);
    let count = results.len();
    let results = by_key(results);
    assert_eq!(results.len(), count, "two results about the same");
    results
}

#[test]
fn the_order_of_items_changes_no_result() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    for (_, name, text) in files() {
        let (mut case, policy) = parse(&name, &text);
        let before = all(&case, &policy, &taxonomy);
        case.item.reverse();
        let half = case.item.len() / 2;
        case.item.rotate_left(half);
        assert_eq!(before, all(&case, &policy, &taxonomy), "{name}");
    }
}

#[test]
fn an_exception_makes_no_failure_and_hides_no_deviation() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    for (_, name, text) in files() {
        let (case, mut policy) = parse(&name, &text);
        let before = all(&case, &policy, &taxonomy);
        for (at, test) in CONTROL_TESTS.iter().enumerate().filter(|(_, t)| !t.id.starts_with("MON-")) {
            policy.exceptions.push(Exception {
                id: format!("NEW-{at}"),
                test: test.id.to_owned(),
                matches: ExceptionMatch::default(),
                reason: "any".to_owned(),
                compensating: None,
                approved_by: "anyone".to_owned(),
                approved_on: day(&case.run.as_of),
                expires: day(&case.run.as_of),
            });
        }
        let after = all(&case, &policy, &taxonomy);
        for (key, after) in after.iter().filter(|(key, _)| !key.0.starts_with("MON-")) {
            let before = &before[key];
            assert!(
                after.outcome != ControlOutcome::Fail || before.outcome == ControlOutcome::Fail,
                "{name}: {key:?} came to fail"
            );
            // RET-03 counts shares, and what is excepted is counted apart everywhere.
            assert_eq!(before.deviating.len(), after.deviating.len(), "{name}: {key:?}");
            assert_eq!(after.deviations, 0, "{name}: {key:?}");
        }
    }
}

#[test]
fn one_more_item_makes_no_pass_of_a_failure() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    let mut tried = 0;
    for (_, name, text) in
        files().into_iter().filter(|(test, ..)| test.starts_with("col") || test.starts_with("dis"))
    {
        let (case, policy) = parse(&name, &text);
        let whole = all(&case, &policy, &taxonomy);
        for left_out in 0..case.item.len() {
            let (mut case, _) = parse(&name, &text);
            case.item.remove(left_out);
            let part = all(&case, &policy, &taxonomy);
            let about = |key: &Key| key.0.starts_with("COL-") || key.0.starts_with("DIS-");
            for (key, result) in part.iter().filter(|(key, _)| about(key)) {
                if result.outcome == ControlOutcome::Fail {
                    tried += 1;
                    let with = whole.get(key).map(|r| r.outcome);
                    assert_eq!(with, Some(ControlOutcome::Fail), "{name}: {key:?}, item {left_out}");
                }
            }
        }
    }
    assert!(tried > 100, "{tried} failures are few");
}
