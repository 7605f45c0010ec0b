//! Runs the cases of `testdata/controls/<test>/*.toml`: a policy, facts, and what the test has to say.
//!
//! A folder is named after the test it is about (`ret-01`); the cases in `gate` run all tests, and each expectation says which
//! test it is about. Every result of the test has to be expected, and every expectation has to come true.

use std::path::Path;

use jiff::civil::Date;

mod properties;
mod shapes;

use shapes::*;

use super::facts::{Base, Facts, Integrity, PastRun, Reach, Review, RunFacts, SelfTest};
use super::outcome::ControlResult;
use super::registers::{DisclosureEntry, Registers, parse_disposal, parse_erasure};
use super::{Assessing, CONTROL_TESTS, Criteria, Policy, assess};
use crate::classify::Taxonomy;
use crate::model::{
    DateField, DateSource, Evidence, Finding, Gap, Item, ItemId, ItemMeta, ItemPath, ItemRecord, Likelihood,
    Outcome, Reason, Relation,
};

fn day(value: &toml::value::Datetime) -> Date {
    value.to_string().parse().expect("a date")
}

fn run(case: &CaseRun, policy: &Policy, taxonomy: &Taxonomy) -> RunFacts {
    let all = taxonomy.categories().iter().map(|c| c.name.clone());
    let reached = policy.scope.systems.iter().map(|s| (s.id.clone(), Reach::Reached));
    let said = case.roots.iter().map(|(id, word)| (id.clone(), Reach::parse(word).expect("a word of Reach")));
    RunFacts {
        run_id: "run".to_owned(),
        as_of: day(&case.as_of),
        interrupted: case.interrupted,
        detectors_digest: case.detectors_digest.clone().unwrap_or_else(|| "rules".to_owned()),
        policy_digest: Some(case.policy_digest.clone().unwrap_or_else(|| "policy".to_owned())),
        key_id: case.key_id.clone().unwrap_or_else(|| "random".to_owned()),
        base: Base { strip: case.strip.clone(), prepend: String::new() },
        categories_on: all.filter(|c| !case.categories_off.contains(c)).collect(),
        detectors_left_out: !case.categories_off.is_empty(),
        roots: reached.chain(said).collect(),
        watched: case.watched.as_ref().map(|all| all.iter().cloned().collect()),
    }
}

fn instant(value: &Option<toml::value::Datetime>) -> Option<jiff::Timestamp> {
    let text = value.as_ref()?.to_string();
    let text = if text.contains('T') { text } else { format!("{text}T12:00:00Z") };
    Some(text.parse().expect("a date or an instant"))
}

fn item(case: &CaseItem, taxonomy: &Taxonomy) -> ItemRecord {
    let mut segments = case.path.split("!/");
    let first = ItemPath::new(segments.next().expect("a path"));
    let path = segments.fold(first, |path, name| path.entry(name.as_bytes()));
    let mut id = [0; 16];
    use sha2::Digest;
    id.copy_from_slice(&sha2::Sha256::digest(&case.path)[..16]);
    let (word, reason) = match case.outcome.as_deref().unwrap_or("scanned").split_once(':') {
        Some((word, code)) => (word.to_owned(), Reason::ALL.iter().find(|r| r.code() == code).copied()),
        None => ("scanned".to_owned(), None),
    };
    let outcome = match (word.as_str(), reason) {
        ("scanned", _) => Outcome::Scanned,
        ("partial", Some(r)) => Outcome::Partial(r),
        ("skipped", Some(r)) => Outcome::Skipped(r),
        ("failed", Some(r)) => Outcome::Failed(r),
        other => panic!("no outcome: {other:?}"),
    };
    let findings = case.finds.iter().map(|f| finding(f, taxonomy)).collect();
    let dates = case.dates.iter().map(|d| DateField {
        field: d.field.clone(),
        field_index: None,
        source: DateSource::parse(d.source.as_deref().unwrap_or("values")).expect("a source"),
        days: d.days.iter().map(|(day, n)| (day.parse().expect("a date"), *n)).collect(),
        empty: d.empty,
        unparsed: d.unparsed,
        ambiguous: d.ambiguous,
    });
    ItemRecord {
        item: Item {
            id: ItemId(id),
            path,
            meta: ItemMeta {
                bytes: case.bytes,
                modified: instant(&case.modified),
                created: instant(&case.created),
                accessed: instant(&case.accessed),
                owner: case.owner.as_deref().map(Into::into),
                group: case.group.as_deref().map(Into::into),
                mode: case.mode.as_deref().map(|m| u32::from_str_radix(m, 8).expect("octal")),
            },
        },
        printed_path: case.printed.clone().unwrap_or_else(|| case.path.clone()),
        format: case.format.clone(),
        outcome,
        gaps: reason.map(|r| Gap::new(r, "")).into_iter().collect(),
        values_examined: 0,
        bytes_examined: case.bytes.unwrap_or(0),
        rows: case.rows,
        findings,
        co_occurrence: Vec::new(),
        evidence: Evidence {
            content_hash: case.content_hash.clone(),
            residue: case.residue.clone(),
            label: case.label.clone(),
            dates: dates.collect(),
            watched: case.watched.iter().map(|w| (w.clone(), 1)).collect(),
            first_seen: case.first_seen.as_ref().map(day),
            unread_since: case.unread_since.as_ref().map(day),
            reused: false,
            located: Vec::new(),
        },
    }
}

fn finding(text: &str, taxonomy: &Taxonomy) -> Finding {
    let mut words = text.split(' ');
    let category = words.next().expect("a category").to_owned();
    let known = taxonomy.categories().iter().find(|c| c.name == category);
    let known = known.unwrap_or_else(|| panic!("no category {category}"));
    let mut finding = Finding {
        finding_id: format!("finding-of-{category}"),
        field: None,
        field_index: None,
        info_type: category.to_uppercase().replace('.', "_"),
        detector: category.replace(['.', '_'], "-"),
        tier: known.tier.clone(),
        flags: known.flags.clone(),
        category,
        relation: Relation::Contains,
        likelihood: Likelihood::VeryLikely,
        score: 0.95,
        count: 1,
        values_examined: None,
        distinct_estimate: 1,
        occurrences: Vec::new(),
    };
    for word in words {
        match word.split_at(1) {
            ("x", n) => finding.count = n.parse().expect("a count"),
            ("~", level) => finding.likelihood = Likelihood::parse(level).expect("a likelihood"),
            _ if word == "test" => {
                finding.flags = vec!["likely_test".to_owned()];
                finding.tier = "public".to_owned();
            }
            _ => panic!("{text}: what is {word}?"),
        }
    }
    finding.distinct_estimate = finding.count;
    finding
}

fn registers(case: &CaseRegisters) -> Registers {
    let date = |text: &String| text.parse().expect("a date");
    let disclosure = |d: &CaseDisclosure| DisclosureEntry {
        recipient: d.recipient.clone(),
        class: d.class.clone(),
        from: date(&d.from),
        to: d.to.as_ref().map(date),
    };
    let events = case
        .events
        .iter()
        .map(|(name, rows)| (name.clone(), rows.iter().map(|(key, day)| (key.clone(), date(day))).collect()));
    Registers {
        disposal: case.disposal.as_ref().map(|l| parse_disposal("case", &l.join("\n")).expect("a register")),
        disclosures: case.disclosures.as_ref().map(|all| all.iter().map(disclosure).collect()),
        erasure: case.erasure.as_ref().map(|l| parse_erasure("case", &l.join("\n")).expect("a register")),
        events: events.collect(),
        ..Registers::default()
    }
}

/// Gives the assessment of a case's facts to `look`.
fn assessing<T>(
    case: &Case,
    policy: &Policy,
    taxonomy: &Taxonomy,
    look: impl FnOnce(&Assessing<'_>) -> T,
) -> T {
    let facts_of_run = run(&case.run, policy, taxonomy);
    let items: Vec<ItemRecord> = case.item.iter().map(|i| item(i, taxonomy)).collect();
    let previous = case.previous.as_ref().map(|p| {
        let items: Vec<ItemRecord> = p.item.iter().map(|i| item(i, taxonomy)).collect();
        (run(&p.run, policy, taxonomy), items)
    });
    let history: Option<Vec<PastRun>> = case.history.as_ref().map(|runs| {
        let past = |r: &CasePast| PastRun {
            sequence: r.sequence,
            as_of: day(&r.as_of),
            completed: r.completed,
            detectors_digest: r.detectors_digest.clone().unwrap_or_else(|| "rules".to_owned()),
            policy_digest: Some(r.policy_digest.clone().unwrap_or_else(|| "policy".to_owned())),
            drifted: r.drifted.iter().cloned().collect(),
        };
        runs.iter().map(past).collect()
    });
    let reviews: Vec<Review> = case
        .review
        .iter()
        .map(|r| Review {
            subject: r.subject.clone(),
            sequence: r.sequence,
            by: r.by.clone(),
            on: r.on.parse().expect("a date"),
            decision: r.decision.clone(),
        })
        .collect();
    let self_test = case.self_test.as_ref().map(|s| SelfTest {
        hit: s.hit,
        missed: s.missed.clone(),
        without_generator: s.without_generator.clone(),
        ..SelfTest::default()
    });
    let integrity = case.integrity.as_ref().map(|i| Integrity {
        runs: i.runs,
        broken: i.broken.clone(),
        anchored: i.anchored,
        checked: None,
    });
    let registers = registers(&case.registers);
    let facts = Facts {
        run: &facts_of_run,
        items: &items,
        previous: previous.as_ref().map(|(run, items)| (run, items.as_slice())),
        history: history.as_deref(),
        registers: &registers,
        reviews: &reviews,
        self_test: self_test.as_ref(),
        integrity: integrity.as_ref(),
    };
    look(&Assessing::new(policy, &facts, taxonomy))
}

/// The same for a case as text, whatever it expects.
pub(super) fn with<T>(text: &str, taxonomy: &Taxonomy, look: impl FnOnce(&Assessing<'_>) -> T) -> T {
    let case: Case = toml::from_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let policy = Policy::parse(&case.policy).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assessing(&case, &policy, taxonomy, look)
}

/// What the test with this id says.
pub(super) fn said(id: &str, assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let found = CONTROL_TESTS.iter().find(|t| t.id == id).unwrap_or_else(|| panic!("no test {id}"));
    (found.run)(assessing)
}

fn results(case: &Case, test: &str, policy: &Policy, taxonomy: &Taxonomy) -> Vec<ControlResult> {
    assessing(case, policy, taxonomy, |assessing| match test {
        "gate" => assess(policy, assessing.facts, taxonomy, &Criteria::default()).results,
        _ => said(&test.to_uppercase(), assessing),
    })
}

/// What of a result differs from what was expected.
fn differences(expect: &Expect, result: &ControlResult) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: String, is: String| {
        if expected != is {
            found.push(format!("{what}: expected {expected}, is {is}"));
        }
    };
    compare("outcome", expect.outcome.clone(), result.outcome.word().to_owned());
    compare("reason", format!("{:?}", expect.reason), format!("{:?}", result.reason));
    compare("population", expect.population.to_string(), result.population.to_string());
    compare("evaluated", expect.evaluated.to_string(), result.evaluated.to_string());
    compare("deviations", expect.deviations.to_string(), result.deviations.to_string());
    compare("excepted", expect.excepted.to_string(), result.excepted.to_string());
    let not_evaluated: Vec<String> = result.not_evaluated.iter().map(|(r, n)| format!("{r}:{n}")).collect();
    compare("not_evaluated", expect.not_evaluated.join(" "), not_evaluated.join(" "));
    let mut deviating: Vec<_> = result.deviating.iter().collect();
    deviating.sort_by(|a, b| a.path.cmp(&b.path));
    if let Some(paths) = &expect.paths {
        let is: Vec<_> = deviating.iter().filter_map(|d| d.path.clone()).collect();
        compare("paths", format!("{paths:?}"), format!("{is:?}"));
    }
    let first = deviating.first();
    if expect.due.is_some() {
        compare(
            "due",
            format!("{:?}", expect.due),
            format!("{:?}", first.and_then(|d| d.due).map(|d| d.to_string())),
        );
    }
    if expect.trigger_date.is_some() {
        let is = first.and_then(|d| d.trigger_date).map(|d| d.to_string());
        compare("trigger_date", format!("{:?}", expect.trigger_date), format!("{is:?}"));
    }
    if expect.trigger_source.is_some() {
        let is = first.and_then(|d| d.trigger_source).map(|s| s.word().to_owned());
        compare("trigger_source", format!("{:?}", expect.trigger_source), format!("{is:?}"));
    }
    if expect.days_over.is_some() {
        compare(
            "days_over",
            format!("{:?}", expect.days_over),
            format!("{:?}", first.and_then(|d| d.days_over)),
        );
    }
    if expect.rows.is_some() {
        compare("rows", format!("{:?}", expect.rows), format!("{:?}", first.and_then(|d| d.rows)));
    }
    if expect.detail.is_some() {
        let is = first.and_then(|d| d.detail.clone());
        compare("detail", format!("{:?}", expect.detail), format!("{is:?}"));
    }
    let noted = |note: &str| match &result.note {
        None => note.is_empty(),
        Some(is) => !note.is_empty() && is.contains(note),
    };
    if let Some(note) = &expect.note
        && !noted(note)
    {
        compare("note", note.clone(), format!("{:?}", result.note));
    }
    found
}

/// Every case file: the test it is about, its name, and what it holds.
fn files() -> Vec<(String, String, String)> {
    let list = |path: &Path| {
        let mut all: Vec<_> =
            std::fs::read_dir(path).expect("a folder").map(|e| e.expect("an entry").path()).collect();
        all.sort();
        all
    };
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut files = Vec::new();
    for folder in list(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/controls")) {
        for file in list(&folder) {
            let text = std::fs::read_to_string(&file).expect("a file");
            files.push((name(&folder), format!("{}/{}", name(&folder), name(&file)), text));
        }
    }
    files
}

fn parse(name: &str, text: &str) -> (Case, Policy) {
    let case: Case = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let policy = Policy::parse(&case.policy).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(!case.about.is_empty(), "{name} says nothing about itself");
    (case, policy)
}

#[test]
fn every_control_test_says_what_its_cases_expect() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    let files = files();
    let mut wrong = Vec::new();
    for (test, name, text) in &files {
        let (case, policy) = parse(name, text);
        let mut results = results(&case, test, &policy, &taxonomy);
        for expect in &case.expect {
            let place = results.iter().position(|r| {
                r.system == expect.system
                    && r.class == expect.class
                    && expect.test.as_ref().is_none_or(|t| *t == r.test_id)
            });
            let what = format!("{name} ({:?} {:?} {:?})", expect.test, expect.system, expect.class);
            match place {
                None => wrong.push(format!("{what}: no such result")),
                Some(at) => {
                    let result = results.remove(at);
                    wrong.extend(differences(expect, &result).iter().map(|d| format!("{what}: {d}")));
                }
            }
        }
        if test != "gate" {
            wrong.extend(results.iter().map(|r| format!("{name}: unexpected {r:?}")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), files.len(), wrong.join("\n"));
    let missing: Vec<_> = CONTROL_TESTS
        .iter()
        .map(|t| t.id.to_lowercase())
        .filter(|id| !files.iter().any(|(test, ..)| test == id))
        .collect();
    assert!(missing.is_empty(), "no cases for {missing:?}");
}
