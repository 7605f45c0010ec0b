use proptest::prelude::*;

use super::*;

fn found(values: &[&str], text: &str) -> Vec<(u32, String)> {
    let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
    let literals = Literals::new(&values).expect("suitable");
    let places = literals.search(text.as_bytes(), 0..text.len());
    places.into_iter().map(|(value, place)| (value, text[place].to_owned())).collect()
}

#[track_caller]
fn check(value: &str, text: &str, want: &[&str]) {
    let found = found(&[value], text);
    assert_eq!(found.iter().map(|(_, t)| t.as_str()).collect::<Vec<_>>(), want, "in {text}");
}

#[test]
fn an_address_is_found_however_it_is_written() {
    let value = "Ana.Lind@larkspur.co";
    for (text, want) in [
        ("to ana.lind@larkspur.co, please", "ana.lind@larkspur.co"),
        ("<ANA.LIND@LARKSPUR.CO>", "ANA.LIND@LARKSPUR.CO"),
        ("ana.lind@larkspur.co.", "ana.lind@larkspur.co"),
        ("mailto:ana.lind%40larkspur.co?x", "ana.lind%40larkspur.co"),
        ("\"ana.lind\\u0040larkspur.co\"", "ana.lind\\u0040larkspur.co"),
        ("ana.lind+shop@larkspur.co", "ana.lind+shop@larkspur.co"),
        ("'ana.lind@larkspur.co'", "ana.lind@larkspur.co"),
    ] {
        check(value, text, &[want]);
    }
    for text in [
        "diana.lind@larkspur.co",
        "x.ana.lind@larkspur.co",
        "ana.lind@larkspur.co.uk",
        "ana.lind@larkspur.com",
        "ana.lind@larkspur.co-op.org",
        "ana@larkspur.co",
        "lind@larkspur.co",
    ] {
        check(value, text, &[]);
    }
    check(
        "ana+shop@larkspur.co",
        "ana@larkspur.co and ana+shop@larkspur.co and ana+x@larkspur.co",
        &["ana@larkspur.co", "ana+shop@larkspur.co", "ana+x@larkspur.co"],
    );
}

#[test]
fn a_number_is_found_with_and_without_its_country() {
    let spaced = "+44 20 7946 0991";
    for text in [
        "+442079460991",
        "+44 (0)20 7946 0991",
        "0044 20 7946-0991",
        "020 7946 0991",
        "(020) 7946.0991",
        "442079460991",
        "20 7946 0991",
    ] {
        for value in [spaced, "0044 2079460991", "+44 (0) 20 7946 0991"] {
            assert_eq!(found(&[value], text).len(), 1, "{value} in {text}");
        }
        assert_eq!(found(&[spaced], &format!("call {text}, or write")).len(), 1, "{text}");
    }
    for text in
        ["+49 20 7946 0991", "+442079460992", "1442079460991", "20794609911", "220 7946 0991", "x2079460991"]
    {
        check(spaced, text, &[]);
    }
    // Typed as it is dialled at home: any country.
    for text in ["+44 20 7946 0991", "0044 (0)20 7946 0991", "020-7946-0991"] {
        assert_eq!(found(&["020 7946 0991"], text).len(), 1, "{text}");
    }
    check("(312) 445-7788", "+1 312 445 7788", &["312 445 7788"]);
    check("(312) 445-7788", "93124457788", &[]);
    // Two numbers on one line.
    check("020 7946 0991", "5 020 7946 0991 6", &["020 7946 0991"]);
}

#[test]
fn names_and_ids_are_words() {
    check("Åsa Berg", "ÅSA BERG, åsa  berg; Berg; Åsa_Berg.docx", &["ÅSA BERG", "åsa  berg", "Åsa_Berg"]);
    check("Åsa Berg", "Åsa Bergman, Måsa Berg, Åsa\nBerg", &[]);
    check("Åsa Berg", r#"{"name":"\u00c5sa Berg"}"#, &[r"\u00c5sa Berg"]);
    check("Åsa Berg", "?q=%C3%85sa%20Berg&x", &["%C3%85sa%20Berg"]);
    check("Ana Lind", "q=Ana+Lind", &["Ana+Lind"]);
    check(
        "4539 1488 0343 6467",
        "4539148803436467 and 4539-1488-0343-6467",
        &["4539148803436467", "4539-1488-0343-6467"],
    );
    check("DE89370400440532013000", "DE89 3704 0044 0532 0130 00.", &["DE89 3704 0044 0532 0130 00"]);
    check("219-45-6789", "219456789x 2194567890 219 45 6789", &["219 45 6789"]);
    check("山田太郎様", "担当は山田太郎様です", &["山田太郎様"]);
    check("ana#lind", "ana#lind, ana lind", &["ana#lind"]);
    check("Ana Lind", "Ana .  -  Lind", &[]);
    check("Ana .  - Lind", "ana .  - lind", &["ana .  - lind"]);
}

#[test]
fn short_and_long_values_are_refused() {
    let refused = |value: &str| Literals::new(&["fine and well".to_owned(), value.to_owned()]).err();
    assert_eq!(refused("1234"), Some((1, Unsuitable::Short)));
    assert_eq!(refused("a - b - c - d"), Some((1, Unsuitable::Short)));
    assert_eq!(refused(&"a".repeat(257)), Some((1, Unsuitable::Long)));
    assert_eq!(refused("12345"), None);
    assert_eq!(format!("{:?}", Literals::new(&["secret value".to_owned()])), "Ok(Literals(1))");
}

proptest! {
    #[test]
    fn windows_find_what_the_whole_finds(
        before in "[a-zA-Z0-9 .,@+-]{0,40}",
        between in r"[ a-z\n.@+-]{1,20}",
        cut in 0usize..100,
    ) {
        let values = ["ana.lind@larkspur.co".to_owned(), "+44 20 7946 0991".to_owned(), "Ana Lind".to_owned()];
        let literals = Literals::new(&values).expect("suitable");
        let text = format!("{before} ana.lind@larkspur.co{between}Ana Lind{between}020 7946 0991 {before}");
        let text = text.as_bytes();
        let whole = literals.search(text, 0..text.len());
        let cut = cut.min(text.len());
        let mut parts = literals.search(text, 0..cut);
        let known = parts.clone();
        // A form that overlaps one before the cut is that one.
        let rest = literals.search(text, cut..text.len()).into_iter();
        parts.extend(rest.filter(|(v, p)| known.iter().all(|(w, q)| v != w || p.start >= q.end)));
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn no_bytes_panic(text in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
        let literals = Literals::new(&["020 7946 0991".to_owned(), "ana@larkspur.co".to_owned(), "Åsa Berg".to_owned()]).expect("suitable");
        let at = at.min(text.len());
        let _ = literals.search(&text, at..text.len());
    }

    #[test]
    fn a_typed_value_is_found_as_it_was_typed(value in "[A-Za-zÅäö0-9][A-Za-zÅäö0-9 .,#@+-]{4,30}[A-Za-z0-9]") {
        prop_assume!(value.chars().filter(|c| c.is_alphanumeric()).count() >= MIN_LITERAL);
        let text = format!("before: {value} ; after");
        prop_assert_eq!(found(&[&value], &text).len(), 1, "{}", value);
    }
}
