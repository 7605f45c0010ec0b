//! What holds of any items: more time never makes less late, weak dates never clear, order does not matter.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::govern::clock::tests::{field, item, policy, with_items};
use crate::govern::{Policy, Registers};
use crate::model::{DateSource, ItemId, ItemRecord};

/// Day `n` of the years that the tests are about.
fn day(n: i64) -> Date {
    date(2015, 1, 1).saturating_add(SignedDuration::from_hours(24 * n))
}

/// Day of the last change, year of the folder, rows by day, rows without a date.
type Made = (i64, Option<i16>, Option<Vec<(i64, u64)>>, u64);

fn items() -> impl Strategy<Value = Vec<ItemRecord>> {
    let rows = prop::collection::vec((0i64..5000, 1u64..4), 0..4);
    let one = (0i64..5000, prop::option::of(2014i16..2028), prop::option::of(rows), 0u64..3);
    prop::collection::vec(one, 1..6).prop_map(|all| {
        let make = |(n, (modified, year, rows, unparsed)): (usize, Made)| {
            let folder = year.map_or_else(String::new, |y| format!("{y}/"));
            let mut item = item(&format!("{folder}{}", char::from(b'a' + n as u8)));
            item.item.id = ItemId([n as u8; 16]);
            item.item.meta.modified = format!("{}T12:00:00Z", day(modified)).parse::<Timestamp>().ok();
            if let Some(rows) = rows {
                let days: Vec<_> = rows.iter().map(|(n, rows)| (day(*n), *rows)).collect();
                let mut field = field("paid", DateSource::Values, &days);
                field.unparsed = unparsed;
                item.evidence.dates.push(field);
            }
            item
        };
        all.into_iter().enumerate().map(make).collect()
    })
}

fn rules() -> impl Strategy<Value = String> {
    let source = prop::sample::select(vec![
        "source = \"record-date\", field = \"paid\", fallback = [\"path-date\", \"modified\"], min_confidence = \"weak\"",
        "source = \"record-date\", field = \"paid\"",
        "source = \"path-date\", align = \"calendar-year-end\"",
        "source = \"path-date\", fallback = [\"modified\"], min_confidence = \"weak\", align = \"fiscal-year-end\"",
    ]);
    (source, 0u8..6, 0u8..13).prop_map(|(source, years, months)| {
        format!(
            "trigger = {{ {source} }}\nkeep_max = \"P{years}Y{months}M\"\n\
             phases = [{{ name = \"a\", until = \"P{months}M\" }}, {{ name = \"b\", until = \"P9Y\", location = [\"2*/**\"] }}]"
        )
    })
}

/// Paths that RET-01 finds late.
fn late(policy: &Policy, as_of: Date, items: &[ItemRecord]) -> BTreeSet<String> {
    with_items(policy, &Registers::default(), as_of, items, |a| {
        ret_01(a).into_iter().flat_map(|r| r.deviating).filter_map(|d| d.path).collect()
    })
}

proptest! {
    #[test]
    fn what_is_late_stays_late(items in items(), rule in rules(), (a, b) in (0i64..6000, 0i64..6000)) {
        let p = policy("fiscal_year_end = \"02-29\"", &rule);
        prop_assert!(late(&p, day(a.min(b)), &items).is_subset(&late(&p, day(a.max(b)), &items)));
    }

    #[test]
    fn longer_grace_finds_no_more(items in items(), rule in rules(), today in 0i64..6000, (a, b) in (0u16..900, 0u16..900)) {
        let found = |grace: u16| late(&policy("", &format!("{rule}\ngrace = \"P{grace}D\"")), day(today), &items);
        prop_assert!(found(a.max(b)).is_subset(&found(a.min(b))));
    }

    #[test]
    fn a_weak_date_never_clears(items in items(), today in 0i64..6000, years in 0u8..6) {
        let rule = format!("trigger = {{ source = \"modified\", min_confidence = \"weak\" }}\nkeep_max = \"P{years}Y\"\n\
             phases = [{{ name = \"a\", until = \"P9Y\" }}]");
        let p = policy("", &rule);
        with_items(&p, &Registers::default(), day(today), &items, |a| {
            for result in [ret_01(a), ret_04(a)].into_iter().flatten() {
                assert_ne!(result.outcome, ControlOutcome::Pass);
                assert_eq!(result.evaluated, result.deviations);
            }
        });
    }

    #[test]
    fn order_does_not_matter_and_everyone_is_counted(items in items(), rule in rules(), today in 0i64..6000, turn in 0usize..6) {
        let p = policy("", &rule);
        let all = |items: &[ItemRecord]| {
            with_items(&p, &Registers::default(), day(today), items, |a| [ret_01(a), ret_02(a), ret_03(a), ret_04(a)].concat())
        };
        let results = all(&items);
        for r in &results {
            prop_assert_eq!(r.population, r.evaluated + r.not_evaluated.values().sum::<u64>());
        }
        prop_assert_eq!(results.first().map(|r| r.population), Some(items.len() as u64));
        let mut turned = items.clone();
        turned.rotate_left(turn % items.len());
        turned.swap(0, items.len() - 1);
        prop_assert_eq!(results, all(&turned));
    }
}
