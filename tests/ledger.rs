//! The conservation law and the reasons: every item has one outcome, and every outcome but one says why.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::pack::{self, Result};
use common::{Ran, command, folder, run_in};
use privascan::model::Reason;
use serde_json::Value;

/// Reasons that no ordinary tree gives, and why not.
const NOT_REACHED: [(Reason, &str); 8] = [
    (Reason::LimitEntries, "needs 100,001 entries; in the tests of the readers"),
    (Reason::OtherFileSystem, "needs a mount inside the tree"),
    (Reason::NotFound, "needs a file that goes between listing and opening"),
    (Reason::ReadError, "needs a failing disk"),
    (Reason::ChangedWhileRead, "needs a writer that races with the scan"),
    (Reason::Panicked, "needs a defect"),
    (Reason::Interrupted, "in tests/cli, by a signal"),
    (Reason::PermissionDenied, "in tests/cli, where the user is one whom permissions bind"),
];

/// Fails unless the items of a run add up and each that is not scanned says why.
fn law(ran: &Ran) -> BTreeSet<String> {
    let (items, runs) = (ran.records("item"), ran.records("run"));
    let run = &runs[0];
    let number = |key: &str| run[key].as_u64().unwrap_or(u64::MAX);
    let words = ["scanned", "partial", "skipped", "failed"];
    assert_eq!(number("discovered"), words.iter().map(|w| number(w)).sum::<u64>(), "{run}");
    assert_eq!(number("discovered"), items.len() as u64, "one line per item");
    for word in words {
        assert_eq!(number(word), items.iter().filter(|i| i["outcome"] == word).count() as u64, "{word}");
    }
    assert_eq!(run["complete"] == true, number("partial") + number("failed") == 0);
    let ids: BTreeSet<String> = items.iter().map(|i| i["item_id"].to_string()).collect();
    assert_eq!(ids.len(), items.len(), "each item once");
    let known: BTreeSet<&str> = Reason::ALL.iter().map(|r| r.code()).collect();
    let mut reasons = BTreeSet::new();
    for item in &items {
        let reason = item["reason"].as_str();
        assert_eq!(item["outcome"] == "scanned", reason.is_none(), "{item}");
        let gaps: Vec<&str> =
            item["gaps"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(gaps.is_empty(), reason.is_none(), "{item}");
        for gap in gaps {
            let code = gap.split(':').next().unwrap_or_default();
            assert!(known.contains(code), "{gap}");
            reasons.insert(code.to_owned());
        }
        if let Some(reason) = reason {
            assert!(known.contains(reason), "{reason}");
            let told = format!("{}({reason})", item["outcome"].as_str().unwrap_or_default());
            let counted = run["reasons"].as_array().into_iter().flatten();
            assert!(counted.filter_map(Value::as_str).any(|r| r.starts_with(&format!("{told}:"))), "{told}");
        }
    }
    reasons
}

fn scan(root: &Path, args: &[&str]) -> Result<BTreeSet<String>> {
    let ran = run_in(root, ["scan", "--format", "jsonl"].iter().chain(args))?;
    assert_eq!(ran.stderr, "");
    let complete = ran.records("run")[0]["complete"] == true;
    assert_eq!(ran.code, if complete { 0 } else { 3 });
    Ok(law(&ran))
}

#[test]
fn the_items_of_every_tree_add_up_and_every_reason_is_told() -> Result<()> {
    let text = b"mail ana.lind@larkspur.co and some words\n".repeat(2_000);
    let gz = pack::gzip(&text)?;
    let zip = pack::zip(&[("a.txt", &text), ("b.csv", b"a,b\n1,2\n")], "")?;
    let batch =
        pack::batch(&[pack::Column::Dictionary("mail".into(), vec!["ana.lind@larkspur.co".into(); 50])])?;
    let parquet = pack::parquet(&batch, parquet::basic::Compression::SNAPPY, &[])?;
    let arrow = pack::arrow_file(&batch)?;
    let mut flipped = zip.clone();
    flipped[60..90].iter_mut().for_each(|b| *b ^= 0x55);
    let half = |content: &[u8]| content[..content.len() / 2].to_vec();
    let many: Vec<String> = (0..300).map(|n| format!("{n}.txt")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|n| (n.as_str(), &b"x\n"[..])).collect();
    let dir = folder(&[
        ("good/a.txt", &text),
        ("good/b.zip", &zip),
        ("good/many.tar", &pack::tar(&many)?),
        ("good/twice.tar", &pack::tar(&[("a.txt", b"x\n"), ("a.txt", &text), ("a.txt", b"x\n")])?),
        ("empty/nothing.txt", b""),
        ("empty/nothing.zip", b""),
        ("empty/none-in.zip", &pack::zip(&[], "")?),
        ("empty/none-in.tar", &pack::tar(&[])?),
        ("odd/shut.zip", &pack::encrypted_zip("a.txt", &text)?),
        ("odd/reader.dat", b"\x00\x01\xff\xfe\x00 mail b.berg@larkspur.co \x00\x00\x02"),
        ("odd/letter.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"),
        ("cut/a.gz", &half(&gz)),
        ("cut/a.zip", &half(&zip)),
        ("cut/a.tar", &half(&pack::tar(&[("a.txt", &text)])?)),
        ("cut/a.xz", &half(&pack::xz(&text)?)),
        ("cut/a.bz2", &half(&pack::bzip2(&text)?)),
        ("cut/a.zst", &half(&pack::zstd(&text)?)),
        ("cut/a.parquet", &half(&parquet)),
        ("cut/a.arrow", &half(&arrow)),
        ("cut/flipped.zip", &flipped),
        ("cut/a.json", b"{\"a\": [1, 2, {\"b\": \"ana.lind@larkspur.co"),
        ("deep/three.gz", &pack::gzip(&pack::gzip(&pack::gzip(&text)?)?)?),
    ])?;
    let root = dir.path();
    std::os::unix::fs::symlink("good", root.join("link"))?;
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status()?.success());

    let mut reached = scan(root, &["."])?;
    for reason in
        ["symlink", "special_file", "encrypted", "unknown_format", "unsupported_format", "malformed"]
    {
        assert!(reached.contains(reason), "{reason} is not among {reached:?}");
    }
    for (args, reason) in [
        (&["good", "--exclude", "*.zip"][..], "excluded"),
        (&[".", "-o", "out.jsonl"], "own_output"),
        (&["deep", "--max-depth", "2"], "limit_depth"),
        (&["good", "--max-item-bytes", "100"], "limit_bytes"),
        (&["good", "--timeout-per-item", "0.0000001"], "limit_time"),
        (&["good", "--sample-rows", "0"], "sampled"),
    ] {
        let found = scan(root, args)?;
        assert!(found.contains(reason), "{reason} is not among {found:?}");
        reached.extend(found);
    }
    reached.extend(costly()?);
    let missing: Vec<&str> = Reason::ALL
        .iter()
        .filter(|r| !NOT_REACHED.iter().any(|(n, _)| n == *r))
        .map(|r| r.code())
        .filter(|code| !reached.contains(*code))
        .collect();
    assert!(missing.is_empty(), "not reached: {missing:?}; if that is so, say why in NOT_REACHED");
    Ok(())
}

/// Reasons that take a large item, in one run.
fn costly() -> Result<BTreeSet<String>> {
    let dir = folder(&[("bomb.gz", &pack::gzip(&vec![0; 70 << 20])?)])?;
    let ran = |args: &[&str]| scan(dir.path(), args);
    let mut found = ran(&["bomb.gz", "--max-ratio", "50"])?;
    assert!(found.contains("limit_ratio"), "{found:?}");

    // A record that has no end.
    fs::write(dir.path().join("one.json"), ["{\"a\": \"", &"x".repeat(20 << 20), "\"}"].concat())?;
    found.extend(ran(&["one.json"])?);
    Ok(found)
}

#[test]
fn a_tree_that_goes_on_changing_still_adds_up() -> Result<()> {
    let dir = folder(&[])?;
    for n in 0..300 {
        fs::write(dir.path().join(format!("{n:03}.txt")), "mail ana.lind@larkspur.co\n".repeat(200))?;
    }
    let child = command(dir.path())
        .args(["scan", ".", "--threads", "1", "--format", "jsonl"])
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    std::thread::sleep(std::time::Duration::from_millis(300));
    for n in (0..300).rev() {
        let path = dir.path().join(format!("{n:03}.txt"));
        if n % 2 == 0 { fs::remove_file(path)? } else { fs::write(path, "shorter\n")? }
    }
    let output = child.wait_with_output()?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let ran = Ran { code: output.status.code().unwrap_or(-1), stdout, stderr: String::new() };
    let reasons = law(&ran);
    let known = ["not_found", "changed_while_read"].map(str::to_owned);
    assert!(reasons.iter().all(|r| known.contains(r)), "{reasons:?}");
    assert_eq!(ran.code, if reasons.is_empty() { 0 } else { 3 });
    Ok(())
}
