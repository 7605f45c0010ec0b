//! Disposal: is what was to go gone, from everywhere, and nothing else?
//!
//! What each test counts stands in `docs/controls.md`.

use super::ControlTest;
use super::assess::Assessing;
use super::outcome::ControlResult;

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "DSP-01",
        checks: "What was approved for disposal or put into quarantine is no longer there",
        not_evaluated_when: &["no-register"],
        run: dsp_01,
    },
    ControlTest {
        id: "DSP-02",
        checks: "Disposed items are absent at their source",
        not_evaluated_when: &[
            "root-missing",
            "root-unmounted",
            "root-unreadable",
            "below-min-items",
            "no-register",
        ],
        run: dsp_02,
    },
    ControlTest {
        id: "DSP-03",
        checks: "No copies of disposed items remain in scope",
        not_evaluated_when: &["no-fingerprints", "no-key", "no-register", "coverage"],
        run: dsp_03,
    },
    ControlTest {
        id: "DSP-04",
        checks: "Nothing has disappeared without an entry in the register",
        not_evaluated_when: &["no-previous", "partial-scan"],
        run: dsp_04,
    },
    ControlTest {
        id: "DSP-05",
        checks: "Nothing was lost before its time or while on hold",
        not_evaluated_when: &["no-date"],
        run: dsp_05,
    },
    ControlTest {
        id: "DSP-06",
        checks: "Identifiers of erased persons are found nowhere",
        not_evaluated_when: &["no-key", "coverage"],
        run: dsp_06,
    },
    ControlTest {
        id: "DSP-07",
        checks: "Formats keep no readable residue of deleted data",
        not_evaluated_when: &["no-residue-support"],
        run: dsp_07,
    },
];

fn dsp_01(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dsp_02(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dsp_03(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dsp_04(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dsp_05(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dsp_06(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}

fn dsp_07(_assessing: &Assessing<'_>) -> Vec<ControlResult> {
    Vec::new()
}
