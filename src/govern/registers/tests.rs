use std::io;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "case"
version = "1"
[scope]
systems = [{ id = "hr", root = "hr" }]
[disposal]
register = "registers/disposal.jsonl"
[erasure]
register = "registers/erasure.jsonl"
[disclosures]
register = "registers/disclosures.csv"
[[event]]
name = "closed"
register = { file = "registers/closed.csv", key = "id", date = "on" }
"#;

fn read(files: &[(&str, &str)]) -> Result<Registers, RegisterError> {
    let policy = Policy::parse(POLICY).expect("a policy");
    Registers::read(&policy, &mut |path| match files.iter().find(|(name, _)| *name == path) {
        Some((_, text)) => Ok((*text).to_owned()),
        None => Err(io::ErrorKind::NotFound.into()),
    })
}

/// What is said about one file that holds `text`.
fn error(file: &str, text: &str) -> String {
    read(&[(file, text)]).err().unwrap_or_else(|| panic!("{text} is accepted")).to_string()
}

#[test]
fn registers_that_are_not_there_are_absent_and_listed() {
    let registers = read(&[]).expect("absence is no error");
    assert!(registers.disposal.is_none() && registers.erasure.is_none() && registers.disclosures.is_none());
    assert!(registers.events.is_empty());
    assert_eq!(
        registers.missing,
        [
            "registers/disposal.jsonl",
            "registers/disclosures.csv",
            "registers/erasure.jsonl",
            "registers/closed.csv"
        ]
    );
    let empty = read(&[("registers/disposal.jsonl", "")]).expect("an empty register");
    assert_eq!(empty.disposal, Some(Vec::new()), "an empty register is a register");
}

#[test]
fn what_cannot_be_read_is_an_error_and_not_an_absence() {
    let policy = Policy::parse(POLICY).expect("a policy");
    let refused = Registers::read(&policy, &mut |_| Err(io::ErrorKind::PermissionDenied.into()));
    let message = refused.expect_err("refused").to_string();
    assert!(message.starts_with("register registers/disposal.jsonl: "), "{message}");
}

#[test]
fn of_lines_with_one_id_the_last_counts_in_the_place_of_the_first() {
    let text = "\u{feff}{\"id\":\"d1\",\"item\":\"hr/a.csv\",\"approved_at\":\"2026-05-01\"}\r\n\n\
                {\"id\":\"d2\",\"item\":\"hr/b.csv\",\"approved_at\":\"2026-05-01\"}\n\
                {\"id\":\"d1\",\"item\":\"hr/a.csv\",\"performed_at\":\"2026-05-03T08:00:00Z\",\"box\":7,\"due\":null}";
    let entries = read(&[("registers/disposal.jsonl", text)]).expect("sound").disposal.expect("a register");
    let said: Vec<_> = entries.iter().map(|e| (e.id.as_str(), e.performed_at.map(Moment::day))).collect();
    assert_eq!(said, [("d1", Some(date(2026, 5, 3))), ("d2", None)]);
    assert_eq!(entries[0].approved_at, None, "a later line replaces the whole entry");
}

#[test]
fn hashes_and_fingerprints_are_lower_case_however_written() {
    let line = format!(
        "{{\"id\":\"d\",\"item\":\"x\",\"content_hash\":\"{}\",\"record_fingerprints\":[\"{}\"]}}",
        "A".repeat(64),
        "0F".repeat(16)
    );
    let entries = read(&[("registers/disposal.jsonl", &line)]).expect("sound").disposal.expect("a register");
    assert_eq!(entries[0].content_hash.as_deref(), Some("a".repeat(64).as_str()));
    assert_eq!(entries[0].record_fingerprints, ["0f".repeat(16)]);
}

#[test]
fn a_wrong_line_is_named_by_file_line_and_key_but_never_quoted() {
    let disposal = |line: &str| error("registers/disposal.jsonl", &format!("\n{line}"));
    let at = "register registers/disposal.jsonl line 2: ";
    for (line, what) in [
        (r#"{"id":"d","item":"Ana Lind""#, "no JSON object (column 27)"),
        (r#"["Ana Lind"]"#, "no JSON object (column 0)"),
        (r#"{"item":"Ana Lind"}"#, "no `id`"),
        (r#"{"id":"d","item":" "}"#, "no `item`"),
        (r#"{"id":7,"item":"Ana Lind"}"#, "`id` is no text"),
        (r#"{"id":"d","item":"x","due":"Ana Lind"}"#, "`due` is no date as in 2026-07-01"),
        (r#"{"id":"d","item":"x","due":"2026-02-30"}"#, "`due` is no date as in 2026-07-01"),
        (r#"{"id":"d","item":"x","performed_at":"Ana"}"#, "`performed_at` is no date as in 2026-07-01"),
        (r#"{"id":"d","item":"x","content_hash":"Ana"}"#, "`content_hash` is not 64 hex digits"),
        (
            r#"{"id":"d","item":"x","record_fingerprints":["Ana"]}"#,
            "`record_fingerprints` is not 32 hex digits",
        ),
        (r#"{"id":"d","item":"x","record_fingerprints":"Ana"}"#, "`record_fingerprints` is no list of texts"),
    ] {
        let message = disposal(line);
        assert!(message.starts_with(at) && message.contains(what), "{line}: {message}");
        assert!(!message.contains("Ana"), "{message}");
    }
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    let line = format!("{{\"id\":\"d\",\"item\":\"x\",\"media\":{}", "[".repeat(1 << 20));
    assert!(error("registers/disposal.jsonl", &line).contains("line 1: no JSON object"));
}

#[test]
fn erasure_requests_are_read() {
    let line = format!(
        "{{\"id\":\"r\",\"due\":\"2026-07-01\",\"fingerprints\":[\"{}\"],\"key_id\":\"k\"}}",
        "ab".repeat(16)
    );
    let requests = read(&[("registers/erasure.jsonl", &line)]).expect("sound").erasure.expect("a register");
    assert_eq!((requests[0].due, requests[0].completed_on), (Some(date(2026, 7, 1)), None));
    assert_eq!(requests[0].fingerprints, ["ab".repeat(16)]);
}

#[test]
fn disclosures_are_read_whatever_the_order_of_columns() {
    let text = "from;to;note;class;recipient\n2026-01-01;;\"a; b\";payroll; vendor \n;;;;\n2026-01-01;2026-06-30;;payroll;auditor";
    let entries =
        read(&[("registers/disclosures.csv", text)]).expect("sound").disclosures.expect("a register");
    let entry = |recipient: &str, to: Option<Date>| DisclosureEntry {
        recipient: recipient.to_owned(),
        class: "payroll".to_owned(),
        from: date(2026, 1, 1),
        to,
    };
    assert_eq!(entries, [entry("vendor", None), entry("auditor", Some(date(2026, 6, 30)))]);
    for (text, message) in [
        ("recipient,class\nx,y", "line 1: no column `from`"),
        ("recipient,class,from\nx,y,soon", "line 2: `from` is no date as in 2026-07-01"),
        ("recipient,class,from\n\nx,,2026-01-01", "line 3: a row without `recipient` or `class`"),
        ("recipient,class,from,to\nx,y,2026-01-02,2026-01-01", "line 2: `to` is before `from`"),
    ] {
        assert!(error("registers/disclosures.csv", text).ends_with(message), "{text}");
    }
}

#[test]
fn of_several_dates_of_a_key_the_latest_counts_and_no_date_says_nothing() {
    let text = "id,on\nA1,2024-03-05\nA2,\nA1,2021-01-01\nA3,2024-02-29T10:00:00Z\n";
    let events = read(&[("registers/closed.csv", text)]).expect("sound").events;
    let dates: Vec<_> = events["closed"].iter().map(|(k, d)| (k.as_str(), *d)).collect();
    assert_eq!(dates, [("A1", date(2024, 3, 5)), ("A3", date(2024, 2, 29))]);
    for (text, message) in [
        ("id,at\nA1,2024-03-05", "line 1: no column `on`"),
        ("id,on\nA1,05/03/2024", "line 2: `on` is no date as in 2026-07-01"),
        ("id,on\n,2024-03-05", "line 2: a row with `on` and without `id`"),
    ] {
        assert!(error("registers/closed.csv", text).ends_with(message), "{text}");
    }
}

#[test]
fn the_order_of_day_and_month_is_the_policys() {
    for (order, expected) in [("dmy", date(2024, 3, 5)), ("mdy", date(2024, 5, 3))] {
        let policy = POLICY.replace("version = \"1\"", &format!("version = \"1\"\ndate_order = \"{order}\""));
        let policy = Policy::parse(&policy).expect("a policy");
        let events = Registers::read(&policy, &mut |path| match path.ends_with("closed.csv") {
            true => Ok("id,on\nA1,5/3/2024".to_owned()),
            false => Err(io::ErrorKind::NotFound.into()),
        });
        assert_eq!(events.expect("sound").events["closed"]["A1"], expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a file holds, reading it ends and quotes no line of it.
    #[test]
    fn any_text_is_read_or_refused(text in "[\\PC\n]{0,200}", file in 0usize..4) {
        let files = ["disposal.jsonl", "erasure.jsonl", "disclosures.csv", "closed.csv"];
        let path = format!("registers/{}", files[file]);
        if let Err(e) = read(&[(&path, &text)]) {
            prop_assert!(e.to_string().len() < 200);
        }
    }

    /// What is written for an entry is what is read.
    #[test]
    fn entries_survive_their_register(id in "[a-z0-9.-]{1,9}", item in "\\PC{1,20}[a-z]", day in 0i32..9000) {
        let due = date(2020, 1, 1).checked_add(jiff::Span::new().days(day)).expect("a date");
        let entry = DisposalEntry { id, item, due: Some(due), performed_at: Some(Moment::On(due)), ..DisposalEntry::default() };
        let line = serde_json::to_string(&entry).expect("JSON");
        prop_assert_eq!(parse_disposal("x", &line).expect("sound"), [entry]);
    }
}
