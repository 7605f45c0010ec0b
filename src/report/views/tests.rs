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

/// A run that read `read` of 200 items of the system crm; the archive was gone.
fn looked(hr: bool, read: u64) -> Vec<Looked> {
    let of = |system: &str, reached, read, items| Looked { system: system.to_owned(), reached, read, items };
    vec![of("crm", true, read, 200), of("hr", hr, 0, 0), of("gone", false, 0, 0)]
}

fn told() -> Told {
    Told {
        first: date(2026, 1, 1),
        last: date(2026, 6, 30),
        completed: 2,
        incomplete: 1,
        runs: vec![looked(true, 199), looked(false, 200)],
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
fn a_system_that_was_not_reached_is_named_and_has_a_row() {
    let read = |kept: &Kept<'_>| {
        let items: Vec<ItemRecord> = kept.items[..1].to_vec();
        let kept = Kept { items: &items, ..*kept };
        let sheet = show(View::Coverage, &kept);
        (written(&sheet, "table"), written(&sheet, "csv"))
    };
    let (text, rows) = with(|_| {}, read);
    assert!(text.contains("Every item that was met was wholly read.\n"), "{text}");
    assert!(text.contains("Not looked at in this run: gone (missing)."), "{text}");
    assert!(rows.lines().any(|l| l == "gone,,gone,missing,,root-missing,0,0"), "{rows}");
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
    assert!(
        text.contains("Between 99 % and 100 % of the items met in the systems that were looked at"),
        "{text}"
    );
    // What was not looked at is no part of what is told, and said to be none.
    assert!(text.contains("Systems in daily use: crm, hr.\n") && !text.contains("Archives"), "{text}");
    assert!(text.contains("Not looked at in any of these runs: gone.\n"), "{text}");
    assert!(text.contains("Not looked at in some of these runs: hr (1 of 2 times).\n"), "{text}");
    for found in ["exports", "share/hr", "US_SSN", "gov.national_id", "deviation", "412", "RET-01"] {
        assert!(!text.contains(found), "{found}\n{text}");
    }
}

#[test]
fn a_share_is_told_of_what_was_met_and_not_of_what_was_lost() {
    let page = |run: Vec<Looked>| {
        let day = date(2026, 1, 1);
        let told = Told { first: day, last: day, completed: 1, incomplete: 0, runs: vec![run] };
        with(|_| {}, |kept| written(&management_summary(kept.policy, &told), "table"))
    };
    let text = page(looked(false, 199));
    assert!(
        text.contains("  99 % of the items met in the systems that were looked at were read wholly."),
        "{text}"
    );
    assert!(text.contains("Not looked at in this run: hr, gone.\n"), "{text}");
    let told = Told { incomplete: 1, runs: Vec::new(), ..told() };
    let text = with(|_| {}, |kept| written(&management_summary(kept.policy, &told), "table"));
    assert!(text.contains("Not looked at in a run that came to its end: crm, hr, gone.\n"), "{text}");
    let mut lost = looked(false, 199);
    lost[0].reached = false;
    let text = page(lost);
    assert!(text.contains("Nothing can be said about how much was read.") && !text.contains('%'), "{text}");
    assert!(text.contains("Not looked at in this run: crm, hr, gone.\n"), "{text}");
}

#[test]
fn what_is_left_out_counts_as_not_read() {
    let looked = with(|_| {}, |kept| looked_at(kept.policy, kept.facts, kept.items, kept.taxonomy));
    let told: Vec<(&str, bool, u64, u64)> =
        looked.iter().map(|l| (l.system.as_str(), l.reached, l.read, l.items)).collect();
    assert_eq!(told, [("crm", true, 1, 1), ("hr", true, 0, 1), ("gone", false, 0, 0)]);
    let skipped = with(
        |_| {},
        |kept| {
            let mut items = kept.items[..1].to_vec();
            items[0].outcome = crate::model::Outcome::Skipped(crate::model::Reason::Excluded);
            looked_at(kept.policy, kept.facts, &items, kept.taxonomy)[0].clone()
        },
    );
    assert_eq!((skipped.read, skipped.items), (0, 1));
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
    // Nothing evaluated is no zero: outcome and reason stand beside the numbers, of what is about the run too.
    let unevaluated = |assessment: &mut Assessment| {
        spread(assessment);
        let first = assessment.results[0].clone();
        assessment.results.push(crate::govern::ControlResult {
            test_id: "DSP-04".to_owned(),
            system: None,
            class: None,
            outcome: crate::govern::ControlOutcome::NotEvaluated,
            reason: Some("no-previous".to_owned()),
            population: 0,
            evaluated: 0,
            deviations: 0,
            excepted: 0,
            deviating: Vec::new(),
            ..first
        });
    };
    let page = with(unevaluated, |kept| written(&show(View::Icfr, kept), "table"));
    let lines: Vec<String> =
        page.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in
        ["COL-02 fail 4 3 1 1", "DIS-05 no result 0 0 0 0", "DSP-04 not-evaluated(no-previous) 0 0 0 0"]
    {
        assert!(lines.iter().any(|l| l == line), "{line}\n{page}");
    }
    let rows = with(unevaluated, |kept| written(&show(View::Icfr, kept), "csv"));
    assert!(rows.contains("\nDSP-04,,,not-evaluated,no-previous,0,"), "{rows}");
}

#[test]
fn what_nobody_evaluated_is_not_told_as_nothing_noted() {
    let day = date(2026, 1, 1);
    let page = |runs: &[PeriodRun]| {
        written(&show_period(&period(runs, day, date(2026, 1, 31)), runs, &About::default()), "table")
    };
    let run = |sequence, policy: Option<&str>| PeriodRun {
        sequence,
        as_of: day,
        started: day,
        completed: true,
        state: "completed",
        kept: Some(KeptRun { policy: policy.map(|v| (v.to_owned(), "0".repeat(64))), ..KeptRun::default() }),
        ..PeriodRun::default()
    };
    for (runs, deviations, changes) in [
        (vec![], "no run of the period was held against a policy", "no two runs to compare"),
        (vec![run(1, None)], "no run of the period was held against a policy", "no two runs to compare"),
        (vec![run(1, Some("1")), run(2, Some("1"))], "Nothing was evaluated in the runs", "None in tool"),
    ] {
        let text = page(&runs);
        assert!(text.contains(deviations) && text.contains(changes), "{text}");
        assert!(!text.contains("None was noted") && !text.contains("\n  None.\n"), "{text}");
        assert!(text.contains("Nothing was evaluated, so none could be used."), "{text}");
        assert!(!text.contains("started on another day"), "{text}");
    }
}

#[test]
fn anchors_are_told_as_verify_tells_them() {
    let told = |anchored| {
        let about = About { anchored, ..About::default() };
        let text =
            written(&show_period(&period(&[], date(2026, 1, 1), date(2026, 1, 31)), &[], &about), "table");
        text.split("Anchors\n").nth(1).unwrap_or_default().replace("\n ", "")
    };
    let since = |last, since| told(Anchored::UpTo { last, since });
    assert!(told(Anchored::Not).contains("Not anchored: nobody"));
    assert!(told(Anchored::Differs).contains("that of no line before it"));
    assert!(since(Some(3), 0).contains("Anchored up to run 3, the last that has ended."));
    assert!(since(Some(3), 1).contains("Anchored up to run 3; 1 run since is not"));
    assert!(since(Some(3), 7).contains("Anchored up to run 3; 7 runs since are not"));
    assert!(since(None, 2).contains("Not anchored: no run had ended"));
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
            started: date(2026, 6, 1),
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
        reviews: vec![(
            date(2026, 6, 1),
            crate::govern::facts::Review {
                subject: "drift:\u{1b}crm".to_owned(),
                sequence: 4,
                by: "role".to_owned(),
                on: date(2026, 2, 1),
                decision: "said \u{202e}so".repeat(20),
            },
        )],
        anchored: Anchored::UpTo { last: Some(3), since: 4 },
        anchors: vec![("2026-02-01".to_owned(), "mail\u{1b}box".to_owned(), "ab".repeat(32))],
        broken: vec!["line 4\u{1b}".to_owned()],
    };
    let days = period(&runs, date(2026, 1, 1), date(2026, 3, 30));
    let mut pages: Vec<String> =
        ALL.map(|view| with(hostile, |kept| written(&show(view, kept), "table"))).into();
    pages.push(written(&show_period(&days, &runs, &about), "table"));
    pages.push(with(|_| {}, |kept| written(&management_summary(kept.policy, &told()), "table")));
    let mut warned = show_period(&days, &runs, &about);
    warned.first(&"the log does not hold\u{1b} ".repeat(9));
    pages.push(written(&warned, "table"));
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
    assert!(text.contains("60 of 60 runs were started on another day than the one they speak of"), "{text}");
    assert!(text.contains("    1  2026-01-02  2026-06-01\n"), "{text}");
    let rows = written(&sheet, "jsonl");
    let parts = |part: &str| rows.lines().filter(|l| l.contains(&format!("\"part\":\"{part}\""))).count();
    // 3 results in each of 59 runs; the two deviations of an item are one.
    assert_eq!((parts("run"), parts("result"), parts("deviation")), (60, 3 * 59, 1), "{rows}");
}
