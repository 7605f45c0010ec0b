//! Where each key of a policy file stands: key path to line and column.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step of a key path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A key of a table.
    Key(String),
    /// A place in a list.
    Index(usize),
}

/// A value of the file.
pub(super) struct Place {
    /// How to reach it from the top.
    pub steps: Vec<Step>,
    /// The bytes of its key; of a list's element, none.
    pub key: Option<Range<usize>>,
    /// Its own bytes; of a table with a header, the header's.
    pub value: Range<usize>,
    /// Its text if it is a string.
    pub string: Option<String>,
}

/// The text of a policy and the places in it.
pub(super) struct Source<'a> {
    text: &'a str,
    places: Vec<Place>,
    /// Offset by key path.
    offsets: BTreeMap<String, usize>,
}

/// The path of a key below `parent`, as TOML writes it.
pub(super) fn join(parent: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let dot = if parent.is_empty() { "" } else { "." };
    match bare {
        true => format!("{parent}{dot}{key}"),
        false => format!("{parent}{dot}\"{key}\""),
    }
}

/// Steps as a key path.
pub(super) fn written(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |path, step| match step {
        Step::Key(key) => join(&path, key),
        Step::Index(i) => format!("{path}[{i}]"),
    })
}

/// The key path around this one; empty at the top.
pub(super) fn parent(path: &str) -> &str {
    let quoted = path.strip_suffix('"').and_then(|p| p.rfind(".\"").or((p.starts_with('"')).then_some(0)));
    quoted.or_else(|| path.rfind(['.', '['])).map_or("", |at| &path[..at])
}

impl<'a> Source<'a> {
    /// Notes every key and value of a parsed file.
    pub fn new(text: &'a str, root: &Spanned<DeTable<'_>>) -> Self {
        let mut source = Self { text, places: Vec::new(), offsets: BTreeMap::new() };
        source.table(root.get_ref(), &mut Vec::new());
        source
    }

    fn table(&mut self, table: &DeTable<'_>, steps: &mut Vec<Step>) {
        for (key, value) in table {
            steps.push(Step::Key(key.get_ref().to_string()));
            self.value(Some(key.span()), value, steps);
            steps.pop();
        }
    }

    fn value(&mut self, key: Option<Range<usize>>, value: &Spanned<DeValue<'_>>, steps: &mut Vec<Step>) {
        let string = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        };
        // People look for a table or list at its key.
        let start = match (&key, value.get_ref()) {
            (Some(key), DeValue::Table(_) | DeValue::Array(_)) => key.start,
            _ => value.span().start,
        };
        self.offsets.insert(written(steps), start);
        self.places.push(Place { steps: steps.clone(), key, value: value.span(), string });
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, steps),
            DeValue::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    steps.push(Step::Index(i));
                    self.value(None, value, steps);
                    steps.pop();
                }
            }
            _ => {}
        }
    }

    /// Every value of the file, outer ones first.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Line and column of a key path, from 1; of the nearest one around it that the file has.
    pub fn position(&self, path: &str) -> (usize, usize) {
        let mut at = path;
        loop {
            match self.offsets.get(at) {
                Some(offset) => return position(self.text, *offset),
                None if at.is_empty() => return (1, 1),
                None => at = parent(at),
            }
        }
    }
}

/// Line and column of a byte, from 1, in code points.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_has_its_line_and_column() {
        let text = "schema = \"x\"\n[scope]\nsystems = [\n  { id = \"ä\", root = \"b\" },\n]\n[[class]]\nid = \"c\"\nspecial = { \
                    \"health.condition\" = \"A9-2-b\" }\nmatch.path = [\"é/**\", \"y\"]\n[[class]]\nid = \"d\"\n[purposes]\npay = { basis = \"z\" }\n";
        let root = DeTable::parse(text).expect("TOML");
        let source = Source::new(text, &root);
        for (path, place) in [
            ("schema", (1, 10)),
            ("scope", (2, 2)),
            ("scope.systems", (3, 1)),
            ("scope.systems[0]", (4, 3)),
            ("scope.systems[0].root", (4, 22)),
            ("scope.systems[0].owner", (4, 3)),
            ("class[0]", (6, 1)),
            ("class[0].owner", (6, 1)),
            ("class[0].special.\"health.condition\"", (8, 34)),
            ("class[0].special.\"no.such\"", (8, 1)),
            ("class[0].match", (9, 1)),
            ("class[0].match.path[1]", (9, 23)),
            ("class[1].id", (11, 6)),
            ("purposes.pay", (13, 1)),
            ("nowhere.at[3].all", (1, 1)),
        ] {
            assert_eq!(source.position(path), place, "{path}");
        }
    }
}
