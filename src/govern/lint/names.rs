//! Names, globs, categories and paths: what may stand in a value, and what a value may point at.

use super::Lint;
use super::source::{Step, written};
use super::words::{list, near};
use crate::govern::policy::{overlaps, speaks_of};
use crate::govern::printable;

impl Lint<'_> {
    /// All strings: none is empty, and what is still to be done is said.
    pub(super) fn texts(&mut self) {
        for place in self.source.places() {
            let Some(text) = &place.string else { continue };
            let key = written(&place.steps);
            let Some(Step::Key(name)) = place.steps.iter().rev().find(|s| matches!(s, Step::Key(_))) else {
                continue;
            };
            let name = printable(name);
            if text.trim().is_empty() {
                self.error(&key, "empty", format!("`{name}` is empty"), "fill it in, or take the key away");
            } else if text.trim_start().to_ascii_uppercase().starts_with("TODO") {
                self.warn(&key, "todo", format!("`{name}` is still to be done"), "put in who or what it is");
            }
        }
    }

    /// An id that others refer to.
    pub(super) fn id(&mut self, key: &str, id: &str) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        if id.is_empty() || id.chars().all(fits) {
            return;
        }
        let better: String =
            id.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect::<String>();
        let better = better.split('-').filter(|p| !p.is_empty()).collect::<Vec<_>>().join("-");
        let fix = match better.is_empty() {
            true => "use a to z, 0 to 9, . and -".to_owned(),
            false => format!("use a to z, 0 to 9, . and - only, as in `{}`", printable(&better)),
        };
        self.error(key, "bad-id", format!("`{}` is no id", printable(id)), fix);
    }

    /// Each id stands once.
    pub(super) fn once<'k>(&mut self, what: &str, ids: impl Iterator<Item = (String, &'k str)>) {
        let mut seen: Vec<(String, &str)> = Vec::new();
        for (key, id) in ids {
            match seen.iter().find(|(_, other)| *other == id) {
                Some((first, _)) => {
                    let (line, _) = self.source.position(first);
                    let says = format!("{what} `{}` is there already, in line {line}", printable(id));
                    self.error(&key, "duplicate-id", says, "give one of them another id");
                }
                None => seen.push((key, id)),
            }
        }
    }

    /// A word that has to be one of `known`.
    pub(super) fn known_word(
        &mut self,
        key: &str,
        code: &'static str,
        what: &str,
        word: &str,
        known: &[&str],
    ) {
        if known.contains(&word) {
            return;
        }
        let fix = match (near(word, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => "none is declared".to_owned(),
            (None, false) => format!("there are: {}", list(known.iter().copied())),
        };
        self.error(key, code, format!("no {what} is called `{}`", printable(word)), fix);
    }

    /// Whether something points at `id`, or means to: what stands there is misspelt or wrong in form.
    pub(super) fn is_meant<'k>(
        &self,
        id: &str,
        mut named: impl Iterator<Item = (String, Option<&'k str>)>,
    ) -> bool {
        named.any(|(key, name)| {
            self.is_mended(&key) || name.is_some_and(|n| n == id || near(n, std::iter::once(id)).is_some())
        })
    }

    /// A tier of the taxonomy.
    pub(super) fn tier(&mut self, key: &str, tier: &str) {
        let tiers: Vec<&str> = self.known.taxonomy.tiers().iter().map(String::as_str).collect();
        self.known_word(key, "unknown-tier", "tier", tier, &tiers);
    }

    /// A category, or a prefix such as `gov.*`.
    pub(super) fn category(&mut self, key: &str, name: &str) {
        let taxonomy = self.known.taxonomy;
        let all = || taxonomy.categories().iter().map(|c| c.name.as_str());
        if all().any(|category| speaks_of(name, category)) {
            let undetected = |on: &std::collections::BTreeSet<String>| !on.iter().any(|c| speaks_of(name, c));
            if self.known.detectable.is_some_and(undetected) {
                let says = format!("no detector of this build finds `{name}`");
                let fix = "what is said of it is not evaluated, until a detector of your own finds it";
                self.warn(key, "no-detector", says, fix);
            }
            return;
        }
        let says = format!("no category is called `{}`", printable(name));
        let prefix = format!("{}.", name.trim_end_matches(['.', '*']));
        let groups: Vec<&str> = all().filter_map(|c| c.split('.').next()).collect();
        let fix = match () {
            () if taxonomy.has(name) => {
                format!("`{name}` is an info type; its category is `{}`", taxonomy.category_of(name).name)
            }
            () if all().any(|c| c.starts_with(&prefix)) => {
                format!("write `{prefix}*` for all that begin so")
            }
            () => match near(name, all()).or_else(|| ending(name, all())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let group = name.split('.').next().unwrap_or_default();
                    match near(group, groups.iter().copied()) {
                        Some(group) => {
                            let start = format!("{group}.");
                            format!("there are: {}", list(all().filter(|c| c.starts_with(&start))))
                        }
                        None => "`privascan detectors list` shows the categories".to_owned(),
                    }
                }
            },
        };
        self.error(key, "unknown-category", says, fix);
    }

    /// A list of categories, each once.
    pub(super) fn categories(&mut self, key: &str, names: &[String]) {
        for (i, name) in names.iter().enumerate() {
            let at = format!("{key}[{i}]");
            match names[..i].contains(name) {
                true => self.warn(
                    &at,
                    "twice",
                    format!("`{}` stands in this list twice", printable(name)),
                    "take one away",
                ),
                false => self.category(&at, name),
            }
        }
    }

    /// A glob, relative to the policy's folder.
    pub(super) fn glob(&mut self, key: &str, glob: &str) -> bool {
        let shown = printable(glob);
        let relative = "paths are relative to the policy's folder, with / between components";
        if let Err(e) = globset::GlobBuilder::new(glob).literal_separator(true).build() {
            let says = format!("`{shown}` is no glob: {}", printable(&e.kind().to_string()));
            self.error(key, "bad-glob", says, "write it as in `hr/**/*.csv`");
            return false;
        }
        if glob.starts_with('/') || glob.starts_with('~') || glob.split('/').any(|c| c == "..") {
            self.error(key, "outside", format!("`{shown}` can match nothing"), relative);
            return false;
        }
        if let Some(rest) = glob.strip_prefix("./") {
            let fix = format!("write `{}`; {relative}", printable(rest));
            self.error(key, "never-matches", format!("`{shown}` can match nothing"), fix);
            return false;
        }
        if glob.contains('\\') {
            let fix = "write / between components; \\ takes a character literally";
            self.warn(key, "backslash", format!("`{shown}` has a backslash"), fix);
        }
        if let Some(folder) = glob.strip_suffix('/') {
            let fix = format!("write `{}/**` for all in the folder", printable(folder));
            self.error(key, "never-matches", format!("`{shown}` matches no item"), fix);
            return false;
        }
        let last = glob.rsplit('/').next().unwrap_or_default();
        if !glob.contains(['*', '?', '[', '{']) && !last.contains('.') {
            let fix = format!("write `{shown}/**` if a folder is meant");
            self.warn(key, "one-item", format!("`{shown}` matches an item of this very name only"), fix);
        }
        true
    }

    /// A list of globs. True if one of them, or none at all, could match in a declared system.
    pub(super) fn globs(&mut self, key: &str, globs: &[String]) -> bool {
        let mut inside = globs.is_empty();
        let mut outside = Vec::new();
        for (i, glob) in globs.iter().enumerate() {
            let at = format!("{key}[{i}]");
            if !self.glob(&at, glob) || self.policy.scope.systems.iter().any(|s| overlaps(glob, &s.root)) {
                inside = true;
            } else {
                outside.push((at, glob));
            }
        }
        if inside {
            for (at, glob) in outside {
                let says = format!("`{}` lies outside all systems", printable(glob));
                self.warn(&at, "outside-scope", says, self.roots());
            }
        }
        inside
    }

    /// What the systems' roots are.
    pub(super) fn roots(&self) -> String {
        let roots = self.policy.scope.systems.iter().map(|s| s.root.as_str());
        format!("their roots are: {}", list(roots))
    }

    /// The path of a file or folder beside or below the policy.
    pub(super) fn path(&mut self, key: &str, path: &str) -> bool {
        let shown = printable(path);
        let drive =
            path.as_bytes().get(1) == Some(&b':') && path.starts_with(|c: char| c.is_ascii_alphabetic());
        let code = "outside";
        if path.starts_with(['/', '~', '\\']) || drive {
            let fix = "paths are relative to the policy's folder; put the policy above what it speaks of";
            self.error(key, code, format!("`{shown}` is not relative"), fix);
            return false;
        }
        if path.split(['/', '\\']).any(|c| c == "..") {
            let fix = "put the policy above what it speaks of";
            self.error(key, code, format!("`{shown}` leaves the policy's folder"), fix);
            return false;
        }
        if path.contains('\\') {
            self.error(key, code, format!("`{shown}` has a backslash"), "write / between components");
            return false;
        }
        true
    }

    /// Whether one category is spoken of by both.
    pub(super) fn share(&self, one: &str, other: &str) -> bool {
        let mut all = self.known.taxonomy.categories().iter();
        all.any(|c| speaks_of(one, &c.name) && speaks_of(other, &c.name))
    }
}

/// The category that ends in `.name`.
fn ending<'a>(name: &str, mut all: impl Iterator<Item = &'a str>) -> Option<String> {
    all.find(|c| c.rsplit('.').next() == Some(name)).map(str::to_owned)
}
