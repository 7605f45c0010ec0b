//! What must hold of the search, whatever the text.

use proptest::prelude::*;

use super::{Detectors, FieldContext, Match, builtin, naive};
use crate::model::{Cell, FieldId, TextWindow};

fn all() -> &'static Detectors {
    static ALL: std::sync::OnceLock<Detectors> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        Detectors::compile(builtin().expect("parses"), &|_| true).unwrap_or_else(|e| panic!("{e:?}"))
    })
}

/// Texts in which something happens: examples, their pieces, hotwords, and noise, with and without line ends.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let mut pieces: Vec<String> = Vec::new();
    for def in all().definitions() {
        let marks = ['⟦', '⟧'];
        pieces.extend(def.examples.iter().chain(&def.counterexamples).map(|e| e.replace(marks, "")));
        pieces.extend(def.hotwords.iter().take(2).cloned());
    }
    let noise = proptest::collection::vec(
        prop_oneof![
            4 => proptest::sample::select(b"0123456789".to_vec()),
            3 => proptest::sample::select(b" -./:@+()_,;\n=".to_vec()),
            2 => proptest::sample::select(b"aZeXpD\xc3\xa9".to_vec()),
            1 => any::<u8>(),
        ],
        0..24,
    );
    let whole = proptest::sample::select(pieces.clone()).prop_map(String::into_bytes);
    let cut = (proptest::sample::select(pieces), any::<proptest::sample::Index>()).prop_map(|(p, i)| {
        let bytes = p.into_bytes();
        bytes[i.index(bytes.len().max(1)).min(bytes.len())..].to_vec()
    });
    let joint = proptest::sample::select(vec!["", " ", "\n", ", ", "-", "@", "/", "1"]);
    let piece = prop_oneof![3 => whole, 1 => cut, 2 => noise];
    proptest::collection::vec((piece, joint), 0..8)
        .prop_map(|parts| parts.into_iter().flat_map(|(p, j)| [p, j.as_bytes().to_vec()].concat()).collect())
}

fn whole(text: &[u8]) -> Vec<Match> {
    let mut found = Vec::new();
    all().search_whole(&mut all().scratch(), text, &mut |m| found.push(*m));
    found
}

/// Searches in windows whose owned ranges end at `cuts`, showing exactly the promised reach.
fn windowed(text: &[u8], cuts: &[usize]) -> Vec<Match> {
    let reach = all().reach();
    let mut scratch = all().scratch();
    let mut found = Vec::new();
    let mut from = 0usize;
    let mut ends: Vec<usize> = cuts.iter().copied().filter(|c| *c < text.len()).collect();
    ends.push(text.len());
    ends.sort_unstable();
    for to in ends {
        let base = from.saturating_sub(reach.behind);
        let top = (to + reach.ahead).min(text.len());
        let window = TextWindow {
            bytes: &text[base..top],
            owned: from - base..to - base,
            offset: base as u64,
            last: to == text.len(),
            located: true,
        };
        all().search(&mut scratch, &window, &mut |m| {
            found.push(m.shifted(|at| at + base));
        });
        from = to;
    }
    found
}

/// Cells joined as readers join them.
fn joined(cells: &[Vec<u8>]) -> (Vec<u8>, Vec<Cell>) {
    let mut text = Vec::new();
    let mut all = Vec::new();
    for cell in cells {
        let start = text.len() as u32;
        text.extend_from_slice(cell);
        let end = text.len() as u32;
        all.push(Cell { start, end, field: FieldId(0), row: 0, raw: Cell::NO_RAW, times: 1 });
        text.push(b'\n');
    }
    (text, all)
}

fn in_cells(cells: &[Vec<u8>], field: &FieldContext) -> Vec<(u32, Match)> {
    let (text, spans) = joined(cells);
    let mut found = Vec::new();
    all().search_cells(&mut all().scratch(), &text, &spans, std::slice::from_ref(field), &mut |m| {
        let start = spans[m.cell as usize].start as usize;
        found.push((m.cell, Match { cell: 0, ..m.shifted(|at| at - start) }));
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_finds_what_the_naive_search_finds(text in texts()) {
        prop_assert_eq!(whole(&text), naive::search(&all().compiled, &text));
    }

    #[test]
    fn windows_find_what_the_whole_finds(
        text in texts(),
        cuts in proptest::collection::vec(0usize..400, 0..12),
    ) {
        prop_assert_eq!(windowed(&text, &cuts), whole(&text));
    }

    #[test]
    fn joined_cells_find_what_each_cell_finds(
        cells in proptest::collection::vec(texts(), 1..5),
        name in proptest::sample::select(vec!["", "email", "ssn", "date of birth", "phone", "x"]),
    ) {
        let field = all().field_context(name.as_bytes());
        let one_by_one: Vec<(u32, Match)> = cells
            .iter()
            .enumerate()
            .flat_map(|(i, cell)| {
                in_cells(std::slice::from_ref(cell), &field).into_iter().map(move |(_, m)| (i as u32, m))
            })
            .collect();
        prop_assert_eq!(in_cells(&cells, &field), one_by_one);
    }
}

#[test]
fn a_long_text_is_found_whole_in_windows_of_every_size() {
    // Longer than any reach, so that look-around is really cut, and on one line, so that nothing else separates.
    let mut text = Vec::new();
    let examples: Vec<String> = all()
        .definitions()
        .flat_map(|d| d.examples.iter().map(|e| e.replace(['⟦', '⟧', '\n'], " ")))
        .collect();
    for (i, example) in examples.iter().cycle().take(examples.len() * 2).enumerate() {
        text.extend_from_slice(example.as_bytes());
        text.extend_from_slice(if i % 3 == 0 { b" " } else { b"; " });
    }
    let expected = whole(&text);
    assert!(expected.len() > all().definitions().len() / 2, "the text is full of matches");
    for step in [1_009, 2_003, 4_096, 8_191] {
        let cuts: Vec<usize> = (step..text.len()).step_by(step).collect();
        assert_eq!(windowed(&text, &cuts), expected, "windows of {step}");
    }
}
