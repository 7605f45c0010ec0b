//! DIS-01: what lies where others can fetch it, and what the disclosure register says of it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::govern::assess::{Assessing, Globs, Member};
use crate::govern::outcome::{ControlOutcome, ControlResult};
use crate::govern::policy::Use;
use crate::govern::registers::DisclosureEntry;
use crate::govern::{Tally, Verdict, decided};

pub(super) fn dis_01(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let globs = assessing.policy.disclosures.as_ref().map_or(&[][..], |d| &d.globs);
    let (shared, none) = (Globs::new(globs), globs.is_empty());
    let register = assessing.facts.registers.disclosures.as_deref().map(Register::new);
    let mut results = Vec::new();
    for system in assessing.systems() {
        let declared = system.map(|at| assessing.system(at)).filter(|s| s.used_for == Use::Disclosure);
        let is_shared = |m: &&Member<'_>| declared.is_some() || !none && shared.matches(m);
        let mut members = assessing.examined(system).filter(is_shared).peekable();
        if declared.is_none() && members.peek().is_none() {
            continue;
        }
        let recipient = declared.and_then(|s| s.recipient.as_deref());
        let mut tally = Tally::new(assessing, "DIS-01", system, None);
        for member in members.filter(|m| assessing.sensitive(m).next().is_some()) {
            let verdict = match &register {
                None => Verdict::NotEvaluated("no-register"),
                Some(register) => match register.lacks(assessing, member, recipient) {
                    Some(detail) => assessing.deviates(member, None, detail),
                    None => Verdict::Pass,
                },
            };
            tally.count(Some(member), verdict);
        }
        let mut result = tally.finish();
        if recipient.is_none() && result.evaluated > 0 {
            result.note = Some("no recipient is declared: an entry for any recipient counts".to_owned());
        }
        results.push(result);
    }
    if results.is_empty() {
        let reason = if none { "no-disclosure-system" } else { "no-items" };
        results.push(decided("DIS-01", None, None, ControlOutcome::NotApplicable, reason));
    }
    results
}

/// Entries by class.
struct Register<'a>(BTreeMap<&'a str, Vec<&'a DisclosureEntry>>);

impl<'a> Register<'a> {
    fn new(entries: &'a [DisclosureEntry]) -> Self {
        let mut register: BTreeMap<_, Vec<_>> = BTreeMap::new();
        entries.iter().for_each(|e| register.entry(e.class.as_str()).or_default().push(e));
        Self(register)
    }

    /// What is missing for the item to be where it is; `None`: nothing.
    fn lacks(
        &self,
        assessing: &Assessing<'_>,
        member: &Member<'_>,
        recipient: Option<&str>,
    ) -> Option<String> {
        let today = assessing.as_of;
        let classes: Vec<&str> =
            member.classes.iter().map(|at| assessing.policy.classes[*at].id.as_str()).collect();
        let entries = || {
            let all = classes.iter().filter_map(|class| self.0.get(class)).flatten();
            all.filter(|e| recipient.is_none_or(|r| e.recipient == r))
        };
        if entries().any(|e| e.from <= today && e.to.is_none_or(|to| today <= to)) {
            return None;
        }
        let whom = recipient.unwrap_or("any recipient");
        if classes.is_empty() {
            return Some(format!("in no class, so no entry for {whom} can cover it"));
        }
        let ended: Option<Date> = entries().filter(|e| e.from <= today).filter_map(|e| e.to).max();
        let since = ended.map(|day| format!("; the last one ended on {day}")).unwrap_or_default();
        Some(format!("no live entry for {whom} and {}{since}", classes.join(" or ")))
    }
}
