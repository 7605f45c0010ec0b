//! Disclosure and protection: what others can reach, and what must not lie open.
//!
//! What each test counts stands in `docs/controls.md`.

use super::ControlTest;
use super::assess::Assessing;
use super::outcome::ControlResult;

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "DIS-01",
        checks: "What is shared has a live entry in the disclosure register",
        not_evaluated_when: &["no-register"],
        run: dis_01,
    },
    ControlTest {
        id: "DIS-02",
        checks: "No card number is stored in clear outside its declared place",
        not_evaluated_when: &[],
        run: dis_02,
    },
    ControlTest {
        id: "DIS-03",
        checks: "No authentication data of cards and nothing prohibited is stored",
        not_evaluated_when: &[],
        run: dis_03,
    },
    ControlTest {
        id: "DIS-04",
        checks: "No credential is stored in clear outside its declared place",
        not_evaluated_when: &[],
        run: dis_04,
    },
    ControlTest {
        id: "DIS-05",
        checks: "Files are open to no one beyond policy",
        not_evaluated_when: &["no-permissions"],
        run: dis_05,
    },
    ControlTest {
        id: "DIS-06",
        checks: "Labels are no lower than the content",
        not_evaluated_when: &["no-labels"],
        run: dis_06,
    },
    ControlTest {
        id: "DIS-07",
        checks: "Sets that are said to be de-identified hold no listed identifier",
        not_evaluated_when: &[],
        run: dis_07,
    },
];

fn dis_01(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dis_02(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dis_03(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dis_04(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dis_05(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dis_06(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dis_07(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}
