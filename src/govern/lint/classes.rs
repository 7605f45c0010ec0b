//! `[[class]]` and `[purposes]`.

use super::Lint;
use super::source::join;
use super::words::{list, near};
use crate::govern::policy::Class;
use crate::govern::printable;

/// Legal bases as the Data Privacy Vocabulary numbers them.
const BASES: [&str; 6] = ["A6-1-a", "A6-1-b", "A6-1-c", "A6-1-d", "A6-1-e", "A6-1-f"];

/// Flags that ask for a condition (COL-04).
const SPECIAL: [&str; 3] = ["gdpr9", "gdpr10", "cpra-spi"];

impl Lint<'_> {
    /// `[purposes]`.
    pub(super) fn purposes(&mut self) {
        for (id, purpose) in &self.policy.purposes {
            let key = join("purposes", id);
            self.id(&key, id);
            let named = self.policy.classes.iter().enumerate();
            let named = named.map(|(i, c)| (format!("class[{i}].purpose"), c.purpose.as_deref()));
            if !self.is_meant(id, named) {
                let says = format!("no class has the purpose `{}`", printable(id));
                self.warn(&key, "unused", says, "name it in a class, or take it away");
            }
            if let Some(basis) = &purpose.basis
                && basis.to_ascii_uppercase().starts_with("A6")
                && !BASES.contains(&basis.as_str())
            {
                let says = format!("`{}` is no legal basis of Art. 6(1) GDPR", printable(basis));
                let fix = format!("they are {}", list(BASES.into_iter()));
                self.warn(&format!("{key}.basis"), "unknown-basis", says, fix);
            }
        }
    }

    /// `[[class]]`.
    pub(super) fn classes(&mut self) {
        let policy = self.policy;
        let ids = policy.classes.iter().enumerate().map(|(i, c)| (format!("class[{i}].id"), c.id.as_str()));
        self.once("class", ids);
        if policy.classes.is_empty() && !self.is_mended("class") {
            let fix = "add [[class]] with `id` and `categories`";
            self.warn(
                "",
                "no-classes",
                "no class is declared: all personal data is undeclared (COL-01)",
                fix,
            );
        }
        for (i, class) in policy.classes.iter().enumerate() {
            let key = format!("class[{i}]");
            self.id(&format!("{key}.id"), &class.id);
            self.class_matches(&key, class);
            self.class_refers(&key, class);
            self.class_places(&key, class);
            self.class_contradictions(&key, class);
            self.class_promises(&key, class);
        }
    }

    /// What makes an item one of the class.
    fn class_matches(&mut self, key: &str, class: &Class) {
        self.categories(&format!("{key}.categories"), class.categories.as_deref().unwrap_or_default());
        self.categories(&format!("{key}.prohibited"), &class.prohibited);
        let name = printable(&class.id);
        match &class.matches {
            Some(m) => {
                self.categories(&format!("{key}.match.all_of"), &m.all_of);
                self.categories(&format!("{key}.match.any_of"), &m.any_of);
                let at = format!("{key}.match");
                if m.all_of.is_empty() && m.any_of.is_empty() && m.path.is_empty() {
                    let fix = "add `all_of`, `any_of` or `path`, or take `match` away";
                    self.error(&at, "never-held", format!("`match` of class `{name}` says nothing"), fix);
                }
                if !self.globs(&format!("{at}.path"), &m.path) {
                    let says = format!("class `{name}` is never held: its paths lie outside all systems");
                    let roots = self.roots();
                    self.warn(&format!("{at}.path"), "never-held", says, roots);
                }
            }
            None if class.categories.as_deref().unwrap_or_default().is_empty() => {
                let says = format!("class `{name}` is never held: it has no `categories` and no `match`");
                let stated = ["categories", "match"].iter().any(|k| self.is_mended(&format!("{key}.{k}")));
                if !stated {
                    self.error(key, "never-held", says, "add one of them");
                }
            }
            None => {}
        }
    }

    /// What the class points at.
    fn class_refers(&mut self, key: &str, class: &Class) {
        let at = |name: &str| format!("{key}.{name}");
        if let Some(rule) = &class.retention {
            let known: Vec<&str> = self.policy.retention.iter().map(|r| r.id.as_str()).collect();
            self.known_word(&at("retention"), "unknown-retention", "retention rule", rule, &known);
        }
        if let Some(purpose) = &class.purpose {
            let known: Vec<&str> = self.policy.purposes.keys().map(String::as_str).collect();
            self.known_word(&at("purpose"), "unknown-purpose", "purpose", purpose, &known);
        }
        if let Some(tier) = &class.tier {
            self.tier(&at("tier"), tier);
            self.class_tier(&at("tier"), class, tier);
        }
        let categories = self.known.taxonomy.categories();
        let flags: std::collections::BTreeSet<&str> =
            categories.iter().flat_map(|c| c.flags.iter().map(String::as_str)).collect();
        for (i, flag) in class.flags.iter().enumerate().filter(|(_, f)| !flags.contains(f.as_str())) {
            if let Some(near) = near(flag, flags.iter().copied()) {
                let says = format!("the taxonomy has no flag `{}`", printable(flag));
                self.warn(
                    &at(&format!("flags[{i}]")),
                    "unknown-flag",
                    says,
                    format!("did you mean `{near}`?"),
                );
            }
        }
        let missing: Vec<&str> = [
            ("owner", class.owner.is_none()),
            ("purpose", class.purpose.is_none()),
            ("retention", class.retention.is_none()),
        ]
        .into_iter()
        .filter(|(name, missing)| *missing && !self.is_mended(&at(name)))
        .map(|(name, _)| name)
        .collect();
        if !missing.is_empty() {
            let says = format!("class `{}` has no {}", printable(&class.id), missing.join(", no "));
            let tests = match (missing.contains(&"retention"), missing.len()) {
                (true, 1) => "RET-02 reports it",
                (true, _) => "MON-05 and RET-02 report it",
                (false, _) => "MON-05 reports it",
            };
            self.warn(key, "incomplete-class", says, format!("add what is missing; {tests}"));
        }
    }

    /// A class that is said to be less sensitive than what it holds.
    fn class_tier(&mut self, key: &str, class: &Class, tier: &str) {
        let taxonomy = self.known.taxonomy;
        let Some(rank) = taxonomy.tier_rank(tier) else { return };
        let listed = |name: &str| class.categories.iter().flatten().any(|c| c == name);
        let higher = taxonomy.categories().iter().filter(|c| listed(&c.name));
        let highest = higher.max_by_key(|c| taxonomy.tier_rank(&c.tier));
        if let Some(highest) = highest.filter(|c| taxonomy.tier_rank(&c.tier) > Some(rank)) {
            let says = format!("class `{}` is {tier} and holds `{}`", printable(&class.id), highest.name);
            let fix = format!("an item with it is {} all the same; say so", highest.tier);
            self.warn(key, "tier-below", says, fix);
        }
    }

    /// Where it may be and who may read it.
    fn class_places(&mut self, key: &str, class: &Class) {
        let Some(allowed) = &class.allowed else { return };
        let at = format!("{key}.allowed");
        if !self.globs(&at, allowed) {
            let says = format!("class `{}` is allowed in no system", printable(&class.id));
            let roots = self.roots();
            self.error(
                &at,
                "allowed-nowhere",
                says,
                format!("{roots}; write `allowed = []` if that is meant"),
            );
        }
    }

    /// What cannot both hold.
    fn class_contradictions(&mut self, key: &str, class: &Class) {
        let name = printable(&class.id);
        let listed = class.categories.as_deref().unwrap_or_default();
        let matches = class.matches.iter().flat_map(|m| m.all_of.iter().chain(&m.any_of));
        let spoken: Vec<&String> = listed.iter().chain(matches).collect();
        for (i, category) in class.prohibited.iter().enumerate() {
            if let Some(other) = spoken.iter().find(|other| self.share(category, other)) {
                let says = format!("class `{name}` holds `{}` and prohibits `{category}`", printable(other));
                let fix = "take it out of one of the two";
                self.error(&format!("{key}.prohibited[{i}]"), "prohibited-and-listed", says, fix);
            }
        }
        for (i, category) in class.matches.iter().flat_map(|m| m.all_of.iter()).enumerate() {
            let stated = class.categories.is_some() && !listed.iter().any(|c| self.share(c, category));
            if stated && self.known.taxonomy.categories().iter().any(|c| c.name == *category) {
                let says = format!("class `{name}` asks for `{category}` and does not list it");
                let fix = "add it to `categories`; COL-03 counts it as excess until then";
                self.warn(&format!("{key}.match.all_of[{i}]"), "not-listed", says, fix);
            }
        }
    }

    /// Conditions for special categories.
    fn class_promises(&mut self, key: &str, class: &Class) {
        let at = format!("{key}.special");
        for (category, condition) in &class.special {
            let at = join(&at, category);
            self.category(&at, category);
            let known = self.known.taxonomy.categories();
            let mut meant =
                known.iter().filter(|c| crate::govern::policy::speaks_of(category, &c.name)).peekable();
            if meant.peek().is_none() {
                continue;
            }
            let flagged = |flags: &[String]| SPECIAL.iter().any(|s| flags.iter().any(|f| f == s));
            if !meant.any(|c| flagged(&c.flags)) {
                let says = format!("`{category}` needs no condition");
                self.warn(&at, "no-effect", says, "take it away; COL-04 asks for none");
            } else if let Some(listed) = &class.categories
                && !listed.iter().any(|c| self.share(c, category))
            {
                let says = format!(
                    "class `{}` has a condition for `{category}` and does not list it",
                    printable(&class.id)
                );
                let fix = "add it to `categories`; COL-03 counts it as excess until then";
                self.warn(&at, "not-listed", says, fix);
            }
            let wrong = condition.to_ascii_uppercase().starts_with("A9")
                && !(condition.len() == 6
                    && condition.starts_with("A9-2-")
                    && condition.ends_with(|c: char| ('a'..='j').contains(&c)));
            if wrong {
                let says = format!("`{}` is no condition of Art. 9(2) GDPR", printable(condition));
                self.warn(&at, "unknown-basis", says, "they are A9-2-a to A9-2-j");
            }
        }
    }
}
