use std::fs;

use jiff::civil::date;

use super::*;
use crate::govern::Deviation;
use crate::govern::period::{KeptRun, PeriodRun, period};
use crate::report::testing;
use crate::report::text::{deceptive, width};
use crate::report::{Destination, Options};

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "share"
version = "3"
[scope]
systems = [
  { id = "crm", root = "exports", owner = "sales" },
  { id = "hr", root = "share/hr" },
  { id = "gone", root = "gone", use = "archive" },
]
[[class]]
id = "customer"
categories = ["contact.*"]
icfr = true
retention = "two-years"
[[class]]
id = "note"
[[retention]]
id = "two-years"
trigger = { source = "record-date", field = "hired", align = "calendar-year-end" }
keep_max = "P2Y6M"
action = "anonymise"
"#;

/// Everything that a view is given, of the standard records.
fn with<T>(change: impl FnOnce(&mut Assessment), look: impl FnOnce(&Kept<'_>) -> T) -> T {
    let records = testing::records();
    let (mut assessment, concluded) = testing::assessment();
    change(&mut assessment);
    let policy = Policy::parse(POLICY).expect("sound");
    let roots = [("crm", "reached"), ("hr", "reached"), ("gone", "missing")];
    let reach = |(id, word): (&str, &str)| Some((id.to_owned(), crate::model::Reach::parse(word)?));
    let facts = RunFacts { roots: roots.into_iter().filter_map(reach).collect(), ..RunFacts::default() };
    let (criteria, taxonomy) =
        (Criteria::builtin().expect("sound"), crate::classify::Taxonomy::builtin().expect("sound"));
    look(&Kept {
        run: &testing::run(&records),
        facts: &facts,
        items: &records,
        policy: &policy,
        assessment: &assessment,
        concluded: &concluded,
        criteria: &criteria,
        taxonomy: &taxonomy,
    })
}

fn written(sheet: &Sheet, format: &str) -> String {
    let dir = tempfile::tempdir().expect("temp dir");
    let path = dir.path().join("out");
    sheet.write(format, &Destination::of(&path), Options::default()).expect("written");
    fs::read_to_string(path).expect("read")
}

const ALL: [View; 6] =
    [View::Overdue, View::Coverage, View::Controls, View::Criteria, View::Deviations, View::Icfr];

fn table(view: View) -> String {
    with(|_| {}, |kept| written(&show(view, kept), "table"))
}

fn told() -> Told {
    Told {
        first: date(2026, 1, 1),
        last: date(2026, 6, 30),
        completed: 2,
        incomplete: 1,
        read: vec![(199, 200), (200, 200)],
    }
}

#[test]
fn what_is_overdue_is_told_with_rule_dates_and_owner() {
    let text = table(View::Overdue);
    assert!(text.contains("1 item is overdue and 1 under a hold or exception, in 3 of 4 items"), "{text}");
    let entry = "    1,334 days over, due 2023-03-01, from record-date 2021-03-01 (1 row):\n    \
                 customer in crm by two-years, owner =sales; part still to be kept\n";
    assert!(text.contains(entry), "{text}");
    assert!(text.contains("covered by LH-1"), "{text}");
    let csv = with(|_| {}, |kept| written(&show(View::Overdue, kept), "csv"));
    assert_eq!(
        csv,
        "owner,system,class,path,rule,trigger_date,trigger_source,due,days_over,rows,approved_exception,reason,tier,\
         item_id\n\
         '=sales,crm,customer,exports/q3.zip!/crm/customers.csv,two-years,2021-03-01,record-date,2023-03-01,1334,1,,mixed,\
         restricted,01010101010101010101010101010101\n\
         '=sales,crm,customer,exports/q3.zip!/crm/customers.csv,two-years,2021-03-01,record-date,2023-03-01,1334,1,LH-1,\
         mixed,restricted,01010101010101010101010101010101\n"
    );
    let jsonl = with(|_| {}, |kept| written(&show(View::Overdue, kept), "jsonl"));
    assert!(jsonl.starts_with("{\"record\":\"overdue\",\"owner\":\"=sales\",\"system\":\"crm\","), "{jsonl}");
}

#[test]
fn the_longest_over_comes_first() {
    let later = |assessment: &mut Assessment| {
        for result in assessment.results.iter_mut().filter(|r| r.test_id == "RET-01") {
            let first = result.deviating[0].clone();
            let more = |days: i64, path: &str| Deviation {
                days_over: Some(days),
                path: Some(path.to_owned()),
                ..first.clone()
            };
            result.deviating = vec![more(7, "exports/b"), more(9, "exports/a"), more(9, "exports/0")];
        }
    };
    let text = with(later, |kept| written(&show(View::Overdue, kept), "table"));
    let at: Vec<Option<usize>> =
        ["exports/0", "exports/a", "exports/b"].iter().map(|p| text.find(p)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{text}");
}

#[test]
fn coverage_adds_up_by_system_and_reason() {
    let text = table(View::Coverage);
    let lines: Vec<String> =
        text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    // One item in each declared system but the missing one; three outside of all: read, skipped and partial.
    for want in [
        "crm reached 1 1 0 0 0 100% 0 B",
        "hr reached 1 0 0 0 1 0% 0 B",
        "gone missing 0 0 0 0 0 - 0 B",
        "(no system) - 3 1 1 1 0 50% 16.0 EiB",
    ] {
        assert!(lines.iter().any(|l| l == want), "{want}\n{text}");
    }
    for reason in ["permission_denied", "encrypted", "excluded"] {
        assert!(text.contains(reason), "{reason}\n{text}");
    }
    let rows = with(|_| {}, |kept| written(&show(View::Coverage, kept), "csv"));
    let items: u64 = rows.lines().skip(1).filter_map(|l| l.split(',').nth(6)?.parse::<u64>().ok()).sum();
    assert_eq!(items, 5, "{rows}");
}

#[test]
fn results_and_criteria_say_no_more_than_was_tested() {
    let text = table(View::Controls);
    assert!(text.contains("RET-01 Nothing is kept past its due day and grace"), "{text}");
    assert!(text.contains("crm     customer  fail     mixed        4      3     1     1"), "{text}");
    let criteria = table(View::Criteria);
    assert!(criteria.contains("Cannot say: Whether the period itself is right in law."), "{criteria}");
    for text in ALL
        .map(table)
        .iter()
        .chain([&with(|_| {}, |k| written(&management_summary(k.policy, &told()), "table"))])
    {
        let lower = text.to_lowercase();
        for word in ["complian", "compliant", "certif", "passes", "soc 3", "opinion that"] {
            assert!(!lower.contains(word), "{word}\n{text}");
        }
    }
}

#[test]
fn classes_without_items_are_counted_and_not_listed() {
    let many = |assessment: &mut Assessment| {
        let empty = assessment.results.iter().find(|r| r.test_id == "RET-01").cloned().expect("there");
        for n in 0..20 {
            let outcome = crate::govern::ControlOutcome::NotEvaluated;
            assessment.results.push(crate::govern::ControlResult {
                class: Some(format!("class-{n}")),
                outcome,
                reason: Some("coverage".to_owned()),
                population: 0,
                evaluated: 0,
                deviations: 0,
                excepted: 0,
                deviating: Vec::new(),
                ..empty.clone()
            });
        }
    };
    let text = with(many, |kept| written(&show(View::Controls, kept), "table"));
    assert!(
        text.contains("Without items: not-evaluated(coverage) 20.") && !text.contains("class-7"),
        "{text}"
    );
    let rows = with(many, |kept| show(View::Controls, kept).len());
    assert_eq!(rows, 23);
}

#[test]
fn the_management_summary_tells_commitments_and_nothing_that_was_found() {
    let text = with(|_| {}, |kept| written(&management_summary(kept.policy, &told()), "table"));
    assert!(
        text.starts_with("Management summary\nFrom 2026-01-01 to 2026-06-30, under the policy share 3.\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "customer: contact.*\n    At most 2 years and 6 months after a date in the record, counted"
        ),
        "{text}"
    );
    assert!(text.contains("note: not stated\n    No period is committed to."), "{text}");
    assert!(text.contains("2 automated examinations were completed; 1 more was not completed."), "{text}");
    assert!(text.contains("Between 99 % and 100 % of the items"), "{text}");
    for found in ["exports", "share/hr", "US_SSN", "gov.national_id", "deviation", "412", "RET-01"] {
        assert!(!text.contains(found), "{found}\n{text}");
    }
}

#[test]
fn the_soc_1_subset_holds_marked_classes_and_five_tests() {
    let spread = |assessment: &mut Assessment| {
        let first = assessment.results.iter().find(|r| r.test_id == "RET-01").cloned().expect("there");
        for (test, class) in [("COL-02", Some("customer")), ("COL-02", Some("note")), ("RET-02", None)] {
            assessment.results.push(crate::govern::ControlResult {
                test_id: test.to_owned(),
                class: class.map(str::to_owned),
                ..first.clone()
            });
        }
    };
    let rows = with(spread, |kept| written(&show(View::Icfr, kept), "csv"));
    let keys: Vec<String> =
        rows.lines().skip(1).map(|l| l.split(',').take(3).collect::<Vec<_>>().join("/")).collect();
    assert_eq!(keys, ["COL-02/crm/customer", "RET-02/crm/"]);
}

/// Runs of a period with long names, and things a terminal must not see.
fn hostile_runs(runs: u64) -> Vec<PeriodRun> {
    let (assessment, _) = testing::assessment();
    let results: Vec<_> = assessment
        .results
        .into_iter()
        .map(|mut r| {
            r.system = Some("a-system-with-a-name-that-goes-on-and-on-\u{202e}and-on".to_owned());
            r.deviating.iter_mut().for_each(|d| {
                d.path = Some("x/\u{1b}[2J\n".repeat(30));
                d.detail = Some("\u{9b}31m and more".repeat(9));
            });
            r
        })
        .collect();
    (1..=runs)
        .map(|n| PeriodRun {
            sequence: n,
            name: n.to_string(),
            as_of: date(2026, 1, 1).checked_add(jiff::Span::new().days(n as i64)).expect("a day"),
            completed: n != 3,
            state: if n == 3 { "aborted" } else { "completed" },
            kept: (n != 3).then(|| KeptRun {
                wanted: 10,
                scanned: 9,
                items: 10,
                policy: Some((format!("v\u{1b}{n}"), "0123456789abcdef".to_owned())),
                results: results.clone(),
                ..KeptRun::default()
            }),
        })
        .collect()
}

#[test]
fn no_page_is_wider_than_80_columns_or_plays_tricks() {
    let hostile = |assessment: &mut Assessment| {
        for result in &mut assessment.results {
            result.system = Some("crm\u{1b}[31m".repeat(12));
            result.note = Some("\u{7}note".to_owned());
            for deviation in &mut result.deviating {
                deviation.path = Some("a/\u{202e}b\u{1b}\n".repeat(40));
                deviation.owner = Some("\u{9b}owner".repeat(30));
            }
        }
    };
    let runs = hostile_runs(60);
    let about = About {
        reviews: vec![crate::govern::facts::Review {
            subject: "drift:\u{1b}crm".to_owned(),
            sequence: 4,
            by: "role".to_owned(),
            on: date(2026, 2, 1),
            decision: "said \u{202e}so".repeat(20),
        }],
        anchors: vec![("2026-02-01".to_owned(), "mail\u{1b}box".to_owned(), "ab".repeat(32))],
        broken: vec!["line 4\u{1b}".to_owned()],
    };
    let days = period(&runs, date(2026, 1, 1), date(2026, 3, 30));
    let mut pages: Vec<String> =
        ALL.map(|view| with(hostile, |kept| written(&show(view, kept), "table"))).into();
    pages.push(written(&show_period(&days, &runs, &about), "table"));
    pages.push(with(|_| {}, |kept| written(&management_summary(kept.policy, &told()), "table")));
    for line in pages.iter().flat_map(|page| page.split('\n')) {
        assert!(width(line) <= 80, "{} columns: {line}", width(line));
        assert!(!line.contains(deceptive), "{line:?}");
    }
}

#[test]
fn a_period_shows_runs_side_by_side_in_blocks_of_26() {
    let runs = hostile_runs(60);
    let days = period(&runs, date(2026, 1, 1), date(2026, 3, 30));
    let sheet = show_period(&days, &runs, &About::default());
    let text = written(&sheet, "table");
    assert!(text.contains("60 runs: 59 completed, 1 not completed."), "{text}");
    assert!(
        text.contains("Runs 1 to 27\n")
            && text.contains("Runs 28 to 53\n")
            && text.contains("Runs 54 to 60\n")
    );
    assert!(text.lines().any(|l| l.starts_with("  RET-01") && l.ends_with(&format!(" {}", "F".repeat(26)))));
    assert!(text.contains("Not anchored"), "{text}");
    let rows = written(&sheet, "jsonl");
    let parts = |part: &str| rows.lines().filter(|l| l.contains(&format!("\"part\":\"{part}\""))).count();
    // 3 results in each of 59 runs; the two deviations of an item are one.
    assert_eq!((parts("run"), parts("result"), parts("deviation")), (60, 3 * 59, 1), "{rows}");
}
