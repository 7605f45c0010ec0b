use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::cases::{said, with};
use super::super::outcome::ControlOutcome;
use crate::classify::Taxonomy;

static TAXONOMY: LazyLock<Taxonomy> = LazyLock::new(|| Taxonomy::builtin().expect("sound"));

const POLICY: &str = r#"
schema = "retention-policy/1"
[policy]
id = "case"
version = "1"
[scope]
systems = [{ id = "hr", root = "hr", min_items = MIN }, { id = "crm", root = "crm" }]
cadence = "P7D"
[disposal]
register = "disposal.jsonl"
quarantine = ["hr/.trash/**"]
[erasure]
register = "erasure.jsonl"
[[class]]
id = "staff"
categories = ["person.name"]
retention = "keep"
[[class]]
id = "visitor"
categories = ["contact.email"]
[[retention]]
id = "keep"
trigger = { source = "path-date" }
keep_min = "P2Y"
[[hold]]
id = "lh-1"
match = { path = ["crm/2024-01-01/**"] }
placed = 2026-01-01
"#;

/// Paths of which items and entries are made; entries of archives and archives that hide them among them.
const PATHS: [&str; 10] = [
    "hr/2024-01-01.csv",
    "hr/2026-01-01.csv",
    "hr/old",
    "hr/old/a.csv",
    "hr/b.zip",
    "hr/b.zip!/c.csv",
    "hr/.trash/d.csv",
    "crm/2024-01-01/e.csv",
    "crm/f.csv",
    "outside/g.csv",
];

/// One item as it stands in a case: at most one for each path, in any order.
fn items(table: &'static str) -> impl Strategy<Value = Vec<String>> {
    let outcome = prop::sample::select(vec![
        "scanned",
        "scanned",
        "partial:sampled",
        "failed:encrypted",
        "skipped:excluded",
    ]);
    let finds = prop::sample::select(vec!["", "\"person.name x3\"", "\"person.name\", \"contact.email\""]);
    let item = (outcome, finds, 0_u8..4, 0_u8..3, any::<bool>());
    let one = move |(path, (outcome, finds, hash, watched, residue)): (&str, (&str, &str, u8, u8, bool))| {
        let mut text = format!(
            "[[{table}]]\npath = \"{path}\"\noutcome = \"{outcome}\"\nfinds = [{finds}]\nformat = \"zip\"\n"
        );
        if hash > 0 {
            text.push_str(&format!("content_hash = \"{}\"\n", hash.to_string().repeat(64)));
        }
        if watched > 0 {
            text.push_str(&format!("watched = [\"{}\"]\n", watched.to_string().repeat(32)));
        }
        if residue && path.contains('!') {
            text.push_str("residue = \"zip-unlisted-entry\"\n");
        }
        text
    };
    let all = prop::collection::vec(prop::option::of(item), PATHS.len());
    all.prop_map(move |all| {
        let some = PATHS.into_iter().zip(all).filter_map(|(path, item)| Some((path, item?)));
        some.map(one).collect()
    })
}

/// Lines of the disposal register, each with an id of its own.
fn entries() -> impl Strategy<Value = Vec<String>> {
    let entry = (0..PATHS.len(), 0_u8..4, 1_u8..3, any::<bool>(), 1_u8..31, any::<bool>());
    prop::collection::vec(entry, 0..8).prop_map(|all| {
        let line = |(n, (path, hash, fingerprint, performed, day, class)): (usize, (usize, u8, u8, bool, u8, bool))| {
            let hash = match hash {
                0 => "null".to_owned(),
                n => format!("\"{}\"", n.to_string().repeat(64)),
            };
            format!(
                "{{\"id\":\"d{n}\",\"item\":\"{}\",\"class\":{},\"{}\":\"2026-06-{day:02}\",\"content_hash\":{hash},\"key_id\":\"k1\",\
                 \"record_fingerprints\":[\"{}\"],\"quarantine\":\"hr/.trash/d.csv\"}}",
                PATHS[path],
                if class { "\"staff\"" } else { "null" },
                if performed { "performed_at" } else { "approved_at" },
                fingerprint.to_string().repeat(32),
            )
        };
        all.into_iter().enumerate().map(line).collect()
    })
}

fn case(min: u64, run: &str, items: &[String], previous: &[String], entries: &[String]) -> String {
    let lines: Vec<String> = entries.iter().map(|line| format!("'{line}'")).collect();
    let erasure = format!(
        "'{{\"id\":\"r\",\"due\":\"2026-06-01\",\"key_id\":\"k1\",\"fingerprints\":[\"{}\"]}}'",
        "1".repeat(32)
    );
    format!(
        "about = \"x\"\nexpect = []\npolicy = '''{}'''\n[run]\nas_of = 2026-07-01\nkey_id = \"k1\"\n{run}\n{}\n\
         [previous.run]\nas_of = 2026-06-15\n{}\n[registers]\ndisposal = [{}]\nerasure = [{erasure}]\n",
        POLICY.replace("MIN", &min.to_string()),
        items.concat(),
        previous.concat(),
        lines.join(", "),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// In whatever order items and entries come, every test says the same.
    #[test]
    fn order_means_nothing(
        (first, second) in items("item").prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        (past, past_again) in items("previous.item").prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        (lines, lines_again) in entries().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let tests = super::TESTS.iter().chain(super::super::monitoring::TESTS).map(|t| t.id);
        let all = |text: &str| with(text, &TAXONOMY, |a| tests.clone().map(|id| said(id, a)).collect::<Vec<_>>());
        prop_assert_eq!(all(&case(1, "", &first, &past, &lines)), all(&case(1, "", &second, &past_again, &lines_again)));
    }

    /// Nothing that an entry says is taken for proven under a root that was not wholly looked at, or holds nothing.
    #[test]
    fn an_unreached_or_empty_root_never_passes(
        all in items("item"),
        lines in entries(),
        root in prop::sample::select(vec!["missing", "unmounted", "unreadable", "not-scanned", "reached"]),
        min in 0_u64..2,
    ) {
        let kept: Vec<String> = match root {
            "reached" => all.into_iter().filter(|item| !item.contains("path = \"hr/")).collect(),
            _ => all,
        };
        let run = format!("roots = {{ hr = \"{root}\" }}");
        let text = case(min, &run, &kept, &[], &lines);
        for result in with(&text, &TAXONOMY, |a| said("DSP-02", a)) {
            if result.system.as_deref() == Some("hr") || result.system.is_none() {
                prop_assert!(result.outcome != ControlOutcome::Pass, "{result:?}");
                prop_assert_eq!(result.evaluated, result.deviations + result.excepted);
            }
        }
    }

    /// Counts of a result add up, and each deviating member has its deviation.
    #[test]
    fn counts_add_up(all in items("item"), past in items("previous.item"), lines in entries()) {
        let text = case(1, "", &all, &past, &lines);
        for test in super::TESTS {
            for result in with(&text, &TAXONOMY, |a| said(test.id, a)) {
                prop_assert_eq!(result.population, result.evaluated + result.not_evaluated.values().sum::<u64>());
                prop_assert_eq!(result.deviating.len() as u64, result.deviations + result.excepted);
                prop_assert!(result.deviations + result.excepted <= result.evaluated);
            }
        }
    }
}
