//! A record of several runs, reported on as a whole: cadence, changes, what each test said, what became of deviations; all
//! worked out by hand.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::fs;
use std::path::Path;

use common::pack::Result;
use common::run_in;
use privascan::record::{Appender, Beginning};
use serde_json::Value;

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
[scope]
cadence = "P7D"
systems = [{ id = "crm", root = "crm", owner = "sales" }]
[purposes]
sales = { basis = "A6-1-b" }
[[class]]
id = "customer"
categories = ["contact.*"]
match = { path = ["crm/**"] }
owner = "sales"
purpose = "sales"
allowed = ["crm/**"]
icfr = true
retention = "two-years"
[[retention]]
id = "two-years"
trigger = { source = "record-date", field = "since" }
keep_max = "P2Y"
"#;

const EXCEPTION: &str = r#"
[[exception]]
id = "EX-7"
test = "RET-01"
match = { path = ["crm/b.csv"] }
reason = "moves with the next release"
approved_by = "privacy-board"
approved_on = 2026-03-24
expires = 2026-12-31
"#;

fn table(root: &Path, name: &str, since: &str) -> Result<()> {
    let row = format!("mail,since\nerika.halvorsen@brevkurier.no,{since}\n");
    Ok(fs::write(root.join("crm").join(name), row)?)
}

fn scan(root: &Path, as_of: &str) -> Result<()> {
    run_in(root, ["scan", "--record", "evidence", "--as-of", as_of, "--quiet"])?.expect(0);
    Ok(())
}

/// Five runs from March on, one of them aborted:
///
/// | run | as of | a.csv | b.csv | |
/// |---|---|---|---|---|
/// | 1 | 2026-02-23 | overdue | | before the period |
/// | 2 | 2026-03-02 | overdue | overdue | |
/// | 3 | 2026-03-16 | in time | overdue | 14 days after: a gap |
/// | 4 | 2026-03-20 | | | killed |
/// | 5 | 2026-03-24 | in time | overdue, excepted | 8 days after run 3: a gap; another policy |
/// | 6 | 2026-03-31 | in time | overdue, excepted | 7 days: in time |
fn record(root: &Path) -> Result<()> {
    fs::create_dir_all(root.join("crm"))?;
    fs::write(root.join("privascan.toml"), POLICY)?;
    table(root, "a.csv", "2021-05-04")?;
    table(root, "b.csv", "2025-05-04")?;
    scan(root, "2026-02-23")?;
    table(root, "b.csv", "2021-06-04")?;
    scan(root, "2026-03-02")?;
    table(root, "a.csv", "2025-06-04")?;
    scan(root, "2026-03-16")?;
    let killed = Beginning {
        at: "2026-03-20T06:00:00Z".parse()?,
        as_of: "2026-03-20".parse()?,
        tool_version: "0.1.0".to_owned(),
        detectors_digest: String::new(),
        policy_digest: None,
    };
    drop(Appender::begin(&root.join("evidence"), &killed, &mut || {})?);
    let version = POLICY.replace("version = \"1\"", "version = \"2\"");
    fs::write(root.join("privascan.toml"), version + EXCEPTION)?;
    scan(root, "2026-03-24")?;
    scan(root, "2026-03-31")
}

fn report(root: &Path, args: &[&str]) -> Result<String> {
    let fixed = ["report", "evidence"];
    Ok(run_in(root, fixed.iter().chain(args))?.expect(0).stdout)
}

#[test]
fn a_period_says_what_was_done_when() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    record(root)?;
    run_in(
        root,
        [
            "review",
            "evidence",
            "--subject",
            "RET-01",
            "--by",
            "privacy-officer",
            "--decision",
            "moved",
            "--on",
            "2026-03-25",
        ],
    )?
    .expect(0);
    run_in(root, ["anchor", "evidence", "--note", "mailed to audit"])?.expect(0);
    let march = ["--period", "2026-03-01..2026-03-31"];
    let rows = report(root, &[&march[..], &["--format", "jsonl"]].concat())?;
    let rows: Vec<Value> = rows.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    let part = |name: &str| rows.iter().filter(|r| r["part"] == name).collect::<Vec<_>>();
    let told = |part: &[&Value], keys: &[&str]| -> Vec<String> {
        part.iter()
            .map(|row| {
                let shown = |key: &&str| match &row[*key] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                keys.iter().map(shown).collect::<Vec<_>>().join(" ")
            })
            .collect()
    };
    assert_eq!(
        told(&part("run"), &["run", "day", "state", "population", "evaluated"]),
        [
            "2 2026-03-02 completed 2 2",
            "3 2026-03-16 completed 2 2",
            "4 2026-03-20 aborted null null",
            "5 2026-03-24 completed 2 2",
            "6 2026-03-31 completed 2 2",
        ]
    );
    assert_eq!(
        told(&part("gap"), &["first_run", "from", "last_run", "to", "days"]),
        ["2 2026-03-02 3 2026-03-16 14", "3 2026-03-16 5 2026-03-24 8"]
    );
    // The days of runs are a setting in no manifest, so the policy alone differs.
    let changes = part("change");
    assert_eq!(told(&changes, &["run", "what"]), ["5 policy"]);
    assert!(changes[0]["from"].as_str().is_some_and(|f| f.starts_with("1 (")), "{changes:?}");
    let overdue: Vec<&Value> = part("result").into_iter().filter(|r| r["test_id"] == "RET-01").collect();
    assert_eq!(
        told(&overdue, &["run", "outcome", "population", "deviations", "excepted"]),
        ["2 fail 2 2 0", "3 fail 2 1 0", "5 excepted 2 0 1", "6 excepted 2 0 1"]
    );
    let tracks: Vec<&Value> = part("deviation").into_iter().filter(|r| r["test_id"] == "RET-01").collect();
    assert_eq!(
        told(&tracks, &["path", "state", "first_run", "last_run", "closed_run", "days"]),
        // a.csv: from run 1 on 2026-02-23 to run 3; b.csv: from run 2 to the last run.
        ["crm/a.csv closed 1 2 3 21", "crm/b.csv excepted 2 6 null 29"]
    );
    assert_eq!(
        told(&part("exception"), &["what", "test_id", "system", "deviations", "first_run", "last_run", "to"]),
        ["EX-7 RET-01 crm/customer 1 5 6 2026-12-31"]
    );
    assert_eq!(
        told(&part("review"), &["day", "what", "from", "to"]),
        ["2026-03-25 RET-01 privacy-officer moved"]
    );
    assert_eq!(told(&part("anchor"), &["what"]), ["mailed to audit"]);

    // Both were typed now and speak of March, as all that was kept of it.
    let now = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
    assert_eq!(told(&part("review"), &["started"]), [now.as_str()]);
    assert_eq!(told(&part("run"), &["started"])[2], "2026-03-20");

    let page = report(root, &march)?;
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let letters = |test: &str| {
        let line = page.lines().find(|l| l.trim_start().starts_with(test) && l.contains("customer"));
        line.and_then(|l| l.split_whitespace().last()).unwrap_or_default().to_owned()
    };
    assert_eq!((letters("RET-01"), letters("COL-02")), ("FFee".to_owned(), "pppp".to_owned()), "{page}");
    for text in [
        "5 runs: 4 completed, 1 not completed.",
        "At most P7D between runs: kept 2 times, missed 2.",
        "14 days from run 2 on 2026-03-02 to run 3 on 2026-03-16, longer than P7D",
        "EX-7            exception, expires 2026-12-31 by privacy-board; 1 deviation of",
        "mailed to audit",
        "4 of 5 runs were started on another day than the one they speak of (--as-of):",
        &format!("    2  2026-03-02  {now}\n"),
        "1 of 1 review was kept on another day than the one they name (--on).",
        "Anchored up to run 6, the last that has ended.",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert!(!page.to_lowercase().contains("complian") && !page.contains("erika"), "{page}");
    // Rows come as CSV too.
    let csv = report(root, &[&march[..], &["--format", "csv"]].concat())?;
    assert_eq!(csv.lines().count(), rows.len() + 1);

    let public = report(root, &[&march[..], &["--view", "public"]].concat())?;
    assert!(
        public.contains("4 automated examinations were completed; 1 more was not completed."),
        "{public}"
    );
    assert!(
        public.contains("At most 2 years after a date in the record") && !public.contains("crm/"),
        "{public}"
    );
    assert!(
        public.contains("100 % of the items met in the systems that were looked at")
            && !public.contains("Not looked at"),
        "{public}"
    );
    scan(root, "2026-03-31")?;
    let page = report(root, &march)?;
    assert!(page.contains("Anchored up to run 6; 1 run since is not"), "{page}");
    // What was left out is not read, and what was not there is named: no summary for the public hides it.
    fs::rename(root.join("crm"), root.join("elsewhere"))?;
    run_in(root, ["scan", "--record", "evidence", "--quiet"])?.expect(3);
    let gone = report(root, &["--view", "public"])?;
    for text in ["Not looked at in this run: crm.", "Nothing can be said about how much was read."] {
        assert!(gone.contains(text), "{text}\n{gone}");
    }
    assert!(!gone.contains("Systems in daily use") && !gone.contains('%'), "{gone}");
    fs::rename(root.join("elsewhere"), root.join("crm"))?;
    run_in(root, ["scan", "--record", "evidence", "--quiet", "--exclude", "a.csv"])?.expect(0);
    let partly = report(root, &["--view", "public"])?;
    assert!(partly.contains("50 % of the items met in the systems"), "{partly}");
    Ok(())
}

#[test]
fn views_of_a_run_are_those_of_its_record() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = dir.path();
    record(root)?;
    let printed = run_in(root, ["scan", "--record", "evidence", "--as-of", "2026-04-07"])?.expect(0).stdout;
    assert_eq!(report(root, &[])?, printed, "the summary is what the scan printed");
    let jsonl = |view: &str| report(root, &["--view", view, "--format", "jsonl"]);
    let overdue: Vec<Value> =
        jsonl("overdue")?.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    assert_eq!(overdue.len(), 1);
    let row = &overdue[0];
    assert_eq!(
        (&row["owner"], &row["path"], &row["rule"]),
        (&"sales".into(), &"crm/b.csv".into(), &"two-years".into())
    );
    // 2021-06-04 and two years; from then to 2026-04-07 are 1,038 days.
    assert_eq!((&row["due"], &row["days_over"]), (&"2023-06-04".into(), &1038.into()));
    assert_eq!(row["approved_exception"], "EX-7");
    assert!(jsonl("criteria")?.contains("\"criterion\":\"soc2:P4.2\""));
    assert!(jsonl("icfr")?.lines().all(|l| !l.contains("\"RET-01\"")));
    assert!(jsonl("coverage")?.contains("\"outcome\":\"scanned\",\"reason\":null,\"items\":2"));
    // As the tables of the run say.
    let kept = run_in(root, ["assess", "evidence", "--format", "jsonl"])?.expect(0);
    assert_eq!(jsonl("controls")?.lines().count(), kept.records("control_result").len());
    assert_eq!(jsonl("deviations")?.lines().count(), kept.records("deviation").len());

    report(root, &["--view", "overdue", "-o", "overdue.csv"])?;
    assert!(fs::read_to_string(root.join("overdue.csv"))?.starts_with("owner,system,class,path,rule,"));
    fs::write(root.join("empty.toml"), "")?;
    let refused = |args: &[&str], what: &str| -> Result<()> {
        let ran = run_in(root, ["report"].iter().chain(args))?.expect(2);
        assert!(ran.stderr.contains(what) && ran.stderr.lines().count() == 1, "{args:?}: {}", ran.stderr);
        Ok(())
    };
    refused(&["evidence@4"], "aborted")?;
    refused(&["evidence", "--view", "period"], "--period 2026-01-01..2026-06-30")?;
    refused(&["evidence@2", "--period", "2026-03-01..2026-03-31"], "leave out @RUN")?;
    refused(&["evidence", "--view", "overdue", "--period", "2026-03-01..2026-03-31"], "period or public")?;
    refused(&["evidence", "--format", "parquet"], "table, csv, jsonl")?;
    refused(&["evidence", "--format", "csv"], "--view summary is for people")?;
    refused(&["evidence", "--view", "overdue", "-o", "x.parquet"], "say --format")?;
    refused(&["evidence", "--period", "2027-01-01..2027-02-01", "--view", "public"], "no run of the period")?;
    Ok(())
}
