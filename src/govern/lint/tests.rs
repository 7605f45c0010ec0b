use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

fn frameworks() -> [String; 3] {
    ["gdpr", "hipaa", "soc2"].map(str::to_owned)
}

fn checked(text: &str) -> Checked {
    let taxonomy = Taxonomy::builtin().expect("sound");
    check(text, Known { frameworks: &frameworks(), ..Known::of(&taxonomy) })
}

fn report(text: &str) -> String {
    checked(text).problems.iter().map(|p| format!("{p} [{}]\n", p.code)).collect()
}

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The example of `docs/policy.md`.
fn example() -> String {
    let page = std::fs::read_to_string(package("docs/policy.md")).expect("a page");
    let block = page.split("```toml\n").nth(1).expect("an example");
    block.split("```").next().expect("its end").to_owned()
}

fn cases() -> Vec<(String, String, String)> {
    let mut cases: Vec<_> = std::fs::read_dir(package("testdata/policies"))
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|x| x == "toml"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a file");
            let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
            (name, text, expected)
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_mistake_is_said_with_its_place_and_a_way_out() {
    let mut wrong = Vec::new();
    for (name, text, expected) in cases() {
        let is = report(&text);
        if is != expected {
            wrong.push(format!("{name}.toml:\n{is}"));
        }
    }
    assert!(wrong.is_empty(), "not what testdata/policies/*.txt say:\n{}", wrong.join("\n"));
}

#[test]
fn the_example_of_the_page_has_no_mistakes_and_says_every_key() {
    let text = example();
    assert_eq!(report(&text), "");
    // Every key that the shapes know is in the page, and the example uses most of them.
    let page = std::fs::read_to_string(package("docs/policy.md")).expect("a page");
    for file in ["src/govern/policy.rs", "src/govern/policy/records.rs", "src/govern/policy/rules.rs"] {
        let source = std::fs::read_to_string(package(file)).expect("source");
        let fields =
            source.lines().filter_map(|l| l.strip_prefix("    pub ")?.split_once(':').map(|(f, _)| f));
        for field in fields.filter(|f| !f.contains('(')) {
            let key = match field {
                "classes" => "class",
                "events" => "event",
                "holds" => "hold",
                "exceptions" => "exception",
                "matches" => "match",
                "used_for" => "use",
                other => other,
            };
            let told = [
                format!("`{key}`"),
                format!(".{key}`"),
                format!("[{key}]"),
                format!("`{key}."),
                format!(".{key}."),
            ];
            assert!(
                told.iter().any(|t| page.contains(t)),
                "docs/policy.md does not speak of `{key}` ({file})"
            );
        }
    }
}

#[test]
fn the_page_lists_the_codes_that_exist() {
    let page = std::fs::read_to_string(package("docs/policy.md")).expect("a page");
    let (_, table) = page.split_once("| codes | level | about |").expect("a table of codes");
    let table = table.split("\n## ").next().expect("its end");
    let rows: Vec<&str> = table.lines().filter_map(|l| l.split('|').nth(1)).collect();
    let listed: BTreeSet<&str> = rows.iter().flat_map(|r| r.split('`').skip(1).step_by(2)).collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (_, text, _) in cases() {
        seen.extend(checked(&text).problems.iter().map(|p| p.code.to_owned()));
    }
    // Tested below, or by the program's tests: they need more than a text.
    let others = ["not-utf-8", "too-many", "shape", "no-detector", "not-there"].map(str::to_owned);
    seen.extend(others);
    let seen: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(listed, seen);
}

#[test]
fn what_surrounds_the_policy_is_asked_only_where_it_is_known() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    let text = example();
    let on: BTreeSet<String> =
        taxonomy.categories().iter().map(|c| c.name.clone()).filter(|n| n != "pay.pan").collect();
    let exists = |path: &str| !path.contains("billing") && !path.ends_with(".csv");
    let known = Known { detectable: Some(&on), exists: Some(&exists), ..Known::of(&taxonomy) };
    let checked = check(&text, known);
    assert!(checked.policy.is_some());
    let said: Vec<_> = checked.problems.iter().map(|p| (p.code, p.key.as_str())).collect();
    assert_eq!(
        said,
        [
            ("not-there", "scope.systems[1].root"),
            ("no-detector", "class[2].categories[0]"),
            ("not-there", "event[0].register.file"),
            ("not-there", "disclosures.register"),
        ]
    );
}

#[test]
fn what_is_no_text_and_what_is_too_wrong_is_said_too() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    let said = |bytes: &[u8]| {
        let checked = check_bytes(bytes, Known::of(&taxonomy));
        checked.problems.iter().map(|p| (p.code, p.line, p.column)).collect::<Vec<_>>()
    };
    assert_eq!(said(b"schema = \"x\"\n# \xc3\xa4\xff"), [("not-utf-8", 2, 4)]);
    let nothing = said(b"");
    assert_eq!(nothing.iter().filter(|p| p.0 == "missing-key").count(), 3);
    assert_eq!(nothing.last(), Some(&("no-classes", 1, 1)));
    let many: String = (0..300).map(|i| format!("k{i} = 1\n")).collect();
    let many = said(many.as_bytes());
    assert_eq!((many.len(), many.iter().filter(|p| p.0 == "too-many").count()), (101, 1));
}

#[test]
fn a_policy_with_errors_is_refused_in_one_line() {
    let text = example();
    assert!(Policy::load(&text).is_ok());
    let broken = text.replace("\"invoice-6y\"\nt", "\"invoice-7y\"\nt").replace("\"P14D\"", "\"two weeks\"");
    let errors = Policy::load(&broken).expect_err("refused");
    assert!(errors.iter().all(|p| p.level == Level::Error));
    let line = in_one_line(&errors);
    assert!(line.contains("cadence") && line.contains("first of 2 errors"), "{line}");
    assert!(!line.contains('\n'));
    // A warning alone refuses nothing.
    assert!(Policy::load(&text.replace("owner = \"accounts\"\n", "")).is_ok());
}

#[test]
fn gaps_are_the_personal_categories_that_no_class_speaks_of() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    let policy = Policy::load(&example()).expect("sound");
    let found: BTreeMap<String, u64> = [
        ("person.name", 9),
        ("pay.cvv", 1),
        ("gov.passport", 3),
        ("online.url", 7),
        ("auth.password", 2),
        ("no.such", 1),
    ]
    .map(|(c, n)| (c.to_owned(), n))
    .into();
    assert_eq!(gaps(&policy, &found, &taxonomy), [("auth.password", 2), ("gov.passport", 3), ("no.such", 1)]);
}

/// One edit of a text, at a share of its length.
#[derive(Clone, Debug)]
enum Edit {
    Cut(f64, usize),
    Put(f64, String),
    DropLine(f64),
    TwiceLine(f64),
}

fn edit() -> impl Strategy<Value = Edit> {
    let pieces = proptest::sample::select(vec![
        "\"",
        "]",
        "[",
        "{",
        "}",
        "=",
        "\n",
        "[[class]]\n",
        "[scope]\n",
        "x",
        "-",
        "7",
        ".",
        "\u{e9}",
        "'",
        "#",
        "\\",
        "**",
        "\"P99999999Y\"",
        "2026-13-45",
        "nan",
        "[[hold]]\n",
        "match.path = 4\n",
        "id = 3\n",
        "..",
        "0x1",
        "\"\"\"",
    ]);
    let at = 0.0..1.0f64;
    prop_oneof![
        (at.clone(), 1..20usize).prop_map(|(at, n)| Edit::Cut(at, n)),
        (at.clone(), pieces).prop_map(|(at, p)| Edit::Put(at, p.to_owned())),
        at.clone().prop_map(Edit::DropLine),
        at.prop_map(Edit::TwiceLine),
    ]
}

fn apply(text: &str, edit: &Edit) -> String {
    let chars: Vec<char> = text.chars().collect();
    let lines: Vec<&str> = text.lines().collect();
    let place = |share: f64, of: usize| ((share * of as f64) as usize).min(of.saturating_sub(1));
    match edit {
        Edit::Cut(at, n) => {
            let at = place(*at, chars.len());
            chars.iter().take(at).chain(chars.iter().skip(at + n)).collect()
        }
        Edit::Put(at, piece) => {
            let at = place(*at, chars.len());
            chars[..at].iter().copied().chain(piece.chars()).chain(chars[at..].iter().copied()).collect()
        }
        Edit::DropLine(at) | Edit::TwiceLine(at) => {
            let at = place(*at, lines.len());
            let times = if matches!(edit, Edit::DropLine(_)) { 0 } else { 2 };
            let all = lines.iter().enumerate().flat_map(|(i, l)| vec![*l; if i == at { times } else { 1 }]);
            all.collect::<Vec<_>>().join("\n") + "\n"
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edit_of_a_policy_panics_and_every_problem_has_a_place_in_it(edits in prop::collection::vec(edit(), 1..5)) {
        let text = edits.iter().fold(example(), |text, edit| apply(&text, edit));
        let checked = checked(&text);
        let lines: Vec<&str> = text.split('\n').collect();
        for problem in &checked.problems {
            prop_assert!(!problem.says.is_empty() && !problem.fix.is_empty());
            prop_assert!(problem.line >= 1 && problem.line <= lines.len(), "{problem}");
            let width = lines[problem.line - 1].chars().count();
            prop_assert!(problem.column >= 1 && problem.column <= width + 1, "{problem}");
            prop_assert!(!problem.to_string().contains('\n'));
        }
        // What can be used is what the shapes take; what they refuse has an error.
        prop_assert_eq!(checked.policy.is_some(), checked.count(Level::Error) == 0);
        prop_assert!(checked.policy.is_none() || Policy::parse(&text).is_ok());
    }
}
