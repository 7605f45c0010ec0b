//! Short words for what control tests find, and for why they find nothing out.

use crate::govern::CONTROL_TESTS;

/// What a deviation of each test is, in half a line.
const DEVIATIONS: [(&str, &str); 30] = [
    ("COL-01", "data in no class that is allowed there"),
    ("COL-02", "a class in a place it is not allowed in"),
    ("COL-03", "data beyond what its class lists"),
    ("COL-04", "special or sensitive data without a condition"),
    ("COL-05", "real data in a system for test"),
    ("DIS-01", "shared without a live entry in the register"),
    ("DIS-02", "card numbers outside their declared place"),
    ("DIS-03", "card authentication or prohibited data"),
    ("DIS-04", "credentials in clear outside their place"),
    ("DIS-05", "open to more people than the policy says"),
    ("DIS-06", "labelled lower than the content, or not at all"),
    ("DIS-07", "identifiers in a de-identified set"),
    ("DSP-01", "due for disposal, and still there"),
    ("DSP-02", "disposed of, and still at its source"),
    ("DSP-03", "copies of what was disposed of"),
    ("DSP-04", "gone without an entry in the register"),
    ("DSP-05", "lost before its time or while on hold"),
    ("DSP-06", "identifiers of erased persons"),
    ("DSP-07", "residue of deleted data"),
    ("MON-01", "declared and not reached, or too little read"),
    ("MON-02", "unread for long, without a decision"),
    ("MON-03", "gaps between runs longer than the cadence"),
    ("MON-04", "changes that nobody acknowledged"),
    ("MON-05", "policy, exceptions, holds, classes out of date"),
    ("MON-06", "planted values that were missed"),
    ("MON-07", "the record does not hold together"),
    ("RET-01", "kept past its due day and grace"),
    ("RET-02", "data without a retention rule"),
    ("RET-03", "no date that the rule can start from"),
    ("RET-04", "not where the phase of its life belongs"),
];

/// What the reasons of not-evaluated mean.
const REASONS: [(&str, &str); 29] = [
    ("bad-date", "too many dates are empty, unreadable or in the future"),
    ("below-min-items", "fewer items were there than the policy expects"),
    ("coverage", "too little of the system was read (MON-01, MON-02)"),
    ("detector-off", "no enabled detector finds what the class speaks of"),
    ("first-run", "there is no run before this one"),
    ("no-allowed", "the class does not say where it may be"),
    ("no-categories", "the class does not say what it may hold"),
    ("no-date", "no date was found where the rule looks for one"),
    ("no-event", "the register of events has no row for it"),
    ("no-fingerprints", "nothing to compare with stands in the register"),
    ("no-generator", "a format in use has no self-test"),
    ("no-key", "fingerprints need the same key (--key-file)"),
    ("no-labels", "the policy names no labels"),
    ("no-permissions", "the store does not say who may read it"),
    ("no-policy", "it lies outside all declared systems"),
    ("no-previous", "no earlier run to compare with (--record)"),
    ("no-record", "the run is not kept (--record)"),
    ("no-register", "the policy names no register, or it is not there"),
    ("no-residue-support", "a format keeps deleted data that this build cannot read"),
    ("no-self-test", "the detectors were not tried"),
    ("not-anchored", "nobody noted the record's head outside of it"),
    ("not-listed", "a folder or archive around it was not wholly read"),
    ("not-watched", "the run did not look for these fingerprints"),
    ("partial-scan", "the run did not see everything"),
    ("root-not-scanned", "it was not among the targets of this run"),
    ("rules-differ", "the detectors changed since the run before"),
    ("self-test", "a detector missed what was planted (MON-06)"),
    ("unread", "the item could not be read"),
    ("weak-date", "a file's own times prove nothing of this"),
];

/// What a deviation of the test is.
pub(super) fn deviation(test: &str) -> &'static str {
    let known = DEVIATIONS.iter().find(|(id, _)| *id == test).map(|(_, what)| *what);
    let checks = || CONTROL_TESTS.iter().find(|t| t.id == test).map(|t| t.checks);
    known.or_else(checks).unwrap_or("deviations")
}

/// What a reason means; nothing for one that explains itself.
pub(super) fn reason(word: &str) -> &'static str {
    let root = if word.starts_with("root-") { "its root was not reached" } else { "" };
    REASONS.iter().find(|(known, _)| *known == word).map_or(root, |(_, about)| *about)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_test_and_every_reason_has_its_words() {
        let tests: BTreeSet<&str> = CONTROL_TESTS.iter().map(|t| t.id).collect();
        assert_eq!(tests, DEVIATIONS.iter().map(|(id, _)| *id).collect());
        let given = CONTROL_TESTS.iter().flat_map(|t| t.not_evaluated_when).copied();
        let reasons: BTreeSet<&str> = given.chain(["coverage", "detector-off", "self-test"]).collect();
        let mute: Vec<&&str> = reasons.iter().filter(|r| reason(r).is_empty()).collect();
        assert!(mute.is_empty(), "{mute:?}");
        let unused: Vec<&str> =
            REASONS.iter().map(|(word, _)| *word).filter(|word| !reasons.contains(word)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}
