//! `scan --incremental`: what is unchanged is taken over, and nothing but the mark of it differs from a full scan.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::fs;
use std::io;
use std::path::Path;

use common::{demo, folder, run_in};
use serde_json::Value;

const KEY: &[u8] = b"a key of sixteen bytes or more\n";

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_tree(&entry.path(), &place)?,
            false => fs::copy(entry.path(), place).map(drop)?,
        }
    }
    Ok(())
}

/// All lines but the run's own, sorted, without `reused`; and how many items were taken over.
fn lines(stdout: &str) -> (Vec<String>, usize) {
    let mut reused = 0;
    let mut lines: Vec<String> = stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|line| line["record"] != "run")
        .map(|mut line| {
            reused += usize::from(line["reused"] == true);
            if let Some(line) = line.as_object_mut() {
                line.remove("reused");
                // The full scan beside it is of another record.
                line.remove("first_seen");
            }
            line.to_string()
        })
        .collect();
    lines.sort();
    (lines, reused)
}

#[test]
fn an_incremental_scan_equals_a_full_one_and_says_what_it_took_over() -> io::Result<()> {
    let dir = folder(&[("k", KEY)])?;
    copy_tree(&demo(), &dir.path().join("share"))?;
    let scan = |record: &str, more: &[&str]| {
        let always =
            ["scan", "share", "--format", "jsonl", "--key-file", "k", "--allow-incomplete", "--record"];
        run_in(dir.path(), always.iter().chain(&[record]).chain(more))
    };
    scan("kept", &["--incremental"])?.expect(0);
    fs::write(dir.path().join("share/crm/new.csv"), "name,mail\nAna Lind,ana.lind@larkspur.co\n")?;
    let segments = dir.path().join("share/crm/segments.csv");
    let mut text = fs::read(&segments)?;
    text.extend_from_slice(b"mail,b.berg@larkspur.co,1,1,0.1\n");
    fs::write(&segments, text)?;
    fs::remove_file(dir.path().join("share/logs/access.log"))?;

    let (incremental, reused) = lines(&scan("kept", &["--incremental"])?.expect(0).stdout);
    let (full, none) = lines(&scan("other", &[])?.expect(0).stdout);
    assert_eq!(none, 0);
    assert!(reused > 40, "{reused}");
    assert_eq!(incremental, full);
    assert!(
        incremental.iter().any(|l| l.contains("b.berg") || l.contains("b•••@•••.co")),
        "the changed file was read"
    );
    Ok(())
}

#[test]
fn other_rules_take_nothing_over_and_the_record_says_why() -> io::Result<()> {
    let dir = folder(&[("k", KEY), ("a.txt", b"mail ana.lind@larkspur.co\n")])?;
    let scan = |more: &[&str]| {
        let always = ["scan", "a.txt", "--format", "jsonl", "--record", "kept", "--incremental"];
        run_in(dir.path(), always.iter().chain(more))
    };
    let refused = scan(&[])?.expect(2);
    assert!(refused.stderr.contains("--key-file"), "{}", refused.stderr);
    scan(&["--key-file", "k"])?.expect(0);
    for (more, why) in [
        (&["--key-file", "k", "--detectors", "all,!us-npi"][..], "other detectors"),
        (&["--key-file", "k", "--occurrences", "3"], "other detectors"),
        (&["--key-file", "k", "--occurrences", "4"], "another occurrences"),
    ] {
        let (_, reused) = lines(&scan(more)?.expect(0).stdout);
        assert_eq!(reused, 0, "{more:?}");
        let runs: Vec<_> = fs::read_dir(dir.path().join("kept/runs"))?.collect::<io::Result<_>>()?;
        let last = runs.iter().map(fs::DirEntry::path).max().expect("a run");
        let manifest = fs::read_to_string(last.join("manifest.json"))?;
        assert!(
            manifest.contains(&format!("nothing taken over from the last run: it had {why}")),
            "{why}: {manifest}"
        );
    }
    let (_, reused) = lines(&scan(&["--key-file", "k", "--occurrences", "4"])?.expect(0).stdout);
    assert_eq!(reused, 1);
    Ok(())
}
