//! Files that others made, where they are at hand: nothing panics, and everything is accounted for.

#![cfg(feature = "cli")]

mod common;

use std::io;

use common::{package, run_in};

#[test]
fn foreign_files_are_all_accounted_for() -> io::Result<()> {
    let data = package().join("../shared/data");
    if !data.join("formats").is_dir() {
        eprintln!("not run: ../shared/data/formats is not there");
        return Ok(());
    }
    let folders: Vec<&str> = ["formats", "columns"].into_iter().filter(|f| data.join(f).is_dir()).collect();
    let fixed = ["scan", "--format", "jsonl", "--sample-rows", "200", "--timeout-per-item", "20"];
    let ran = run_in(&data, fixed.iter().chain(&folders))?.expect(3);
    assert_eq!(ran.stderr, "", "not even a contained panic");
    let (items, runs) = (ran.records("item"), ran.records("run"));
    let number = |key: &str| runs[0][key].as_u64().unwrap_or(u64::MAX);
    let sum: u64 = ["scanned", "partial", "skipped", "failed"].iter().map(|w| number(w)).sum();
    assert_eq!((number("discovered"), sum), (items.len() as u64, sum));
    assert_eq!(number("discovered"), sum);
    for item in &items {
        assert_eq!(item["outcome"] == "scanned", item["reason"].is_null(), "{item}");
        assert!(item["reason"] != "panicked" && !item["gaps"].to_string().contains("panicked"), "{item}");
    }
    Ok(())
}
