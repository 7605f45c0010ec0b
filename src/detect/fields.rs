//! What a field's name says about its values.

use aho_corasick::{AhoCorasick, MatchKind};

use super::context::DetectorSet;

/// For and against: what the name of one field says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldContext {
    /// Detectors that the name speaks for.
    pub positive: DetectorSet,
    /// Detectors that the name speaks against.
    pub negative: DetectorSet,
}

/// All field names of all detectors, in one automaton.
pub(super) struct FieldNames {
    automaton: AhoCorasick,
    /// By pattern of the automaton.
    says: Vec<FieldContext>,
    detectors: usize,
}

impl FieldNames {
    pub(super) fn build<'a>(
        detectors: usize,
        names: impl Iterator<Item = (usize, bool, &'a str)>,
    ) -> Result<Self, aho_corasick::BuildError> {
        let mut phrases: Vec<String> = Vec::new();
        let mut says: Vec<FieldContext> = Vec::new();
        let mut known = rustc_hash::FxHashMap::default();
        for (detector, positive, name) in names {
            let phrase = normalize(name.as_bytes());
            let id = *known.entry(phrase.clone()).or_insert_with(|| {
                phrases.push(phrase);
                let none = DetectorSet::new(detectors);
                says.push(FieldContext { positive: none.clone(), negative: none });
                says.len() - 1
            });
            let set = if positive { &mut says[id].positive } else { &mut says[id].negative };
            set.insert(detector);
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&phrases)?;
        Ok(Self { automaton, says, detectors })
    }

    /// The context that a field of this verbatim name gives. A name counts when its words stand in the field's name
    /// next to each other: `email` in `Customer_EMail-Address`.
    pub(super) fn context(&self, name: &[u8]) -> FieldContext {
        let none = DetectorSet::new(self.detectors);
        let mut context = FieldContext { positive: none.clone(), negative: none };
        let name = normalize(name);
        for found in self.automaton.find_overlapping_iter(&name) {
            let says = &self.says[found.pattern().as_usize()];
            context.positive.union(&says.positive);
            context.negative.union(&says.negative);
        }
        context
    }
}

/// Words in lower case with one space around each: `customerEMail_2` is ` customer e mail 2 `, and also ` customer email 2 `
/// is seen by writing `e mail` and `email` in the detector.
fn normalize(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let mut out = String::from(" ");
    let mut before = ' ';
    for c in name.chars() {
        let new_word = (c.is_uppercase() && before.is_lowercase())
            || (c.is_numeric() != before.is_numeric() && c.is_alphanumeric() && before.is_alphanumeric());
        if (new_word || !c.is_alphanumeric()) && !out.ends_with(' ') {
            out.push(' ');
        }
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
        before = c;
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_word_by_word() {
        let names = [(0, true, "email"), (1, true, "date of birth"), (1, false, "order"), (2, true, "né")];
        let fields = FieldNames::build(3, names.into_iter()).expect("builds");
        let says = |name: &str| {
            let c = fields.context(name.as_bytes());
            (0..3).map(|d| (c.positive.has(d), c.negative.has(d))).collect::<Vec<_>>()
        };
        let (yes, no, against) = ((true, false), (false, false), (false, true));
        assert_eq!(says("Customer_Email"), [yes, no, no]);
        assert_eq!(says("customerEmail2"), [yes, no, no]);
        assert_eq!(says("emailer"), [no, no, no]);
        assert_eq!(says("dateOfBirth"), [no, yes, no]);
        assert_eq!(says("date of orders"), [no, no, no]);
        assert_eq!(says("ORDER-NO"), [no, against, no]);
        assert_eq!(says("NÉ"), [no, no, yes]);
    }
}
