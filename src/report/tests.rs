//! Every writer over the standard records, and over hostile ones.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::testing::{assessment, finding, item, records, run, summary};
use super::text::{deceptive, width};
use super::*;
use crate::model::{ItemRecord, Likelihood, Outcome, Reason};

/// Compares with a file of `testdata/reports`; `PRIVASCAN_BLESS=1` rewrites it.
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/reports").join(name);
    if std::env::var_os("PRIVASCAN_BLESS").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{name} differs; is now:\n{actual}");
}

fn write_to(format: &str, destination: Destination, records: &[ItemRecord]) {
    let mut writer = open(format, &destination, Options::default()).unwrap();
    records.iter().for_each(|record| writer.item(record).unwrap());
    writer.finish(&run(records), &summary(records)).unwrap();
}

fn write_assessed(format: &str, destination: Destination, records: &[ItemRecord]) {
    let mut writer = open(format, &destination, Options::default()).unwrap();
    records.iter().for_each(|record| writer.item(record).unwrap());
    let (assessment, criteria) = assessment();
    writer.assessment(&assessment, &criteria).unwrap();
    writer.finish(&run(records), &summary(records)).unwrap();
}

fn written_assessed(format: &str, records: &[ItemRecord]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    write_assessed(format, Destination::of(&path), records);
    fs::read_to_string(path).unwrap()
}

/// All tables: the word of JSON lines and the name of the file.
const TABLES: [(&str, &str); 8] = [
    ("run", "runs"),
    ("item", "items"),
    ("finding", "findings"),
    ("occurrence", "occurrences"),
    ("date", "dates"),
    ("control_result", "control_results"),
    ("deviation", "deviations"),
    ("criterion", "criteria"),
];

fn written(format: &str, records: &[ItemRecord]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    write_to(format, Destination::of(&path), records);
    fs::read_to_string(path).unwrap()
}

fn page(run: &RunRecord, summary: &Summary, colour: Colour) -> String {
    let mut out = Vec::new();
    render_summary(&mut out, run, summary, colour).unwrap();
    String::from_utf8(out).unwrap()
}

fn assert_fits(page: &str) {
    for line in page.lines() {
        assert!(width(line) <= 80, "{} columns: {line}", width(line));
        assert!(!line.chars().any(deceptive), "not escaped: {line:?}");
        assert_eq!(line.trim_end(), line, "trailing space");
    }
}

#[test]
fn jsonl_is_as_the_contract_says() {
    let text = written_assessed("jsonl", &records());
    assert!(!text.replace('\n', "").chars().any(deceptive));
    golden("standard.jsonl", &text);
}

#[test]
fn csv_is_as_the_contract_says() {
    golden("findings.csv", &written("csv", &records()));
}

#[test]
fn summary_reads_well() {
    let records = records();
    let text = written("table", &records);
    assert_fits(&text);
    golden("summary.txt", &text);
    let text = written_assessed("table", &records);
    assert_fits(&text);
    golden("summary-controls.txt", &text);
}

#[test]
fn colour_adds_nothing_but_colour() {
    let records = records();
    let (run, summary) = (run(&records), summary(&records));
    let coloured = page(&run, &summary, Colour::Always);
    let plain = ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[33m"]
        .iter()
        .fold(coloured.clone(), |text, code| text.replace(code, ""));
    assert_ne!(plain, coloured);
    assert_eq!(plain, page(&run, &summary, Colour::Never));
}

#[test]
fn nothing_found_says_in_what() {
    let mut read = item(1, "a.txt", Outcome::Scanned);
    read.bytes_examined = 10;
    let records = [read];
    let text = page(&run(&records), &summary(&records), Colour::Never);
    assert_fits(&text);
    golden("nothing-found.txt", &text);
}

#[test]
fn nothing_read_is_not_nothing_found() {
    for records in [vec![], vec![item(1, "a", Outcome::Failed(Reason::PermissionDenied))]] {
        let text = page(&run(&records), &summary(&records), Colour::Never);
        assert!(text.contains("Nothing was read, so nothing can be said"), "{text}");
        assert!(!text.contains("Nothing found"), "{text}");
        assert_fits(&text);
    }
    for (format, empty) in [("jsonl", false), ("csv", false), ("table", false)] {
        assert_eq!(written(format, &[]).is_empty(), empty, "{format}");
    }
}

#[test]
fn no_line_is_wider_than_80_columns() {
    let wide = "顧客名簿フォルダ／".repeat(12);
    let long = "x".repeat(300);
    let mut records = Vec::new();
    for (i, reason) in Reason::ALL.iter().enumerate() {
        for outcome in [Outcome::Partial(*reason), Outcome::Skipped(*reason), Outcome::Failed(*reason)] {
            let mut record = item(i as u8, &format!("{wide}{i}/👩‍👩‍👧{long}\u{1b}]0;x\u{7}"), outcome);
            for n in 0..9 {
                let tier = ["restricted", "confidential", "internal", "public", wide.as_str()][n % 5];
                record.findings.push(finding(&format!("TYPE_{n}_{long}"), &long, tier, u64::MAX / 3));
                record.findings.push(finding(&wide, &wide, tier, 1));
            }
            record.bytes_examined = u64::MAX >> 20;
            records.push(record);
        }
    }
    let mut run = run(&records);
    run.targets = vec![wide.clone(), long.clone(), "a b\u{202e}".to_owned(), long, wide];
    run.interrupted = true;
    let text = page(&run, &summary(&records), Colour::Never);
    assert_fits(&text);
    assert!(text.contains("and 1 more"));
}

#[test]
fn summary_does_not_depend_on_order() {
    let mut many: Vec<_> = (0..40u8)
        .map(|i| {
            let mut record = item(i, &format!("dir/{}", i % 37), Outcome::Failed(Reason::NotFound));
            record.findings.push(finding("A", "c.a", "internal", u64::from(i % 7)));
            record
        })
        .collect();
    many.extend(records());
    let forwards = summary(&many);
    many.reverse();
    assert_eq!(forwards, summary(&many));
    assert_eq!(forwards.places().len(), TOP_PLACES);
    assert_eq!(forwards.places()[0].path, "exports/q3.zip!/crm/customers.csv");
    assert!(forwards.ledger.closes());
}

#[test]
fn test_values_are_counted_apart() {
    let summary = summary(&records());
    assert_eq!((summary.total.matches, summary.total.findings, summary.total.items), (1_812, 3, 2));
    assert_eq!((summary.likely_test.matches, summary.likely_test.items), (31, 1));
}

#[test]
fn schema_is_the_versioned_one() {
    let mut out = Vec::new();
    describe(&mut out, false).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.lines().all(|line| width(line) <= 80));
    assert!(Reason::ALL.iter().all(|r| text.contains(&format!("\n  {} ", r.code()))));
    // A change of names, types or order needs a new version here and in the golden file.
    assert_eq!(schema::SCHEMA_VERSION, 2);
    golden("schema.txt", text.split("\nReason codes").next().unwrap());

    let mut out = Vec::new();
    describe(&mut out, true).unwrap();
    let lines = String::from_utf8(out).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for line in lines.lines() {
        assert!(line.starts_with("{\"record\":\""), "{line}");
        let record = serde_json::from_str::<Value>(line).unwrap()["record"].as_str().unwrap().to_owned();
        *counts.entry(record).or_insert(0) += 1;
    }
    assert_eq!((counts["table"], counts["column"]), (8, 26 + 25 + 16 + 18 + 10 + 12 + 16 + 10));
    assert_eq!((counts["outcome"], counts["likelihood"]), (4, 5));
    assert_eq!(counts["reason"], Reason::ALL.len());
}

#[test]
fn likelihood_bounds_are_the_models() {
    for (level, from) in describe::LIKELIHOODS {
        assert_eq!(Likelihood::of(from), level);
        assert!(from == 0.0 || Likelihood::of(from - 0.001) < level);
    }
}

#[test]
fn formats_are_told_by_extension() {
    for format in WRITERS {
        for extension in format.extensions {
            assert_eq!(format_of(Path::new(&format!("a.b.{extension}"))).unwrap().name, format.name);
        }
    }
    assert!(format_of(Path::new("noextension")).is_none());
    let error = open("xlsx", &Destination::Stdout, Options::default()).err().unwrap();
    assert!(
        error.to_string().starts_with("unknown format xlsx; this build writes table, jsonl, csv"),
        "{error}"
    );
    let error = open("jsonl", &Destination::of(Path::new("dir/")), Options::default()).err().unwrap();
    assert_eq!(error.to_string(), "cannot write dir/: jsonl is one file, and this is a directory");
}

#[test]
fn a_file_is_whole_or_not_there() {
    let dir = tempfile::tempdir().unwrap();
    for format in WRITERS {
        let path = dir.path().join(format!("out.{}", format.extensions[0]));
        let mut writer = open(format.name, &Destination::of(&path), Options::default()).unwrap();
        records().iter().for_each(|record| writer.item(record).unwrap());
        assert!(!path.exists());
        let outputs = writer.outputs();
        assert!(outputs.contains(&path) && outputs.iter().any(|p| p.exists()), "{outputs:?}");
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{} leaves a file", format.name);
    }
}

#[cfg(unix)]
#[test]
fn files_are_private_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real.csv"), dir.path().join("link.csv"));
    fs::write(&real, "old").unwrap();
    symlink(&real, &link).unwrap();
    write_to("csv", Destination::of(&link), &records());
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().starts_with("finding_id,"));
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(target_os = "linux")]
#[test]
fn errors_name_the_destination_in_one_line() {
    let full = Destination::of(Path::new("/dev/full"));
    for format in WRITERS {
        let error = match open(format.name, &full, Options::default()) {
            Err(error) => error,
            Ok(mut writer) => {
                let records = records();
                match records.iter().try_for_each(|record| writer.item(record)) {
                    Err(error) => error,
                    Ok(()) => writer.finish(&run(&records), &summary(&records)).unwrap_err(),
                }
            }
        };
        let expected = "cannot write /dev/full: No space left on device";
        assert_eq!(error.to_string(), expected, "{}", format.name);
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }
    let missing = Destination::of(Path::new("/nonexistent/\u{1b}/out.csv"));
    let error = open("csv", &missing, Options::default()).err().unwrap();
    assert_eq!(error.to_string(), "cannot write /nonexistent/\\x1b/out.csv: No such file or directory");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_directly_and_may_break() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read_to_string(fifo).unwrap()
    });
    write_to("jsonl", Destination::of(&fifo), &records());
    assert_eq!(reader.join().unwrap(), written("jsonl", &records()));

    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || drop(fs::File::open(fifo).unwrap())
    });
    let mut writer = open("jsonl", &Destination::of(&fifo), Options::default()).unwrap();
    reader.join().unwrap();
    let error = writer.item(&records()[0]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}

#[test]
fn a_spreadsheet_finds_no_formula() {
    let dir = tempfile::tempdir().unwrap();
    write_assessed("csv", Destination::Directory(dir.path().to_path_buf()), &records());
    for (_, name) in TABLES {
        let mut reader = csv::Reader::from_path(dir.path().join(format!("{name}.csv"))).unwrap();
        for record in reader.records() {
            for cell in &record.unwrap() {
                // Numbers may be below 0 and are written as they are.
                let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                assert!(!formula || cell.parse::<i64>().is_ok(), "{name}: {cell:?}");
            }
        }
    }
}

/// The lines of one table, without `record`, as JSON values.
fn json_rows(text: &str, table: &str) -> Vec<Vec<(String, Value)>> {
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Map<_, _>>(line).unwrap());
    let of_table = lines.filter(|line| line["record"] == table);
    of_table.map(|line| line.into_iter().filter(|(key, _)| key != "record").collect()).collect()
}

#[test]
fn csv_holds_what_jsonl_holds() {
    let dir = tempfile::tempdir().unwrap();
    write_assessed("csv", Destination::Directory(dir.path().to_path_buf()), &records());
    let text = written_assessed("jsonl", &records());
    for (table, file) in TABLES {
        let rows = json_rows(&text, table);
        let mut reader = csv::Reader::from_path(dir.path().join(format!("{file}.csv"))).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let lines: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(lines.len(), rows.len(), "{table}");
        for (line, row) in lines.iter().zip(&rows) {
            assert_eq!(line.len(), row.len());
            for (key, value) in row {
                let cell = &line[header.iter().position(|h| h == key).unwrap()];
                let expected = match value {
                    Value::Null => String::new(),
                    Value::String(s) => s.clone(),
                    Value::Array(a) => a.iter().map(|v| v.as_str().unwrap()).collect::<Vec<_>>().join(";"),
                    other => other.to_string(),
                };
                let cell = cell.strip_prefix('\'').unwrap_or(cell);
                assert_eq!(cell, expected, "{table}.{key}");
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn text_is_cut_and_wrapped_to_measure(text in "\\PC{0,60}|(?s:.{0,60})", columns in 2usize..40) {
        let shown = printable(&text);
        assert!(!shown.chars().any(deceptive));
        assert!(width(&text::shorten(&shown, columns)) <= columns);
        let lines = text::wrap(&shown, columns);
        assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
        let joined = |s: &str| s.replace(' ', "");
        assert_eq!(joined(&lines.concat()), joined(&shown));
    }
}

#[cfg(feature = "tabular")]
mod tabular {
    use super::*;
    use arrow::array::{Array, AsArray, RecordBatch};
    use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
    use jiff::Timestamp;
    use jiff::civil::date;

    fn value(column: &dyn Array, row: usize) -> Value {
        if column.is_null(row) {
            return Value::Null;
        }
        match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().value(row).into(),
            DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
            DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
            DataType::Boolean => column.as_boolean().value(row).into(),
            DataType::List(_) => {
                let list = column.as_list::<i32>().value(row);
                list.as_string::<i32>().iter().map(|v| v.unwrap()).collect::<Vec<_>>().into()
            }
            DataType::Timestamp(_, Some(zone)) if &**zone == "UTC" => {
                let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
                Timestamp::from_microsecond(micros).unwrap().to_string().into()
            }
            DataType::Date32 => {
                let days = column.as_primitive::<Date32Type>().value(row);
                date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap().to_string().into()
            }
            other => panic!("no column has type {other}"),
        }
    }

    fn rows(batches: &[RecordBatch]) -> Vec<Vec<(String, Value)>> {
        let mut rows = Vec::new();
        for batch in batches {
            let schema = batch.schema();
            for row in 0..batch.num_rows() {
                let cells = schema.fields().iter().zip(batch.columns());
                let mut cells: Vec<_> = cells.map(|(f, c)| (f.name().clone(), value(c, row))).collect();
                cells.sort_by(|(a, _), (b, _)| a.cmp(b));
                rows.push(cells);
            }
        }
        rows
    }

    fn parquet(path: &Path) -> Vec<RecordBatch> {
        let file = fs::File::open(path).unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        assert_eq!(reader.schema().metadata()["privascan.schema_version"], "2");
        assert!(reader.schema().fields().iter().all(|f| !f.metadata()["description"].is_empty()));
        reader.build().unwrap().map(Result::unwrap).collect()
    }

    fn arrow(path: &Path) -> Vec<RecordBatch> {
        let file = fs::File::open(path).unwrap();
        arrow::ipc::reader::FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn parquet_and_arrow_hold_what_jsonl_holds() {
        let dir = tempfile::tempdir().unwrap();
        for records in [records(), Vec::new()] {
            write_assessed("parquet", Destination::Directory(dir.path().to_path_buf()), &records);
            write_assessed("arrow", Destination::Directory(dir.path().to_path_buf()), &records);
            let text = written_assessed("jsonl", &records);
            for (table, file) in TABLES {
                let mut expected = json_rows(&text, table);
                expected.iter_mut().for_each(|row| row.sort_by(|(a, _), (b, _)| a.cmp(b)));
                assert_eq!(rows(&parquet(&dir.path().join(format!("{file}.parquet")))), expected, "{table}");
                assert_eq!(rows(&arrow(&dir.path().join(format!("{file}.arrow")))), expected, "{table}");
            }
        }
    }

    #[test]
    fn many_rows_keep_their_order_across_batches() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("findings.parquet");
        let mut record = item(1, "big", Outcome::Scanned);
        record.findings = (0..20_000).map(|n| finding("A", "c.a", "internal", n)).collect();
        write_to("parquet", Destination::of(&path), &[record]);
        let batches = parquet(&path);
        let counts = batches.iter().flat_map(|b| {
            let column = b.column_by_name("count").unwrap().as_primitive::<Int64Type>().clone();
            column.values().to_vec()
        });
        assert!(counts.eq(0..20_000));
    }
}
