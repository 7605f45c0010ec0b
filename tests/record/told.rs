//! What is said of a record, and of a run, where something is missing or wrong.

use std::fs;
use std::path::Path;

use super::common::pack::Result;
use super::common::{Ran, folder, run_in};

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
[scope]
systems = [
  { id = "crm", root = "crm" },
  { id = "gone", root = "gone" },
  { id = "vault", root = "vault", mount = true },
]
[[class]]
id = "customer"
categories = ["contact.*"]
"#;

/// A share of which one system is read, one is missing and one is not mounted.
fn half_a_share() -> Result<tempfile::TempDir> {
    let dir =
        folder(&[("privascan.toml", POLICY.as_bytes()), ("crm/a.txt", b"mail ana.lind@larkspur.co\n")])?;
    fs::create_dir(dir.path().join("vault"))?;
    Ok(dir)
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

fn ran(root: &Path, args: &[&str], code: i32) -> Result<Ran> {
    Ok(run_in(root, args)?.expect(code))
}

#[test]
fn a_root_that_was_not_reached_is_named_wherever_a_run_is_told_of() -> Result<()> {
    let dir = half_a_share()?;
    let root = dir.path();
    let page = ran(root, &["scan", "--record", "evidence"], 3)?.stdout;
    holds(
        &page,
        &[
            "\nIncomplete: 2 declared systems were not reached.\n",
            "system: root-missing",
            "  gone\n",
            "system: root-unmounted",
            "Every item that was met was wholly read.",
            "1. Make these systems readable and run it again: gone, vault.",
        ],
    );
    assert!(!page.contains("every item was wholly read"), "{page}");
    assert_eq!(ran(root, &["report", "evidence"], 0)?.stdout, page);
    let quiet = ran(root, &["scan", "--quiet"], 3)?;
    assert_eq!(
        quiet.stderr,
        "privascan: incomplete: roots not reached, so nothing can be said of gone (missing), vault (not mounted)\n"
    );
    let quiet = ran(root, &["assess", "evidence", "--quiet"], 3)?;
    assert_eq!(quiet.stderr.lines().count(), 1, "{}", quiet.stderr);
    for args in [["scan", "--format", "jsonl"].as_slice(), &["assess", "evidence", "--format", "jsonl"]] {
        assert_eq!(ran(root, args, 3)?.records("run")[0]["complete"], false, "{args:?}");
    }
    ran(root, &["verify", "evidence"], 0)?;
    let view = ran(root, &["report", "evidence", "--view", "coverage"], 0)?.stdout;
    holds(
        &view,
        &[
            "Every item that was met was wholly read.\n",
            "Not looked at in this run: gone (missing), vault (unmounted).",
        ],
    );
    // What a run was not asked to read makes it no less complete, and the view says so all the same.
    let part = ran(root, &["scan", "crm", "--quiet", "--record", "evidence"], 0)?;
    assert_eq!(part.stderr, "");
    let view = ran(root, &["report", "evidence", "--view", "coverage"], 0)?.stdout;
    holds(&view, &["Not looked at in this run: gone (not-scanned), vault (not-scanned)."]);
    Ok(())
}

/// The same record with one changed letter in its first line, which no longer has the hash that it states.
fn broken(root: &Path) -> Result<()> {
    let log = root.join("evidence/log.jsonl");
    let text = fs::read_to_string(&log)?;
    let changed = text.replacen("\"tool_version\":\"0", "\"tool_version\":\"9", 1);
    assert_ne!(changed, text);
    Ok(fs::write(log, changed)?)
}

#[test]
fn whoever_reads_from_a_record_that_does_not_hold_is_told() -> Result<()> {
    let dir = half_a_share()?;
    let root = dir.path();
    ran(root, &["scan", "crm", "--record", "evidence", "--quiet"], 0)?;
    fs::write(root.join("listing.txt"), "crm/a.txt\n")?;
    let readers: &[&[&str]] = &[
        &["report", "evidence"],
        &["report", "evidence", "--view", "overdue"],
        &["report", "evidence", "--view", "coverage", "--format", "csv"],
        &["report", "evidence", "--view", "controls"],
        &["report", "evidence", "--view", "criteria"],
        &["report", "evidence", "--view", "deviations"],
        &["report", "evidence", "--view", "icfr"],
        &["report", "evidence", "--view", "public"],
        &["report", "evidence", "--view", "public", "--period", "2020-01-01..2099-12-31"],
        &["report", "evidence", "--period", "2020-01-01..2099-12-31"],
        &["assess", "evidence"],
        &["population", "evidence"],
        &["sample", "evidence", "--of", "runs", "--seed", "s", "--n", "1"],
        &["reconcile", "evidence", "--listing", "listing.txt"],
        &["diff", "evidence@1", "evidence@1"],
    ];
    for args in readers {
        let sound = run_in(root, *args)?;
        assert!(sound.code == 0 && sound.stderr.is_empty(), "{args:?}: {sound:?}");
    }
    broken(root)?;
    const WHAT: &str = "the record's log does not hold: log.jsonl line 1";
    for args in readers {
        let told = ran(root, args, 0)?;
        let lines: Vec<&str> = told.stderr.lines().collect();
        let named = |l: &&str| l.contains(WHAT) && l.ends_with("; `privascan verify evidence` says more");
        let times = if args[0] == "diff" { 2 } else { 1 };
        assert!(lines.len() == times && lines.iter().all(named), "{args:?}: {}", told.stderr);
        let rows = args.contains(&"csv");
        let page =
            matches!(args[0], "report" | "assess") && !rows && !(args.len() == 4 && args[2] == "--period");
        assert_eq!(told.stdout.starts_with(WHAT), page, "{args:?}\n{}", told.stdout);
    }
    let log = fs::read(root.join("evidence/log.jsonl"))?;
    let refused =
        ran(root, &["review", "evidence", "--subject", "RET-01", "--by", "dpo", "--decision", "seen"], 2)?;
    assert!(refused.stderr.contains(WHAT) && refused.stderr.lines().count() == 1, "{}", refused.stderr);
    assert_eq!(fs::read(root.join("evidence/log.jsonl"))?, log, "nothing was added");
    Ok(())
}

#[test]
fn a_decision_is_about_something_the_run_knows_and_names_nobody() -> Result<()> {
    let dir = half_a_share()?;
    let root = dir.path();
    ran(root, &["scan", "crm", "--record", "evidence", "--quiet"], 0)?;
    let kept = ran(root, &["assess", "evidence", "--format", "jsonl"], 0)?;
    let id = |kind: &str, key: &str| kept.records(kind)[0][key].as_str().unwrap_or_default().to_owned();
    let (item, finding) = (id("item", "item_id"), id("finding", "finding_id"));
    let log = || fs::read_to_string(root.join("evidence/log.jsonl"));
    let review = |subject: &str, by: &str, decision: &str, code: i32| {
        ran(root, &["review", "evidence", "--subject", subject, "--by", by, "--decision", decision], code)
    };
    review("RET-01", "privacy-officer", "kept,\nas said before", 0)?;
    for subject in [item.as_str(), &finding, "RET-01", "drift:crm"] {
        review(subject, "privacy-officer", "kept for legal, ticket SEC-114", 0)?;
    }
    let before = log()?;
    let unknown = ["everything", "drift:sales", "drift:", "RET-99", "ret-01", &item[1..], "crm/a.txt"];
    for subject in unknown {
        let said = review(subject, "privacy-officer", "kept", 2)?.stderr;
        assert!(
            said.contains("--subject: run 1 knows no such thing; it is an item_id or finding_id"),
            "{said}"
        );
        assert!(said.lines().count() == 1 && !said.contains("crm/a.txt"), "{said}");
    }
    for (by, decision, flag) in [
        ("ana.lind@larkspur.co", "kept", "--by"),
        ("privacy-officer", "told b.berg@larkspur.co to wait", "--decision"),
        ("privacy-officer", "card 4929420317588143 is gone", "--decision"),
    ] {
        let said = review("RET-01", by, decision, 2)?.stderr;
        assert!(
            said.starts_with(&format!("privascan: {flag}: holds what looks like personal data")),
            "{said}"
        );
        assert!(said.contains("name a role") && said.lines().count() == 1, "{said}");
        assert!(!said.contains("lind") && !said.contains("b.berg") && !said.contains("0317588"), "{said}");
    }
    assert_eq!(log()?, before, "nothing was added");
    Ok(())
}

#[test]
fn files_that_agree_are_counted_by_what_was_made_of_them() -> Result<()> {
    let dir = folder(&[
        ("s/a.txt", b"whole\n"),
        ("s/b.log", b"left out\n"),
        ("s/c.dat", b"\x00\x01\x02\xff\xfe\x00\x80\x81 in part \x00\x00"),
        ("s/d.zip", b"PK\x03\x04 and no more"),
    ])?;
    let root = dir.path();
    ran(root, &["scan", "s", "--record", "evidence", "--quiet", "--exclude", "*.log"], 3)?;
    fs::write(root.join("listing.txt"), "s/a.txt\ns/b.log\ns/c.dat\ns/d.zip\n")?;
    let page = ran(root, &["reconcile", "evidence", "--listing", "listing.txt"], 0)?.stdout;
    holds(
        &page,
        &[
            "  4 agree, ",
            "    1 read wholly\n",
            "    1 read in part: ",
            "    1 left out: excluded 1\n",
            "    1 failed: ",
        ],
    );
    let lines = ran(root, &["reconcile", "evidence", "--listing", "listing.txt", "--format", "jsonl"], 0)?;
    let told = &lines.records("reconciled")[0];
    assert_eq!((&told["agree"], &told["differ"]), (&4.into(), &0.into()));
    let by = &told["agree_by_outcome"];
    assert_eq!((&by["scanned"], &by["skipped(excluded)"]), (&1.into(), &1.into()), "{told}");
    Ok(())
}

#[test]
fn what_is_wrong_with_a_record_or_a_day_is_said_plainly() -> Result<()> {
    let dir = half_a_share()?;
    let root = dir.path();
    fs::write(root.join("file"), "x")?;
    ran(root, &["scan", "crm", "--record", "evidence", "--quiet"], 0)?;
    let runs: Vec<_> = fs::read_dir(root.join("evidence/runs"))?.collect::<std::io::Result<_>>()?;
    let policy = runs[0].path().join("policy.toml");
    let grown = fs::read_to_string(&policy)? + "# and more\n";
    fs::write(&policy, grown)?;
    let refused = |args: &[&str], what: &str| -> Result<()> {
        let said = ran(root, args, 2)?.stderr;
        assert!(said.contains(what) && said.lines().count() == 1, "{args:?}: {said}");
        assert!(!said.contains("MiB") && !said.contains("Not a directory"), "{args:?}: {said}");
        Ok(())
    };
    refused(&["assess", "evidence"], "policy.toml: is not the file that the manifest vouches for")?;
    let form = "write RECORD@12 or RECORD@FOLDER, or leave @ out for the last completed run";
    refused(&["report", "evidence@"], &format!("evidence: no run is named behind @: {form}"))?;
    refused(&["report", "evidence@x"], &format!("evidence: no run x: {form}"))?;
    let folder = "file: no record (it is a file, and a record is a folder)";
    refused(&["scan", "crm", "--record", "file"], folder)?;
    refused(&["report", "file"], folder)?;
    refused(&["verify", "file"], "file: no record")?;
    for args in [
        ["scan", "crm", "--as-of", "2026-02-30"].as_slice(),
        &["scan", "crm", "--as-of", "2026-02-03T10:00"],
        &["assess", "evidence", "--as-of", "30.2.2026"],
        &["review", "evidence", "--subject", "RET-01", "--by", "b", "--decision", "d", "--on", "tomorrow"],
        &["population", "evidence", "--period", "2026-02-01..2026-02-30"],
    ] {
        refused(args, "there is no such day; one is written as 2026-12-31; see privascan --help")?;
    }
    Ok(())
}

#[test]
fn a_comparison_names_what_it_compares() -> Result<()> {
    let dir = half_a_share()?;
    let root = dir.path();
    let scan = |day: &str| ran(root, &["scan", "crm", "--record", "evidence", "--quiet", "--as-of", day], 0);
    scan("2026-03-02")?;
    scan("2026-03-09")?;
    let page = run_in(root, ["diff", "evidence@1", "evidence@2"])?.stdout;
    let lines: Vec<&str> = page.lines().collect();
    assert!(lines[0].starts_with("from run 1 of evidence, as of 2026-03-02, started 2"), "{page}");
    assert!(lines[1].starts_with("to   run 2 of evidence, as of 2026-03-09, started 2"), "{page}");
    assert!(!page.contains("note:"), "{page}");
    let page = ran(root, &["diff", "evidence@1", "evidence@1"], 0)?.stdout;
    holds(&page, &["\nnote: both are the same run, which differs from itself in nothing\n"]);
    let page = run_in(root, ["diff", "evidence@2", "evidence@1"])?.stdout;
    holds(&page, &["\nnote: the first of them is the later one\n"]);
    let lines = run_in(root, ["diff", "evidence@1", "evidence@2", "--format", "jsonl"])?;
    let told = &lines.records("compared")[0];
    assert_eq!((&told["before"]["sequence"], &told["after"]["as_of"]), (&1.into(), &"2026-03-09".into()));
    Ok(())
}
