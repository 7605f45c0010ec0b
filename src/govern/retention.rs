//! Use and retention: is anything kept longer than its rule allows?
//!
//! What each test counts stands in `docs/controls.md`.

use super::ControlTest;
use super::assess::Assessing;
use super::outcome::ControlResult;

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
        not_evaluated_when: &["weak-date", "no-date"],
        run: ret_04,
    },
];

fn ret_01(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn ret_02(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn ret_03(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn ret_04(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}
