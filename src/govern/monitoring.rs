//! Monitoring: was everything looked at, in time, by detectors that work, with evidence that holds?
//!
//! What each test counts stands in `docs/controls.md`.

use super::ControlTest;
use super::assess::Assessing;
use super::outcome::ControlResult;

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "MON-01",
        checks: "Everything declared was reached and read, and the counts add up",
        not_evaluated_when: &[],
        run: mon_01,
    },
    ControlTest {
        id: "MON-02",
        checks: "Each item that could not be read has a decision",
        not_evaluated_when: &[],
        run: mon_02,
    },
    ControlTest {
        id: "MON-03",
        checks: "Runs keep their cadence",
        not_evaluated_when: &["first-run"],
        run: mon_03,
    },
    ControlTest {
        id: "MON-04",
        checks: "Changes since the last run are shown and acknowledged",
        not_evaluated_when: &["no-previous", "rules-differ"],
        run: mon_04,
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
        not_evaluated_when: &["no-generator"],
        run: mon_06,
    },
    ControlTest {
        id: "MON-07",
        checks: "The record holds together and agrees with its anchor",
        not_evaluated_when: &["not-anchored", "no-record"],
        run: mon_07,
    },
];

fn mon_01(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn mon_02(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn mon_03(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn mon_04(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn mon_05(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn mon_06(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn mon_07(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}
