//! The invented company of `testdata/company` through half a year, judged by the product and by an oracle of its own.
#![cfg(all(unix, feature = "archives", feature = "tabular", feature = "cli"))]
// The generator is also a program of its own, and brings its values along.
#![allow(clippy::duplicate_mod)]

mod common;
#[path = "../examples/make_company/company.rs"]
mod company;
#[path = "company/oracle.rs"]
mod oracle;
#[path = "company/runs.rs"]
mod runs;
#[path = "company/variations.rs"]
mod variations;

use company::{WEEKS, monday};
use runs::{Chain, Seen};

/// The week in which nobody scans.
const SKIPPED: u32 = 20;

/// Each test with what it can say besides `pass` and `fail`: the reasons of `docs/controls.md`.
const REASONS: &[(&str, &[&str])] = &[
    ("COL-01", &["no-policy"]),
    ("COL-02", &["no-allowed"]),
    ("COL-03", &["no-categories", "unread"]),
    ("COL-04", &["detector-off"]),
    ("COL-05", &["no-test-system"]),
    ("RET-01", &["weak-date", "no-date", "bad-date", "no-event", "no-rule"]),
    ("RET-02", &[]),
    ("RET-03", &[]),
    ("RET-04", &["weak-date", "no-date", "no-phases"]),
    ("DSP-01", &["no-register"]),
    ("DSP-02", &["root-missing", "root-unmounted", "root-unreadable", "below-min-items", "no-register"]),
    ("DSP-03", &["no-fingerprints", "no-key", "no-register", "coverage"]),
    ("DSP-04", &["no-previous", "partial-scan"]),
    ("DSP-05", &["no-date", "partial-scan"]),
    ("DSP-06", &["no-key", "coverage"]),
    ("DSP-07", &["no-residue-support"]),
    ("DIS-01", &["no-register"]),
    ("DIS-02", &["detector-off"]),
    ("DIS-03", &[]),
    ("DIS-04", &[]),
    ("DIS-05", &["no-permissions"]),
    ("DIS-06", &["no-labels"]),
    ("DIS-07", &["no-deidentified-set"]),
    ("MON-01", &[]),
    ("MON-02", &[]),
    ("MON-03", &["first-run", "no-record", "no-cadence"]),
    ("MON-04", &["no-previous", "rules-differ"]),
    ("MON-05", &[]),
    ("MON-06", &["no-generator"]),
    ("MON-07", &["not-anchored", "no-record"]),
];

/// The half year, a scan each Monday but one, with two decisions and a run that was killed.
fn half_a_year() -> Chain {
    let mut chain = Chain::new("privascan.toml");
    for week in (0..WEEKS).filter(|w| *w != SKIPPED) {
        match week {
            5 => chain.review("drift:hr"),
            10 => chain.review(&oracle::item_id("lab/sealed.zip!/plans.txt")),
            13 => chain.kill_a_run(monday(13)),
            18 => chain.review("drift:outbox"),
            22 => chain.anchor(),
            _ => {}
        }
        chain.week(week);
    }
    chain
}

#[test]
fn each_control_result_is_what_the_page_says_and_each_reason_comes_up() {
    let mut seen = Seen::new();
    let mut differences = Vec::new();
    std::thread::scope(|scope| {
        // Two at a time.
        let year = scope.spawn(half_a_year);
        let others = [
            variations::sketch,
            variations::without_register_and_key,
            variations::other_rules,
            variations::blind,
            variations::unreadable,
        ];
        for variation in others {
            let chain = variation();
            seen.extend(chain.seen);
            differences.extend(chain.differences);
        }
        seen.extend(variations::standard_input());
        let chain = year.join().expect("the half year");
        seen.extend(chain.seen);
        differences.splice(0..0, chain.differences);
    });
    let words = REASONS.iter().flat_map(|(test, reasons)| {
        ["pass", "fail"].iter().chain(*reasons).map(move |word| ((*test).to_owned(), (*word).to_owned()))
    });
    let mut missing: Vec<String> =
        words.filter(|pair| !seen.contains(pair)).map(|(test, word)| format!("{test} {word}")).collect();
    let anywhere = ["coverage", "detector-off", "excepted", "self-test"].into_iter();
    missing.extend(anywhere.filter(|w| seen.iter().all(|(_, word)| word != w)).map(str::to_owned));
    assert!(
        differences.is_empty() && missing.is_empty(),
        "{} differences:\n{}\nnever seen: {missing:?}",
        differences.len(),
        differences.join("\n")
    );
}
