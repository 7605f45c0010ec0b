//! What is gathered about items beside findings: hashes, dates, labels, watched values, and what containers keep of
//! deleted entries.
#![cfg(all(feature = "archives", feature = "tabular"))]

mod common;

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use common::pack::{self, Column};
use jiff::civil::{Date, date};
use parquet::basic::Compression;
use privascan::classify::{DatePlan, EventLookup, Protector};
use privascan::model::{DateSource, Outcome, Reason, hex};
use privascan::read::Limits;
use privascan::scan::{EvidencePlan, ScanPlan};
use privascan::source::files::{Target, check_targets};
use privascan::{ItemRecord, Scanner};
use sha2::{Digest, Sha256};

type Tested<T = ()> = Result<T, Box<dyn std::error::Error>>;

const CARD: &str = "4539 1488 0343 6467";

fn sha256(bytes: &[u8]) -> Option<String> {
    Some(hex(&Sha256::digest(bytes)))
}

/// Detectors are compiled once for all tests.
static BUILTIN: LazyLock<Option<ScanPlan>> = LazyLock::new(|| ScanPlan::builtin().ok());

fn bare_plan() -> Tested<ScanPlan> {
    let builtin = BUILTIN.as_ref().ok_or("built-in detectors")?;
    Ok(ScanPlan {
        protector: builtin.protector.clone(),
        ..ScanPlan::of(builtin.detectors.clone(), builtin.taxonomy.clone())?
    })
}

fn plan(evidence: EvidencePlan) -> Tested<ScanPlan> {
    Ok(ScanPlan { evidence: Some(Arc::new(evidence)), ..bare_plan()? })
}

fn hashes() -> EvidencePlan {
    EvidencePlan { content_hashes: true, ..EvidencePlan::default() }
}

/// Scans a folder; records by path relative to it.
fn scan(mut plan: ScanPlan, root: &Path) -> Tested<BTreeMap<String, ItemRecord>> {
    plan.targets = check_targets(&[Target::Path(root.to_path_buf())])?;
    let mut records = BTreeMap::new();
    let prefix = format!("{}/", root.display());
    privascan::scan::run(
        &plan,
        &mut |record| {
            let path = String::from_utf8_lossy(record.item.path.joined()).replacen(&prefix, "", 1);
            records.insert(path, record);
            Ok(())
        },
        &mut |_| {},
    )?;
    Ok(records)
}

fn people(rows: usize) -> String {
    let mut text = String::from("id,name,hired,card\n");
    for row in 0..rows {
        text += &format!("{row},Ana Lind,2024-{:02}-{:02},{CARD}\n", row % 12 + 1, row % 28 + 1);
    }
    text
}

#[test]
fn the_hash_is_that_of_the_stored_bytes_or_of_an_entrys_own() -> Tested {
    let dir = tempfile::tempdir()?;
    let large = people(5_000);
    let inner = pack::zip(&[("deep.txt", b"deep down"), ("large.csv", large.as_bytes())], "")?;
    let random: Vec<u8> = (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("empty.txt", Vec::new()),
        ("small.txt", b"small".to_vec()),
        ("large.csv", large.clone().into_bytes()),
        ("noise.bin", random.clone()),
        ("broken.zip", inner[..inner.len() - 30].to_vec()),
        ("broken.parquet", b"PAR1\0 and nothing more".repeat(4000)),
        ("all.tar", pack::tar(&[("a/inner.zip", &inner), ("noise.bin", &random), ("empty", b"")])?),
        ("large.csv.gz", pack::gzip(large.as_bytes())?),
    ];
    for (name, content) in &files {
        std::fs::write(dir.path().join(name), content)?;
    }
    std::os::unix::fs::symlink("small.txt", dir.path().join("link"))?;
    let records = scan(plan(hashes())?, dir.path())?;
    for (name, content) in &files {
        assert_eq!(records[*name].evidence.content_hash, sha256(content), "{name}");
        assert!(!records[*name].gaps.iter().any(|g| g.reason == Reason::ChangedWhileRead), "{name}");
    }
    assert_eq!(records["link"].evidence.content_hash, None);
    for (path, content) in [
        ("all.tar!/a/inner.zip", &inner[..]),
        ("all.tar!/a/inner.zip!/deep.txt", b"deep down"),
        ("all.tar!/a/inner.zip!/large.csv", large.as_bytes()),
        ("all.tar!/noise.bin", &random),
        ("all.tar!/empty", b""),
        ("large.csv.gz!/large.csv", large.as_bytes()),
    ] {
        assert_eq!(records[path].evidence.content_hash, sha256(content), "{path}");
    }
    // What was found does not depend on it.
    let without = scan(bare_plan()?, dir.path())?;
    assert_eq!(without.keys().collect::<Vec<_>>(), records.keys().collect::<Vec<_>>());
    for (path, record) in &without {
        assert_eq!(record.evidence, Default::default(), "{path}");
        assert_eq!(
            (record.outcome, record.rows, record.bytes_examined, record.findings.len()),
            (
                records[path].outcome,
                records[path].rows,
                records[path].bytes_examined,
                records[path].findings.len()
            ),
            "{path}"
        );
    }
    Ok(())
}

#[test]
fn what_is_not_read_whole_has_no_hash() -> Tested {
    let large = people(5_000);
    let packed = pack::gzip(large.as_bytes())?;
    let entry = |plan: ScanPlan, bytes: &[u8]| -> Tested<ItemRecord> {
        let mut records = Scanner::new(plan).bytes("x.csv.gz", bytes);
        assert_eq!(records[0].evidence.content_hash, sha256(bytes), "the stored bytes are whole");
        Ok(records.swap_remove(1))
    };
    // Of a sample the rest is read for the hash alone.
    let mut sampled = plan(hashes())?;
    sampled.limits = Limits { sample_rows: Some(10), ..Limits::default() };
    let record = entry(sampled, &packed)?;
    assert_eq!((record.rows, record.evidence.content_hash), (Some(10), sha256(large.as_bytes())));
    let record = entry(plan(hashes())?, &packed[..packed.len() / 2])?;
    assert_eq!((record.outcome, record.evidence.content_hash), (Outcome::Partial(Reason::Malformed), None));
    let mut limited = plan(hashes())?;
    limited.limits = Limits { item_bytes: 100_000, ..Limits::default() };
    let record = entry(limited, &packed)?;
    assert_eq!((record.outcome, record.evidence.content_hash), (Outcome::Partial(Reason::LimitBytes), None));
    // A container that is not opened is hashed like any other bytes.
    let mut shallow = plan(hashes())?;
    shallow.limits = Limits { depth: 1, ..Limits::default() };
    let record = entry(shallow, &pack::gzip(&packed)?)?;
    assert_eq!(
        (record.outcome, record.evidence.content_hash),
        (Outcome::Failed(Reason::LimitDepth), sha256(&packed))
    );
    Ok(())
}

#[test]
fn a_stream_is_hashed_while_it_passes() -> Tested {
    let text = people(9_000);
    let records = Scanner::new(plan(hashes())?).stream("-", text.as_bytes());
    assert_eq!(records[0].evidence.content_hash, sha256(text.as_bytes()));
    assert_eq!(records[0].findings.len(), 1);
    Ok(())
}

/// Days of one source and field.
fn days(record: &ItemRecord, field: &str, source: &DateSource) -> Option<Vec<(Date, u64)>> {
    let found = record.evidence.dates.iter().find(|d| d.is_named(field) && d.source == *source)?;
    Some(found.days.iter().map(|(d, n)| (*d, *n)).collect())
}

#[test]
fn every_format_gives_the_same_dates() -> Tested {
    let rows = 3000;
    let day = |row: usize| format!("202{}-0{}-1{}", row % 3, row % 9 + 1, row % 7);
    let hired: Vec<Option<String>> = (0..rows).map(|row| (row % 10 != 3).then(|| day(row))).collect();
    let due: Vec<String> = (0..rows).map(|row| day(row * 5)).collect();
    let name: Vec<Option<String>> = (0..rows).map(|row| Some(format!("n{row}"))).collect();
    let batch = pack::batch(&[
        Column::Text("name".into(), name),
        Column::Text("hired".into(), hired.clone()),
        Column::Dictionary("due".into(), due.clone()),
        Column::Nested("contract".into(), "signed".into(), due.clone()),
    ])?;
    let mut csv = String::from("name,hired,due,contract.signed\n");
    let mut jsonl = String::new();
    for row in 0..rows {
        let date = hired[row].as_deref();
        csv += &format!("n{row},{},{},\"{}\"\n", date.unwrap_or(""), due[row], due[row]);
        let date = date.map_or("null".to_owned(), |d| format!("\"{d}\""));
        jsonl += &format!(
            "{{\"name\":\"n{row}\",\"hired\":{date},\"due\":\"{0}\",\"contract\":{{\"signed\":\"{0}\"}}}}\n",
            due[row]
        );
    }
    let mut expected: BTreeMap<Date, u64> = BTreeMap::new();
    hired.iter().flatten().try_for_each(|d| d.parse().map(|d: Date| *expected.entry(d).or_default() += 1))?;
    let mut expected_due: BTreeMap<Date, u64> = BTreeMap::new();
    due.iter().try_for_each(|d| d.parse().map(|d: Date| *expected_due.entry(d).or_default() += 1))?;
    for (name, bytes) in [
        ("a.csv", csv.into_bytes()),
        ("a.jsonl", jsonl.into_bytes()),
        ("a.parquet", pack::parquet(&batch, Compression::SNAPPY, &[])?),
        ("a.arrow", pack::arrow_file(&batch)?),
        ("a.arrows", pack::arrow_stream(&batch)?),
    ] {
        let records = Scanner::new(plan(EvidencePlan::default())?).bytes(name, &bytes);
        let record = &records[0];
        assert_eq!(record.outcome, Outcome::Scanned, "{name}");
        let fields: Vec<_> = record
            .evidence
            .dates
            .iter()
            .map(|d| (d.field.as_str(), d.empty, d.unparsed, d.ambiguous))
            .collect();
        assert_eq!(fields, [("hired", 300, 0, 0), ("due", 0, 0, 0), ("contract.signed", 0, 0, 0)], "{name}");
        let days = |field| days(record, field, &DateSource::Values);
        assert_eq!(days("hired"), Some(expected.clone().into_iter().collect()), "{name}");
        for field in ["due", "signed"] {
            assert_eq!(days(field), Some(expected_due.clone().into_iter().collect()), "{name} {field}");
        }
    }
    Ok(())
}

#[test]
fn a_keys_event_counts_for_each_of_its_rows() -> Tested {
    let event = |rows: &[(&str, Date)]| EventLookup {
        name: "contract-end".to_owned(),
        key: "customer".to_owned(),
        rows: rows.iter().map(|(k, d)| (k.as_bytes().to_vec(), *d)).collect(),
    };
    let dates = DatePlan {
        events: vec![event(&[("17", date(2019, 3, 1)), ("C-4", date(2022, 3, 1))])],
        fields: vec!["started".to_owned()],
        ..DatePlan::default()
    };
    let evidence = EvidencePlan { dates, ..EvidencePlan::default() };
    let text = b"customer,started,note\n17,1577836800,a\nC-4,x,b\n17,1577923200,c\n99,,d\n";
    let records = Scanner::new(plan(evidence)?).bytes("a.csv", text);
    let [started, event] = records[0].evidence.dates.as_slice() else {
        panic!("{:?}", records[0].evidence.dates)
    };
    let (started, event) =
        if started.source == DateSource::Values { (started, event) } else { (event, started) };
    assert_eq!((event.source.word().as_str(), event.field_index), ("event:contract-end", Some(0)));
    assert_eq!(event.days, [(date(2019, 3, 1), 2), (date(2022, 3, 1), 1)].into());
    assert_eq!((event.unparsed, event.empty), (1, 0));
    assert_eq!(started.days, [(date(2020, 1, 1), 1), (date(2020, 1, 2), 1)].into());
    assert_eq!((started.unparsed, started.empty), (1, 1));
    Ok(())
}

#[test]
fn tables_say_of_themselves_when_they_were_made_and_what_they_are() -> Tested {
    let batch = pack::batch(&[Column::Text("a".into(), vec![Some("x".into())])])?;
    let notes = [
        ("created_at", "2021-05-06T10:00:00Z"),
        ("dcterms:modified", "7 May 2021"),
        ("sensitivity", "INTERNAL"),
        ("n", "2020-01-01"),
    ];
    let bytes = pack::parquet(&batch, Compression::UNCOMPRESSED, &notes)?;
    let evidence = EvidencePlan { labels: vec!["internal".into()], ..EvidencePlan::default() };
    let records = Scanner::new(plan(evidence)?).bytes("a.parquet", &bytes);
    let evidence = &records[0].evidence;
    let told: Vec<_> =
        evidence.dates.iter().map(|d| (d.source.word(), d.field.as_str(), d.days.clone())).collect();
    let day = |d| [(date(2021, 5, d), 1)].into();
    assert_eq!(
        told,
        [("document-created".to_owned(), "", day(6)), ("document-modified".to_owned(), "", day(7))]
    );
    assert_eq!(evidence.label.as_deref(), Some("internal"));
    Ok(())
}

#[test]
fn labels_are_those_of_the_item_and_not_of_its_rows() -> Tested {
    let names = ["Public", "Internal", "Confidential"].map(str::to_owned).to_vec();
    let evidence = EvidencePlan { labels: names, ..EvidencePlan::default() };
    let mut scanner = Scanner::new(plan(evidence)?);
    let mut label = |name: &str, text: &str| scanner.bytes(name, text.as_bytes())[0].evidence.label.clone();
    let long = "lorem ipsum dolor sit amet\n".repeat(20_000);
    assert_eq!(
        label("a.txt", &format!("Memo\nClassification: Confidential\n{long}")).as_deref(),
        Some("confidential")
    );
    assert_eq!(label("a.rs", "// INTERNAL\nfn main() {}\n").as_deref(), Some("internal"));
    assert_eq!(label("a.txt", &format!("{long}Classification: Confidential\n")), None);
    let document = "{\"meta\": {\"Classification\": \"Internal\"}, \"rows\": [{\"label\": \"x\"}, {\"label\": \"public\"}]}";
    assert_eq!(label("a.json", document).as_deref(), Some("internal"));
    assert_eq!(label("a.json", "[{\"label\": \"public\"}, {\"label\": \"internal\"}]"), None);
    assert_eq!(label("a.jsonl", "{\"label\": \"public\"}\n{\"label\": \"internal\"}\n"), None);
    assert_eq!(label("a.csv", "label,n\nPublic,1\nInternal,2\n"), None);
    assert_eq!(
        label("a.csv", "Classification: Confidential\n\nname,city\nAnna,Wien\nBert,Graz\nCarl,Linz\n")
            .as_deref(),
        Some("confidential")
    );
    Ok(())
}

#[test]
fn watched_values_are_counted_wherever_they_stand() -> Tested {
    let protector = || Protector::with_key(b"0123456789abcdef").ok_or("key");
    let card = protector()?.fingerprint("CREDIT_CARD", CARD.replace(' ', "").as_bytes());
    let other = protector()?.fingerprint("CREDIT_CARD", b"4716190207394368");
    let bytes = |hex: &str| -> Tested<[u8; 16]> {
        let pairs =
            (0..16).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16)).collect::<Result<Vec<_>, _>>()?;
        Ok(pairs.try_into().map_err(|_| "16 bytes")?)
    };
    let watched = [bytes(&card)?, bytes(&other)?].into();
    let mut plan = plan(EvidencePlan { watched, ..EvidencePlan::default() })?;
    plan.protector = protector()?;
    let mut scanner = Scanner::new(plan);
    let mut found = |name: &str, text: &str| scanner.bytes(name, text.as_bytes())[0].evidence.watched.clone();
    assert_eq!(found("a.csv", &people(70)), [(card.clone(), 70)]);
    assert_eq!(found("a.txt", &format!("card {CARD}, once more 4539-1488-0343-6467")), [(card.clone(), 2)]);
    assert_eq!(found("a.txt", "card 4556 7375 8689 9855"), []);
    // A dictionary holds the value once, for all its rows.
    let batch = pack::batch(&[Column::Dictionary("card".into(), vec![CARD.to_owned(); 50])])?;
    let bytes = pack::parquet(&batch, Compression::UNCOMPRESSED, &[])?;
    assert_eq!(scanner.bytes("a.parquet", &bytes)[0].evidence.watched, [(card, 50)]);
    Ok(())
}

#[test]
fn access_is_told_as_it_was_before_the_scan_and_only_when_asked() -> Tested {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("a.txt"), "x")?;
    let before = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    std::fs::File::options()
        .write(true)
        .open(dir.path().join("a.txt"))?
        .set_times(std::fs::FileTimes::new().set_accessed(before))?;
    let records = scan(plan(EvidencePlan::default())?, dir.path())?;
    assert_eq!(records["a.txt"].item.meta.accessed, None);
    std::fs::File::options()
        .write(true)
        .open(dir.path().join("a.txt"))?
        .set_times(std::fs::FileTimes::new().set_accessed(before))?;
    let records = scan(plan(EvidencePlan { accessed: true, ..hashes() })?, dir.path())?;
    assert_eq!(records["a.txt"].item.meta.accessed.map(|t| t.as_second()), Some(1_600_000_000));
    Ok(())
}

/// Path, residue and outcome of all but the container, and whether the card was found there.
fn inside(name: &str, bytes: &[u8]) -> Tested<Vec<(String, Option<String>, bool)>> {
    let records = Scanner::new(bare_plan()?).bytes(name, bytes);
    let container = &records[0];
    assert_eq!(
        (container.outcome, container.evidence.residue.as_deref()),
        (Outcome::Scanned, None),
        "{name}"
    );
    Ok(records[1..]
        .iter()
        .map(|r| {
            let card = r.findings.iter().any(|f| f.info_type == "CREDIT_CARD");
            (r.printed_path.replacen(name, "", 1), r.evidence.residue.clone(), card)
        })
        .collect())
}

fn expected(all: &[(&str, Option<&str>, bool)]) -> Vec<(String, Option<String>, bool)> {
    all.iter().map(|(path, residue, card)| ((*path).to_owned(), residue.map(str::to_owned), *card)).collect()
}

#[test]
fn a_tar_keeps_entries_behind_its_end() -> Tested {
    let card = format!("card {CARD}\n");
    let open = pack::tar(&[("now.txt", b"nothing here")])?;
    assert_eq!(inside("x.tar", &open)?, expected(&[("!/now.txt", None, false)]));
    let old = pack::tar(&[
        ("old.txt", card.as_bytes()),
        ("older.zip", &pack::zip(&[("in.txt", card.as_bytes())], "")?),
    ])?;
    let behind = Some("tar-after-end");
    let want = expected(&[
        ("!/now.txt", None, false),
        ("!/old.txt", behind, true),
        ("!/older.zip!/in.txt", behind, true),
        ("!/older.zip", behind, false),
    ]);
    let both = [open.clone(), vec![0; 5 * 512], old.clone()].concat();
    assert_eq!(inside("x.tar", &both)?, want);
    // The same where the tar is compressed, and with the rest of an entry that began earlier.
    let gz = inside("x.tar.gz", &pack::gzip(&both)?)?;
    let residues: Vec<_> = gz.iter().map(|(path, residue, _)| (path.as_str(), residue.as_deref())).collect();
    assert!(
        residues.contains(&("!/x.tar!/old.txt", behind)) && residues.contains(&("!/x.tar", None)),
        "{residues:?}"
    );
    let rest = format!("{card:512}").repeat(3).into_bytes();
    let found = inside("x.tar", &[open.clone(), rest, old[..1024].to_vec()].concat())?;
    let bytes = Some("trailing-bytes");
    assert_eq!(
        found,
        expected(&[
            ("!/now.txt", None, false),
            ("!/trailing-bytes", bytes, true),
            ("!/old.txt", behind, true)
        ])
    );
    // Padding is nothing.
    assert_eq!(inside("x.tar", &[open, vec![0; 10_240]].concat())?.len(), 1);
    Ok(())
}

#[test]
fn a_zip_keeps_entries_that_it_does_not_list() -> Tested {
    let card = format!("card {CARD}\n").repeat(40);
    let files: [(&str, &[u8]); 3] =
        [("a.txt", card.as_bytes()), ("b.txt", card.as_bytes()), ("c.txt", card.as_bytes())];
    let unlisted = Some("zip-unlisted-entry");
    for zip in [pack::zip(&files, "a comment")?, pack::streamed_zip(&files)?] {
        for gone in [&[0][..], &[1], &[2], &[0, 1], &[1, 2], &[]] {
            let mut found = inside("x.zip", &pack::unlist(&zip, gone)?)?;
            found.sort();
            let residue = |at: usize| unlisted.filter(|_| gone.contains(&at));
            let want =
                [("!/a.txt", residue(0), true), ("!/b.txt", residue(1), true), ("!/c.txt", residue(2), true)];
            assert_eq!(found, expected(&want), "{gone:?}");
        }
        let behind = inside("x.zip", &[zip.clone(), card.clone().into_bytes()].concat())?;
        assert_eq!(behind.len(), 4);
        assert_eq!(behind[3..], expected(&[("!/trailing-bytes", Some("trailing-bytes"), true)]));
    }
    // An archive that was appended to keeps the entry that was replaced.
    let mut archive = zip::ZipWriter::new_append(Cursor::new(pack::zip(&files[..1], "")?))?;
    archive.start_file("b.txt", zip::write::SimpleFileOptions::default())?;
    archive.write_all(b"nothing")?;
    let appended = pack::unlist(&archive.finish()?.into_inner(), &[0])?;
    assert_eq!(
        inside("x.zip", &appended)?,
        expected(&[("!/b.txt", None, false), ("!/a.txt", unlisted, true)])
    );
    Ok(())
}

#[test]
fn bytes_behind_a_compressed_stream_are_read() -> Tested {
    let card = format!("card {CARD}\n");
    let packed = [
        ("x.txt.gz", pack::gzip(b"in the open")?),
        ("x.txt.zst", pack::zstd(b"in the open")?),
        ("x.txt.xz", pack::xz(b"in the open")?),
        ("x.txt.bz2", pack::bzip2(b"in the open")?),
    ];
    for (name, stream) in packed {
        let open = ("!/x.txt", None, false);
        let behind = ("!/trailing-bytes", Some("trailing-bytes"), true);
        for (tail, want) in [
            (Vec::new(), &[open][..]),
            (vec![0; 40_000], &[open]),
            (card.clone().into_bytes(), &[open, behind]),
            ([vec![0; 40_000], card.repeat(9000).into_bytes()].concat(), &[open, behind]),
            ([stream.clone(), card.clone().into_bytes()].concat(), &[open, behind]),
        ] {
            let bytes = [stream.clone(), tail.clone()].concat();
            assert_eq!(inside(name, &bytes)?, expected(want), "{name} {}", tail.len());
        }
    }
    Ok(())
}

#[test]
fn birth_dates_stay_in_the_scan_unless_the_policy_counts_from_them() -> Tested {
    let table = b"date_of_birth,hired_on\n1956-08-03,2019-03-01\n1971-02-14,2020-04-01\n";
    let fields_of = |wanted: &[&str]| -> Tested<Vec<String>> {
        let fields = wanted.iter().map(ToString::to_string).collect();
        let dates = DatePlan { fields, ..DatePlan::default() };
        let evidence = EvidencePlan { dates, ..EvidencePlan::default() };
        let mut scanner = Scanner::new(plan(evidence)?);
        let record = scanner.bytes("staff.csv", table).remove(0);
        Ok(record.evidence.dates.into_iter().map(|d| d.field).collect())
    };
    assert_eq!(fields_of(&[])?, ["hired_on"]);
    assert_eq!(fields_of(&["date_of_birth"])?, ["date_of_birth", "hired_on"]);
    Ok(())
}
