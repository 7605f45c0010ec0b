//! `privascan selftest`: the shipped binary proves itself, and a detector that cannot work is seen.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::io;

use common::{folder, run, run_in};

#[test]
fn the_binary_finds_every_kind_in_every_format() -> io::Result<()> {
    let ran = run(["selftest", "--format", "jsonl", "--seed", "20260105"])?.expect(0);
    let pairs = ran.records("self_test_pair");
    let sum = &ran.records("self_test")[0];
    assert_eq!(sum["pairs"], pairs.len());
    assert_eq!((&sum["missed"], &sum["false_alarms"]), (&0.into(), &0.into()));
    for (kind, format) in [("US_SSN", "parquet"), ("CREDIT_CARD", "zip"), ("EMAIL_ADDRESS", "jsonl")] {
        let found =
            pairs.iter().any(|p| p["info_type"] == kind && p["format"] == format && p["holds"] == true);
        assert!(found, "{kind} in {format}");
    }
    let again = run(["selftest", "--format", "jsonl", "--seed", "20260105"])?;
    assert_eq!(again.stdout, ran.stdout, "one seed, one result");
    Ok(())
}

#[test]
fn a_detector_whose_examples_do_not_hold_is_missed() -> io::Result<()> {
    // Another detector's wider claim takes the example: found alone, but not beside the others.
    let own = r#"
        [[detector]]
        id = "own-badge"
        info_type = "EMPLOYEE_ID"
        about = "A badge that looks like a mail address"
        pattern = "badge-[0-9]{4}@larkspur[.]co"
        anchor = "at"
        likelihood = "unlikely"
        examples = ["badge-1234@larkspur.co"]
        counterexamples = ["badge-12"]
    "#;
    let dir = folder(&[("own/badge.toml", own.as_bytes())])?;
    let ran = run_in(dir.path(), ["selftest", "--patterns", "own", "--formats", "text"])?;
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("missed: EMPLOYEE_ID in text"), "{}", ran.stdout);
    let refused = run_in(dir.path(), ["selftest", "--formats", "docx"])?.expect(2);
    assert!(refused.stderr.contains("--formats docx"), "{}", refused.stderr);
    Ok(())
}
