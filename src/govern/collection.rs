//! Collection: is what is held declared, in its place, and no more than was said?
//!
//! What each test counts stands in `docs/controls.md`.

use super::ControlTest;
use super::assess::Assessing;
use super::outcome::ControlResult;

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "COL-01",
        checks: "Every kind of data found in a system is in some class that is allowed there",
        not_evaluated_when: &["no-policy"],
        run: col_01,
    },
    ControlTest {
        id: "COL-02",
        checks: "Each class stays in the places it is allowed in",
        not_evaluated_when: &["no-allowed"],
        run: col_02,
    },
    ControlTest {
        id: "COL-03",
        checks: "Items of a class hold no other personal data than the class lists",
        not_evaluated_when: &["no-categories"],
        run: col_03,
    },
    ControlTest {
        id: "COL-04",
        checks: "Special, criminal and sensitive data has a declared condition",
        not_evaluated_when: &["detector-off"],
        run: col_04,
    },
    ControlTest {
        id: "COL-05",
        checks: "Areas for development and test hold no real personal data",
        not_evaluated_when: &[],
        run: col_05,
    },
];

fn col_01(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn col_02(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn col_03(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn col_04(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn col_05(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}
