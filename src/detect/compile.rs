//! Definitions to automata; refuses what would break the invariants of the search.
//!
//! All patterns become one automaton that is walked only from *starts* (see `search`).

use std::sync::OnceLock;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

use super::automaton::Automaton;
use super::context::{Hotwords, MAX_WINDOW};
use super::definition::{Anchor, Boundary, Context, Definition, DefinitionError};
use super::fields::FieldNames;
use super::filter::Filter;
use super::validators::{self, Input, Validator};

/// Longest match, in bytes, before `extend`.
const MAX_PATTERN: usize = 1024;
/// Longest `extend_max`.
const MAX_EXTEND: usize = 4096;

/// A detector, ready to be asked.
pub(super) struct Detector {
    pub def: Definition,
    pub validators: Vec<&'static Validator>,
    pub likely_test: Vec<&'static Validator>,
    pub test_values: FxHashSet<Vec<u8>>,
    /// Whether surroundings can change the likelihood at all.
    pub has_hotwords: bool,
    pub max_len: usize,
    pub extend: Option<Box<[bool; 256]>>,
    has_value: bool,
    /// The pattern as a regex over a whole match, compiled when first needed.
    whole: OnceLock<Option<regex::bytes::Regex>>,
}

impl Detector {
    /// The range of the group `value` within a whole match, or the match itself.
    pub fn value_range(&self, matched: &[u8]) -> std::ops::Range<usize> {
        let whole = 0..matched.len();
        if !self.has_value {
            return whole;
        }
        let group = self.regex().and_then(|r| r.captures(matched)).and_then(|c| c.name("value"));
        group.map_or(whole, |g| g.range())
    }

    /// Whether the pattern matches all of `text`.
    pub fn is_whole(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|r| r.is_match(text))
    }

    fn regex(&self) -> Option<&regex::bytes::Regex> {
        let compile = || {
            regex::bytes::RegexBuilder::new(&format!("^(?:{})$", self.def.pattern))
                .case_insensitive(self.def.ignore_case)
                .unicode(self.def.unicode)
                // Bounded by MAX_PATTERN: a pattern that was accepted is never refused for its size here.
                .size_limit(usize::MAX)
                .build()
                .ok()
        };
        self.whole.get_or_init(compile).as_ref()
    }
}

/// Everything that a search needs and nothing that it changes.
pub(super) struct Compiled {
    pub detectors: Vec<Detector>,
    pub starts: Option<Automaton>,
    pub filter: Filter,
    pub ats: Option<Automaton>,
    /// Detectors of whole cells.
    pub of_cells: Vec<u16>,
    pub hotwords: Hotwords,
    pub fields: FieldNames,
    /// Longest match with its extension, in bytes.
    pub longest: usize,
    pub digest: String,
}

/// Compiles definitions, which are sorted by id; or says everything that is wrong with them.
pub(super) fn compile(
    mut definitions: Vec<(String, Definition)>,
    is_info_type: &dyn Fn(&str) -> bool,
) -> Result<Compiled, Vec<DefinitionError>> {
    definitions.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    let mut errors = Vec::new();
    let mut detectors = Vec::new();
    let mut hirs: Vec<(u16, Hir)> = Vec::new();
    let mut previous: Option<(String, String)> = None;
    let mut hasher = Sha256::new();
    for (file, def) in definitions {
        let mut wrong = |what: String| {
            errors
                .push(DefinitionError { file: file.clone(), what: format!("detector `{}`: {what}", def.id) });
        };
        if let Some((_, other)) = previous.as_ref().filter(|(id, _)| *id == def.id) {
            wrong(format!("two detectors have this id (the other is in {other}); rename one"));
        }
        previous = Some((def.id.clone(), file.clone()));
        check_words(&def, is_info_type, &mut wrong);
        let names = |list: &[String], wrong: &mut dyn FnMut(String)| {
            let mut found = Vec::new();
            for name in list {
                match validators::find(name) {
                    Some(v) => found.push(v),
                    None => wrong(format!(
                        "no validator `{name}`; `privascan detectors show --validators` lists them"
                    )),
                }
            }
            found
        };
        let checks = names(&def.validators, &mut wrong);
        let likely_test = names(&def.likely_test, &mut wrong);
        let extend = match def.extend.as_deref().map(byte_class).transpose() {
            Ok(class) => class,
            Err(what) => {
                wrong(format!("extend: {what}"));
                None
            }
        };
        match parse(&def) {
            Ok((hir, max_len)) => {
                hasher.update(format!("{def:?}"));
                hirs.push((detectors.len() as u16, hir));
                detectors.push(Detector {
                    validators: checks,
                    likely_test,
                    test_values: def.test_values.iter().map(|v| compact(v.as_bytes())).collect(),
                    has_hotwords: !(def.hotwords.is_empty() && def.negative_hotwords.is_empty()),
                    max_len: max_len + usize::from(def.extend_max),
                    extend,
                    has_value: ["(?P<value>", "(?<value>"].iter().any(|group| def.pattern.contains(group)),
                    whole: OnceLock::new(),
                    def,
                });
            }
            Err(what) => wrong(what),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let build = |anchor: Anchor| {
        let def = |d: u16| &detectors[usize::from(d)].def;
        let chosen: Vec<_> = hirs
            .iter()
            .filter(|(d, _)| def(*d).anchor == anchor)
            .map(|(d, hir)| (*d, hir, def(*d).boundary != Boundary::Number))
            .collect();
        Automaton::build(&chosen)
    };
    let refuse = |what: String| {
        vec![DefinitionError {
            file: "all detectors".to_owned(),
            what: format!("do not compile together: {what}"),
        }]
    };
    let starts = build(Anchor::Start).map_err(refuse)?;
    let ats = build(Anchor::At).map_err(refuse)?;
    let n = detectors.len();
    let words = |list: fn(&Definition) -> &Vec<String>| {
        detectors.iter().enumerate().flat_map(move |(i, d)| list(&d.def).iter().map(move |w| (i, w.as_str())))
    };
    let positive = words(|d| &d.hotwords).map(|(i, w)| (i, true, w));
    let negative = words(|d| &d.negative_hotwords).map(|(i, w)| (i, false, w));
    let hotwords = Hotwords::build(n, positive.chain(negative));
    let positive = words(|d| &d.field_names).map(|(i, w)| (i, true, w));
    let negative = words(|d| &d.negative_field_names).map(|(i, w)| (i, false, w));
    let fields = FieldNames::build(n, positive.chain(negative)).map_err(|e| refuse(e.to_string()))?;
    Ok(Compiled {
        filter: starts.as_ref().map_or_else(Filter::none, Automaton::filter),
        starts,
        ats,
        of_cells: hirs
            .iter()
            .map(|(d, _)| *d)
            .filter(|d| detectors[usize::from(*d)].def.anchor == Anchor::Cell)
            .collect(),
        hotwords,
        fields,
        longest: detectors.iter().map(|d| d.max_len).max().unwrap_or(0),
        digest: crate::model::hex(&hasher.finalize()),
        detectors,
    })
}

fn check_words(def: &Definition, is_info_type: &dyn Fn(&str) -> bool, wrong: &mut dyn FnMut(String)) {
    let kebab = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if def.id.is_empty() || !def.id.bytes().all(kebab) {
        wrong("an id is lower-case letters, digits and hyphens".to_owned());
    }
    if !def.decoy && !is_info_type(&def.info_type) {
        wrong(format!(
            "info type `{}` is not in taxonomy.toml; add it there or use one that is",
            def.info_type
        ));
    }
    if def.examples.is_empty() || def.counterexamples.is_empty() {
        wrong("needs at least one example and one counterexample".to_owned());
    }
    if usize::from(def.hotword_window) > MAX_WINDOW {
        wrong(format!("hotword_window is at most {MAX_WINDOW}"));
    }
    if usize::from(def.extend_max) > MAX_EXTEND {
        wrong(format!("extend_max is at most {MAX_EXTEND}"));
    }
    if def.extend.is_some() != (def.extend_max > 0) {
        wrong("extend and extend_max come together".to_owned());
    }
    if def.anchor == Anchor::Cell && (def.field_names.is_empty() || !def.hotwords.is_empty()) {
        wrong("anchor = \"cell\" goes by field_names alone; give some, and no hotwords".to_owned());
    }
    if def.context == Context::Required && def.hotwords.is_empty() && def.field_names.is_empty() {
        wrong("context = \"required\" needs hotwords or field_names".to_owned());
    }
}

fn parser(def: &Definition) -> regex_syntax::Parser {
    ParserBuilder::new().unicode(def.unicode).utf8(false).case_insensitive(def.ignore_case).build()
}

/// The pattern, and its greatest length; or why it is refused.
fn parse(def: &Definition) -> Result<(Hir, usize), String> {
    let hir = parser(def).parse(&def.pattern).map_err(|e| {
        format!("pattern: {}", e.to_string().lines().last().unwrap_or("does not parse").trim())
    })?;
    let properties = hir.properties();
    let max = properties
        .maximum_len()
        .ok_or("pattern: unbounded; give every repetition an upper bound such as {1,40}, or use extend")?;
    if max > MAX_PATTERN {
        return Err(format!("pattern: can match {max} bytes, at most {MAX_PATTERN} are allowed; use extend"));
    }
    if properties.minimum_len().unwrap_or(0) == 0 {
        return Err("pattern: must not match nothing".to_owned());
    }
    if properties.look_set().iter().any(|_: Look| true) {
        return Err("pattern: no ^ $ or \\b here; `boundary` says what may stand around a match".to_owned());
    }
    if crosses_lines(&hir) {
        return Err("pattern: can match a line end; use [^\\n] or name the characters".to_owned());
    }
    if def.anchor == Anchor::Start
        && !first_bytes(&hir).iter().any(|(b, on)| *on && super::starts::can_start(*b))
    {
        return Err("pattern: begins with no ASCII letter, digit, +, ( or -, where alone a match can start"
            .to_owned());
    }
    Ok((hir, max))
}

fn crosses_lines(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(l) => l.0.contains(&b'\n'),
        HirKind::Class(Class::Bytes(c)) => c.iter().any(|r| r.start() <= b'\n' && b'\n' <= r.end()),
        HirKind::Class(Class::Unicode(c)) => c.iter().any(|r| r.start() <= '\n' && '\n' <= r.end()),
        HirKind::Repetition(r) => crosses_lines(&r.sub),
        HirKind::Capture(c) => crosses_lines(&c.sub),
        HirKind::Concat(all) | HirKind::Alternation(all) => all.iter().any(crosses_lines),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

/// Which bytes a match can begin with.
fn first_bytes(hir: &Hir) -> Vec<(u8, bool)> {
    fn add(hir: &Hir, on: &mut [bool; 256]) -> bool {
        // Returns whether the expression can be empty, so that what follows it can begin the match too.
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => true,
            HirKind::Literal(l) => {
                l.0.first().iter().for_each(|b| on[usize::from(**b)] = true);
                l.0.is_empty()
            }
            HirKind::Class(Class::Bytes(c)) => {
                c.iter().for_each(|r| (r.start()..=r.end()).for_each(|b| on[usize::from(b)] = true));
                false
            }
            HirKind::Class(Class::Unicode(c)) => {
                for r in c.iter() {
                    for sequence in regex_syntax::utf8::Utf8Sequences::new(r.start(), r.end()) {
                        let first = sequence.as_slice()[0];
                        (first.start..=first.end).for_each(|b| on[usize::from(b)] = true);
                    }
                }
                false
            }
            HirKind::Repetition(r) => add(&r.sub, on) || r.min == 0,
            HirKind::Capture(c) => add(&c.sub, on),
            HirKind::Concat(all) => all.iter().all(|h| add(h, on)),
            HirKind::Alternation(all) => all.iter().fold(false, |empty, h| add(h, on) | empty),
        }
    }
    let mut on = [false; 256];
    add(hir, &mut on);
    (0..=255u8).map(|b| (b, on[usize::from(b)])).collect()
}

fn byte_class(class: &str) -> Result<Box<[bool; 256]>, String> {
    let hir = ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(&format!("[{class}]"))
        .map_err(|_| "not the inside of a [...] class".to_owned())?;
    if crosses_lines(&hir) {
        return Err("must not contain a line end".to_owned());
    }
    let mut table = Box::new([false; 256]);
    first_bytes(&hir).into_iter().for_each(|(b, on)| table[usize::from(b)] = on);
    Ok(table)
}

/// ASCII letters and digits in upper case.
pub(super) fn compact(value: &[u8]) -> Vec<u8> {
    value.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect()
}

/// Whether `validator` accepts a value, given in the form it asks for.
pub(super) fn accepts(validator: &Validator, raw: &[u8], buffer: &mut [u8; 64]) -> bool {
    match validator.input {
        Input::Raw => (validator.accepts)(raw),
        Input::Compact => {
            let mut n = 0;
            for b in raw.iter().filter(|b| b.is_ascii_alphanumeric()).take(64) {
                buffer[n] = b.to_ascii_uppercase();
                n += 1;
            }
            (validator.accepts)(&buffer[..n])
        }
    }
}
