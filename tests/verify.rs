//! Whoever changes a record is seen: bits, files, runs, lines, numbers whose hashes were recomputed, signatures.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

#[path = "verify/crash.rs"]
mod crash;
#[path = "verify/forge.rs"]
mod forge;
#[path = "verify/hostile.rs"]
mod hostile;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::pack::{Result, zip};
use common::values::Rng;
use common::{run_in, run_with};
use forge::{change_manifest, change_number, change_text, copy, log, remove_row, reseal, runs};
use privascan::record::RunState;
use privascan::record::sign::SignKey;
use privascan::record::verify::{Checks, Depth, Verified, verify};
use tempfile::TempDir;

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "1"
review_by = 2027-07-01
[scope]
cadence = "P7D"
systems = [ { id = "hr", root = "hr", owner = "hr-ops" }, { id = "lab", root = "lab" } ]
[[class]]
id = "staff"
match = { path = ["hr/**"] }
categories = ["contact.email", "gov.national_id"]
owner = "hr-ops"
purpose = "payroll"
allowed = ["hr/**"]
retention = "two-years"
[purposes]
payroll = { basis = "A6-1-c" }
[[retention]]
id = "two-years"
trigger = { source = "record-date", field = "hired", min_confidence = "weak" }
keep_max = "P2Y"
"#;

fn share(root: &Path) -> Result<()> {
    for folder in ["hr", "lab"] {
        fs::create_dir_all(root.join(folder))?;
    }
    let staff = "name,email,ssn,hired\nAna Lind,ana.lind@larkspur.co,536-22-8719,2021-03-01\n\
                 Jo Park,jo.park@larkspur.co,219-09-4417,2026-02-11\nMia Roy,mia@larkspur.co,,soon\n";
    fs::write(root.join("privascan.toml"), POLICY)?;
    fs::write(root.join("hr/staff.csv"), staff)?;
    fs::write(
        root.join("hr/old.zip"),
        zip(&[("a.csv", staff.as_bytes()), ("b.txt", b"mia@larkspur.co\n")], "")?,
    )?;
    let many: String = (0..40).map(|n| format!("mail{n}@larkspur.co wrote\n")).collect();
    fs::write(root.join("hr/mails.txt"), many)?;
    fs::write(root.join("lab/card.txt"), "card 4539 1488 0343 6467\n")?;
    fs::write(root.join("lab/broken.zip"), b"PK\x03\x04 and no more")?;
    Ok(())
}

/// A record of four runs, the third of which was killed; made once.
fn original() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| make().expect("a record"))
}

fn make() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verify");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    share(&root)?;
    for (n, day) in ["2026-11-10", "2026-11-17", "2026-11-24", "2026-11-25"].into_iter().enumerate() {
        if n == 2 {
            abort(&root)?;
            run_in(&root, ["review", "ev", "--subject", "RET-01", "--by", "dpo", "--decision", "late"])?
                .expect(0);
        }
        fs::write(root.join("lab/new.txt"), format!("run {n}: jo.park@larkspur.co\n"))?;
        run_in(&root, ["scan", "--record", "ev", "--as-of", day, "--quiet"])?.expect(3);
    }
    Ok(root.join("ev"))
}

/// A run that cannot write what it found.
fn abort(root: &Path) -> Result<()> {
    let mut child = common::command(root)
        .args(["scan", "-", "--record", "ev", "--quiet"])
        .stdin(std::process::Stdio::piped())
        .spawn()?;
    let before = log(&root.join("ev"))?.len();
    while log(&root.join("ev"))?.len() == before {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// A copy to spoil.
fn fresh() -> Result<(TempDir, PathBuf)> {
    let dir = tempfile::tempdir()?;
    let record = dir.path().join("ev");
    copy(original(), &record)?;
    Ok((dir, record))
}

fn whole(record: &Path) -> Result<Verified> {
    Ok(verify(record, &Checks::default())?)
}

/// `RUN/PLACE` of each problem, the run by its number.
fn places(verified: &Verified) -> Vec<String> {
    let number = |run: &Option<String>| run.as_deref().map_or("-".to_owned(), |r| r[5..6].to_owned());
    verified.problems.iter().map(|p| format!("{}/{}", number(&p.run), p.place)).collect()
}

#[track_caller]
fn broken(record: &Path, place: &str) -> Result<Verified> {
    let verified = whole(record)?;
    assert!(places(&verified).iter().any(|p| p == place), "no {place} in {:#?}", verified.problems);
    Ok(verified)
}

#[test]
fn an_intact_record_says_what_was_looked_at() -> Result<()> {
    let (_dir, record) = fresh()?;
    let ran = run_in(&record, ["verify", "."])?.expect(0);
    let last = ran.stdout.lines().last().unwrap_or_default();
    assert_eq!(last, "intact: 5 runs, 1 aborted, 48 files, not anchored");
    assert!(ran.stdout.contains("aborted"), "{}", ran.stdout);
    let verified = whole(&record)?;
    assert_eq!((verified.problems.len(), verified.count(RunState::Aborted)), (0, 1));
    // Rows of all tables of the last run.
    let manifest = forge::manifest(&runs(&record)?[3])?;
    let rows =
        manifest["files"].as_array().into_iter().flatten().filter_map(|f| f["rows"].as_u64()).sum::<u64>();
    assert_eq!(verified.runs[4].rows, rows);
    let line = run_in(&record, ["verify", ".", "--format", "jsonl"])?.expect(0).records("verification");
    assert_eq!(
        (&line[0]["intact"], &line[0]["runs"], &line[0]["anchored"]),
        (&true.into(), &5.into(), &false.into())
    );
    run_in(&record, ["verify", "nowhere"])?.expect(2);
    let ran = run_in(&record, ["verify", ".", "--expect-head", "abc"])?.expect(2);
    assert!(ran.stderr.contains("64 hex digits"), "{}", ran.stderr);
    Ok(())
}

#[test]
fn every_flipped_bit_is_seen_and_its_file_named() -> Result<()> {
    let (_dir, record) = fresh()?;
    let mut rng = Rng::new(7);
    let files: Vec<PathBuf> = walkdir::WalkDir::new(&record)
        .sort_by_file_name()
        .into_iter()
        .filter_map(|e| e.ok().filter(|e| e.file_type().is_file()).map(|e| e.into_path()))
        .filter(|f| f.metadata().is_ok_and(|m| m.len() > 0))
        .collect();
    let checks = Checks { depth: Depth::Files(usize::MAX), ..Checks::default() };
    let mut flips = 0;
    for file in &files {
        let content = fs::read(file)?;
        let inner = file.strip_prefix(&record)?.to_string_lossy().replace('\\', "/");
        let is_log = inner == "log.jsonl";
        let name = if is_log { inner.as_str() } else { inner.splitn(3, '/').nth(2).unwrap_or(&inner) };
        let mut at: Vec<usize> =
            (0..if is_log { 60 } else { 4 }).map(|_| rng.below(content.len() as u64) as usize).collect();
        at.extend([0, content.len() - 1]);
        for at in at {
            let mut spoiled = content.clone();
            spoiled[at] ^= 1 << rng.below(8);
            fs::write(file, &spoiled)?;
            let verified = verify(&record, &checks)?;
            assert!(
                verified.problems.iter().any(|p| p.place.starts_with(name)),
                "{inner} byte {at}: {:?}",
                verified.problems
            );
            flips += 1;
        }
        fs::write(file, &content)?;
    }
    assert!(flips > 300 && verify(&record, &checks)?.is_intact(), "{flips}");
    Ok(())
}

#[test]
fn runs_that_are_gone_new_or_exchanged_are_seen() -> Result<()> {
    let (_dir, record) = fresh()?;
    let all = runs(&record)?;
    let aside = record.join("aside");
    fs::rename(&all[1], &aside)?;
    broken(&record, "2/folder")?;
    fs::rename(&aside, &all[1])?;
    // Exchanged.
    fs::rename(&all[0], &aside)?;
    fs::rename(&all[1], &all[0])?;
    fs::rename(&aside, &all[1])?;
    broken(&record, "1/manifest.json")?;
    broken(&record, "2/manifest.json")?;
    fs::rename(&all[0], &aside)?;
    fs::rename(&all[1], &all[0])?;
    fs::rename(&aside, &all[1])?;
    assert!(whole(&record)?.is_intact());
    // One that the log does not know; files that the manifest does not know; a file less.
    let foreign = record.join("runs/000009-2026-11-24T00-00-00Z");
    copy(&all[1], &foreign)?;
    broken(&record, "-/runs/000009-2026-11-24T00-00-00Z")?;
    fs::remove_dir_all(&foreign)?;
    fs::write(all[1].join("patterns/notes.txt"), "x")?;
    broken(&record, "2/patterns/notes.txt")?;
    fs::remove_file(all[1].join("patterns/notes.txt"))?;
    fs::remove_file(all[1].join("dates.parquet"))?;
    broken(&record, "2/dates.parquet")?;
    // Nor does it help to take it out of the manifest.
    change_manifest(&all[1], |m| {
        if let Some(files) = m["files"].as_array_mut() {
            files.retain(|f| f["name"] != "dates.parquet");
        }
    })?;
    reseal(&record, &log(&record)?, None)?;
    broken(&record, "2/manifest.json")?;
    Ok(())
}

#[test]
fn every_removed_line_of_the_log_is_seen() -> Result<()> {
    let (_dir, record) = fresh()?;
    let lines = log(&record)?;
    for gone in 0..lines.len() {
        let kept: String =
            lines.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, l)| format!("{l}\n")).collect();
        fs::write(record.join("log.jsonl"), kept)?;
        let verified = whole(&record)?;
        assert!(!verified.is_intact(), "line {gone}: {}", lines[gone]);
    }
    // Of a run of the middle both, and all hashes made anew.
    let run = runs(&record)?[1].file_name().ok_or("no name")?.to_string_lossy().into_owned();
    let rest: Vec<String> =
        lines.iter().filter(|l| !l.contains(&format!("\"run\":\"{run}\""))).cloned().collect();
    reseal(&record, &rest, None)?;
    broken(&record, &format!("-/runs/{run}"))?;
    fs::remove_dir_all(record.join("runs").join(&run))?;
    let verified = broken(&record, "-/log.jsonl")?;
    assert!(verified.problems[0].what.contains("run 3 follows run 1"), "{:?}", verified.problems);
    Ok(())
}

/// The row of the first finding in an item.
fn finding_in(run: &Path, path: &str) -> Result<usize> {
    use arrow::array::AsArray;
    let batch = forge::read_table(run, "findings.parquet")?;
    let paths = batch.column_by_name("path").ok_or("no path")?.as_string::<i32>();
    Ok((0..batch.num_rows()).find(|n| paths.value(*n) == path).ok_or("no such finding")?)
}

#[test]
fn a_changed_count_is_seen_however_many_hashes_were_recomputed() -> Result<()> {
    let (_dir, record) = fresh()?;
    let run = &runs(&record)?[1];
    // One card, of which one occurrence is kept.
    change_number(run, "findings.parquet", finding_in(run, "lab/card.txt")?, "count", |n| n + 1)?;
    broken(&record, "2/manifest.json")?;
    broken(&record, "2/findings.parquet")?;
    reseal(&record, &log(&record)?, None)?;
    let verified = broken(&record, "2/findings.parquet")?;
    assert!(
        verified.problems.iter().any(|p| p.what.contains("occurrences are kept")),
        "{:?}",
        verified.problems
    );
    // A count of 40, with the first 10 kept: the run's own sums say otherwise.
    let (_dir, record) = fresh()?;
    let run = &runs(&record)?[1];
    change_number(run, "findings.parquet", finding_in(run, "hr/mails.txt")?, "count", |n| n + 1)?;
    reseal(&record, &log(&record)?, None)?;
    broken(&record, "2/runs.parquet")?;
    // These too.
    change_number(run, "runs.parquet", 0, "matches", |n| n + 1)?;
    reseal(&record, &log(&record)?, None)?;
    assert_eq!(
        places(&whole(&record)?),
        Vec::<String>::new(),
        "this is what only a signature or an anchor shows"
    );
    Ok(())
}

#[test]
fn what_follows_from_other_tables_has_to_be_what_follows() -> Result<()> {
    type Change = fn(&Path) -> Result<()>;
    let changes: [(&str, Change); 18] = [
        ("2/items.parquet", |run| change_text(run, "items.parquet", 1, "outcome", "failed")),
        ("2/findings.parquet", |run| remove_row(run, "items.parquet", 0)),
        ("2/manifest.json", |run| {
            let row = item(run, "lab/broken.zip")?;
            remove_row(run, "items.parquet", row)
        }),
        ("2/manifest.json", |run| change_number(run, "items.parquet", 0, "bytes_examined", |n| n + 1)),
        ("2/manifest.json", |run| change_number(run, "items.parquet", 0, "bytes", |n| n + 1)),
        ("2/findings.parquet", |run| change_text(run, "findings.parquet", 0, "tier", "public")),
        ("2/findings.parquet", |run| change_text(run, "findings.parquet", 0, "detector", "none-such")),
        ("2/findings.parquet", |run| change_text(run, "findings.parquet", 0, "path", "elsewhere")),
        ("2/findings.parquet", |run| remove_row(run, "occurrences.parquet", 0)),
        ("2/occurrences.parquet", |run| change_text(run, "occurrences.parquet", 0, "category", "org.name")),
        ("2/dates.parquet", |run| change_number(run, "dates.parquet", 1, "count", |n| n - 1)),
        ("2/control_results.parquet", |run| {
            let row = result(run, "RET-01", "fail")?;
            change_text(run, "control_results.parquet", row, "outcome", "pass")
        }),
        ("2/control_results.parquet", |run| {
            let row = result(run, "RET-01", "fail")?;
            change_number(run, "control_results.parquet", row, "population", |n| n + 1)
        }),
        ("2/criteria.parquet", |run| change_text(run, "criteria.parquet", 0, "outcome", "pass")),
        ("2/deviations.parquet", |run| remove_row(run, "deviations.parquet", 0)),
        ("2/manifest.json", |run| change_manifest(run, |m| m["results"][0]["population"] = 99.into())),
        ("2/manifest.json", |run| change_manifest(run, |m| m["scope"]["systems"][0]["items"] = 99.into())),
        ("2/manifest.json", |run| change_manifest(run, |m| m["change"]["policy"] = true.into())),
    ];
    for (n, (place, change)) in changes.into_iter().enumerate() {
        let (_dir, record) = fresh()?;
        change(&runs(&record)?[1])?;
        reseal(&record, &log(&record)?, None)?;
        let verified = whole(&record)?;
        let found: BTreeSet<String> = places(&verified).into_iter().collect();
        let of_results = ["2/control_results.parquet", "2/criteria.parquet"].contains(&place);
        assert!(!of_results || verified.runs[1].notes.iter().any(|n| n.contains("another build")));
        assert!(found.contains(place), "change {n} in {place}: {:#?}", verified.problems);
    }
    Ok(())
}

/// The row of an item.
fn item(run: &Path, path: &str) -> Result<usize> {
    use arrow::array::AsArray;
    let batch = forge::read_table(run, "items.parquet")?;
    let paths = batch.column_by_name("path").ok_or("no path")?.as_string::<i32>();
    Ok((0..batch.num_rows()).find(|n| paths.value(*n) == path).ok_or("no such item")?)
}

/// The row of a result.
fn result(run: &Path, test: &str, outcome: &str) -> Result<usize> {
    use arrow::array::AsArray;
    let batch = forge::read_table(run, "control_results.parquet")?;
    let text =
        |name: &str| batch.column_by_name(name).map(|c| c.as_string::<i32>().clone()).ok_or("no column");
    let (tests, outcomes) = (text("test_id")?, text("outcome")?);
    let row = (0..batch.num_rows()).find(|n| tests.value(*n) == test && outcomes.value(*n) == outcome);
    Ok(row.ok_or("no such result")?)
}

#[test]
fn signatures_are_those_of_the_key_or_named() -> Result<()> {
    let (dir, record) = fresh()?;
    let (key, other) = (SignKey::from_seed(&[1; 32]), SignKey::from_seed(&[2; 32]));
    let public = dir.path().join("key.pub");
    fs::write(&public, key.public().to_pem()?)?;
    let public = public.to_string_lossy().into_owned();
    let ran = run_in(dir.path(), ["verify", "ev", "--verify-key", &public])?.expect(1);
    assert_eq!(ran.stdout.matches("is not signed").count(), 4, "{}", ran.stdout);
    reseal(&record, &log(&record)?, Some(&key))?;
    let ran = run_in(dir.path(), ["verify", "ev", "--verify-key", &public])?.expect(0);
    assert!(ran.stdout.contains("4 signatures good"), "{}", ran.stdout);
    let ran = run_in(dir.path(), ["verify", "ev"])?.expect(0);
    assert!(ran.stdout.contains("4 signatures present, not checked"), "{}", ran.stdout);
    // Whoever recomputes everything has no key.
    reseal(&record, &log(&record)?, Some(&other))?;
    let ran = run_in(dir.path(), ["verify", "ev", "--verify-key", &public])?.expect(1);
    assert_eq!(ran.stdout.matches("signed, but not with this key").count(), 4, "{}", ran.stdout);
    // The private key is not asked for, and not taken.
    fs::write(dir.path().join("key"), key.to_pem()?)?;
    let ran = run_in(dir.path(), ["verify", "ev", "--verify-key", "key"])?.expect(2);
    assert!(ran.stderr.contains("FILE.pub"), "{}", ran.stderr);
    Ok(())
}

#[test]
fn only_what_was_noted_outside_shows_that_the_newest_run_is_gone() -> Result<()> {
    let (dir, record) = fresh()?;
    let head = run_in(dir.path(), ["anchor", "ev", "--print"])?.expect(0).stdout.trim().to_owned();
    let ran = run_in(dir.path(), ["verify", "ev", "--expect-head", &head])?.expect(0);
    assert!(ran.stdout.contains("the last"), "{}", ran.stdout);
    let lines = log(&record)?;
    let newest = runs(&record)?[3].clone();
    fs::remove_dir_all(&newest)?;
    let rest = &lines[..lines.len() - 2];
    fs::write(record.join("log.jsonl"), rest.iter().map(|l| format!("{l}\n")).collect::<String>())?;
    let ran = run_in(dir.path(), ["verify", "ev"])?.expect(0);
    assert!(ran.stdout.ends_with("not anchored\n"), "{}", ran.stdout);
    let ran = run_in(dir.path(), ["verify", "ev", "--expect-head", &head])?.expect(1);
    assert!(ran.stdout.contains("BROKEN  log.jsonl: no line has the expected head"), "{}", ran.stdout);
    // What was noted cannot be anchored any more, and nothing is added.
    run_in(dir.path(), ["anchor", "ev", "--note", "mail of Monday", "--head", &head])?.expect(1);
    assert_eq!(log(&record)?.len(), rest.len());
    // A head that others follow is fine.
    let earlier: serde_json::Value = serde_json::from_str(&rest[1])?;
    let earlier = earlier["hash"].as_str().unwrap_or_default();
    let ran = run_in(dir.path(), ["verify", "ev", "--expect-head", earlier])?.expect(0);
    assert!(ran.stdout.contains("the expected head is that of line 2"), "{}", ran.stdout);
    Ok(())
}

#[test]
fn an_anchor_covers_what_was_before_it_and_shows_what_was_replaced() -> Result<()> {
    let (dir, record) = fresh()?;
    let head = run_in(dir.path(), ["anchor", "ev", "--print"])?.expect(0).stdout;
    let noted = run_in(dir.path(), ["anchor", "ev", "--note", "ticket SEC-1"])?.expect(0).stdout;
    assert_eq!(noted, head);
    let ran = run_in(dir.path(), ["verify", "ev"])?.expect(0);
    assert!(ran.stdout.contains("anchored up to line 11 (ticket SEC-1)"), "{}", ran.stdout);
    assert_eq!(whole(&record)?.integrity().anchored, Some(true));
    // The next run is not covered by it; MON-07 of the one after says so.
    let root = dir.path();
    share(root)?;
    let scan = |day: &str| run_in(root, ["scan", "--record", "ev", "--as-of", day, "--format", "jsonl"]);
    let mon_07 = |ran: &common::Ran| {
        let results = ran.records("control_result");
        let result = results.iter().find(|r| r["test_id"] == "MON-07").cloned().unwrap_or_default();
        (result["outcome"].as_str().unwrap_or_default().to_owned(), result["reason"].clone())
    };
    assert_eq!(mon_07(&scan("2026-11-26")?.expect(3)), ("pass".to_owned(), serde_json::Value::Null));
    assert_eq!(mon_07(&scan("2026-11-27")?.expect(3)), ("not-evaluated".to_owned(), "not-anchored".into()));
    let verified = whole(&record)?;
    assert!(verified.is_intact(), "{:?}", verified.problems);
    assert_eq!((verified.integrity().anchored, verified.anchor.map(|a| a.runs_since)), (None, Some(2)));
    // Another decision, all hashes made anew: the anchor has the head of what was.
    let lines: Vec<String> = log(&record)?.iter().map(|l| l.replace("\"late\"", "\"fine\"")).collect();
    reseal(&record, &lines, None)?;
    let verified = broken(&record, "-/log.jsonl line 12")?;
    assert_eq!(verified.integrity().anchored, Some(false));
    let ran = scan("2026-11-28")?.expect(3);
    assert_eq!(mon_07(&ran).0, "fail");
    let why: Vec<_> = ran.records("deviation").into_iter().filter(|d| d["test_id"] == "MON-07").collect();
    assert!(why.iter().any(|d| d["reason"] == "anchor-differs"), "{why:?}");
    Ok(())
}
