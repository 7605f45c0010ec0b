//! Registers, labels, declared sets, and what is let off for a time: holds and exceptions.

use super::Lint;
use super::source::join;
use super::words::near;
use crate::govern::CONTROL_TESTS;
use crate::govern::printable;

impl Lint<'_> {
    /// `[disposal]`, `[erasure]`, `[disclosures]`, `[fingerprints]`.
    pub(super) fn disposal(&mut self) {
        let policy = self.policy;
        if let Some(disposal) = &policy.disposal {
            self.globs("disposal.quarantine", &disposal.quarantine);
            if let Some(backups) = &disposal.backups {
                self.globs("disposal.backups.roots", &backups.roots);
            }
            match &disposal.register {
                Some(file) => {
                    self.path("disposal.register", file);
                }
                None => {
                    let fix =
                        "add `register = \"FILE.jsonl\"`; DSP-01 to DSP-03 are not evaluated until then";
                    self.warn("disposal.register", "no-register", "disposals are not registered", fix);
                }
            }
        }
        if let Some(erasure) = &policy.erasure {
            self.path("erasure.register", &erasure.register);
        }
        if let Some(disclosures) = &policy.disclosures {
            self.globs("disclosures.globs", &disclosures.globs);
            match &disclosures.register {
                Some(file) => {
                    self.path("disclosures.register", file);
                }
                None if !disclosures.globs.is_empty() => {
                    let fix = "add `register = \"FILE.csv\"`; DIS-01 is not evaluated until then";
                    self.warn("disclosures.register", "no-register", "disclosures are not registered", fix);
                }
                None => {}
            }
        }
        if let Some(fingerprints) = &policy.fingerprints
            && looks_like_key(&fingerprints.key_ref)
        {
            let fix = "say where the key is kept, never the key; make a new one with `privascan key new`";
            self.error("fingerprints.key_ref", "key-in-policy", "`key_ref` looks like the key itself", fix);
        }
        let sets = policy.deidentified.iter().enumerate();
        self.once("de-identified set", sets.map(|(i, d)| (format!("deidentified[{i}].id"), d.id.as_str())));
        for (i, set) in policy.deidentified.iter().enumerate() {
            let key = format!("deidentified[{i}]");
            self.id(&format!("{key}.id"), &set.id);
            let (at, name) = (format!("{key}.path"), printable(&set.id));
            if set.path.is_empty() {
                self.error(
                    &at,
                    "never-matches",
                    format!("set `{name}` has no items"),
                    "name its globs in `path`",
                );
            } else if !self.globs(&at, &set.path) {
                let roots = self.roots();
                self.warn(&at, "outside-scope", format!("set `{name}` lies outside all systems"), roots);
            }
        }
    }

    /// What the policy names and is not there.
    pub(super) fn there(&mut self) {
        let Some(exists) = self.known.exists else { return };
        let policy = self.policy;
        for (i, system) in policy.scope.systems.iter().enumerate().filter(|(_, s)| !exists(&s.root)) {
            let says = format!("`{}` is not there", printable(&system.root));
            let fix = "MON-01 fails, and nothing is said of the system, until it is";
            self.warn(&format!("scope.systems[{i}].root"), "not-there", says, fix);
        }
        let events = policy.events.iter().enumerate();
        let mut files: Vec<(String, &String)> =
            events.map(|(i, e)| (format!("event[{i}].register.file"), &e.register.file)).collect();
        for (key, file) in [
            ("disposal.register", policy.disposal.as_ref().and_then(|d| d.register.as_ref())),
            ("erasure.register", policy.erasure.as_ref().map(|e| &e.register)),
            ("disclosures.register", policy.disclosures.as_ref().and_then(|d| d.register.as_ref())),
        ] {
            files.extend(file.map(|f| (key.to_owned(), f)));
        }
        for (key, file) in files.into_iter().filter(|(_, file)| !exists(file)) {
            let says = format!("the register `{}` is not there", printable(file));
            self.warn(&key, "not-there", says, "tests that need it are not evaluated until it is");
        }
    }

    /// `[labels]`.
    pub(super) fn labels(&mut self) {
        let Some(labels) = &self.policy.labels else { return };
        let known: Vec<&str> = labels.names.keys().map(String::as_str).collect();
        for (i, (label, tier)) in labels.names.iter().enumerate() {
            let key = join("labels.names", label);
            self.tier(&key, tier);
            let other = known[..i].iter().find(|k| k.to_lowercase() == label.to_lowercase());
            if let Some(other) = other {
                let says = format!("label `{}` is `{}` in other letters", printable(label), printable(other));
                self.error(
                    &key,
                    "duplicate-id",
                    says,
                    "keep one of them: the case of letters does not matter",
                );
            }
        }
        for (i, declared) in labels.declared.iter().enumerate() {
            let key = format!("labels.declared[{i}]");
            self.globs(&format!("{key}.glob"), std::slice::from_ref(&declared.glob));
            let said = declared.label.to_lowercase();
            if !known.iter().any(|k| k.to_lowercase() == said) {
                self.known_word(&format!("{key}.label"), "unknown-label", "label", &declared.label, &known);
            }
        }
        for (i, tier) in labels.required.iter().enumerate() {
            let key = format!("labels.required[{i}]");
            self.tier(&key, tier);
            let taxonomy = self.known.taxonomy;
            let rank = taxonomy.tier_rank(tier);
            let mut usable = labels.names.values().filter_map(|t| taxonomy.tier_rank(t));
            if rank.is_some() && !usable.any(|r| Some(r) >= rank) {
                let says = format!("items of tier {tier} have to carry a label, and no label is that high");
                self.error(&key, "no-label", says, "add a label for this tier to `names`");
            }
        }
    }

    /// `[[hold]]` and `[[exception]]`.
    pub(super) fn leave(&mut self) {
        let policy = self.policy;
        let classes: Vec<&str> = policy.classes.iter().map(|c| c.id.as_str()).collect();
        let ids = policy.holds.iter().enumerate().map(|(i, h)| (format!("hold[{i}].id"), h.id.as_str()));
        self.once("hold", ids);
        for (i, hold) in policy.holds.iter().enumerate() {
            let at = |name: &str| format!("hold[{i}].{name}");
            let (name, matches) = (printable(&hold.id), &hold.matches);
            if let Some(class) = &matches.class {
                self.known_word(&at("match.class"), "unknown-class", "class", class, &classes);
            }
            if !self.globs(&at("match.path"), &matches.path) {
                let roots = self.roots();
                let says = format!("hold `{name}` holds nothing: its paths lie outside all systems");
                self.warn(&at("match.path"), "outside-scope", says, roots);
            }
            if matches.path.is_empty() && matches.class.is_none() {
                let says = format!("hold `{name}` holds everything there is");
                self.warn(&at("match"), "holds-all", says, "name a `class` or `path` if less is meant");
            }
            if let (Some(from), Some(to)) = (matches.from, matches.to)
                && from > to
            {
                let says = format!("hold `{name}` is about dates from {from} to {to}: there are none");
                self.error(&at("match.to"), "dates", says, "exchange the two");
            }
            let placed = hold.placed;
            for (word, day) in [("released", hold.released), ("review_by", hold.review_by)] {
                if let Some(day) = day.filter(|d| *d < placed) {
                    let what = if word == "released" { "released" } else { "to be reviewed" };
                    let says = format!("hold `{name}` is {what} on {day}, before it is placed");
                    self.error(&at(word), "dates", says, format!("write a day from {placed} on"));
                }
            }
            if hold.released.is_none() && hold.review_by.is_none() {
                let fix = "add `review_by = …`, a day, so that MON-05 can tell";
                self.warn(
                    &at("review_by"),
                    "no-review",
                    format!("hold `{name}` never has to be looked at again"),
                    fix,
                );
            }
        }
        let ids = policy.exceptions.iter().enumerate();
        self.once("exception", ids.map(|(i, e)| (format!("exception[{i}].id"), e.id.as_str())));
        let tests: Vec<&str> = CONTROL_TESTS.iter().map(|t| t.id).collect();
        for (i, exception) in policy.exceptions.iter().enumerate() {
            let at = |name: &str| format!("exception[{i}].{name}");
            let name = printable(&exception.id);
            if !tests.contains(&exception.test.as_str()) {
                let fix = match near(&exception.test, tests.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`privascan controls list` shows them".to_owned(),
                };
                let says = format!("no control test is called `{}`", printable(&exception.test));
                self.error(&at("test"), "unknown-test", says, fix);
            }
            if let Some(class) = &exception.matches.class {
                self.known_word(&at("match.class"), "unknown-class", "class", class, &classes);
            }
            if !self.globs(&at("match.path"), &exception.matches.path) {
                let roots = self.roots();
                let says = format!("exception `{name}` covers nothing: its paths lie outside all systems");
                self.warn(&at("match.path"), "outside-scope", says, roots);
            }
            if exception.matches.path.is_empty() && exception.matches.class.is_none() {
                let says =
                    format!("exception `{name}` covers every deviation of {}", printable(&exception.test));
                self.warn(&at("match"), "covers-all", says, "name a `class` or `path` if less is meant");
            }
            let (approved, expires) = (exception.approved_on, exception.expires);
            if expires < approved && !self.is_mended(&at("approved_on")) {
                let says = format!("exception `{name}` ends on {expires}, before it is approved");
                self.error(&at("expires"), "dates", says, format!("write a day from {approved} on"));
            }
        }
    }
}

/// Whether this is rather a key than the name of a place: long, and nothing but digits of a number or of base 64.
fn looks_like_key(text: &str) -> bool {
    let text = text.trim();
    let hex = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b);
    let mixed = [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    let random =
        text.len() >= 24 && text.bytes().all(base64) && mixed.iter().all(|is| text.bytes().any(|b| is(&b)));
    let path = text.contains('/') && text.split('/').all(|part| part.len() < 20);
    hex || (random && !path)
}
