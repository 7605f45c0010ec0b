use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn plan(fields: &[&str]) -> DatePlan {
    DatePlan { fields: fields.iter().map(|f| (*f).to_owned()).collect(), ..DatePlan::default() }
}

fn counted(plan: &DatePlan, name: &str, values: &[&str]) -> Dates {
    let mut dates = Dates::default();
    dates.field(plan, name.as_bytes(), name, 0);
    values.iter().for_each(|v| dates.value(plan, FieldId(0), v.as_bytes(), 1));
    dates
}

/// The one field's counts, or `None` if it is not taken for dates.
fn count(plan: &DatePlan, name: &str, values: &[&str]) -> Option<DateField> {
    counted(plan, name, values).finish(plan, values.len() as u64).pop()
}

fn day(plan: &DatePlan, name: &str, value: &str) -> Option<Date> {
    let field = count(plan, name, &[value])?;
    field.days.keys().next().copied()
}

#[test]
fn the_usual_ways_of_writing_a_date_are_read() {
    let jan15 = Some(date(2024, 1, 15));
    for value in [
        "2024-01-15",
        "2024/01/15",
        "2024-01-15T10:30:00",
        "2024-01-15 10:30",
        "2024-01-15 10:30:00.123456",
        "2024-01-15T10:30:00,5",
        "2024-01-15T10:30:00Z",
        "2024-01-15t23:59:60z",
        "2024-01-15 10:30:00 UTC",
        "2024-01-15 10:30:00 +0100",
        "2024-01-15T10:30:00.000+01:00",
        "2024-01-15T10:30:00+01",
        "2024-01-15T10:30:00+01:00[Europe/Paris]",
        "2024/01/15 10:30:00",
        "15.01.2024",
        "15.1.2024",
        "15.01.2024 10:30",
        "15/01/2024",
        "15/1/2024",
        "15-01-2024",
        "1/15/2024",
        "01/15/2024 10:30:00 PM",
        "01/15/2024 9:05 am",
        "15 Jan 2024",
        "15 January 2024",
        "15-JAN-2024",
        "15. jan 2024",
        "Jan 15, 2024",
        "January 15th, 2024",
        "Mon, 15 Jan 2024 10:30:00 +0100",
        "Mon, 15 Jan 2024 10:30:00 GMT",
        "Mon, 15 Jan 2024 10:30:00 EST",
        "Monday, January 15, 2024",
        "  2024-01-15\t",
    ] {
        assert_eq!(day(&plan(&[]), "x", value), jan15, "{value}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for value in [
        "",
        "2024-01",
        "2024-13-01",
        "2023-02-29",
        "2024-1-5",
        "1899-12-31",
        "2101-01-01",
        "0000-00-00",
        "2024-01-15T",
        "2024-01-15T25:00",
        "2024-01-15T10:61",
        "2024-01-15T10:30:00+99:00",
        "2024-01-15x",
        "2024-01-15 approved",
        "20240115",
        "1705276800",
        "31/31/2024",
        "15.13.2024",
        "15/01/24",
        "15/01-2024",
        "15 Jax 2024",
        "15 Jan 24",
        "192.168.2024",
        "Jan 2024",
        "May be 2024",
        "10:30:00",
        "12345678",
        "1.2.2024.5",
        "2024-01-15-0001",
        "555-0199-2024",
        "Monday",
        "\u{661}5.01.2024",
        "32 Jan 2024",
    ] {
        assert_eq!(day(&plan(&[]), "x", value), None, "{value}");
    }
}

#[test]
fn digits_alone_are_dates_only_where_a_name_says_so() {
    let named = plan(&["hired"]);
    let jan15 = Some(date(2024, 1, 15));
    for value in
        ["20240115", "20240115T103000Z", "20240115T1030", "1705312800", "1705312800.25", "1705312800123"]
    {
        assert_eq!(day(&named, "hired", value), jan15, "{value}");
        assert_eq!(day(&named, "staff[].HIRED", value), jan15, "{value}");
    }
    for (name, is) in
        [("birth_date", true), ("Datum", true), ("sale_dt", true), ("id", false), ("today_id", false)]
    {
        assert_eq!(day(&named, name, "20240115"), jan15.filter(|_| is), "{name}");
        assert_eq!(day(&named, name, "1705312800"), None, "{name}");
    }
    for value in ["20241315", "170531280", "17053128001", "170531280012345678901", "-1705312800"] {
        let field = count(&named, "hired", &[value]).expect("named");
        let other = value == "170531280";
        assert_eq!((field.dated(), field.unparsed), if other { (1, 0) } else { (0, 1) }, "{value}");
    }
}

#[test]
fn an_instant_is_a_day_of_the_zone_and_what_states_no_offset_is_as_written() {
    let mut plan = plan(&["x"]);
    plan.zone = TimeZone::get("America/New_York").expect("known");
    assert_eq!(day(&plan, "x", "2024-01-15T03:00:00Z"), Some(date(2024, 1, 14)));
    assert_eq!(day(&plan, "x", "2024-07-15T04:30:00Z"), Some(date(2024, 7, 15)));
    assert_eq!(day(&plan, "x", "2024-01-15 23:30:00-05:00"), Some(date(2024, 1, 15)));
    assert_eq!(day(&plan, "x", "Mon, 15 Jan 2024 03:00:00 +0000"), Some(date(2024, 1, 14)));
    assert_eq!(day(&plan, "x", "1705287600"), Some(date(2024, 1, 14)), "03:00 UTC");
    assert_eq!(day(&plan, "x", "2024-01-15T03:00:00"), Some(date(2024, 1, 15)));
    assert_eq!(day(&plan, "x", "2024-01-15"), Some(date(2024, 1, 15)));
    // In UTC, the default, an offset counts as well.
    assert_eq!(day(&self::plan(&[]), "x", "2024-01-15T23:30:00-05:00"), Some(date(2024, 1, 16)));
    assert_eq!(day(&self::plan(&[]), "x", "2024-01-01T00:30:00+01:00"), Some(date(2023, 12, 31)));
}

#[test]
fn the_field_decides_which_number_is_the_day_then_the_policy() {
    let mut plan = plan(&[]);
    let days = |plan: &DatePlan, values: &[&str]| {
        let field = count(plan, "x", values).expect("dates");
        let days: Vec<String> = field.days.iter().map(|(d, n)| format!("{d} {n}")).collect();
        (days.join(", "), field.ambiguous, field.unparsed)
    };
    let both = ["03/04/2021", "03/04/2021", "05/05/2021"];
    assert_eq!(days(&plan, &both), ("2021-05-05 1".into(), 2, 0));
    assert_eq!(
        days(&plan, &[&both[..], &["31/12/2021"]].concat()).0,
        "2021-04-03 2, 2021-05-05 1, 2021-12-31 1"
    );
    assert_eq!(
        days(&plan, &[&both[..], &["12/31/2021"]].concat()).0,
        "2021-03-04 2, 2021-05-05 1, 2021-12-31 1"
    );
    let mixed = [&both[..], &["12/31/2021", "31/12/2021"]].concat();
    assert_eq!(days(&plan, &mixed), ("2021-05-05 1, 2021-12-31 2".into(), 2, 0));
    plan.order = Some(DateOrder::Mdy);
    assert_eq!(days(&plan, &both), ("2021-03-04 2, 2021-05-05 1".into(), 0, 0));
    // What the field shows weighs more than what the policy says.
    assert_eq!(
        days(&plan, &[&both[..], &["31/12/2021"]].concat()).0,
        "2021-04-03 2, 2021-05-05 1, 2021-12-31 1"
    );
    plan.order = Some(DateOrder::Dmy);
    assert_eq!(days(&plan, &both).0, "2021-04-03 2, 2021-05-05 1");
}

#[test]
fn the_first_values_say_whether_a_field_is_of_dates() {
    let plan = plan(&["due"]);
    let column = |good: usize, bad: usize| [vec!["2024-01-15"; good], vec!["soon, we hope"; bad]].concat();
    let is = |name: &str, values: &[&str]| count(&plan, name, values).map(|f| (f.dated(), f.unparsed));
    assert_eq!(is("x", &column(9, 1)), Some((9, 1)));
    assert_eq!(is("x", &column(8, 1)), None);
    // After the trial the field goes on whatever comes, or is over.
    assert_eq!(is("x", &column(64, 600)), Some((64, 600)));
    let late = [vec!["soon, we hope"; 7], vec!["2024-01-15"; 600]].concat();
    assert_eq!(is("x", &late), None);
    assert_eq!(is("due", &late), Some((600, 7)));
    assert_eq!(is("due", &["soon, we hope"]), Some((0, 1)));
    assert_eq!(is("due", &[]), Some((0, 0)), "a named field is told of even when it is empty");
    assert_eq!(is("x", &[]), None);
}

#[test]
fn rows_without_a_value_are_counted_and_times_count() {
    let plan = plan(&[]);
    let mut dates = Dates::default();
    dates.field(&plan, b"x", "x", 7);
    for (value, times) in [("2024-01-15", 5), ("2024-01-16", 2), ("NULL", 4), ("n/a", 1), ("", 1)] {
        dates.value(&plan, FieldId(0), value.as_bytes(), times);
    }
    let field = dates.finish(&plan, 20).pop().expect("dates");
    assert_eq!((field.dated(), field.empty, field.unparsed, field.field_index), (7, 13, 0, Some(7)));
}

#[test]
fn keys_are_looked_up_in_the_events() {
    let mut plan = plan(&[]);
    let row = |key: &str, y| (key.as_bytes().to_vec(), date(y, 6, 30));
    let event = |name: &str, key: &str, rows: Vec<_>| EventLookup {
        name: name.to_owned(),
        key: key.to_owned(),
        rows: rows.into_iter().collect(),
    };
    plan.events.push(event("contract-end", "customer", vec![row("c1", 2020), row("c2", 2021)]));
    plan.events.push(event("last-visit", "customer", vec![row("c1", 2023)]));
    let mut dates = Dates::default();
    dates.field(&plan, b"row.customer", "row.customer", 0);
    dates.field(&plan, b"other", "other", 1);
    for (key, times) in [(" c1 ", 2), ("c2", 1), ("c9", 3)] {
        dates.value(&plan, FieldId(0), key.as_bytes(), times);
        dates.value(&plan, FieldId(1), key.as_bytes(), times);
    }
    let found = dates.finish(&plan, 8);
    let told: Vec<_> =
        found.iter().map(|f| (f.source.word(), f.dated(), f.unparsed, f.empty, f.field.as_str())).collect();
    assert_eq!(
        told,
        [
            ("event:contract-end".into(), 3, 3, 2, "row.customer"),
            ("event:last-visit".into(), 2, 4, 2, "row.customer")
        ]
    );
    assert_eq!(found[0].days, [(date(2020, 6, 30), 2), (date(2021, 6, 30), 1)].into());
}

#[test]
fn a_hidden_name_is_told_as_the_policy_writes_it() {
    let plan = plan(&["Hired"]);
    let mut dates = Dates::default();
    dates.field(&plan, b"staff.hired", "0123456789abcdef", 0);
    dates.field(&plan, b"hired", "hired", 1);
    dates.field(&plan, b"left", "fedcba9876543210", 2);
    (0..3).for_each(|f| dates.value(&plan, FieldId(f), b"2024-01-15", 1));
    let names: Vec<String> = dates.finish(&plan, 1).into_iter().map(|f| f.field).collect();
    assert_eq!(names, ["Hired", "hired", "fedcba9876543210"]);
}

#[test]
fn fields_are_limited_and_named_ones_come_first() {
    let plan = plan(&["last"]);
    let mut dates = Dates::default();
    for n in 0..400u32 {
        dates.field(&plan, b"x", "x", n);
    }
    dates.field(&plan, b"last", "last", 400);
    for _ in 0..70 {
        (0..401).for_each(|f| dates.value(&plan, FieldId(f), b"2024-01-15", 1));
    }
    let found = dates.finish(&plan, 70);
    assert_eq!(found.len(), MAX_FIELDS);
    assert_eq!(found.last().map(|f| f.field.as_str()), Some("last"));
}

#[test]
fn what_decides_may_stand_in_another_part() {
    let plan = plan(&[]);
    for (first, second) in [("03/04/2021", "31/12/2021"), ("31/12/2021", "03/04/2021")] {
        let mut merged = counted(&plan, "x", &[first]);
        merged.merge(counted(&plan, "x", &[second]));
        let days: Vec<_> = merged.finish(&plan, 2).remove(0).days.into_keys().collect();
        assert_eq!(days, [date(2021, 4, 3), date(2021, 12, 31)]);
    }
    // Values that a later part did not look at any more are no dates.
    let mut merged = counted(&plan, "x", &["2024-01-15"; 64]);
    merged.merge(counted(&plan, "x", &["soon, we hope"; 70]));
    let field = merged.finish(&plan, 134).remove(0);
    assert_eq!((field.dated(), field.unparsed), (64, 70));
}

/// Values of one kind of column.
fn column() -> impl Strategy<Value = Vec<String>> {
    let dates = (1990u32..2030, 1u32..13, 1u32..29);
    let iso = dates.clone().prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    let slashes = dates.prop_map(|(y, m, d)| format!("{d}/{m}/{y}"));
    let words = "[a-z]{0,12}";
    let many = |one: BoxedStrategy<String>| proptest::collection::vec(one, 0..300);
    prop_oneof![many(iso.boxed()), many(slashes.boxed()), many(words.boxed())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn merged_halves_are_the_whole(values in column(), at in 0usize..301, named in any::<bool>()) {
        let plan = plan(if named { &["x"] } else { &[] });
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let (first, second) = values.split_at(at.min(values.len()));
        let whole = counted(&plan, "x", &values).finish(&plan, 300);
        let mut merged = counted(&plan, "x", first);
        merged.merge(counted(&plan, "x", second));
        prop_assert_eq!(&merged.finish(&plan, 300), &whole);
        let mut empty = Dates::default();
        empty.merge(counted(&plan, "x", &values));
        prop_assert_eq!(&empty.finish(&plan, 300), &whole);
    }

    #[test]
    fn no_bytes_panic_and_what_is_read_is_a_day(bytes in proptest::collection::vec(any::<u8>(), 0..70), mess in "[0-9/.: TZ+-]{8,30}|[JanMrFeb0-9 ,-]{8,20}") {
        let plan = plan(&["x"]);
        for value in [&bytes[..], mess.as_bytes()] {
            let mut dates = Dates::default();
            dates.field(&plan, b"x", "x", 0);
            dates.value(&plan, FieldId(0), value, 1);
            let field = dates.finish(&plan, 1).pop().expect("named");
            prop_assert_eq!(field.dated() + field.unparsed + field.ambiguous + field.empty, 1);
        }
    }
}
