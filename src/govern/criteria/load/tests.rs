use super::*;
use std::collections::BTreeMap;

fn builtin() -> Criteria {
    Criteria::builtin().expect("sound")
}

#[test]
fn every_file_of_controls_is_embedded() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("controls");
    let mut found: Vec<String> = std::fs::read_dir(&root)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".toml") && name != TESTS.0)
        .collect();
    found.sort();
    let mut embedded: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    embedded.sort();
    assert_eq!(embedded, found);
    for (framework, (file, _)) in builtin().frameworks.iter().zip(FILES) {
        assert_eq!(format!("{}.toml", framework.name), *file);
    }
}

#[test]
fn soc_2_has_its_61_criteria_and_claims_no_more_than_14() {
    let criteria = builtin();
    let soc2 = criteria.frameworks.iter().find(|f| f.name == "soc2").expect("there");
    let counted = |letter: &str, groups: &[u32]| -> Vec<String> {
        let of = |(g, n): (usize, &u32)| (1..=*n).map(move |i| (g + 1, i)).collect::<Vec<_>>();
        let all = groups.iter().enumerate().flat_map(of);
        all.map(|(group, i)| format!("{letter}{group}.{i}")).collect()
    };
    let mut expected = counted("P", &[1, 1, 2, 3, 2, 7, 1, 1]);
    expected.extend(counted("C", &[2]));
    expected.extend(counted("CC", &[5, 3, 4, 2, 3, 8, 5, 1, 2]));
    expected.extend(counted("A", &[3]));
    expected.extend(counted("PI", &[5]));
    let ids: Vec<&str> = soc2.criteria.iter().map(|c| c.id.as_str()).collect();
    assert_eq!((expected.len(), ids), (61, expected.iter().map(String::as_str).collect()));
    let rated = |rating| -> Vec<&str> {
        soc2.criteria.iter().filter(|c| c.rating == rating).map(|c| c.id.as_str()).collect()
    };
    assert_eq!(rated(Rating::Tests), ["P4.2", "C1.1"]);
    let part =
        ["P3.1", "P4.1", "P4.3", "P6.1", "P6.2", "P7.1", "C1.2", "CC2.1", "CC6.1", "CC6.3", "CC6.7", "PI1.5"];
    assert_eq!(rated(Rating::TestsPart), part);
}

/// The basis of the mapping, written down apart from the files: by test, `(s)` where it only supports.
const SOC_2_BY_TEST: &str = "
    COL-01 P1.1(s) P3.1 P4.1 CC2.1 C1.1
    COL-02 C1.1 CC6.1 CC6.7 P4.1
    COL-03 P3.1 P4.1
    COL-04 P3.2(s)
    COL-05 P4.1
    RET-01 P4.2 C1.1
    RET-02 P4.2 C1.1
    RET-03 P4.2 CC2.1
    RET-04 P4.2 CC6.1
    DSP-01 P4.3 C1.2
    DSP-02 P4.3 C1.2
    DSP-03 P4.3 C1.2 CC6.5(s)
    DSP-04 C1.1 P4.2 PI1.5 CC7.2(s)
    DSP-05 P4.2 C1.1
    DSP-06 P4.3 P5.1(s) P6.7(s)
    DSP-07 P4.3 C1.2 CC6.5(s)
    DIS-01 P6.1 P6.2 P6.3(s) CC6.7
    DIS-02 CC6.1 C1.1 CC6.7
    DIS-03 C1.2
    DIS-04 CC6.1 CC6.6(s)
    DIS-05 CC6.1 CC6.3 C1.1 P6.3(s)
    DIS-06 CC2.1 C1.1
    DIS-07 P4.1 P4.3
    MON-01 CC2.1 CC4.1(s)
    MON-02 CC2.1
    MON-03 CC4.1(s) P8.1(s) CC7.1(s)
    MON-04 CC3.4(s) CC7.1(s) CC7.2(s) P8.1(s)
    MON-05 CC5.3(s) P8.1(s) C1.1
    MON-06 CC4.1(s)
    MON-07 CC2.1 CC8.1(s)";

#[test]
fn tests_bear_on_the_criteria_of_soc_2_that_the_basis_names() {
    let criteria = builtin();
    let mut rows = 0;
    for row in SOC_2_BY_TEST.lines().filter(|l| !l.trim().is_empty()) {
        rows += 1;
        let (test, linked) = row.trim().split_once(' ').expect("a test and its criteria");
        let expected: BTreeMap<String, bool> = linked
            .split(' ')
            .map(|c| (format!("soc2:{}", c.trim_end_matches("(s)")), c.ends_with("(s)")))
            .collect();
        let is: BTreeMap<String, bool> = criteria
            .strengths_of(test)
            .into_iter()
            .filter(|(id, _)| id.starts_with("soc2:"))
            .map(|(id, strength)| (id, strength == Rating::Supports))
            .collect();
        assert_eq!(is, expected, "{test}");
    }
    assert_eq!(rows, CONTROL_TESTS.len());
    assert_eq!(
        criteria.links_of("MON-02"),
        ["pci-dss:A3.2.5", "pci-dss:A3.2.5.1", "soc2:CC2.1"],
        "sorted, of all frameworks"
    );
    assert!(criteria.links_of("RET-99").is_empty());
}

#[test]
fn nothing_in_the_files_claims_what_only_an_auditor_may_say() {
    for (file, text) in FILES.iter().chain([&TESTS]) {
        let text = text.to_lowercase();
        for word in ["complian", "certified", "certification", "passes", "fulfil", "satisf"] {
            assert!(!text.contains(word), "{file}: {word}");
        }
    }
}

#[test]
fn ids_are_found_alone_and_with_their_framework_in_either_case() {
    let criteria = builtin();
    for id in ["P4.2", "p4.2", "soc2:P4.2", "SOC2:p4.2"] {
        let found: Vec<String> = criteria.find(id).iter().map(|(f, c)| f.full_id(c)).collect();
        assert_eq!(found, ["soc2:P4.2"], "{id}");
    }
    assert!(criteria.find("gdpr:P4.2").is_empty() && criteria.find("P4").is_empty());
}

const SOUND: &str = "framework = 'x'\ntitle = 'X'\nedition = '1'\nsource = 'us'\nchecked_on = 2026-07-01\n
    [[criterion]]\nid = 'A'\nparaphrase = 'Do.'\nrating = 'tests-part'\ntests-part = ['RET-01']\nsupports = ['RET-02']\n\
    cannot_say = 'Much.'\n";

fn refusal(text: &str) -> String {
    match Criteria::parse(&[("x.toml", text)], TESTS) {
        Ok(_) => "accepted".to_owned(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn what_does_not_fit_together_is_refused_with_file_and_place() {
    assert_eq!(refusal(SOUND), "accepted");
    for (old, new, why) in [
        ("'RET-02'", "'RET-09'", "A: no control test `RET-09`"),
        ("'RET-02'", "'RET-01'", "A: RET-01 a second time"),
        (
            "rating = 'tests-part'",
            "rating = 'supports'",
            "A: RET-01 tests-part it, and it is rated `supports`",
        ),
        ("rating = 'tests-part'", "rating = 'none'", "rated `none`"),
        (
            "rating = 'tests-part'",
            "rating = 'tests'",
            "A: rated `tests`, which its tests and evidence do not",
        ),
        ("tests-part = ['RET-01']\n", "", "A: rated `tests-part`, which"),
        ("rating = 'tests-part'", "rating = 'full'", "unknown variant `full`"),
        ("'Much.'", "' '", "A: a text is empty"),
        ("'Do.'", "'''Do\nthis.'''", "A: a text is empty or has several lines"),
        ("id = 'A'", "id = 'A B'", "an id has no spaces"),
        ("'x'", "'X'", "`framework` is lower case"),
        ("2026-07-01", "07:00:00", "`checked_on` is a day"),
        ("cannot_say", "note = 'N.'\ncan_say", "unknown field `can_say`"),
        ("edition = '1'", "edition = ''", "title, edition or source is empty"),
    ] {
        let text = SOUND.replacen(old, new, 1);
        assert_ne!(text, SOUND, "{old}");
        let said = refusal(&text);
        assert!(said.starts_with("controls/x.toml: ") && said.contains(why), "{new}: {said}");
    }
    let twice = format!("{SOUND}{}", SOUND.split_once("\n\n").expect("a head").1);
    assert!(refusal(&twice).contains("A a second time"));
    let same = Criteria::parse(&[("x.toml", SOUND), ("y.toml", SOUND)], TESTS);
    assert_eq!(same.expect_err("refused").to_string(), "controls/y.toml: framework `x` a second time");
    let nothing = "rating = 'none'\ncannot_say = 'All.'\n";
    let none = SOUND.split_once("rating").expect("a rating").0.to_owned() + nothing;
    assert_eq!(refusal(&none), "accepted");
    let only = none.replace("'none'", "'supports'");
    assert!(refusal(&only).contains("rated `supports`"));
    assert_eq!(refusal(&format!("{only}evidence = 'E.'\n")), "accepted");
    let part = none.replace("'none'", "'tests-part'");
    assert!(refusal(&format!("{part}evidence = 'E.'\n")).contains("rated `tests-part`"), "no note says why");
    assert_eq!(refusal(&format!("{part}evidence = 'E.'\nnote = 'N.'\n")), "accepted");
}

#[test]
fn each_control_test_is_described_once() {
    let said = |text: &str| match Criteria::parse(&[], ("t.toml", text)) {
        Ok(_) => "accepted".to_owned(),
        Err(e) => e.to_string(),
    };
    let (first, rest) = TESTS.1.split_once("[[test]]").map(|(a, b)| (a, b.to_owned())).expect("a test");
    let all = format!("{first}[[test]]{rest}");
    assert_eq!(said(&all), "accepted");
    let without = all.replacen("[[test]]\nid = \"MON-07\"", "[[test]]\nid = \"MON-06\"", 1);
    assert!(said(&without).contains("MON-06 a second time"), "{}", said(&without));
    let cut = all.split("[[test]]\nid = \"MON-07\"").next().expect("a beginning");
    assert!(said(cut).contains("nothing about MON-07"));
    assert!(said(&all.replacen("COL-01", "COL-99", 1)).contains("no control test `COL-99`"));
    assert!(said(&all.replacen("per = [\"system\"]", "per = [\"systems\"]", 1)).contains("`per` lists"));
}
