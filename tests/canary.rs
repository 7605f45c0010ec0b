//! Two hundred made-up values, planted in every format and place: each is found where it is, and none comes out.

#![cfg(all(feature = "cli", feature = "archives", feature = "tabular"))]

mod common;

#[path = "canary/plant.rs"]
mod plant;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use common::pack::{Result, Row, arrow_rows, csv_rows, parquet_rows};
use plant::{Planted, Tree};
use privascan::classify::{Protector, Taxonomy, protect::normalize};
use privascan::detect::{Detectors, builtin};
use serde_json::Value;

/// The fixed key of these runs.
const KEY: &str = "a key that only this test knows 0";

/// The values that a run holds in one format: all texts of its output, cell by cell.
type Texts = Vec<(String, String)>;

#[test]
fn every_planted_value_is_found_in_its_place_and_none_comes_out() -> Result<()> {
    let tree = plant::tree()?;
    assert_eq!(tree.planted.len(), 200);
    let work = tempfile::tempdir()?;
    let root = work.path().join("tree");
    for (path, content) in &tree.files {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap_or(&root))?;
        fs::write(file, content)?;
    }
    fs::write(work.path().join("key"), KEY)?;
    let scan = |more: &[&str]| {
        let args = ["scan", ".", "--key-file", "../key", "--occurrences", "all", "--threads", "2"];
        common::run_in(&root, args.iter().chain(more))
    };

    let mut texts = Texts::new();
    let jsonl = scan(&["--format", "jsonl", "-o", "../out.txt", "-o", "../out.csv", "-o", "../out.parquet"])?;
    let [csv, parquet, arrow] = ["csv", "parquet", "arrow"].map(|f| {
        let folder = format!("../{f}/");
        scan(&["--format", f, "-o", &folder]).map(|ran| (f, ran))
    });
    for (name, ran) in [("jsonl", jsonl)].into_iter().chain([csv?, parquet?, arrow?]) {
        // Binary files and a file cut short are among them, so that the run is not complete.
        let ran = ran.expect(3);
        assert_eq!(ran.stderr, "", "{name}: a run has nothing to say but its report");
        texts.push((format!("standard output of {name}"), ran.stdout));
    }
    for name in ["out.txt", "out.csv"] {
        texts.push((name.to_owned(), fs::read_to_string(work.path().join(name))?));
    }
    decode(&work.path().join("out.parquet"), &mut texts)?;
    let mut tables = BTreeMap::new();
    for format in ["csv", "parquet", "arrow"] {
        for table in ["runs", "items", "findings", "occurrences"] {
            let file = work.path().join(format).join(format!("{table}.{format}"));
            tables.insert((format, table), decode(&file, &mut texts)?);
        }
    }

    let lines: Vec<Value> =
        texts[0].1.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    let found: Vec<&Value> = lines.iter().filter(|l| l["record"] == "occurrence").collect();
    every_value_is_found(&tree, &found)?;
    nothing_comes_out(&tree, &texts)?;

    // The other formats hold the same occurrences, not fewer.
    for format in ["csv", "parquet", "arrow"] {
        let of = |rows: &[Row]| {
            let mut all: Vec<String> = rows.iter().map(|r| r["fingerprint"].clone()).collect();
            all.sort();
            all
        };
        let mut wanted: Vec<String> = found.iter().map(|l| word(&l["fingerprint"])).collect();
        wanted.sort();
        assert_eq!(of(&tables[&(format, "occurrences")]), wanted, "{format}");
    }
    Ok(())
}

/// Every cell of a table goes to `texts`, and the raw bytes of the file too.
fn decode(file: &Path, texts: &mut Texts) -> Result<Vec<Row>> {
    let content = fs::read(file)?;
    texts.push((format!("bytes of {}", file.display()), String::from_utf8_lossy(&content).into_owned()));
    let rows = match file.extension().and_then(|e| e.to_str()) {
        Some("parquet") => parquet_rows(content)?,
        Some("arrow") => arrow_rows(content)?,
        _ => csv_rows(&content)?,
    };
    for row in &rows {
        let cells: Vec<&str> = row.values().map(String::as_str).collect();
        texts.push((format!("a row of {}", file.display()), cells.join("\n")));
    }
    Ok(rows)
}

fn every_value_is_found(tree: &Tree, found: &[&Value]) -> Result<()> {
    let taxonomy = Taxonomy::builtin()?;
    let detectors = Detectors::compile(builtin()?, &|t| taxonomy.has(t)).map_err(|e| format!("{e:?}"))?;
    let protector = Protector::with_key(KEY.as_bytes()).ok_or("a key long enough")?;
    for kind in common::values::KINDS {
        let has = detectors.definitions().any(|d| d.info_type == kind.info_type);
        assert_eq!(has, !plant::WITHOUT_DETECTOR.contains(&kind.info_type), "{}", kind.info_type);
    }
    let mut by_item: HashMap<String, Vec<&Value>> = HashMap::new();
    for occurrence in found {
        by_item.entry(word(&occurrence["item_id"])).or_default().push(occurrence);
    }
    let mut wrong = Vec::new();
    for planted in &tree.planted {
        let there = by_item.get(&planted.item).map_or(&[][..], Vec::as_slice);
        let mut fingerprints = Vec::new();
        let types = planted.info_types();
        for def in detectors.definitions().filter(|d| types.contains(&d.info_type.as_str())) {
            let mut plain = Vec::new();
            normalize(def.normalize, planted.sought().as_bytes(), &mut plain);
            fingerprints.push((def.info_type.clone(), protector.fingerprint(&def.info_type, &plain)));
        }
        let is_it = |o: &&&Value| fingerprints.contains(&(word(&o["info_type"]), word(&o["fingerprint"])));
        let hits: Vec<&Value> = there.iter().filter(is_it).copied().collect();
        if hits.is_empty() {
            let instead: Vec<String> = there
                .iter()
                .filter(|o| planted.field.is_none() || o["field"].as_str() == planted.field.as_deref())
                .map(|o| format!("{} {}", word(&o["info_type"]), word(&o["mask"])))
                .collect();
            wrong.push(format!("{planted:?}\n    not found; there are {instead:?}"));
            continue;
        }
        let explained: Vec<String> = hits.iter().filter_map(|o| misplaced(tree, planted, o)).collect();
        if explained.len() == hits.len() {
            wrong.push(format!("{planted:?}\n    {}", explained.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} values:\n{}", wrong.len(), tree.planted.len(), wrong.join("\n"));
    Ok(())
}

/// What is wrong with where an occurrence says it is.
fn misplaced(tree: &Tree, planted: &Planted, occurrence: &Value) -> Option<String> {
    if occurrence["place"] != planted.place {
        return Some(format!("place is {}", occurrence["place"]));
    }
    if planted.field.is_some() && occurrence["field"].as_str() != planted.field.as_deref() {
        return Some(format!("field is {}", occurrence["field"]));
    }
    if planted.place == "content" && planted.in_table != occurrence["row"].is_u64() {
        return Some(format!("row is {}", occurrence["row"]));
    }
    let decoded = tree.decoded.get(&planted.item).filter(|_| planted.place == "content");
    let Some(decoded) = decoded else {
        let nowhere = planted.place == "content" && !occurrence["offset"].is_null();
        return nowhere.then(|| "an offset into what has none".to_owned());
    };
    let number = |key: &str| occurrence[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let (offset, length) = match (number("offset"), number("length")) {
        (Some(offset), Some(length)) => (offset, length),
        // A cell with escapes in it is located by its start.
        (Some(offset), None) if decoded[offset..].starts_with("caller gave ") => {
            let escaped = decoded[offset..].split('\n').next().is_some_and(|line| !line.ends_with('"'));
            return (!escaped).then(|| "no length".to_owned());
        }
        other => return Some(format!("offset and length are {other:?}")),
    };
    let slice = decoded.get(offset..offset + length);
    if slice != Some(planted.sought()) {
        return Some(format!("offset {offset}, length {length} give {slice:?}"));
    }
    let before = &decoded[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let said = (number("line"), number("column"));
    (said != (Some(line), Some(column))).then(|| format!("line and column {said:?}, not {line} and {column}"))
}

fn nothing_comes_out(tree: &Tree, texts: &Texts) -> Result<()> {
    let mut forms: Vec<(String, &Planted)> = Vec::new();
    for planted in &tree.planted {
        for value in [planted.value.as_str(), planted.sought()] {
            forms.push((value.to_owned(), planted));
            // Without separators, as fingerprints compare it.
            forms.push((value.chars().filter(|c| c.is_alphanumeric()).collect(), planted));
        }
    }
    assert!(forms.iter().all(|(form, _)| form.len() >= 7), "too short to be told from chance");
    let search = AhoCorasick::builder().ascii_case_insensitive(true).build(forms.iter().map(|(f, _)| f))?;
    let mut leaks = Vec::new();
    for (place, text) in texts {
        for hit in search.find_overlapping_iter(text) {
            let line = text[..hit.start()].rfind('\n').map_or(0, |n| n + 1);
            let shown: String = text[line..].chars().take(300).collect();
            leaks.push(format!("{:?} in {place}: {shown}", forms[hit.pattern().as_usize()].1));
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks[..leaks.len().min(40)].join("\n"));
    // The search is not blind: the masked forms do come out.
    assert!(texts.iter().any(|(_, text)| text.contains("•••-••-•")));
    Ok(())
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
