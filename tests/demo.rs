//! The demo share: the first thing that people scan.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::collections::BTreeSet;
use std::io;

use common::{demo, package, run, run_in};

#[test]
fn the_summary_has_its_five_sections_in_80_columns() -> io::Result<()> {
    // A test's output is no terminal: no colour, whatever the width of the one around it.
    let ran = run(["scan", "testdata/demo"])?.expect(3);
    assert_eq!(ran.stderr, "");
    let sections = [
        "Items by outcome",
        "Findings by tier and category",
        "The 5 places that hold most",
        "What was not read, and why",
        "What to do next",
    ];
    is_a_page(&ran.stdout, &sections);
    for word in ["restricted", "confidential", "internal", "pay.pan", "gov.national_id", "contact.email"] {
        assert!(ran.stdout.contains(word), "{word}\n{}", ran.stdout);
    }
    for reason in ["encrypted", "malformed", "unknown_format"] {
        assert!(ran.stdout.contains(reason), "{reason}\n{}", ran.stdout);
    }
    Ok(())
}

/// Sections in order, 80 columns, no colour, and no word of praise.
fn is_a_page(text: &str, sections: &[&str]) {
    let at: Vec<Option<usize>> = sections.iter().map(|s| text.find(s)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?}\n{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    assert!(!text.contains('\u{1b}'));
    let lower = text.to_lowercase();
    for word in ["complian", "compliant", "certif", "passes"] {
        assert!(!lower.contains(word), "{word}\n{text}");
    }
}

#[test]
fn with_a_policy_the_page_says_what_is_overdue_undeclared_and_not_evaluated() -> io::Result<()> {
    let policy = ["--policy", "testdata/privascan.toml", "--as-of", "2026-11-24"];
    let args = || ["scan", "testdata/demo"].into_iter().chain(policy);
    let ran = run(args())?.expect(3);
    assert_eq!(ran.stderr, "");
    let page = &ran.stdout;
    let sections = [
        "Items by outcome",
        "Findings by tier and category",
        "The 3 places that hold most",
        "What was not read, and why",
        "What the policy says, as of 2026-11-24",
        "Overdue (RET-01)",
        "Undeclared (COL-01)",
        "Other deviations",
        "Not evaluated, and why",
        "Criteria of SOC 2",
        "What to do next",
    ];
    is_a_page(page, &sections);
    assert!(page.lines().count() <= 120, "{} lines", page.lines().count());
    // Worked out from the share and the policy. Row dates: the oldest visit is of 2016-01-10, kept for a year and 30 days.
    // Path dates: the invoices of 2019 were due at the end of 2025, 90 days of grace; those of 2018 are on hold.
    let squeezed = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "reception/visitors-2016.csv 3,575 days over visitor, visitors-1y: record-date 2016-01-10, due 2017-01-10, facilities",
        "employees-2026.csv 878 days over employee-record, leavers-10y: event 2014-03-31, due 2024-03-31, hr-operations",
        "and 2 under a hold or exception, in",
        "finance auth.password 1, fin.crypto_wallet 1, gov.national_id 3",
        "1 item lies outside all declared systems.",
        "DIS-06 2 of 5 labelled below the content",
        "DSP-01 1 of 2 due for disposal, and still there: backup 1",
        "coverage",
        "no-event 1 no row in the register of events: RET-01 1",
        "P4.2 tested: ",
    ] {
        assert!(squeezed.contains(text), "{text}\n{page}");
    }
    // The same, for programs.
    let rows = run(args().chain(["--format", "jsonl"]))?.expect(3);
    let result = |test: &str, system: &str, class: Option<&str>| {
        let fits = |r: &&serde_json::Value| {
            r["test_id"] == test && r["system"] == system && r["class"].as_str() == class
        };
        rows.records("control_result").iter().find(fits).cloned().unwrap_or_default()
    };
    let invoices = result("RET-01", "finance", Some("invoice"));
    assert_eq!((&invoices["outcome"], &invoices["excepted"]), (&"fail".into(), &2.into()), "{invoices}");
    assert_eq!(result("DIS-04", "it", None)["excepted"], 1);
    assert_eq!(result("COL-05", "test", None)["outcome"], "pass");
    assert_eq!(result("MON-01", "it", None)["reason"], "below-min-readable");
    let held: Vec<_> =
        rows.records("deviation").into_iter().filter(|d| d["approved_exception"] == "LH-2026-01").collect();
    assert_eq!((held.len(), &held[0]["due"]), (2, &"2024-12-31".into()));
    let test =
        rows.records("control_result").into_iter().find(|r| r["test_id"] == "MON-06").unwrap_or_default();
    assert_eq!((&test["outcome"], &test["deviations"]), (&"pass".into(), &0.into()), "{test}");
    assert!(!rows.records("criterion").is_empty());
    Ok(())
}

#[test]
fn what_the_share_is_known_to_hold_is_found_where_it_is() -> io::Result<()> {
    let ran = run_in(&demo(), ["scan", ".", "--format", "jsonl"])?.expect(3);
    let found: BTreeSet<(String, String)> = ran
        .records("finding")
        .iter()
        .map(|f| {
            let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
            (text("path"), text("info_type"))
        })
        .collect();
    for (path, info_type) in [
        ("hr/employees-2026.csv", "US_SSN"),
        ("hr/employees-2026.csv", "IBAN_CODE"),
        ("hr/employees-2026.csv", "DATE_OF_BIRTH"),
        ("hr/payroll/2026-02.tsv", "IBAN_CODE"),
        ("hr/scan-passport-•••-••-•649.txt", "US_SSN"),
        ("hr/benefits/claims-2025.csv", "US_MBI"),
        ("crm/customers.jsonl", "CREDIT_CARD"),
        ("crm/export-utf16.csv", "EMAIL_ADDRESS"),
        ("finance/payments.parquet", "CREDIT_CARD"),
        ("finance/refunds.arrow", "IBAN_CODE"),
        ("finance/wallets.txt.bz2!/wallets.txt", "CRYPTO"),
        ("logs/access.log", "IP_ADDRESS"),
        ("logs/app-2026-03.log.gz!/app-2026-03.log", "CREDIT_CARD"),
        ("it/id_rsa.bak", "PRIVATE_KEY"),
        ("it/devices.csv", "MAC_ADDRESS"),
        ("it/badge-reader.dat", "EMAIL_ADDRESS"),
    ] {
        assert!(found.contains(&(path.to_owned(), info_type.to_owned())), "{info_type} in {path}");
    }
    let quiet = ["public/", "crm/segments.csv", "legal/signed/"];
    let loud: Vec<_> = found.iter().filter(|(p, _)| quiet.iter().any(|q| p.starts_with(q))).collect();
    assert!(loud.is_empty(), "{loud:?}");
    let tests = ran.records("finding").into_iter().filter(|f| f["path"] == "test/fixtures.csv");
    assert!(tests.clone().count() > 0);
    for finding in tests {
        assert!(
            finding["flags"].to_string().contains("likely_test") && finding["tier"] == "public",
            "{finding}"
        );
    }
    Ok(())
}

#[test]
fn the_share_is_what_its_generator_writes() -> io::Result<()> {
    // Cargo builds examples before it runs tests, beside the folder that the tests are in.
    let test = std::env::current_exe()?;
    let built = test.parent().and_then(|deps| deps.parent()).map(|p| p.join("examples/make_testdata"));
    let Some(generator) = built.filter(|p| p.is_file()) else {
        eprintln!("not run: the example make_testdata is not built");
        return Ok(());
    };
    let output = std::process::Command::new(generator)
        .current_dir(package())
        .args(["testdata/demo", "--check"])
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    Ok(())
}
