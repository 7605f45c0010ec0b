//! The same input gives the same output: at any number of threads, twice, and in every format.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::pack::{self, Result, Row};
use common::values::{Rng, kinds};
use serde_json::Value;

/// A tree of many small items, some larger, some nested, some that cannot be read whole.
fn generated(root: &Path) -> Result<()> {
    let mut rng = Rng::new(77);
    let planted = kinds::plant(&mut rng, 400);
    for (n, chunk) in planted.chunks(5).enumerate() {
        let lines: String = chunk.iter().map(|(k, v)| format!("{}: {v}\n", k.context)).collect();
        let table: String = chunk
            .iter()
            .enumerate()
            .map(|(i, (k, v))| format!("{i},{},{}\n", k.context, pack::quoted(v)))
            .collect();
        let table = format!("n,kind,value\n{table}");
        let (name, content) = match n % 5 {
            0 => ("txt", lines.into_bytes()),
            1 => ("csv", table.repeat(20).into_bytes()),
            2 => ("zip", pack::zip(&[("a.txt", lines.as_bytes()), ("b.csv", table.as_bytes())], &lines)?),
            3 => ("txt.gz", pack::gzip(lines.repeat(300).as_bytes())?),
            _ => ("dat", [&b"\x00\x01\xff\xfe\x02"[..], lines.as_bytes()].concat()),
        };
        let folder = root.join(format!("f{}", n % 7));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{n}.{name}")), content)?;
    }
    Ok(())
}

/// The lines of a scan without the run's own, sorted.
fn scan(root: &Path, targets: &[&str], threads: &str, more: &[&str]) -> Result<Vec<String>> {
    let fixed = ["scan", "--format", "jsonl", "--threads", threads];
    let ran = common::run_in(root, fixed.iter().chain(targets).chain(more))?.expect(3);
    assert_eq!(ran.stderr, "");
    let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    assert!(lines.last().is_some_and(|l| l.starts_with("{\"record\":\"run\"")));
    lines.pop();
    assert!(!lines.iter().any(|l| l.starts_with("{\"record\":\"run\"")));
    lines.sort();
    Ok(lines)
}

#[test]
fn any_number_of_threads_gives_the_same_lines_and_every_format_the_same_rows() -> Result<()> {
    let work = tempfile::tempdir()?;
    let root = work.path().join("tree");
    generated(&root)?;
    fs::write(work.path().join("key"), "a key of sixteen bytes or more")?;
    let demo = common::demo();
    let targets = [".", demo.to_str().ok_or("a path")?];
    let key = ["--key-file", "../key"];
    let [csv, parquet, arrow] = ["csv", "parquet", "arrow"].map(|f| format!("../{f}/"));
    for folder in [&csv, &parquet, &arrow] {
        fs::create_dir(root.join(folder))?;
    }

    let one = scan(&root, &targets, "1", &key)?;
    assert!(one.len() > 1_000, "{} lines", one.len());
    let eight = scan(&root, &targets, "8", &key)?;
    let again = scan(&root, &targets, "8", &key)?;
    for other in [eight, again] {
        let differ = one.iter().zip(&other).find(|(a, b)| a != b);
        assert!(differ.is_none() && one.len() == other.len(), "{differ:?}");
    }

    let lines: Vec<Value> = one.iter().map(|l| serde_json::from_str(l)).collect::<serde_json::Result<_>>()?;
    for (format, folder) in [("csv", &csv), ("parquet", &parquet), ("arrow", &arrow)] {
        let args = ["scan", "--threads", "3", "--format", format, "-o", folder, "--quiet"];
        let ran = common::run_in(&root, args.iter().chain(&targets).chain(&key))?.expect(3);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        for (table, record) in [("items", "item"), ("findings", "finding"), ("occurrences", "occurrence")] {
            let content = fs::read(root.join(folder).join(format!("{table}.{format}")))?;
            let rows = match format {
                "csv" => pack::csv_rows(&content)?,
                "parquet" => pack::parquet_rows(content)?,
                _ => pack::arrow_rows(content)?,
            };
            let wanted = lines.iter().filter(|l| l["record"] == record).map(|l| plain(l, format));
            equal(rows.into_iter().map(sorted), wanted, &format!("{format} {table}"));
        }
    }
    Ok(())
}

fn equal(found: impl Iterator<Item = String>, wanted: impl Iterator<Item = String>, what: &str) {
    let (mut found, mut wanted): (Vec<String>, Vec<String>) = (found.collect(), wanted.collect());
    found.sort();
    wanted.sort();
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found, wanted, "{what}");
    }
}

/// A row as one text. Times are compared elsewhere: each format writes them its own way.
fn sorted(row: Row) -> String {
    let cells: BTreeMap<String, String> = row.into_iter().filter(|(k, _)| !k.ends_with("ed_at")).collect();
    format!("{cells:?}")
}

/// The row that a line of JSON is in this format, as [`sorted`] gives it.
fn plain(line: &Value, format: &str) -> String {
    let mut row = Row::new();
    for (key, value) in line.as_object().into_iter().flatten().filter(|(key, _)| *key != "record") {
        let list = |items: &[Value]| {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            if format == "csv" { texts.join(";") } else { format!("[{}]", texts.join(", ")) }
        };
        let cell = match value {
            Value::Null => String::new(),
            // What a spreadsheet would take for a formula is quoted in CSV.
            Value::String(text) if format == "csv" && text.starts_with(['=', '+', '-', '@']) => {
                format!("'{text}")
            }
            Value::String(text) => text.clone(),
            Value::Array(items) => list(items),
            other => other.to_string(),
        };
        row.insert(key.clone(), cell);
    }
    sorted(row)
}
