//! Records that were made to hurt whoever verifies them.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use super::common::pack::Result;
use super::forge::{change_manifest, log, reseal, runs};
use super::{broken, fresh};

#[test]
fn what_is_huge_deep_or_no_file_is_refused_at_once() -> Result<()> {
    let begun = Instant::now();
    // A manifest of 1 GB, most of it a hole.
    let (_dir, record) = fresh()?;
    let run = runs(&record)?[1].clone();
    File::options().write(true).open(run.join("manifest.json"))?.set_len(1 << 30)?;
    broken(&record, "2/manifest.json")?;
    // JSON without end.
    fs::write(run.join("manifest.json"), "[".repeat(1 << 20))?;
    broken(&record, "2/manifest.json")?;
    // Claims of size and rows, and names that lead elsewhere.
    let (_dir, record) = fresh()?;
    let run = runs(&record)?[1].clone();
    change_manifest(&run, |m| {
        m["files"][0]["bytes"] = (1u64 << 40).into();
        m["files"][1]["rows"] = (1u64 << 40).into();
        m["files"][2]["name"] = "../../log.jsonl".into();
        m["files"][3]["name"] = "/etc/passwd".into();
    })?;
    reseal(&record, &log(&record)?, None)?;
    let verified = broken(&record, "2/manifest.json")?;
    assert!(
        verified.problems.iter().any(|p| p.what.contains("outside of the folder")),
        "{:?}",
        verified.problems
    );
    // A log that is larger than any.
    let (_dir, record) = fresh()?;
    File::options().write(true).open(record.join("log.jsonl"))?.set_len(8 << 30)?;
    broken(&record, "-/log.jsonl")?;
    fs::write(record.join("log.jsonl"), "{\"a\":".repeat(1 << 20) + "\n")?;
    broken(&record, "-/log.jsonl line 1")?;
    fs::remove_file(record.join("log.jsonl"))?;
    broken(&record, "-/log.jsonl")?;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    Ok(())
}

#[cfg(unix)]
#[test]
fn nothing_is_waited_for_and_no_link_followed() -> Result<()> {
    let (dir, record) = fresh()?;
    let run = runs(&record)?[1].clone();
    let table = run.join("items.parquet");
    let outside = dir.path().join("items.parquet");
    fs::rename(&table, &outside)?;
    std::os::unix::fs::symlink(&outside, &table)?;
    broken(&record, "2/items.parquet")?;
    fs::remove_file(&table)?;
    assert!(std::process::Command::new("mkfifo").arg(&table).status()?.success());
    broken(&record, "2/items.parquet")?;
    fs::remove_file(&table)?;
    fs::create_dir(&table)?;
    broken(&record, "2/items.parquet")?;
    Ok(())
}
