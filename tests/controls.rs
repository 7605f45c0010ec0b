//! `controls list` and `controls show`, as a user meets them.

#![cfg(feature = "cli")]

mod common;

use std::collections::BTreeSet;
use std::io;

use common::run;
use serde_json::Value;

fn lines(args: &[&str]) -> io::Result<Vec<Value>> {
    let ran = run(["controls", "list", "--format", "jsonl"].iter().chain(args))?.expect(0);
    Ok(ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_list_holds_tests_and_then_criteria_with_the_keys_of_the_contract() -> io::Result<()> {
    let all = lines(&[])?;
    let tests: Vec<&Value> = all.iter().take_while(|l| l["test_id"].is_string()).collect();
    let criteria: Vec<&Value> = all.iter().skip(tests.len()).collect();
    assert_eq!(tests.len(), 30);
    assert!(criteria.iter().all(|c| c["criterion"].is_string()));
    let of = |id: &str| tests.iter().find(|t| t["test_id"] == id).copied().cloned().unwrap_or_default();
    let ret = of("RET-01");
    assert_eq!(ret["family"], "RET");
    assert_eq!(ret["checks"], "Nothing is kept past its due day and grace");
    let links = texts(&ret["criteria"]);
    for id in
        ["soc2:P4.2", "soc2:C1.1", "gdpr:5(1)(e)", "pci-dss:3.2.1", "iso27001:A.8.10", "nist-800-53:SI-12"]
    {
        assert!(links.contains(&id), "{id} is not in {links:?}");
    }
    assert_eq!(
        texts(&ret["not_evaluated_when"]),
        ["weak-date", "no-date", "bad-date", "no-event", "coverage", "self-test", "detector-off"]
    );
    assert_eq!(texts(&of("COL-01")["not_evaluated_when"]), ["no-policy", "coverage", "self-test"]);
    assert_eq!(texts(&of("MON-03")["not_evaluated_when"]), ["first-run", "no-record"]);
    let known: BTreeSet<&str> = criteria.iter().filter_map(|c| c["criterion"].as_str()).collect();
    for test in &tests {
        let links = texts(&test["criteria"]);
        assert!(!links.is_empty() && links.is_sorted(), "{test}");
        assert!(links.iter().all(|id| known.contains(id)), "{test}");
    }
    let p4_2 = criteria.iter().find(|c| c["criterion"] == "soc2:P4.2").copied().cloned().unwrap_or_default();
    assert_eq!((&p4_2["framework"], &p4_2["rating"]), (&"soc2".into(), &"tests".into()));
    assert_eq!(p4_2["edition"], "2017, points of focus of 2022");
    assert_eq!(p4_2["cannot_say"], "Whether the period itself is right in law.");
    for criterion in &criteria {
        for key in ["framework", "edition", "rating", "paraphrase", "cannot_say"] {
            assert!(criterion[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {criterion}");
        }
        // What a criterion says of its tests is what the tests say of it.
        for link in criterion["links"].as_array().into_iter().flatten() {
            let test = of(link["test_id"].as_str().unwrap_or_default());
            assert!(
                texts(&test["criteria"]).contains(&criterion["criterion"].as_str().unwrap_or("?")),
                "{link}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_framework_narrows_both_kinds_of_lines() -> io::Result<()> {
    let glba = lines(&["--framework", "glba"])?;
    let tests: Vec<&str> = glba.iter().filter_map(|l| l["test_id"].as_str()).collect();
    assert_eq!(tests, ["COL-01", "RET-01", "DIS-02", "MON-01", "MON-05"]);
    assert_eq!(texts(&glba[1]["criteria"]), ["glba:314.4(c)(6)(i)"]);
    assert_eq!(glba.len() - tests.len(), 4);
    let two = lines(&["--framework", "soc2", "--framework", "glba"])?;
    assert_eq!(two.iter().filter(|l| l["criterion"].is_string()).count(), 61 + 4);
    Ok(())
}

#[test]
fn everything_fits_80_columns_and_praises_nobody() -> io::Result<()> {
    let list = run(["controls", "list"])?.expect(0).stdout;
    for text in [
        "RET-01  Nothing is kept past its due day and grace\n",
        "SOC 2",
        "  P4.2   tests ",
        "30 control tests, ",
    ] {
        assert!(list.contains(text), "{text} is not in\n{list}");
    }
    let mut shown = vec![list];
    // The longest of each kind, and one of each rating.
    for id in
        ["RET-01", "DIS-07", "col-04", "MON-06", "P4.2", "P7.1", "SOC2:CC1.1", "gdpr:17", "164.514(b)(2)"]
    {
        shown.push(run(["controls", "show", id])?.expect(0).stdout);
    }
    for text in shown {
        let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
        assert!(text.lines().all(|l| l.trim_end() == l), "spaces at the end of a line of\n{text}");
        for word in ["complian", "certified", "passes"] {
            assert!(!text.to_lowercase().contains(word), "{word} in\n{text}");
        }
    }
    Ok(())
}

#[test]
fn show_explains_a_test_and_a_criterion() -> io::Result<()> {
    let ran = run(["controls", "show", "DSP-03"])?.expect(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "DSP-03 checks No copies of disposed items remain in scope",
        "population Performed entries of the disposal register.",
        "deviation The same content, or enough of its records, lies elsewhere in scope beyond the tolerated backups.",
        "results one per class and system",
        "not evaluated for no-fingerprints, no-key, not-watched, detector-off, coverage, no-register, self-test",
        "tests iso27001:A.8.10 tests part of soc2:P4.3, soc2:C1.2, gdpr:17,",
        "supports soc2:CC6.5",
    ] {
        assert!(said.contains(text), "{text} is not in\n{}", ran.stdout);
    }
    let ran = run(["controls", "show", "soc2:C1.1"])?.expect(0);
    assert_eq!(run(["controls", "show", "c1.1"])?.expect(0).stdout, ran.stdout);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "soc2:C1.1 framework SOC 2, Trust Services Criteria; edition: 2017, points of focus of 2022",
        "asks Identify confidential information and keep it as was committed.",
        "rating tests: automated tests that can be performed again",
        "tested by COL-02, RET-01, RET-02, DSP-05, DIS-06",
        "in part by COL-01, DSP-04, DIS-02, DIS-05, MON-05",
        "cannot say What is confidential by agreement",
        "checked on 2026-11-24",
    ] {
        assert!(said.contains(text), "{text} is not in\n{}", ran.stdout);
    }
    let ran = run(["controls", "show", "CC1.1"])?.expect(0);
    assert!(ran.stdout.contains("rating         none: this tool says nothing about it"), "{}", ran.stdout);
    Ok(())
}

#[test]
fn what_does_not_exist_is_told_in_one_line() -> io::Result<()> {
    for (args, why) in [
        (vec!["show", "RET-99"], "no control test or criterion `RET-99`; see `privascan controls list`"),
        (vec!["show", "gdpr:P4.2"], "no control test or criterion `gdpr:P4.2`"),
        (
            vec!["list", "--framework", "soc3"],
            "--framework soc3: no such framework; there are soc2, gdpr, ccpa,",
        ),
        (vec!["list", "--format", "csv"], "invalid value 'csv'"),
        (vec!["show"], "<ID>"),
    ] {
        let ran = run(["controls"].iter().chain(&args))?.expect(2);
        assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 1), "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    Ok(())
}
