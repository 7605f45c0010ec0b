//! What is wrong with a policy file: every mistake, where it stands, and a way out.
//!
//! An error is what cannot be meant: assessing under it would mislead. A warning is what may be meant and has a cost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::de::DeTable;

use super::policy::{Policy, speaks_of};
use crate::classify::Taxonomy;

mod classes;
mod leave;
mod names;
mod rules;
mod scope;
mod shape;
mod source;
mod words;

use source::Source;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The policy is not used until this is mended.
    Error,
    /// The policy can be used; this has a cost.
    Warning,
}

impl Level {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// One thing that is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub level: Level,
    /// A stable word for this kind of problem, kebab-case.
    pub code: &'static str,
    /// Path of the key it is about, as `class[2].retention`, lists from 0; empty for the whole file.
    pub key: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
    /// What is wrong.
    pub says: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, line, column, says, fix, .. } = self;
        write!(f, "{line}:{column}: {}: {says}; {fix}", level.word())
    }
}

/// What a policy is held against besides itself.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Categories, tiers and flags.
    pub taxonomy: &'a Taxonomy,
    /// Categories that some detector finds; `None`: not asked.
    pub detectable: Option<&'a BTreeSet<String>>,
    /// Frameworks whose criteria this build knows; empty: not asked.
    pub frameworks: &'a [String],
    /// Whether a file or folder is there, by its path relative to the policy's folder; `None`: not asked.
    pub exists: Option<&'a dyn Fn(&str) -> bool>,
}

impl<'a> Known<'a> {
    /// Categories, tiers and flags, and nothing else.
    pub fn of(taxonomy: &'a Taxonomy) -> Self {
        Self { taxonomy, detectable: None, frameworks: &[], exists: None }
    }
}

/// What checking came to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The policy, if it can be used.
    pub policy: Option<Policy>,
    /// By place; for one place errors first.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// How many problems are of this level.
    pub fn count(&self, level: Level) -> usize {
        self.problems.iter().filter(|p| p.level == level).count()
    }

    fn of(policy: Option<Policy>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| {
            let key = |p: &Problem| (p.line, p.column, p.level);
            key(a).cmp(&key(b)).then_with(|| a.says.cmp(&b.says))
        });
        problems.dedup();
        let sound = problems.iter().all(|p| p.level != Level::Error);
        Self { policy: policy.filter(|_| sound), problems }
    }
}

impl Policy {
    /// Reads a policy that can be used, or says all that is wrong with it: errors only, by place.
    pub fn load(text: &str) -> Result<Self, Vec<Problem>> {
        let refused = |says: String| {
            let fix = "please report this".to_owned();
            let (key, code) = (String::new(), "internal");
            vec![Problem { level: Level::Error, code, key, line: 1, column: 1, says, fix }]
        };
        let taxonomy = Taxonomy::builtin().map_err(|e| refused(e.to_string()))?;
        let checked = check(text, Known::of(&taxonomy));
        match checked.policy {
            Some(policy) => Ok(policy),
            None => Err(checked.problems.into_iter().filter(|p| p.level == Level::Error).collect()),
        }
    }
}

/// Why a policy is refused, in one line: its first error and how many there are.
pub fn in_one_line(errors: &[Problem]) -> String {
    let first = errors.first().map_or_else(String::new, ToString::to_string);
    match errors.len() {
        0 | 1 => format!("{first} (`privascan policy check` says more)"),
        n => format!("{first} (the first of {n} errors; `privascan policy check` lists them)"),
    }
}

/// Checks the bytes of a policy file.
pub fn check_bytes(bytes: &[u8], known: Known<'_>) -> Checked {
    match std::str::from_utf8(bytes) {
        Ok(text) => check(text, known),
        Err(e) => {
            let before = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
            let (line, column) = source::position(&before, before.len());
            let says = "this is not UTF-8".to_owned();
            let fix = "save the file as UTF-8".to_owned();
            let (key, code) = (String::new(), "not-utf-8");
            Checked::of(None, vec![Problem { level: Level::Error, code, key, line, column, says, fix }])
        }
    }
}

/// Checks the text of a policy file.
pub fn check(text: &str, known: Known<'_>) -> Checked {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Checked::of(None, shape::syntax(text, &errors));
    }
    let source = Source::new(text, &root);
    let shape = shape::read(text, &source, &root);
    let Some(policy) = shape.policy else { return Checked::of(None, shape.problems) };
    let mut lint =
        Lint { policy: &policy, known, source: &source, mended: shape.mended, problems: shape.problems };
    lint.texts();
    lint.head();
    lint.scope();
    lint.purposes();
    lint.classes();
    lint.retention();
    lint.events();
    lint.disposal();
    lint.labels();
    lint.leave();
    lint.thresholds();
    lint.there();
    let problems = lint.problems;
    Checked::of(Some(policy), problems)
}

/// Categories of tier `internal` or above that were found and that no class speaks of, with their counts.
pub fn gaps<'a>(
    policy: &Policy,
    found: &'a BTreeMap<String, u64>,
    taxonomy: &Taxonomy,
) -> Vec<(&'a str, u64)> {
    let lowest = |category: &str| {
        let known = taxonomy.categories().iter().find(|c| c.name == category);
        known.is_some_and(|c| taxonomy.tier_rank(&c.tier) == Some(0))
    };
    let spoken = |category: &str| {
        policy.classes.iter().any(|class| {
            let matches = class.matches.iter().flat_map(|m| m.all_of.iter().chain(&m.any_of));
            let mut names = class.categories.iter().flatten().chain(&class.prohibited).chain(matches);
            names.any(|name| speaks_of(name, category))
        })
    };
    let open = found.iter().filter(|(category, _)| !lowest(category) && !spoken(category));
    open.map(|(category, n)| (category.as_str(), *n)).collect()
}

/// A policy under examination.
struct Lint<'a> {
    policy: &'a Policy,
    known: Known<'a>,
    source: &'a Source<'a>,
    mended: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Lint<'_> {
    fn error(&mut self, key: &str, code: &'static str, says: impl Into<String>, fix: impl Into<String>) {
        self.note(Level::Error, key, code, says.into(), fix.into());
    }

    fn warn(&mut self, key: &str, code: &'static str, says: impl Into<String>, fix: impl Into<String>) {
        self.note(Level::Warning, key, code, says.into(), fix.into());
    }

    fn note(&mut self, level: Level, key: &str, code: &'static str, says: String, fix: String) {
        if self.is_mended(key) {
            return;
        }
        let (line, column) = self.source.position(key);
        self.problems.push(Problem { level, code, key: key.to_owned(), line, column, says, fix });
    }

    /// Whether the key, or one around it, was wrong in form: what stands there now was put there.
    fn is_mended(&self, key: &str) -> bool {
        let mut at = key;
        while !at.is_empty() {
            if self.mended.contains(at) {
                return true;
            }
            at = source::parent(at);
        }
        false
    }
}

#[cfg(test)]
mod tests;
