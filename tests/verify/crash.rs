//! Crashes and damage, told apart; and a scan that finds damage before it.

use super::*;

/// The smallest thing that a writer can do.
fn decide(root: &Path) -> Result<()> {
    let args = ["review", "ev", "--subject", "RET-01", "--by", "b", "--decision", "d", "--run", "1"];
    run_in(root, args)?.expect(0);
    Ok(())
}

#[test]
fn a_crash_is_no_damage_and_damage_is_no_crash() -> Result<()> {
    let (dir, record) = fresh()?;
    let text = fs::read(record.join("log.jsonl"))?;
    let newest = runs(&record)?[3].clone();
    let name = newest.file_name().ok_or("no name")?.to_string_lossy().into_owned();
    // The end line is cut short while the run was ending.
    fs::write(record.join("log.jsonl"), &text[..text.len() - 60])?;
    let mark = record.join(format!("runs/.{name}.closing.partial"));
    fs::create_dir(&mark)?;
    let ran = run_in(dir.path(), ["verify", "ev"])?.expect(0);
    assert!(ran.stdout.contains("1 aborted, 1 open") && ran.stdout.contains("a crash"), "{}", ran.stdout);
    // Without the mark of an ending run, someone cut it.
    fs::remove_dir(&mark)?;
    broken(&record, &format!("-/runs/{name}"))?;
    let cut = tempfile::tempdir()?;
    copy(&record, &cut.path().join("ev"))?;
    fs::create_dir(&mark)?;
    // The next writer closes it.
    decide(dir.path())?;
    let ran = run_in(dir.path(), ["verify", "ev"])?.expect(0);
    assert!(ran.stdout.ends_with("intact: 5 runs, 2 aborted, 36 files, not anchored\n"), "{}", ran.stdout);
    assert!(!mark.exists());
    // What someone cut the next writer closes too, and leaves what is there as evidence.
    let record = cut.path().join("ev");
    decide(cut.path())?;
    broken(&record, &format!("-/runs/{name}"))?;
    assert!(record.join("runs").join(&name).join("manifest.json").is_file());
    let log = fs::read_to_string(record.join("log.jsonl"))?;
    assert!(log.contains("end-line-missing"), "{log}");
    fs::remove_dir_all(record.join("runs").join(&name))?;
    broken(&record, &format!("-/runs/{name}"))?;
    // A whole line whose end is another byte was not cut short.
    let (_dir, record) = fresh()?;
    let mut text = fs::read(record.join("log.jsonl"))?;
    if let Some(last) = text.last_mut() {
        *last = b'\x1a';
    }
    fs::write(record.join("log.jsonl"), &text)?;
    broken(&record, "-/log.jsonl line 11")?;
    Ok(())
}

#[test]
fn a_scan_notes_what_does_not_hold_before_it() -> Result<()> {
    let (dir, record) = fresh()?;
    share(dir.path())?;
    let file = runs(&record)?[1].join("occurrences.parquet");
    let mut bytes = fs::read(&file)?;
    bytes[100] ^= 4;
    fs::write(&file, bytes)?;
    let args = ["scan", "--record", "ev", "--as-of", "2026-11-26", "--format", "jsonl"];
    let ran = run_with(dir.path(), args, b"")?.expect(3);
    let all = ran.records("deviation");
    let of: Vec<&str> =
        all.iter().filter(|d| d["test_id"] == "MON-07").filter_map(|d| d["detail"].as_str()).collect();
    assert_eq!(of.len(), 1, "{of:?}");
    assert!(of[0].contains("occurrences.parquet"), "{of:?}");
    Ok(())
}
