use std::collections::BTreeSet;
use std::path::Path;

use super::super::cases::{said, with};
use super::drifted;
use crate::classify::Taxonomy;

/// What the record keeps of a run is what MON-04 notes.
#[test]
fn systems_that_drifted_are_those_with_a_note() {
    let taxonomy = Taxonomy::builtin().expect("sound");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/controls/mon-04");
    let mut some = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("a folder") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        let (drifted, results) = with(&text, &taxonomy, |a| (drifted(a), said("MON-04", a)));
        let noted: BTreeSet<String> =
            results.into_iter().filter(|r| r.note.is_some()).filter_map(|r| r.system).collect();
        assert_eq!(drifted, noted, "{text}");
        some.extend(drifted);
    }
    assert!(some.contains("hr") && some.contains("crm"), "{some:?}");
}
