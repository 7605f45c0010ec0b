//! Short words for what control tests find, and for why they find nothing out.

use crate::govern::CONTROL_TESTS;

/// What a deviation of each test is, in half a line.
const DEVIATIONS: [(&str, &str); 30] = [
    ("COL-01", "data in no class that is allowed there"),
    ("COL-02", "a class outside its places"),
    ("COL-03", "data beyond what its class lists"),
    ("COL-04", "special data without a condition"),
    ("COL-05", "real data in a system for test"),
    ("DIS-01", "shared without an entry in the register"),
    ("DIS-02", "card numbers outside their place"),
    ("DIS-03", "card authentication or prohibited data"),
    ("DIS-04", "credentials in clear"),
    ("DIS-05", "open to too many people"),
    ("DIS-06", "labelled below the content, or not at all"),
    ("DIS-07", "identifiers in a de-identified set"),
    ("DSP-01", "due for disposal, and still there"),
    ("DSP-02", "disposed of, and still at its source"),
    ("DSP-03", "copies of what was disposed of"),
    ("DSP-04", "gone without an entry in the register"),
    ("DSP-05", "lost before its time or while on hold"),
    ("DSP-06", "identifiers of erased persons"),
    ("DSP-07", "residue of deleted data"),
    ("MON-01", "not reached, or too little read"),
    ("MON-02", "unread for long, without a decision"),
    ("MON-03", "gaps between runs longer than the cadence"),
    ("MON-04", "changes that nobody acknowledged"),
    ("MON-05", "policy, exceptions or classes out of date"),
    ("MON-06", "planted values that were missed"),
    ("MON-07", "the record does not hold together"),
    ("RET-01", "kept past its due day and grace"),
    ("RET-02", "data without a retention rule"),
    ("RET-03", "no date that the rule can start from"),
    ("RET-04", "not where the phase of its life belongs"),
];

/// What the reasons of not-evaluated mean.
const REASONS: [(&str, &str); 29] = [
    ("bad-date", "dates empty, unreadable or in the future"),
    ("below-min-items", "fewer items than the policy expects"),
    ("coverage", "too little was read there"),
    ("detector-off", "no detector for the class is on"),
    ("first-run", "no run before this one"),
    ("no-allowed", "the class names no place"),
    ("no-categories", "the class names no categories"),
    ("no-date", "no date where the rule looks for one"),
    ("no-event", "no row in the register of events"),
    ("no-fingerprints", "the register has nothing to compare"),
    ("no-generator", "a format without self-test"),
    ("no-key", "fingerprints need one key (--key-file)"),
    ("no-labels", "the policy names no labels"),
    ("no-permissions", "the store does not say who may read"),
    ("no-policy", "outside all declared systems"),
    ("no-previous", "no earlier run to compare with"),
    ("no-record", "the run is not kept (--record)"),
    ("no-register", "no register, or it is not there"),
    ("no-residue-support", "a format whose residue is not read"),
    ("no-self-test", "the detectors were not tried"),
    ("not-anchored", "the record's head is noted nowhere else"),
    ("not-listed", "a folder around it was not wholly read"),
    ("not-watched", "these fingerprints were not looked for"),
    ("partial-scan", "not everything was seen"),
    ("root-not-scanned", "not among the targets of this run"),
    ("rules-differ", "other detectors than in the run before"),
    ("self-test", "a planted value was missed"),
    ("unread", "the item could not be read"),
    ("weak-date", "a file's own times prove nothing here"),
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
