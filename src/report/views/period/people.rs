//! What people did in a period: exceptions that were used, decisions, anchors.

use super::super::super::text::{counted, printable, thousands};
use super::super::{day, int, maybe, text};
use super::{About, Anchored, Page};

impl Page<'_> {
    pub(super) fn exceptions(&mut self) {
        self.sheet.title("Exceptions and holds that were used");
        if self.period.used.is_empty() {
            let none = match self.evaluated() {
                (0, _) | (_, 0) => "Nothing was evaluated, so none could be used.",
                _ => "None.",
            };
            self.sheet.line(2, none);
        }
        for used in &self.period.used {
            let until = match (used.leave.hold, used.leave.until) {
                (true, Some(day)) => format!("hold, review by {day}"),
                (true, None) => "hold, no day of review".to_owned(),
                (false, Some(day)) => format!("exception, expires {day}"),
                (false, None) => "exception of a policy that is not kept".to_owned(),
            };
            let by = used
                .leave
                .approved_by
                .as_deref()
                .map_or_else(String::new, |by| format!(" by {}", printable(by)));
            let list = |all: &std::collections::BTreeSet<String>| {
                let mut shown: Vec<String> = all.iter().take(4).map(|p| printable(p).into_owned()).collect();
                if all.len() > 4 {
                    shown.push(format!("{} more", all.len() - 4));
                }
                shown.join(", ")
            };
            let (tests, places) = (list(&used.tests), list(&used.places));
            let said = format!(
                "{until}{by}; {} of {tests} in {places}; runs {} to {}",
                counted(used.deviations, "deviation", "deviations"),
                used.first,
                used.last,
            );
            self.sheet.entry(&printable(&used.id), 14, &said);
            self.row(
                "exception",
                vec![
                    ("what", text(&used.id)),
                    ("state", text(if used.leave.hold { "hold" } else { "exception" })),
                    ("test_id", text(&used.tests.iter().cloned().collect::<Vec<_>>().join(";"))),
                    ("system", text(&used.places.iter().cloned().collect::<Vec<_>>().join(";"))),
                    ("deviations", int(used.deviations)),
                    ("first_run", int(used.first)),
                    ("last_run", int(used.last)),
                    ("to", maybe(used.leave.until.map(|d| d.to_string()).as_deref())),
                ],
            );
        }
    }

    pub(super) fn reviews(&mut self, about: &About) {
        self.sheet.title("Reviews");
        if about.reviews.is_empty() {
            self.sheet.line(2, "None is on record.");
        }
        let later = about.reviews.iter().filter(|(kept, review)| *kept != review.on).count() as u64;
        if later > 0 {
            let all = counted(about.reviews.len() as u64, "review was", "reviews were");
            let note =
                format!("{} of {all} kept on another day than the one they name (--on).", thousands(later));
            self.sheet.line(2, &note);
        }
        for (kept, review) in &about.reviews {
            let said = format!(
                "{}, run {}: {} ({}){}",
                printable(&review.subject),
                review.sequence,
                printable(&review.decision),
                printable(&review.by),
                if *kept == review.on { String::new() } else { format!("; kept on {kept}") },
            );
            self.sheet.entry(&review.on.to_string(), 10, &said);
            self.row(
                "review",
                vec![
                    ("run", int(review.sequence)),
                    ("day", day(Some(review.on))),
                    ("what", text(&review.subject)),
                    ("from", text(&review.by)),
                    ("to", text(&review.decision)),
                    ("started", day(Some(*kept))),
                ],
            );
        }
    }

    pub(super) fn anchors(&mut self, about: &About) {
        self.sheet.title("Anchors");
        const REMOVAL: &str = "so a removal of the newest runs could not be seen";
        let said = match about.anchored {
            Anchored::Not => {
                format!("Not anchored: nobody noted the log's head outside of the record, {REMOVAL}.")
            }
            Anchored::Differs => {
                "The head of the newest anchor is that of no line before it: lines were removed or \
                                  replaced."
                    .to_owned()
            }
            Anchored::UpTo { last: None, .. } => {
                format!("Not anchored: no run had ended when the head was last noted outside, {REMOVAL}.")
            }
            Anchored::UpTo { last: Some(last), since: 0 } => {
                format!("Anchored up to run {last}, the last that has ended.")
            }
            Anchored::UpTo { last: Some(last), since } => {
                let since = counted(since, "run since is", "runs since are");
                format!("Anchored up to run {last}; {since} not, {REMOVAL}.")
            }
        };
        self.sheet.line(2, &said);
        for (on, place, head) in &about.anchors {
            let said = format!("{} noted at {}", head.chars().take(12).collect::<String>(), printable(place));
            self.sheet.entry(on, 10, &said);
            self.row("anchor", vec![("from", text(on)), ("what", text(place)), ("to", text(head))]);
        }
    }
}
