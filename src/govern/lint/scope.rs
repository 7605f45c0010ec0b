//! `[policy]`, `[scope]` and `[thresholds]`.

use super::Lint;
use super::words::{list, near};
use crate::govern::policy::{SCHEMA, Use, plain_root};
use crate::govern::printable;
use crate::model::Likelihood;

impl Lint<'_> {
    /// `schema` and `[policy]`.
    pub(super) fn head(&mut self) {
        let policy = self.policy;
        if policy.schema != SCHEMA {
            let says = format!("this build does not know schema `{}`", printable(&policy.schema));
            self.error("schema", "schema", says, format!("write `{SCHEMA}`"));
        }
        let head = &policy.policy;
        self.id("policy.id", &head.id);
        match (head.effective, head.review_by) {
            (Some(effective), Some(review_by)) if effective > review_by => {
                let says = format!("the policy is to be reviewed by {review_by}, before it is effective");
                self.error("policy.review_by", "dates", says, format!("write a day after {effective}"));
            }
            (_, None) => {
                let fix = "add `review_by = …`, a day, so that MON-05 can tell";
                self.warn("policy.review_by", "no-review", "the policy never has to be looked at again", fix);
            }
            _ => {}
        }
        if let Some(zone) = &head.time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            let says = format!("no time zone is called `{}`", printable(zone));
            self.error(
                "policy.time_zone",
                "time-zone",
                says,
                "use an IANA name, as in `Europe/Berlin` or `UTC`",
            );
        }
        let align = policy
            .retention
            .iter()
            .position(|r| r.trigger.align == Some(crate::govern::policy::Align::FiscalYearEnd));
        match (&head.fiscal_year_end, align) {
            (Some(day), _) if !is_day(day) => {
                let says = format!("`{}` is no day of a year", printable(day));
                self.error(
                    "policy.fiscal_year_end",
                    "fiscal-year",
                    says,
                    "write month and day, as in `06-30`",
                );
            }
            (None, Some(i)) => {
                let fix = "add `fiscal_year_end = \"MM-DD\"` to [policy]; 31 December is taken until then";
                let says = "the policy does not say when its fiscal year ends";
                if !self.is_mended("policy.fiscal_year_end") {
                    self.warn(&format!("retention[{i}].trigger.align"), "fiscal-year", says, fix);
                }
            }
            _ => {}
        }
        let known: Vec<&str> = self.known.frameworks.iter().map(String::as_str).collect();
        for (i, framework) in head.frameworks.iter().enumerate().filter(|_| !known.is_empty()) {
            let key = format!("policy.frameworks[{i}]");
            self.known_word(&key, "unknown-framework", "framework", framework, &known);
        }
    }

    /// `[scope]`.
    pub(super) fn scope(&mut self) {
        let scope = &self.policy.scope;
        if scope.systems.is_empty() {
            let fix = "add `systems = [{ id = \"hr\", root = \"hr\" }]`";
            self.error("scope.systems", "no-systems", "no system is declared: nothing is in scope", fix);
        }
        let key = |i: usize, name: &str| format!("scope.systems[{i}].{name}");
        let ids = scope.systems.iter().enumerate().map(|(i, s)| (key(i, "id"), s.id.as_str()));
        self.once("system", ids);
        let register = self.policy.disclosures.as_ref().and_then(|d| d.register.as_ref());
        for (i, system) in scope.systems.iter().enumerate() {
            self.id(&key(i, "id"), &system.id);
            let name = printable(&system.id);
            if self.path(&key(i, "root"), &system.root) && system.root.contains(['*', '?', '[', '{']) {
                let says = format!("root `{}` looks like a glob", printable(&system.root));
                self.warn(
                    &key(i, "root"),
                    "root-glob",
                    says,
                    "a root is one folder or file, taken literally",
                );
            }
            if system.owner.is_none() {
                let says = format!("system `{name}` has no owner");
                self.warn(&key(i, "owner"), "no-owner", says, "say who answers for it: `owner = \"…\"`");
            }
            if system.min_items == 0 {
                let says = format!("system `{name}` may be empty: a folder that is not mounted passes");
                self.warn(&key(i, "min_items"), "may-be-empty", says, "say how many items it has at least");
            }
            let recipient = key(i, "recipient");
            match (system.used_for, &system.recipient) {
                (Use::Disclosure, None) => {
                    let says = format!("system `{name}` discloses to nobody: DIS-01 has nothing to compare");
                    self.error(&recipient, "no-recipient", says, "add `recipient = \"…\"`");
                }
                (Use::Disclosure, Some(_)) if register.is_none() => {
                    let says =
                        format!("system `{name}` discloses, and no register says what may be disclosed");
                    let fix = "add `[disclosures]` with `register = \"FILE.csv\"`; DIS-01 is not evaluated until then";
                    self.warn(&recipient, "no-register", says, fix);
                }
                (Use::Disclosure, _) | (_, None) => {}
                (_, Some(_)) => {
                    let says = format!("system `{name}` has a recipient and discloses nothing");
                    self.warn(&recipient, "no-effect", says, "say `use = \"disclosure\"`, or take it away");
                }
            }
            self.nested(i);
        }
        for (i, exclusion) in scope.exclude.iter().enumerate() {
            self.exclusion(
                i,
                &exclusion.glob,
                exclusion.expires.is_some() && exclusion.approved_by.is_some(),
            );
        }
        if !(0.0..=1.0).contains(&scope.min_readable) {
            let fix = "write a share between 0 and 1, as in 0.98";
            self.error("scope.min_readable", "out-of-range", "`min_readable` is no share", fix);
        }
        if scope.cadence.is_some_and(|c| c.0.is_zero()) {
            let fix = "write how far runs may be apart, as in `P7D`";
            self.error("scope.cadence", "out-of-range", "`cadence` is no time at all", fix);
        }
        let tiers = self.known.taxonomy.tiers();
        if !scope.tiers.is_empty() && scope.tiers != tiers {
            let quoted: Vec<String> = tiers.iter().map(|t| format!("\"{t}\"")).collect();
            let fix = format!("write [{}], or take the key away", quoted.join(", "));
            self.error("scope.tiers", "tiers", "these are not the tiers of this build in their order", fix);
        }
    }

    /// A root that equals another, or lies in one of another owner.
    fn nested(&mut self, i: usize) {
        let systems = &self.policy.scope.systems;
        let (system, root) = (&systems[i], plain_root(&systems[i].root));
        let (key, name) = (format!("scope.systems[{i}].root"), printable(&system.id));
        for (j, other) in systems.iter().enumerate().filter(|(j, _)| *j != i) {
            let (around, other_name) = (plain_root(&other.root), printable(&other.id));
            if around == root {
                if j < i {
                    let says = format!("system `{name}` has the same root as `{other_name}`");
                    self.error(&key, "same-root", says, "items can be in one system only: keep one of them");
                }
                continue;
            }
            let inside = around.is_empty() || root.strip_prefix(around).is_some_and(|r| r.starts_with('/'));
            if inside && system.owner != other.owner {
                let says = format!("system `{name}` lies in `{other_name}`, which has another owner");
                let fix = format!("what lies there counts as `{name}` only; say so to both");
                self.warn(&key, "nested-root", says, fix);
            }
        }
    }

    fn exclusion(&mut self, i: usize, glob: &str, approved: bool) {
        let key = format!("scope.exclude[{i}]");
        let at = format!("{key}.glob");
        if self.glob(&at, glob)
            && let Ok(compiled) = globset::GlobBuilder::new(glob).literal_separator(true).build()
        {
            let matcher = compiled.compile_matcher();
            // Names that no list of exclusions would think of.
            let whole = |root: &str| {
                let before = if root.is_empty() { String::new() } else { format!("{root}/") };
                matcher.is_match(format!("{before}\u{1}")) && matcher.is_match(format!("{before}\u{1}/\u{1}"))
            };
            let systems = self.policy.scope.systems.iter();
            let gone: Vec<&str> =
                systems.filter(|s| whole(plain_root(&s.root))).map(|s| s.id.as_str()).collect();
            if !gone.is_empty() {
                let says = format!("this leaves out all of {}", list(gone.into_iter()));
                self.warn(&at, "excludes-system", says, "take the system out of scope, or exclude less");
            }
        }
        if !approved {
            let fix = "add `approved_by` and `expires`, so that MON-05 can tell when it ends";
            self.warn(&key, "open-exclusion", "nobody approved this exclusion, or it never ends", fix);
        }
    }

    /// `[thresholds]`.
    pub(super) fn thresholds(&mut self) {
        let limits = &self.policy.thresholds;
        if Likelihood::parse(&limits.likelihood).is_none() {
            let words = Likelihood::ALL.map(Likelihood::word);
            let fix = match near(&limits.likelihood, words.into_iter()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of {}", list(words.into_iter())),
            };
            let says = format!("no likelihood is called `{}`", printable(&limits.likelihood));
            self.error("thresholds.likelihood", "out-of-range", says, fix);
        }
        for (name, share) in
            [("bad_dates", limits.bad_dates), ("no_date", limits.no_date), ("copy_share", limits.copy_share)]
        {
            if !(0.0..=1.0).contains(&share) {
                let says = format!("`{name}` is no share");
                let fix = "write a share between 0 and 1, as in 0.02 for 2 %";
                self.error(&format!("thresholds.{name}"), "out-of-range", says, fix);
            }
        }
        if limits.copy_share == 0.0 {
            let says = "with `copy_share = 0` every item would be a copy";
            self.error("thresholds.copy_share", "out-of-range", says, "write a share above 0, as in 0.5");
        }
        if !(limits.drift.is_finite() && limits.drift >= 0.0) {
            let fix = "write a number, 0 or more, as in 0.2 for 20 %";
            self.error("thresholds.drift", "out-of-range", "`drift` is no relative change", fix);
        }
    }
}

/// Whether this is `MM-DD`; 29 February too.
fn is_day(text: &str) -> bool {
    let shape = text.len() == 5 && text.as_bytes().get(2) == Some(&b'-');
    shape && format!("2000-{text}").parse::<jiff::civil::Date>().is_ok()
}
