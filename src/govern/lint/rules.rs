//! `[[retention]]` and `[[event]]`.

use jiff::civil::Date;

use super::Lint;
use crate::govern::policy::{Action, Confidence, Period, Retention, Source};
use crate::govern::printable;

impl Lint<'_> {
    /// `[[retention]]`.
    pub(super) fn retention(&mut self) {
        let policy = self.policy;
        let ids =
            policy.retention.iter().enumerate().map(|(i, r)| (format!("retention[{i}].id"), r.id.as_str()));
        self.once("retention rule", ids);
        for (i, rule) in policy.retention.iter().enumerate() {
            let key = format!("retention[{i}]");
            self.id(&format!("{key}.id"), &rule.id);
            self.periods(&key, rule);
            self.phases(&key, rule);
            self.trigger(&key, rule);
            let named = policy.classes.iter().enumerate();
            let named = named.map(|(i, c)| (format!("class[{i}].retention"), c.retention.as_deref()));
            if !self.is_meant(&rule.id, named) {
                let says = format!("no class uses the rule `{}`", printable(&rule.id));
                let fix =
                    format!("say `retention = \"{}\"` in a class, or take it away", printable(&rule.id));
                self.warn(&key, "unused", says, fix);
            }
        }
    }

    fn periods(&mut self, key: &str, rule: &Retention) {
        let name = printable(&rule.id);
        let at = |name: &str| format!("{key}.{name}");
        let given = [("keep_min", rule.keep_min), ("keep_max", rule.keep_max), ("grace", rule.grace)];
        for (name, period) in given {
            if period.is_some_and(|p| end(p).is_none()) {
                let says = format!("`{name}` is longer than calendars reach");
                self.error(
                    &at(name),
                    "period",
                    says,
                    "say `action = \"permanent\"` for what is never disposed of",
                );
            }
        }
        if let (Some(min), Some(max)) = (rule.keep_min, rule.keep_max)
            && end(min) > end(max)
            && end(max).is_some()
        {
            let says = format!("rule `{name}` has to keep for {min} and may keep for {max} only");
            self.error(&at("keep_min"), "keep-min-above-max", says, "`keep_min` is at most `keep_max`");
        }
        let permanent = rule.action == Action::Permanent;
        match (rule.keep_max, rule.keep_min) {
            (Some(max), _) if permanent => {
                let says = format!("rule `{name}` keeps for good and for {max} at most");
                self.error(
                    &at("keep_max"),
                    "permanent-with-end",
                    says,
                    "take away `keep_max`, or the action",
                );
            }
            (None, None)
                if !permanent && !self.is_mended(&at("keep_max")) && !self.is_mended(&at("keep_min")) =>
            {
                let says = format!("rule `{name}` does not say for how long");
                let fix = "add `keep_max = \"P7Y\"`, `keep_min`, or `action = \"permanent\"`";
                self.error(key, "no-period", says, fix);
            }
            (None, Some(_)) if !permanent && rule.action != Action::Review => {
                let says = format!("rule `{name}` never comes to its action `{}`", rule.action.word());
                let fix = "add `keep_max`; without it nothing is ever overdue (RET-01)";
                self.warn(&at("action"), "no-end", says, fix);
            }
            (None, _) if rule.grace.is_some() => {
                let says = format!("rule `{name}` has grace and no end");
                self.warn(&at("grace"), "no-effect", says, "add `keep_max`, or take the grace away");
            }
            _ => {}
        }
    }

    fn phases(&mut self, key: &str, rule: &Retention) {
        let mut before: Option<(&str, Period)> = None;
        let names = rule.phases.iter().enumerate();
        self.once("phase", names.map(|(i, p)| (format!("{key}.phases[{i}].name"), p.name.as_str())));
        for (i, phase) in rule.phases.iter().enumerate() {
            let (at, name) = (format!("{key}.phases[{i}]"), printable(&phase.name));
            let until = format!("{at}.until");
            let ends = end(phase.until);
            if ends.is_none() {
                let says = format!("phase `{name}` ends beyond all calendars");
                self.error(&until, "period", says, "shorten it");
            } else if let Some((earlier, period)) = before
                && ends <= end(period)
            {
                let says = format!("phase `{name}` ends before `{}` does", printable(earlier));
                self.error(&until, "phases", says, "put phases in the order of their ends");
            }
            if let Some(max) = rule.keep_max
                && end(max).is_some()
                && ends > end(max)
            {
                let says =
                    format!("phase `{name}` lasts until {}, longer than `keep_max` {max}", phase.until);
                self.error(&until, "phases", says, "the last phase ends with `keep_max` at the latest");
            }
            if !self.globs(&format!("{at}.location"), &phase.location) {
                let says = format!("phase `{name}` belongs outside all systems");
                let roots = self.roots();
                self.warn(&format!("{at}.location"), "outside-scope", says, roots);
            }
            before = Some((&phase.name, phase.until));
        }
    }

    fn trigger(&mut self, key: &str, rule: &Retention) {
        let trigger = &rule.trigger;
        let at = |name: &str| format!("{key}.trigger.{name}");
        if self.is_mended(&at("source")) {
            return;
        }
        let name = printable(&rule.id);
        let sources = || std::iter::once(trigger.source).chain(trigger.fallback.iter().copied());
        let uses = |source: Source| sources().any(|s| s == source);
        match (uses(Source::RecordDate), &trigger.field) {
            (true, None) => {
                let says = format!("rule `{name}` starts with a date in the records and does not say which");
                self.error(&at("field"), "no-field", says, "add `field = \"COLUMN\"` to the trigger");
            }
            (false, Some(_)) => {
                let says = format!("rule `{name}` names a field and does not use it");
                self.warn(&at("field"), "no-effect", says, "say `source = \"record-date\"`, or take it away");
            }
            _ => {}
        }
        let by_event = uses(Source::Event);
        for (word, value) in [("event", &trigger.event), ("key", &trigger.key)] {
            match (by_event, value) {
                // Without a key it is found in the path.
                (true, None) if word == "event" => {
                    let says = format!("rule `{name}` starts with an event and has no `event`");
                    self.error(
                        &at(word),
                        "no-event",
                        says,
                        "add `event = \"NAME\"`, the name of an [[event]]",
                    );
                }
                (false, Some(_)) => {
                    let says = format!("rule `{name}` has `{word}` and does not start with an event");
                    self.warn(&at(word), "no-effect", says, "say `source = \"event\"`, or take it away");
                }
                _ => {}
            }
        }
        if let Some(event) = &trigger.event {
            let known: Vec<&str> = self.policy.events.iter().map(|e| e.name.as_str()).collect();
            self.known_word(&at("event"), "unknown-event", "event", event, &known);
        }
        self.confidence(key, rule);
    }

    /// Sources that can never be used, and what takes their place.
    fn confidence(&mut self, key: &str, rule: &Retention) {
        let trigger = &rule.trigger;
        let (least, word) = (trigger.min_confidence, word(trigger.min_confidence));
        let at = |name: &str| format!("{key}.trigger.{name}");
        let weak = |source: Source| source.confidence() < least;
        let name = printable(&rule.id);
        if weak(trigger.source) && trigger.fallback.iter().all(|s| weak(*s)) {
            let says = format!(
                "rule `{name}` can use no date: `{}` is {}, and `min_confidence` asks for {word}",
                trigger.source.word(),
                self::word(trigger.source.confidence())
            );
            let fix = "name a better source, or lower `min_confidence`";
            return self.error(&at("source"), "never-usable", says, fix);
        }
        for (i, source) in trigger.fallback.iter().enumerate() {
            let place = at(&format!("fallback[{i}]"));
            if *source == trigger.source || trigger.fallback[..i].contains(source) {
                let says = format!("`{}` is tried already", source.word());
                self.warn(&place, "twice", says, "take it away");
            } else if weak(*source) {
                let says =
                    format!("fallback `{}` is never used: `min_confidence` asks for {word}", source.word());
                self.warn(&place, "never-usable", says, "take it away, or lower `min_confidence`");
            } else if trigger.source == Source::Event {
                let says = format!("fallback `{}` decides nothing but RET-03", source.word());
                let fix = "without a row in the register an item is not evaluated (no-event)";
                self.warn(&place, "event-fallback", says, fix);
            }
        }
        if weak(trigger.source) {
            let says = format!("`{}` is never used: `min_confidence` asks for {word}", trigger.source.word());
            self.warn(&at("source"), "never-usable", says, "begin with a source that can be used");
        }
    }

    /// `[[event]]`.
    pub(super) fn events(&mut self) {
        let policy = self.policy;
        let names =
            policy.events.iter().enumerate().map(|(i, e)| (format!("event[{i}].name"), e.name.as_str()));
        self.once("event", names);
        for (i, event) in policy.events.iter().enumerate() {
            let key = format!("event[{i}]");
            self.id(&format!("{key}.name"), &event.name);
            self.path(&format!("{key}.register.file"), &event.register.file);
            if event.register.key == event.register.date {
                let says = format!("key and date of `{}` are the same column", printable(&event.name));
                self.error(
                    &format!("{key}.register.date"),
                    "same-column",
                    says,
                    "name the column of the date",
                );
            }
            let named = policy.retention.iter().enumerate();
            let named =
                named.map(|(i, r)| (format!("retention[{i}].trigger.event"), r.trigger.event.as_deref()));
            if !self.is_meant(&event.name, named) {
                let says = format!("no rule starts with the event `{}`", printable(&event.name));
                self.warn(&key, "unused", says, "name it in a trigger, or take it away");
            }
        }
    }
}

/// The end of a period that begins on a day of a year without leap day; `None` beyond the calendar.
fn end(period: Period) -> Option<Date> {
    Date::constant(2001, 1, 1).checked_add(period.0).ok()
}

fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Weak => "weak",
        Confidence::Medium => "medium",
        Confidence::Strong => "strong",
    }
}
