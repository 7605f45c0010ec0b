use super::super::facts::{Base, RunFacts};
use super::super::outcome::ControlOutcome;
use super::super::{Registers, decided};
use super::*;
use crate::model::{Evidence, Item, ItemId, ItemMeta, ItemPath};

const POLICY: &str = r#"
schema = "retention-policy/1"
policy = { id = "x", version = "1" }
scope = { systems = [{ id = "hr", root = "hr" }, { id = "crm", root = "crm" }] }
class = [
  { id = "seen", categories = ["contact.*"] },
  { id = "unseen", categories = ["contact.email"], match = { any_of = ["fin.ledger"] } },
]
"#;

fn record(path: &str) -> ItemRecord {
    let mut segments = path.split('|');
    let first = ItemPath::new(segments.next().expect("a path"));
    let raw = segments.fold(first, |path, name| path.entry(name.as_bytes()));
    let mut id = [0; 16];
    id.iter_mut().zip(path.bytes().rev()).for_each(|(to, from)| *to = from);
    ItemRecord {
        printed_path: String::from_utf8(raw.joined().to_vec()).expect("UTF-8"),
        item: Item { id: ItemId(id), path: raw, meta: ItemMeta::default() },
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

fn with<T>(policy: &str, items: &[ItemRecord], run: &RunFacts, ask: impl FnOnce(&Assessing<'_>) -> T) -> T {
    let policy = Policy::parse(policy).expect("a policy");
    let (registers, taxonomy) = (Registers::default(), Taxonomy::builtin().expect("sound"));
    let facts = Facts {
        run,
        items,
        previous: None,
        history: None,
        registers: &registers,
        reviews: &[],
        self_test: None,
        integrity: None,
    };
    ask(&Assessing::new(&policy, &facts, &taxonomy))
}

/// The gate's answer to a result of `test` beside results of MON tests: word and reason.
fn gated(
    beside: &[(&'static str, Option<&str>, ControlOutcome)],
    (system, class): (Option<&str>, Option<&str>),
    (outcome, reason, population): (ControlOutcome, &str, u64),
) -> String {
    let run = RunFacts { categories_on: BTreeSet::from(["contact.email".to_owned()]), ..RunFacts::default() };
    with(POLICY, &[], &run, |assessing| {
        let beside = beside.iter().map(|(test, system, outcome)| decided(test, *system, None, *outcome, "x"));
        let mut result = decided("COL-03", system, class, outcome, reason);
        result.population = population;
        let mut results: Vec<ControlResult> = std::iter::once(result).chain(beside).collect();
        gate::apply(&mut results, assessing);
        assert!(results[1..].iter().all(|r| r.reason.as_deref() == Some("x")), "MON is not gated");
        format!("{}({})", results[0].outcome.word(), results[0].reason.as_deref().unwrap_or_default())
    })
}

#[test]
fn absence_is_worth_what_coverage_and_detectors_are() {
    use ControlOutcome::{Excepted, Fail, NotApplicable, NotEvaluated, Pass};
    let covered =
        [("MON-01", Some("hr"), Pass), ("MON-02", Some("hr"), NotApplicable), ("MON-06", None, Pass)];
    let hr = (Some("hr"), Some("seen"));
    let pass = (Pass, "", 5);
    let none = (NotApplicable, "no-items", 0);
    assert_eq!(gated(&covered, hr, pass), "pass()");
    assert_eq!(gated(&covered, hr, none), "not-applicable(no-items)");

    for broken in [("MON-01", Some("hr"), Fail), ("MON-02", Some("hr"), Fail)] {
        assert_eq!(gated(&[broken], hr, pass), "not-evaluated(coverage)");
        assert_eq!(gated(&[broken], hr, none), "not-evaluated(coverage)");
        assert_eq!(gated(&[broken], (Some("crm"), None), pass), "pass()", "another system");
        assert_eq!(gated(&[broken], (None, None), pass), "not-evaluated(coverage)", "all systems");
        assert_eq!(
            gated(&[broken], hr, (NotApplicable, "no-test-system", 0)),
            "not-applicable(no-test-system)"
        );
        assert_eq!(gated(&[broken], hr, (Fail, "x", 5)), "fail(x)");
        assert_eq!(gated(&[broken], hr, (Excepted, "EX", 5)), "excepted(EX)");
        assert_eq!(gated(&[broken], hr, (NotEvaluated, "unread", 5)), "not-evaluated(unread)");
    }

    let missed = [("MON-01", Some("hr"), Pass), ("MON-06", None, Fail)];
    assert_eq!(gated(&missed, hr, pass), "not-evaluated(self-test)");
    assert_eq!(gated(&missed, hr, none), "not-evaluated(self-test)");
    assert_eq!(gated(&missed, hr, (Fail, "x", 5)), "fail(x)");

    let off = (Some("hr"), Some("unseen"));
    assert_eq!(gated(&covered, off, pass), "not-evaluated(detector-off)");
    assert_eq!(gated(&covered, off, none), "not-evaluated(detector-off)");
    assert_eq!(gated(&covered, off, (Fail, "x", 5)), "fail(x)");
    assert_eq!(gated(&[("MON-01", Some("hr"), Fail)], off, pass), "not-evaluated(detector-off)");
}

#[test]
fn a_pass_of_nothing_stands_on_a_pass_of_coverage_alone() {
    use ControlOutcome::{Excepted, NotEvaluated, Pass};
    let nothing = (Pass, "", 0);
    for (coverage, says) in
        [(Pass, "pass()"), (Excepted, "not-evaluated(coverage)"), (NotEvaluated, "not-evaluated(coverage)")]
    {
        let beside = [("MON-01", Some("hr"), coverage)];
        assert_eq!(gated(&beside, (Some("hr"), None), nothing), says);
        assert_eq!(gated(&beside, (Some("crm"), None), nothing), "not-evaluated(coverage)");
    }
}

#[test]
fn the_outermost_file_is_one_that_is_there() {
    let items =
        ["hr/wow!/a.zip", "hr/wow!/a.zip|b!/c.csv", "hr/wow!/a.zip|in.zip|d", "hr/e!/f.csv", "lost.zip|g"];
    let items = items.map(record);
    with(POLICY, &items, &RunFacts::default(), |assessing| {
        let outermost: Vec<(&str, &str)> =
            assessing.items.iter().map(|m| (m.path.as_str(), m.outermost())).collect();
        let expected = [
            ("hr/e!/f.csv", "hr/e!/f.csv"),
            ("hr/wow!/a.zip", "hr/wow!/a.zip"),
            ("hr/wow!/a.zip!/b!/c.csv", "hr/wow!/a.zip"),
            ("hr/wow!/a.zip!/in.zip!/d", "hr/wow!/a.zip"),
            ("lost.zip!/g", "lost.zip"),
        ];
        assert_eq!(outermost, expected);
    });
}

#[test]
fn paths_of_the_run_become_paths_of_the_policy() {
    let run = RunFacts {
        base: Base { strip: "data/".to_owned(), prepend: "hr/".to_owned() },
        ..RunFacts::default()
    };
    with(POLICY, &[record("data/a"), record("hr2/b"), record("crm")], &run, |assessing| {
        let systems: Vec<Option<usize>> = assessing.items.iter().map(|m| m.system).collect();
        assert_eq!(systems, [Some(1), Some(0), None], "crm, hr/a, hr2/b");
        assert_eq!(assessing.systems().collect::<Vec<_>>(), [Some(0), Some(1), None]);
        assert_eq!(assessing.examined(None).count(), 1);
        let pairs: Vec<_> = assessing.by_class_and_system().into_keys().collect();
        assert_eq!(pairs, [(0, Some(0)), (0, Some(1)), (1, Some(0)), (1, Some(1))], "empty groups too");
    });
}

#[test]
fn a_list_of_globs_knows_the_places_of_what_matches() {
    let items = [record("hr/a.zip"), record("hr/a.zip|b.csv")];
    let globs = ["hr/[", "**/*.csv", "hr/*.zip", "crm/**"].map(str::to_owned);
    with(POLICY, &items, &RunFacts::default(), |assessing| {
        let globs = Globs::new(&globs);
        let places = |at: usize| globs.places(&assessing.items[at]).collect::<Vec<_>>();
        assert_eq!(places(0), [2]);
        // What does not compile has its place all the same.
        assert_eq!(places(1), [1, 2]);
    });
    assert_eq!(literal_beginning("./hr/pay/**/*.csv"), "hr/pay/");
    assert_eq!(literal_beginning("hr/a.csv"), "hr/a.csv");
    assert_eq!(literal_beginning("{hr,crm}/**"), "");
}
