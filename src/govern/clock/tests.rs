//! Boundary days, calendars, paths and sources.

use std::sync::LazyLock;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::classify::Taxonomy;
use crate::govern::facts::RunFacts;
use crate::govern::{Facts, Registers};
use crate::model::{Evidence, Item, ItemId, ItemMeta, ItemPath, ItemRecord, Outcome};

static TAXONOMY: LazyLock<Taxonomy> = LazyLock::new(|| Taxonomy::builtin().expect("sound"));

/// A policy of one class and one rule; `head` goes into `[policy]`, `rule` into `[[retention]]`.
pub(in crate::govern) fn policy(head: &str, rule: &str) -> Policy {
    let text = format!(
        "schema = \"retention-policy/1\"\n[policy]\nid = \"p\"\nversion = \"1\"\n{head}\n[scope]\nsystems = [{{ id = \"s\", root = \".\" }}]\n\
         [[class]]\nid = \"c\"\nmatch = {{ path = [\"**\"] }}\nretention = \"r\"\n[[retention]]\nid = \"r\"\n{rule}\n"
    );
    Policy::parse(&text).expect("a policy")
}

pub(in crate::govern) fn item(path: &str) -> ItemRecord {
    ItemRecord {
        item: Item { id: ItemId([0; 16]), path: ItemPath::new(path), meta: ItemMeta::default() },
        printed_path: path.to_owned(),
        format: None,
        outcome: Outcome::Scanned,
        gaps: Vec::new(),
        values_examined: 0,
        bytes_examined: 0,
        rows: None,
        findings: Vec::new(),
        co_occurrence: Vec::new(),
        evidence: Evidence::default(),
    }
}

pub(in crate::govern) fn field(name: &str, source: DateSource, days: &[(Date, u64)]) -> DateField {
    DateField {
        field: name.to_owned(),
        field_index: None,
        source,
        days: days.iter().copied().collect(),
        empty: 0,
        unparsed: 0,
        ambiguous: 0,
    }
}

/// What `see` sees of items in a run of that day.
pub(in crate::govern) fn with_items<T>(
    policy: &Policy,
    registers: &Registers,
    as_of: Date,
    items: &[ItemRecord],
    see: impl Fn(&Assessing<'_>) -> T,
) -> T {
    let run = RunFacts { as_of, ..RunFacts::default() };
    let facts = Facts {
        run: &run,
        items,
        previous: None,
        history: None,
        registers,
        reviews: &[],
        self_test: None,
        integrity: None,
    };
    see(&Assessing::new(policy, &facts, &TAXONOMY))
}

fn with_item<T>(
    policy: &Policy,
    registers: &Registers,
    item: ItemRecord,
    see: impl Fn(&Assessing<'_>) -> T,
) -> T {
    with_items(policy, registers, date(2026, 7, 1), &[item], see)
}

fn started(policy: &Policy, item: ItemRecord) -> Result<Start, &'static str> {
    with_item(policy, &Registers::default(), item, |a| trigger(a, &a.items[0], &policy.classes[0]))
}

fn on(path: &str) -> Option<(Date, Date)> {
    path_dates::find(path).map(|days| (days.first, days.last))
}

#[test]
fn a_month_ends_in_its_month() {
    let p = policy("", "keep_max = \"P1M\"");
    let due = |day| due(day, &p.retention[0], &p);
    assert_eq!(due(date(2023, 1, 31)), Some(date(2023, 2, 28)));
    assert_eq!(due(date(2024, 1, 31)), Some(date(2024, 2, 29)));
    assert_eq!(due(date(2024, 2, 29)), Some(date(2024, 3, 29)));
    assert_eq!(due(date(2024, 3, 31)), Some(date(2024, 4, 30)));
    let p = policy("", "keep_max = \"P1Y\"");
    assert_eq!(super::due(date(2024, 2, 29), &p.retention[0], &p), Some(date(2025, 2, 28)));
    let p = policy("", "keep_max = \"P4Y\"");
    assert_eq!(super::due(date(2024, 2, 29), &p.retention[0], &p), Some(date(2028, 2, 29)));
    let p = policy("", "keep_max = \"P1Y1M1D\"");
    assert_eq!(super::due(date(2023, 1, 31), &p.retention[0], &p), Some(date(2024, 3, 1)));
}

#[test]
fn grace_is_added_to_the_due_day() {
    // 31 January and a month is 28 February; a month of grace from there is 28 March, not 31 March.
    let p = policy("", "keep_max = \"P1M\"\ngrace = \"P1M\"");
    assert_eq!(limit(date(2023, 1, 31), &p.retention[0], &p), Some(date(2023, 3, 28)));
    let p = policy("", "keep_max = \"P1M\"");
    assert_eq!(limit(date(2023, 1, 31), &p.retention[0], &p), Some(date(2023, 2, 28)));
    let p = policy("", "grace = \"P1M\"");
    assert_eq!(limit(date(2023, 1, 31), &p.retention[0], &p), None);
    let p = policy("", "keep_max = \"P1M\"\naction = \"permanent\"");
    assert_eq!(limit(date(2023, 1, 31), &p.retention[0], &p), None);
}

#[test]
fn what_lies_beyond_the_calendar_is_its_last_day() {
    let p = policy(
        "fiscal_year_end = \"06-30\"",
        "trigger = { source = \"modified\", align = \"fiscal-year-end\" }\nkeep_max = \"P9000Y\"\nkeep_min = \"P9000Y\"\ngrace = \"P9000Y\"",
    );
    let rule = &p.retention[0];
    for day in [date(2020, 1, 1), Date::MAX] {
        assert_eq!(due(day, rule, &p), Some(Date::MAX));
        assert_eq!(limit(day, rule, &p), Some(Date::MAX));
        assert_eq!(earliest(day, rule, &p), Some(Date::MAX));
    }
    assert_eq!(align(date(9999, 6, 30), rule, &p), date(9999, 6, 30));
    assert_eq!(align(date(9999, 7, 1), rule, &p), Date::MAX);
    assert_eq!(align(Date::MIN, rule, &p), date(-9999, 6, 30));
}

#[test]
fn the_clock_starts_at_the_end_of_the_year() {
    let aligned = |head: &str, how: &str, day| {
        let p = policy(head, &format!("trigger = {{ source = \"modified\", align = \"{how}\" }}"));
        align(day, &p.retention[0], &p)
    };
    let calendar = |day| aligned("fiscal_year_end = \"06-30\"", "calendar-year-end", day);
    assert_eq!(calendar(date(2024, 1, 1)), date(2024, 12, 31));
    assert_eq!(calendar(date(2024, 12, 31)), date(2024, 12, 31));
    let fiscal = |end: &str, day| aligned(&format!("fiscal_year_end = \"{end}\""), "fiscal-year-end", day);
    assert_eq!(fiscal("06-30", date(2024, 6, 29)), date(2024, 6, 30));
    assert_eq!(fiscal("06-30", date(2024, 6, 30)), date(2024, 6, 30));
    assert_eq!(fiscal("06-30", date(2024, 7, 1)), date(2025, 6, 30));
    assert_eq!(fiscal("02-29", date(2023, 2, 28)), date(2023, 2, 28));
    assert_eq!(fiscal("02-29", date(2023, 3, 1)), date(2024, 2, 29));
    assert_eq!(fiscal("02-29", date(2024, 2, 28)), date(2024, 2, 29));
    assert_eq!(fiscal("02-29", date(2024, 3, 1)), date(2025, 2, 28));
    assert_eq!(fiscal("02-28", date(2024, 2, 28)), date(2024, 2, 28));
    assert_eq!(fiscal("02-28", date(2024, 2, 29)), date(2025, 2, 28));
    assert_eq!(aligned("", "fiscal-year-end", date(2024, 7, 1)), date(2024, 12, 31));
}

#[test]
fn paths_name_days() {
    let day = |y, m, d| Some((date(y, m, d), date(y, m, d)));
    for path in [
        "a/2019/03/07/x.csv",
        "a/2019/03/07.csv",
        "a/2019.zip!/03/07.csv",
        "year=2019/month=3/day=7/part-0001.parquet",
        "YEAR=2019/Month=03/DAY=07/x",
        "pay-2019-03-07.csv",
        "pay_2019_03_07.csv",
        "2019.03.07 pay.csv",
        "pay 20190307.csv",
        "backup20190307.tar!/x",
        "dump-20190307T115900Z.sql",
        "dump-2019-03-07T11-59.sql",
        "dt=2019-03-07/x",
        "FY2019-03-07",
        // Less exact ones, within or without, do not matter.
        "2024/2019-03-07/2023-05/2022.csv",
    ] {
        assert_eq!(on(path), day(2019, 3, 7), "{path}");
    }
    assert_eq!(on("2019-03-07/2018-01-01.csv"), day(2018, 1, 1));
    assert_eq!(on("2024-02-29"), day(2024, 2, 29));
}

#[test]
fn paths_name_more_than_a_day() {
    let cases = [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("payroll2019.csv", date(2019, 1, 1), date(2019, 12, 31)),
        ("FY2019 report.docx", date(2019, 1, 1), date(2019, 12, 31)),
        ("1970/x", date(1970, 1, 1), date(1970, 12, 31)),
        ("2100/x", date(2100, 1, 1), date(2100, 12, 31)),
        ("2019-02", date(2019, 2, 1), date(2019, 2, 28)),
        ("2020/02/pay.csv", date(2020, 2, 1), date(2020, 2, 29)),
        ("year=2020/month=2/x", date(2020, 2, 1), date(2020, 2, 29)),
        ("Q3-2019.csv", date(2019, 7, 1), date(2019, 9, 30)),
        ("2019-q3.csv", date(2019, 7, 1), date(2019, 9, 30)),
        ("sales 2019Q1", date(2019, 1, 1), date(2019, 3, 31)),
        ("sales Q4 2019", date(2019, 10, 1), date(2019, 12, 31)),
        ("2019-W07", date(2019, 2, 11), date(2019, 2, 17)),
        ("2020w53", date(2020, 12, 28), date(2021, 1, 3)),
        // What is no day of the calendar is its month; what is no month is its year.
        ("2019-02-30", date(2019, 2, 1), date(2019, 2, 28)),
        ("2019-13-01", date(2019, 1, 1), date(2019, 12, 31)),
        ("2019/13/01", date(2019, 1, 1), date(2019, 12, 31)),
        ("2019-W53", date(2019, 1, 1), date(2019, 12, 31)),
        ("2019 03", date(2019, 1, 1), date(2019, 12, 31)),
        ("07.03.2019", date(2019, 1, 1), date(2019, 12, 31)),
        // Equally exact: the innermost.
        ("2017/2019/x.csv", date(2019, 1, 1), date(2019, 12, 31)),
        ("2017/03/2019-05.csv", date(2019, 5, 1), date(2019, 5, 31)),
        ("2017-03/2019/05/x.csv", date(2019, 5, 1), date(2019, 5, 31)),
        // The more exact, though further out.
        ("2019-05/2017.csv", date(2019, 5, 1), date(2019, 5, 31)),
        ("2019-W07/2017-03/x", date(2019, 2, 11), date(2019, 2, 17)),
        // Several in one component.
        ("2018-2020", date(2018, 1, 1), date(2020, 12, 31)),
        ("2020 to 2018", date(2018, 1, 1), date(2020, 12, 31)),
        ("2019-03-07_2019-04-02.csv", date(2019, 3, 7), date(2019, 4, 2)),
    ];
    for (path, first, last) in cases {
        assert_eq!(on(path), Some((first, last)), "{path}");
    }
}

#[test]
fn other_digits_are_no_dates() {
    for path in [
        "",
        "a/b.csv",
        "1969/x",
        "2101/x",
        "12019/x",
        "20195.csv",
        "201903.csv",
        "20191345.csv",
        "201903071200.csv",
        "a2019b7c.bin",
        "e4a2019.bin",
        "2019T12.csv",
        "03/07/x",
        "month=3/day=7/x",
        "Q5-1800",
        "•••2019.csv",
        "•••-••-2019.csv",
        "2019••.csv",
        "٢٠١٩",
    ] {
        assert_eq!(on(path), None, "{path}");
    }
}

#[test]
fn sources_are_tried_in_order_and_the_first_date_decides() {
    let rule = |rest: &str| {
        policy(
            "",
            &format!(
                "trigger = {{ source = \"record-date\", field = \"paid\", {rest} }}\nkeep_max = \"P1Y\""
            ),
        )
    };
    let mut found = item("2019/x.csv");
    found.item.meta.modified = Some("2021-05-05T00:00:00Z".parse().expect("an instant"));
    let fallback = rule("fallback = [\"path-date\", \"modified\"]");
    assert_eq!(started(&fallback, found.clone()).map(|s| s.source), Ok(Source::PathDate));
    // The weak one comes first, and is too weak.
    let weak_first = rule("fallback = [\"modified\", \"path-date\"]");
    assert_eq!(started(&weak_first, found.clone()), Err("no-date"));
    let weak = rule("fallback = [\"modified\", \"path-date\"], min_confidence = \"weak\"");
    assert_eq!(started(&weak, found.clone()).map(|s| s.source), Ok(Source::Modified));
    let strong = rule("fallback = [\"path-date\"], min_confidence = \"strong\"");
    assert_eq!(started(&strong, found.clone()), Err("no-date"));
    found.evidence.dates.push(field("PAID", DateSource::Values, &[(date(2020, 2, 2), 3)]));
    for p in [&fallback, &weak_first, &weak, &strong] {
        let start = started(p, found.clone()).expect("a start");
        assert_eq!((start.source, start.by_row), (Source::RecordDate, true));
        assert_eq!(start.dates, [(Days::on(date(2020, 2, 2)), 3)]);
    }
}

#[test]
fn dates_in_the_future_are_bad_unless_they_come_from_a_register_or_are_weak() {
    // "Today" is 2026-07-01.
    let p =
        policy("", "trigger = { source = \"record-date\", field = \"paid\", fallback = [\"path-date\"] }");
    let mut found = item("x.csv");
    let days = [(date(2026, 6, 30), 1), (date(2026, 7, 1), 2), (date(2026, 7, 2), 4)];
    found.evidence.dates.push(DateField {
        empty: 8,
        unparsed: 16,
        ambiguous: 32,
        ..field("paid", DateSource::Values, &days)
    });
    let start = started(&p, found.clone()).expect("a start");
    assert_eq!((start.bad, start.dates.len()), (60, 2));
    found.evidence.dates[0].days.retain(|day, _| *day > date(2026, 7, 1));
    assert_eq!(started(&p, found), Err("bad-date"));
    assert_eq!(started(&p, item("2027/x.csv")), Err("bad-date"));
    assert_eq!(started(&p, item("2026/x.csv")).map(|s| s.youngest().last), Ok(date(2026, 12, 31)));
    let p = policy("", "trigger = { source = \"event\", event = \"end\", key = \"id\" }");
    let mut found = item("x.csv");
    found.evidence.dates.push(field("id", DateSource::Event("end".into()), &[(date(2030, 1, 1), 1)]));
    assert_eq!(started(&p, found).map(|s| s.bad), Ok(0));
    let mut found = item("x.csv");
    found.item.meta.modified = Some("2030-01-01T00:00:00Z".parse().expect("an instant"));
    assert_eq!(started(&policy("", ""), found).map(|s| s.youngest().last), Ok(date(2030, 1, 1)));
}

#[test]
fn instants_become_days_where_the_policy_is() {
    let day = |head: &str| {
        let mut found = item("x");
        found.item.meta.modified = Some("2024-12-31T23:30:00Z".parse().expect("an instant"));
        started(&policy(head, ""), found).map(|s| s.youngest().last)
    };
    assert_eq!(day(""), Ok(date(2024, 12, 31)));
    assert_eq!(day("time_zone = \"Europe/Berlin\""), Ok(date(2025, 1, 1)));
    assert_eq!(day("time_zone = \"America/New_York\""), Ok(date(2024, 12, 31)));
}

#[test]
fn an_event_is_found_by_the_key_in_rows_or_path_and_nothing_stands_in_for_it() {
    let by_field = policy(
        "",
        "trigger = { source = \"event\", event = \"end\", key = \"id\", fallback = [\"path-date\"] }",
    );
    let mut found = item("2019/x.csv");
    assert_eq!(started(&by_field, found.clone()), Err("no-event"));
    let dated = with_item(&by_field, &Registers::default(), found.clone(), |a| {
        super::dated(a, &a.items[0], &by_field.classes[0]).map(|s| s.source)
    });
    assert_eq!(dated, Ok(Source::PathDate));
    found.evidence.dates.push(field("id", DateSource::Event("other".into()), &[(date(2020, 1, 1), 1)]));
    found.evidence.dates.push(field("no", DateSource::Event("end".into()), &[(date(2020, 1, 1), 1)]));
    assert_eq!(started(&by_field, found.clone()), Err("no-event"));
    found.evidence.dates.push(field("id", DateSource::Event("end".into()), &[(date(2021, 1, 1), 1)]));
    assert_eq!(started(&by_field, found).map(|s| s.dates), Ok(vec![(Days::on(date(2021, 1, 1)), 1)]));

    let by_path = policy("", "trigger = { source = \"event\", event = \"end\" }");
    let register =
        [("A-7", date(2022, 2, 2)), ("A-8", date(2023, 3, 3))].map(|(key, day)| (key.to_owned(), day));
    let registers =
        Registers { events: [("end".to_owned(), register.into())].into(), ..Registers::default() };
    let day = |path: &str| {
        with_item(&by_path, &registers, item(path), |a| trigger(a, &a.items[0], &by_path.classes[0]))
            .map(|s| s.youngest().last)
    };
    assert_eq!(day("hr/A-7/cv.pdf"), Ok(date(2022, 2, 2)));
    assert_eq!(day("hr/A-7/A-8.pdf"), Ok(date(2023, 3, 3)));
    assert_eq!(day("hr/A-7.zip!/cv.pdf"), Ok(date(2022, 2, 2)));
    assert_eq!(day("hr/A-77/cv.pdf"), Err("no-event"));
}

#[test]
fn a_document_spans_from_creation_to_last_change() {
    let p = policy("", "trigger = { source = \"doc-metadata\" }");
    let mut found = item("x.docx");
    found.evidence.dates.push(field("", DateSource::DocumentCreated, &[(date(2018, 1, 1), 1)]));
    found.evidence.dates.push(field("", DateSource::DocumentModified, &[(date(2020, 5, 5), 1)]));
    let days = Days { first: date(2018, 1, 1), last: date(2020, 5, 5) };
    assert_eq!(started(&p, found.clone()).map(|s| s.dates), Ok(vec![(days, 1)]));
    found.evidence.dates[1].days = [(date(2030, 1, 1), 1)].into();
    assert_eq!(started(&p, found).map(|s| s.dates), Ok(vec![(Days::on(date(2018, 1, 1)), 1)]));
}

#[test]
fn an_early_loss_needs_more_than_a_weak_date() {
    let lawful = |rule: &str, path: &str, days: &[(Date, u64)]| {
        let p = policy("", rule);
        let mut found = item(path);
        found.item.meta.modified = Some("2020-03-01T00:00:00Z".parse().expect("an instant"));
        found.evidence.dates.push(field("paid", DateSource::Values, days));
        with_item(&p, &Registers::default(), found, |a| earliest_loss(a, &a.items[0], &p.classes[0]))
    };
    assert_eq!(lawful("keep_max = \"P1Y\"", "x", &[]), None);
    let weak = lawful("keep_min = \"P1Y\"", "x", &[]).expect("a rule").expect("a date");
    assert_eq!(weak.day, date(2021, 3, 1));
    assert_eq!((weak.is_early(date(2021, 2, 28)), weak.is_early(date(2021, 3, 1))), (None, Some(false)));
    // The youngest row decides.
    let rows = "trigger = { source = \"record-date\", field = \"paid\" }\nkeep_min = \"P2Y\"";
    let strong =
        lawful(rows, "x", &[(date(2015, 1, 1), 9), (date(2019, 6, 1), 1)]).expect("a rule").expect("a date");
    assert_eq!((strong.day, strong.trigger_date), (date(2021, 6, 1), date(2019, 6, 1)));
    assert_eq!(
        (strong.is_early(date(2021, 5, 31)), strong.is_early(date(2021, 6, 1))),
        (Some(true), Some(false))
    );
    assert_eq!(lawful(rows, "x", &[]), Some(Err("no-date")));
    // A year stands for its first day.
    let path = lawful("trigger = { source = \"path-date\" }\nkeep_min = \"P1Y\"", "2019/x", &[]);
    assert_eq!(path.expect("a rule").map(|l| l.day), Ok(date(2020, 1, 1)));
}

fn days() -> impl Strategy<Value = Date> {
    (0i64..60_000).prop_map(|n| date(1950, 1, 1).saturating_add(jiff::SignedDuration::from_hours(n * 24)))
}

fn periods() -> impl Strategy<Value = String> {
    (0u8..12, 0u8..20, 0u16..400).prop_map(|(y, m, d)| format!("P{y}Y{m}M{d}D"))
}

proptest! {
    #[test]
    fn later_triggers_are_never_due_earlier(
        (a, b) in (days(), days()), keep in periods(), grace in periods(), month in 1i8..=12, last in 1i8..=31,
        align_to in prop::sample::select(vec!["", ", align = \"calendar-year-end\"", ", align = \"fiscal-year-end\""]),
    ) {
        let p = policy(
            &format!("fiscal_year_end = \"{month:02}-{last:02}\""),
            &format!("trigger = {{ source = \"modified\"{align_to} }}\nkeep_max = \"{keep}\"\nkeep_min = \"{keep}\"\ngrace = \"{grace}\""),
        );
        let rule = &p.retention[0];
        let (a, b) = (a.min(b), a.max(b));
        prop_assert!(align(a, rule, &p) >= a && align(a, rule, &p) <= align(b, rule, &p));
        prop_assert!(due(a, rule, &p) <= due(b, rule, &p));
        prop_assert!(limit(a, rule, &p) <= limit(b, rule, &p));
        prop_assert!(limit(a, rule, &p) >= due(a, rule, &p));
        prop_assert_eq!(earliest(a, rule, &p), due(a, rule, &p));
    }

    #[test]
    fn a_written_day_is_found_wherever_it_stands(day in days(), before in "[a-z_ -]{0,8}", after in "([_ -][a-z]{1,6})?") {
        let (y, m, d) = (day.year(), day.month(), day.day());
        prop_assume!((1970..=2100).contains(&y));
        for text in [
            format!("{before}{y}{m:02}{d:02}{after}.csv"),
            format!("{before}{y}-{m:02}-{d:02}{after}.csv"),
            format!("{before}/{y}/{m:02}/{d:02}/{after}.csv"),
            format!("{before}/year={y}/month={m}/day={d}/{after}.csv"),
        ] {
            prop_assert_eq!(on(&text), Some((day, day)), "{}", text);
        }
    }

    #[test]
    fn no_path_is_too_odd(path in "[0-9QqWwTt•/=.!a-f _-]{0,40}") {
        if let Some((first, last)) = on(&path) {
            prop_assert!(first <= last);
        }
    }
}
