use jiff::civil::date;
use proptest::prelude::*;

use super::plan::{COLUMNS, Row, SEALED, day, from_cell, read, to_cell, write};
use crate::govern::policy::{DateOrder, Source};

fn row(item: Vec<u8>, text: &str) -> Row {
    Row {
        item,
        item_id: "0123456789abcdef0123456789abcdef".to_owned(),
        system: "hr".to_owned(),
        class: Some(text.to_owned()).filter(|t| !t.is_empty()),
        also_holds: vec!["a".to_owned(), "b".to_owned()],
        rule: Some("two-years".to_owned()),
        trigger_source: Some(Source::RecordDate),
        trigger_date: Some(date(2021, 3, 1)),
        due: Some(date(2023, 3, 1)),
        days_over: Some(12),
        dates: Some((date(-9999, 1, 1), date(2021, 3, 1))),
        owner: None,
        action: Some("delete".to_owned()),
        method: "logical-delete".to_owned(),
        why: "RET-01 overdue".to_owned(),
        advice: None,
        hold_check: Vec::new(),
        content_hash: Some("0".repeat(64)),
        bytes: Some(5),
        policy_digest: "1".repeat(64),
        record_fingerprints: vec!["2".repeat(32)],
        key_id: Some("3".repeat(16)),
        path: text.to_owned(),
        ..Row::default()
    }
    .sealed()
}

fn table(rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::new();
    write(rows, &mut out).expect("memory");
    out
}

proptest! {
    #[test]
    fn a_path_of_any_bytes_is_a_cell_and_back(path in prop::collection::vec(any::<u8>(), 0..40)) {
        let cell = to_cell(&path);
        prop_assert_eq!(from_cell(&cell), path);
        prop_assert!(!cell.chars().any(char::is_control));
    }

    #[test]
    fn a_path_that_looks_like_an_escape_is_a_cell_and_back(path in r"[\\x0-9a-f/'=]{0,20}") {
        prop_assert_eq!(from_cell(&to_cell(path.as_bytes())), path.into_bytes());
    }

    #[test]
    fn a_row_of_any_text_is_read_as_it_was_written(path in prop::collection::vec(1u8.., 1..30), text in r#"['"=+@;,\n a-zä-]{0,12}"#) {
        let rows = [row(path, &text)];
        let read = read(&table(&rows)).expect("a plan");
        prop_assert_eq!(read[0].row.as_ref(), Ok(&rows[0]));
    }

    #[test]
    fn no_cell_is_run_by_a_spreadsheet(path in r"[-=+@\t'][a-z]{0,3}") {
        let text = table(&[row(path.into_bytes(), "=x")]);
        let mut reader = csv::Reader::from_reader(text.as_slice());
        for record in reader.records() {
            for cell in record.expect("a record").iter() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{}", cell);
            }
        }
    }

    #[test]
    fn a_change_of_any_planned_cell_is_noticed(column in 0..SEALED, text in "[a-z0-9.;-]{0,8}") {
        prop_assert_ne!(believed(column, &text), Some(true));
    }
}

/// Whether a plan of one row is still believed when one cell of it is another text; nothing when it is the same text.
fn believed(column: usize, text: &str) -> Option<bool> {
    let bytes = table(&[row(b"hr/old.csv".to_vec(), "staff")]);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let mut cells: Vec<String> =
        reader.records().next().expect("a row").expect("a record").iter().map(str::to_owned).collect();
    if cells[column] == text {
        return None;
    }
    text.clone_into(&mut cells[column]);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect("memory");
    writer.write_record(&cells).expect("memory");
    Some(read(&writer.into_inner().expect("memory")).expect("a plan")[0].row.is_ok())
}

#[test]
fn a_list_of_nothing_is_not_an_empty_list() {
    for (column, name) in COLUMNS.iter().enumerate().take(SEALED) {
        assert_eq!(believed(column, ";"), Some(false), "{name}");
    }
}

#[test]
fn days_are_read_as_spreadsheets_write_them() {
    let want = Some(date(2021, 3, 1));
    for (cell, order) in [
        ("2021-03-01", None),
        ("3/1/2021", Some(DateOrder::Mdy)),
        ("01.03.2021", Some(DateOrder::Dmy)),
        ("1/3/21", Some(DateOrder::Dmy)),
        ("2021/3/1", None),
    ] {
        assert_eq!(day(cell, order), want, "{cell}");
    }
    for cell in ["3/1/2021", "soon", "2021-13-01", "", "1/2", "1.2.3.4"] {
        assert_eq!(day(cell, None), None, "{cell}");
    }
    assert_eq!(day("31/12/2021", None), Some(date(2021, 12, 31)));
}

#[test]
fn every_reason_is_explained_once() {
    for (at, (reason, about)) in super::REASONS.iter().enumerate() {
        assert!(
            !about.is_empty() && super::REASONS[..at].iter().all(|(other, _)| other != reason),
            "{reason}"
        );
        assert_eq!(super::about(reason), Some(*about));
    }
    assert_eq!(super::about("no such"), None);
}
