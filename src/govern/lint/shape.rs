//! Mistakes of form: TOML that does not parse, keys nobody knows, values of the wrong kind, keys that are missing.
//!
//! `serde` stops at the first mistake. So each one is noted, mended with a value that fits, and the file is read again;
//! whatever was mended is left out of all further questions.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeFloat, DeInteger, DeString, DeTable, DeValue};

use super::source::{Source, Step, join, position, written};
use super::words::{list, near};
use super::{Level, Problem};
use crate::govern::policy::Policy;
use crate::govern::printable;

/// More mistakes of form than this are not listed one by one.
const MOST: usize = 100;

/// What reading came to.
pub(super) struct Shape {
    /// The policy, mended where it had to be; `None` if it could not be.
    pub policy: Option<Policy>,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// Key paths of which nothing further can be said.
    pub mended: BTreeSet<String>,
}

/// Mistakes of syntax, one a line.
pub(super) fn syntax(text: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        let (line, column) = position(text, error.span().map_or(0, |s| s.start));
        if problems.iter().any(|p| p.line == line) {
            continue;
        }
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        let (says, fix) = match message.split_once(", expected ") {
            Some((says, expected)) => (says.to_owned(), format!("expected {expected}")),
            None => (message, "see https://toml.io for how it is written".to_owned()),
        };
        let says = format!("this is not TOML: {}", printable(&says));
        problems.push(Problem {
            level: Level::Error,
            code: "toml",
            key: String::new(),
            line,
            column,
            says,
            fix,
        });
    }
    problems
}

/// Reads the shapes, noting and mending what does not fit.
pub(super) fn read(text: &str, source: &Source<'_>, root: &Spanned<DeTable<'_>>) -> Shape {
    let mut mender = Mender { text, source, root: root.clone(), mends: Vec::new(), shape: Shape::new() };
    for _ in 0..MOST * 8 {
        match Policy::deserialize(toml::de::Deserializer::from(mender.root.clone())) {
            Ok(policy) => {
                mender.shape.policy = Some(policy);
                break;
            }
            Err(error) if mender.shape.problems.len() >= MOST => {
                let (line, column) = position(text, error.span().map_or(0, |s| s.start.min(text.len())));
                let says = format!("more than {MOST} mistakes of form");
                let fix = "mend these first".to_owned();
                let key = String::new();
                let code = "too-many";
                mender.shape.problems.push(Problem {
                    level: Level::Error,
                    code,
                    key,
                    line,
                    column,
                    says,
                    fix,
                });
                break;
            }
            Err(error) => {
                if !mender.mend(&error) {
                    break;
                }
            }
        }
    }
    let mut shape = mender.shape;
    if shape.policy.is_none() && shape.problems.is_empty() {
        let (says, fix) = ("this is not a policy".to_owned(), "see docs/policy.md for its keys".to_owned());
        let key = String::new();
        shape.problems.push(Problem {
            level: Level::Error,
            code: "shape",
            key,
            line: 1,
            column: 1,
            says,
            fix,
        });
    }
    shape
}

impl Shape {
    fn new() -> Self {
        Self { policy: None, problems: Vec::new(), mended: BTreeSet::new() }
    }
}

/// A value put in the place of a wrong or missing one. Its span begins behind the text, so that it can be told.
struct Mend {
    steps: Vec<Step>,
    span: usize,
    /// Values of the words that the key knows.
    words: Vec<String>,
    tried: usize,
}

struct Mender<'t, 's> {
    text: &'t str,
    source: &'s Source<'s>,
    root: Spanned<DeTable<'t>>,
    mends: Vec<Mend>,
    shape: Shape,
}

impl Mender<'_, '_> {
    /// Notes the mistake and mends it; false if it cannot be mended.
    fn mend(&mut self, error: &toml::de::Error) -> bool {
        let Some(span) = error.span() else { return false };
        let message = error.message();
        if let Some(key) = quoted_after(message, "missing field ") {
            return self.missing(span.start, span.end, &key);
        }
        if let Some(at) = self.mends.iter().position(|m| m.span == span.start) {
            // The value that was put there does not fit either.
            self.mends[at].tried += 1;
            let mend = &self.mends[at];
            return match candidate(mend) {
                Some(value) => {
                    let value = Spanned::new(mend.span..mend.span + 1, value);
                    let steps = mend.steps.clone();
                    self.put(&steps, value)
                }
                None => false,
            };
        }
        if let Some(key) = quoted_after(message, "unknown field ") {
            let found = self.source.places().iter().find(|p| p.key.as_ref() == Some(&span));
            let Some(steps) = found.map(|p| p.steps.clone()) else { return false };
            return self.unknown(&steps, &key, &quoted(after_expected(message)));
        }
        // The innermost value with this span.
        let found = self.source.places().iter().rev().find(|p| p.value == span);
        let Some(steps) = found.map(|p| p.steps.clone()) else { return false };
        let path = written(&steps);
        let words = match message.starts_with("unknown variant") {
            true => quoted(after_expected(message)),
            false => Vec::new(),
        };
        let (says, fix) = reworded(&name_of(&steps), message, &words);
        self.note("value", path.clone(), &path, says, fix);
        self.shape.mended.insert(path);
        self.replace(steps, words)
    }

    fn note(&mut self, code: &'static str, key: String, place: &str, says: String, fix: String) {
        let (line, column) = self.source.position(place);
        self.shape.problems.push(Problem { level: Level::Error, code, key, line, column, says, fix });
    }

    fn unknown(&mut self, steps: &[Step], key: &str, known: &[String]) -> bool {
        let path = written(steps);
        let (above, shown) = (written(&steps[..steps.len() - 1]), printable(key));
        let near = near(key, known.iter().map(String::as_str));
        let fix = match (&near, known.is_empty()) {
            (Some(word), _) => format!("did you mean `{word}`?"),
            (None, true) => "take it away".to_owned(),
            (None, false) => format!("known here: {}", list(known.iter().map(String::as_str))),
        };
        let place = match steps.len() {
            1 => "at the top".to_owned(),
            n => format!("in `{}`", keys(&steps[..n - 1])),
        };
        let found = self.source.places().iter().find(|p| p.steps == steps);
        let (line, column) = position(self.text, found.and_then(|p| p.key.clone()).map_or(0, |k| k.start));
        let says = format!("unknown key `{shown}` {place}");
        let key = path.clone();
        let problem = Problem { level: Level::Error, code: "unknown-key", key, line, column, says, fix };
        self.shape.problems.push(problem);
        // What was meant is there under another name.
        self.shape.mended.extend(near.map(|word| join(&above, &word)));
        self.shape.mended.insert(path);
        self.take(steps)
    }

    fn missing(&mut self, start: usize, end: usize, key: &str) -> bool {
        let mended = self.mends.iter().find(|m| m.span == start).map(|m| m.steps.clone());
        let at_top = self.root.span() == (start..end);
        let above = match mended.clone() {
            Some(steps) => steps,
            None => {
                let found = self.source.places().iter().rev().find(|p| p.value == (start..end));
                match found.map(|p| p.steps.clone()) {
                    Some(steps) => steps,
                    None if at_top => Vec::new(),
                    None => return false,
                }
            }
        };
        let place = written(&above);
        let path = join(&place, key);
        if self.shape.mended.insert(path.clone()) && mended.is_none() {
            let owner = match above.last() {
                None => "the file".to_owned(),
                Some(Step::Index(_)) => format!("this entry of `{}`", keys(&above)),
                Some(Step::Key(_)) => format!("`{}`", keys(&above)),
            };
            let says = format!("{owner} has no `{key}`");
            self.note("missing-key", path, &place, says, wanted(&above, key));
        }
        let mut steps = above;
        steps.push(Step::Key(key.to_owned()));
        self.replace(steps, Vec::new())
    }

    fn replace(&mut self, steps: Vec<Step>, words: Vec<String>) -> bool {
        let span = self.text.len() + 2 * (self.mends.len() + 1);
        let mend = Mend { steps: steps.clone(), span, words, tried: 0 };
        let value = candidate(&mend);
        self.mends.push(mend);
        value.is_some_and(|value| self.put(&steps, Spanned::new(span..span + 1, value)))
    }

    fn put(&mut self, steps: &[Step], value: Spanned<DeValue<'static>>) -> bool {
        match steps.split_last() {
            Some((Step::Key(key), above)) => match self.table(above) {
                Some(table) => {
                    match table.get_mut(key.as_str()) {
                        Some(old) => *old = value,
                        None => {
                            table.insert(Spanned::new(0..0, DeString::Owned(key.clone())), value);
                        }
                    }
                    true
                }
                None => false,
            },
            Some((Step::Index(i), above)) => match self.value(above) {
                Some(DeValue::Array(values)) => match values.get_mut(*i) {
                    Some(old) => {
                        *old = value;
                        true
                    }
                    None => false,
                },
                _ => false,
            },
            None => false,
        }
    }

    fn take(&mut self, steps: &[Step]) -> bool {
        match steps.split_last() {
            Some((Step::Key(key), above)) => {
                self.table(above).is_some_and(|table| table.remove(key.as_str()).is_some())
            }
            _ => false,
        }
    }
}

impl<'t> Mender<'t, '_> {
    fn table(&mut self, steps: &[Step]) -> Option<&mut DeTable<'t>> {
        match steps.is_empty() {
            true => Some(self.root.get_mut()),
            false => match self.value(steps) {
                Some(DeValue::Table(table)) => Some(table),
                _ => None,
            },
        }
    }

    fn value(&mut self, steps: &[Step]) -> Option<&mut DeValue<'t>> {
        let (first, rest) = steps.split_first()?;
        let Step::Key(key) = first else { return None };
        let mut at = self.root.get_mut().get_mut(key.as_str())?.get_mut();
        for step in rest {
            at = match (step, at) {
                (Step::Key(key), DeValue::Table(table)) => table.get_mut(key.as_str())?.get_mut(),
                (Step::Index(i), DeValue::Array(values)) => values.get_mut(*i)?.get_mut(),
                _ => return None,
            };
        }
        Some(at)
    }
}

/// The next value that might fit where another did not.
fn candidate(mend: &Mend) -> Option<DeValue<'static>> {
    if let Some(word) = mend.words.get(mend.tried) {
        return Some(DeValue::String(DeString::Owned(word.clone())));
    }
    let day = toml::value::Date { year: 2000, month: 1, day: 1 };
    Some(match mend.tried - mend.words.len() {
        // A string, and a period too.
        0 => DeValue::String(DeString::Borrowed("P0D")),
        1 => DeValue::Datetime(toml::value::Datetime { date: Some(day), time: None, offset: None }),
        2 => DeValue::Array(DeArray::new()),
        3 => DeValue::Table(DeTable::new()),
        4 => DeValue::Integer(DeInteger::default()),
        5 => DeValue::Float(DeFloat::default()),
        6 => DeValue::Boolean(false),
        _ => return None,
    })
}

/// The keys of a path, for people: the line says which entry of a list it is.
fn keys(steps: &[Step]) -> String {
    let keys = steps.iter().filter_map(|s| match s {
        Step::Key(key) => Some(printable(key)),
        Step::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// The last key of a path.
fn name_of(steps: &[Step]) -> String {
    let key = steps.iter().rev().find_map(|s| match s {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let name = printable(key.unwrap_or_default());
    match steps.last() {
        Some(Step::Index(i)) => format!("`{name}[{i}]`"),
        _ => format!("`{name}`"),
    }
}

/// What is wrong with a value, and what it ought to be.
fn reworded(name: &str, message: &str, words: &[String]) -> (String, String) {
    if let Some(word) = quoted_after(message, "unknown variant ") {
        let says = format!("{name} cannot be `{}`", printable(&word));
        let all = list(words.iter().map(String::as_str));
        return match near(&word, words.iter().map(String::as_str)) {
            Some(near) => (says, format!("did you mean `{near}`? It is one of {all}")),
            None => (says, format!("use one of {all}")),
        };
    }
    if message == "wanted string or table" {
        return (format!("{name} is not a word"), "write it in quotes".to_owned());
    }
    let wrong = [("invalid type: ", true), ("invalid value: ", false)];
    let wrong = wrong.iter().find_map(|(p, kind)| Some((message.strip_prefix(p)?, *kind)));
    if let Some(((found, wanted), kind)) =
        wrong.and_then(|(w, kind)| Some((w.split_once(", expected ")?, kind)))
    {
        // The value itself stands in the file; it need not be said again.
        let found = found.split([' ', '`', '"']).next().unwrap_or_default();
        let found = match found {
            _ if !kind => "out of range",
            "integer" | "floating" => "a number",
            "string" => "a string",
            "boolean" => "true or false",
            "map" => "a table or date",
            "sequence" => "a list",
            other => other,
        };
        let wanted = match wanted {
            "a string" => "a string in quotes",
            "a sequence" => "a list, as in [\"…\"]",
            "a map" => "a table, as in { key = \"…\" }",
            "u32" | "u64" => "a whole number, 0 or more",
            "f64" => "a number",
            "a boolean" => "true or false, without quotes",
            "a TOML datetime" => "a date without quotes, as in 2026-07-01",
            other if other.starts_with("struct ") => "a table, as in { key = \"…\" }",
            other => other,
        };
        return (format!("{name} is {found}"), format!("it has to be {wanted}"));
    }
    match message.split_once(" is not a period of ") {
        Some((found, wanted)) => {
            (format!("{name}: {found} is not a period"), format!("write a period of {wanted}"))
        }
        None => match message.starts_with("a date without time") {
            true => (format!("{name} is not a day"), format!("write {message}")),
            false => (format!("{name}: {}", printable(message)), "see docs/policy.md".to_owned()),
        },
    }
}

/// How a missing key is written.
fn wanted(above: &[Step], key: &str) -> String {
    let within = name_of(above);
    let example = match (within.trim_matches('`').split('[').next().unwrap_or_default(), key) {
        ("", "schema") => format!("schema = \"{}\"", crate::govern::policy::SCHEMA),
        ("", "policy") => "[policy] with `id` and `version`".to_owned(),
        ("", "scope") => "[scope] with `systems = [{ id = \"hr\", root = \"hr\" }]`".to_owned(),
        (_, "systems") => "systems = [{ id = \"hr\", root = \"hr\" }]".to_owned(),
        (_, "root") => "root = \"FOLDER\"".to_owned(),
        (_, "expires") => {
            return "an exception has to end: add a day, as in `expires = 2027-01-31`".to_owned();
        }
        (_, "placed" | "approved_on") => format!("{key} = 2026-07-01"),
        (_, "until" | "expiry") => format!("{key} = \"P2Y\""),
        (_, "match") => "match = { path = [\"hr/**\"] }".to_owned(),
        (_, "path") => "path = [\"research/**\"]".to_owned(),
        (_, "names") => "names = { Internal = \"internal\" }".to_owned(),
        (_, "source") => "source = \"record-date\"".to_owned(),
        ("event", "register") => {
            "register = { file = \"closed.csv\", key = \"id\", date = \"closed_on\" }".to_owned()
        }
        _ => format!("{key} = \"…\""),
    };
    match example.starts_with('[') {
        true => format!("add {example}"),
        false => format!("add `{example}`"),
    }
}

/// The first quoted word after `start`.
fn quoted_after(message: &str, start: &str) -> Option<String> {
    let rest = message.strip_prefix(start)?.strip_prefix('`')?;
    // A key can itself hold a quote: what is expected follows the last one.
    let rest =
        rest.split(", expected ").next().unwrap_or(rest).split(", there are no").next().unwrap_or(rest);
    Some(rest.strip_suffix('`').unwrap_or(rest).to_owned())
}

fn after_expected(message: &str) -> &str {
    message.rsplit_once(", expected ").map_or("", |(_, rest)| rest)
}

/// All words in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
