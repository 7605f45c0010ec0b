//! Predictions for labelled data, as lines that a scorer reads; `just accuracy` calls it.
//!
//! ```text
//! accuracy spans   < TEXTS.jsonl      {"id","text"} -> {"id","spans":[{"start","end","label","likelihood"}]}, in bytes
//! accuracy columns FOLDER < NAMES     one file name a line -> {"file","index","label","likelihood","relation"}
//! accuracy values  < PAIRS.tsv        DETECTORS, TAB, VALUE -> 1 if one of the detectors takes the whole value, else 0
//! accuracy files   FOLDER < NAMES     one file name a line -> {"file","label","count","likelihood"}
//! ```

use std::collections::HashMap;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;

use privascan::detect::{self, Detectors};
use privascan::scan::ScanPlan;
use privascan::{ItemRecord, Likelihood, Scanner};
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["spans"] => spans(&mut out)?,
        ["columns", folder] => columns(Path::new(folder), &mut out)?,
        ["values"] => values(&mut out)?,
        ["files", folder] => files(Path::new(folder), &mut out)?,
        _ => return Err("usage: accuracy spans|columns FOLDER|values|files FOLDER".into()),
    }
    Ok(out.flush()?)
}

/// With the defaults of the command, and every occurrence.
fn scanner() -> Result<Scanner, privascan::ScannerError> {
    Ok(Scanner::new(ScanPlan { occurrences: usize::MAX, ..ScanPlan::builtin()? }))
}

fn spans(out: &mut impl Write) -> Outcome {
    let mut scanner = scanner()?;
    for line in io::stdin().lock().lines() {
        let text: Value = serde_json::from_str(&line?)?;
        let content = text["text"].as_str().ok_or("no text")?;
        let found = places(&mut scanner, content);
        writeln!(out, "{}", json!({"id": text["id"], "spans": found}))?;
    }
    Ok(())
}

/// A line before it keeps a text from being taken for another format; it says nothing that a rule listens to.
const BEFORE: &str = "\n\n";

fn places(scanner: &mut Scanner, content: &str) -> Vec<Value> {
    let text = format!("{BEFORE}{content}");
    let records = scanner.bytes("text.txt", text.as_bytes());
    let mut found = Vec::new();
    for finding in records.iter().flat_map(|r| &r.findings) {
        for occurrence in &finding.occurrences {
            let (Some(offset), Some(length)) = (occurrence.offset, occurrence.length) else { continue };
            let start = (offset as usize).saturating_sub(BEFORE.len());
            found.push(json!({
                "start": start, "end": start + length as usize, "label": finding.info_type,
                "detector": finding.detector, "likelihood": occurrence.likelihood.word(),
                "test": finding.flags.iter().any(|f| f == "likely_test"),
            }));
        }
    }
    found
}

fn columns(folder: &Path, out: &mut impl Write) -> Outcome {
    let mut scanner = scanner()?;
    for name in io::stdin().lock().lines() {
        let name = name?;
        for record in scanner.bytes(&name, &std::fs::read(folder.join(&name))?) {
            for finding in record.findings.iter().filter(|f| f.field_index.is_some()) {
                let line = json!({
                    "file": name, "index": finding.field_index, "label": finding.info_type,
                    "likelihood": finding.likelihood.word(), "relation": finding.relation.word(),
                    "count": finding.count, "examined": finding.values_examined,
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

fn files(folder: &Path, out: &mut impl Write) -> Outcome {
    let mut scanner = scanner()?;
    for name in io::stdin().lock().lines() {
        let name = name?;
        let records: Vec<ItemRecord> = scanner.bytes(&name, &std::fs::read(folder.join(&name))?);
        for finding in records.iter().flat_map(|r| &r.findings) {
            let line = json!({
                "file": name, "label": finding.info_type, "detector": finding.detector,
                "count": finding.count, "likelihood": finding.likelihood.word(),
            });
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Each value by itself, by the named detectors alone (comma-separated), at any likelihood.
fn values(out: &mut impl Write) -> Outcome {
    let mut scanners: HashMap<String, Scanner> = HashMap::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (names, value) = line.split_once('\t').ok_or("no tab")?;
        if !scanners.contains_key(names) {
            scanners.insert(names.to_owned(), only(names)?);
        }
        let Some(scanner) = scanners.get_mut(names) else { continue };
        let whole = |place: &Value| {
            place["start"] == value.len() - value.trim_start().len() && place["end"] == value.trim_end().len()
        };
        let taken = places(scanner, value).iter().any(whole);
        writeln!(out, "{}", u8::from(taken))?;
    }
    Ok(())
}

fn only(names: &str) -> Result<Scanner, Box<dyn std::error::Error>> {
    let plan = ScanPlan::builtin()?;
    let mut all = detect::builtin()?;
    all.retain(|(_, definition)| names.split(',').any(|name| name == definition.id));
    if all.len() != names.split(',').count() {
        return Err(format!("not all of these are detectors: {names}").into());
    }
    let detectors = Detectors::compile(all, &|name| plan.taxonomy.has(name))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let detectors = detectors.into();
    Ok(Scanner::new(ScanPlan {
        detectors,
        occurrences: usize::MAX,
        min_likelihood: Likelihood::VeryUnlikely,
        ..plan
    }))
}
