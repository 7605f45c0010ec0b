//! What a policy says, on the page.

use std::io;

use super::super::controls::{Controls, Late, Sum, numbered};
use super::super::text::{counted, left, printable, right, shorten, thousands, width};
use super::super::words;
use super::{Page, Style, WIDTH};
use crate::govern::ControlOutcome;

/// Tests that a reason names.
const TESTS: usize = 8;
/// Classes or systems that a test names.
const PLACES: usize = 3;

impl Page<'_> {
    pub(super) fn policy(&mut self, controls: &Controls) -> io::Result<()> {
        self.section(&format!("What the policy says, as of {}", controls.as_of))?;
        let outcomes = ControlOutcome::ALL.map(|o| format!("{}\u{a0}{}", thousands(controls.count(o)), o.word()));
        let results = counted(controls.by_outcome.values().sum(), "result", "results");
        let tests = counted(controls.tests as u64, "test", "tests");
        self.paragraph(2, &format!("Control tests: {tests}, {results}: {}.", outcomes.join(", ")))?;
        let excepted = match controls.excepted {
            0 => String::new(),
            n => format!(", {} under an exception or hold", thousands(n)),
        };
        self.paragraph(
            2,
            &format!(
                "Populations: {}, of which {} evaluated: {}{excepted}. An item counts once for each test, class and system.",
                thousands(controls.population),
                thousands(controls.evaluated),
                counted(controls.deviations, "deviation", "deviations"),
            ),
        )?;
        self.overdue(controls)?;
        self.undeclared(controls)?;
        self.others(controls)?;
        self.silent(controls)?;
        self.criteria(controls)
    }

    fn overdue(&mut self, controls: &Controls) -> io::Result<()> {
        let Sum { population, evaluated, deviations, excepted, .. } = controls.overdue;
        self.section("Overdue (RET-01)")?;
        let held = match excepted {
            0 => String::new(),
            n => format!(", and {} under a hold or exception", thousands(n)),
        };
        let of = format!("{} of {} with a class evaluated", thousands(evaluated), counted(population, "item", "items"));
        match (deviations, evaluated) {
            (0, 0) => return self.paragraph(2, &format!("Nothing was evaluated: {of}.")),
            (0, _) => return self.paragraph(2, &format!("No item{held}; {of}.")),
            (n, _) => self.paragraph(2, &format!("{}{held}; {of}.", counted(n, "item", "items")))?,
        }
        for (i, late) in controls.latest.iter().enumerate() {
            let items = match late.items {
                1 => String::new(),
                n => format!(", {} items", thousands(n)),
            };
            let room = WIDTH - 5 - width(&items);
            writeln!(self.out, "  {}. {}{items}", i + 1, shorten(&printable(&late.path), room))?;
            self.paragraph(5, &lateness(late))?;
        }
        match controls.more_overdue {
            (0, _) => Ok(()),
            (places, items) => {
                let items = counted(items, "item", "items");
                self.paragraph(2, &format!("and {} more, {items}", counted(places, "place", "places")))
            }
        }
    }

    fn undeclared(&mut self, controls: &Controls) -> io::Result<()> {
        if controls.undeclared.is_empty() && controls.outside == 0 {
            return Ok(());
        }
        self.section("Undeclared (COL-01): categories that no class allowed there lists")?;
        let names = controls.undeclared.keys().map(|s| width(&printable(s))).max().unwrap_or(0).clamp(8, 24);
        for (system, categories) in &controls.undeclared {
            let term = left(&shorten(&printable(system), names), names);
            self.entry(Style::Plain, &term, "", &numbered(categories.iter(), 6))?;
        }
        match controls.outside {
            0 => Ok(()),
            n => {
                let items = counted(n, "item lies", "items lie");
                self.paragraph(2, &format!("{items} outside all declared systems."))
            }
        }
    }

    fn others(&mut self, controls: &Controls) -> io::Result<()> {
        if controls.others.is_empty() {
            return Ok(());
        }
        self.section("Other deviations")?;
        let number = |sum: &Sum| format!("{} of {}", thousands(sum.deviations), thousands(sum.population));
        let numbers = controls.others.iter().map(|s| width(&number(s))).max().unwrap_or(0);
        for sum in &controls.others {
            let places = numbered(sum.places.iter().map(|(name, n)| (name, n)), PLACES);
            let text = format!("{}: {places}", words::deviation(&sum.test));
            self.entry(Style::Plain, &format!("{}  ", sum.test), &right(&number(sum), numbers), &text)?;
        }
        Ok(())
    }

    fn silent(&mut self, controls: &Controls) -> io::Result<()> {
        if controls.silent.is_empty() {
            return Ok(());
        }
        self.section("Not evaluated, and why")?;
        let terms = controls.silent.iter().map(|s| width(&s.reason)).max().unwrap_or(0);
        let numbers = controls.silent.iter().map(|s| width(&thousands(s.results))).max().unwrap_or(0) + 1;
        for silent in &controls.silent {
            let tests = numbered(silent.tests.iter(), TESTS);
            let about = words::reason(&silent.reason);
            let text = if about.is_empty() { tests } else { format!("{about}: {tests}") };
            let (term, number) = (left(&silent.reason, terms), right(&thousands(silent.results), numbers));
            self.entry(Style::Plain, &term, &number, &text)?;
        }
        Ok(())
    }

    fn criteria(&mut self, controls: &Controls) -> io::Result<()> {
        if controls.criteria.is_empty() {
            return Ok(());
        }
        let title = format!("Criteria of {} that are tested, at least in part", printable(&controls.framework));
        self.section(&title)?;
        let terms = controls.criteria.iter().map(|(id, _)| width(id)).max().unwrap_or(0);
        for (id, stated) in &controls.criteria {
            self.entry(Style::Plain, &left(&printable(id), terms), "", stated)?;
        }
        Ok(())
    }
}

/// `3,206 days over, due 2017-01-10: visitor by visitors-1y, from record-date 2016-01-10 (24 rows); facilities`
pub(in super::super) fn lateness(late: &Late) -> String {
    let deviation = &late.deviation;
    let day = |day: Option<jiff::civil::Date>| day.map_or_else(|| "unknown".to_owned(), |day| day.to_string());
    let days = deviation.days_over.unwrap_or(0);
    let over = counted(days.unsigned_abs(), "day over", "days over");
    let rule = deviation.rule.as_deref().map_or_else(String::new, |r| format!(" by {}", printable(r)));
    let source = deviation.trigger_source.map_or("an unknown date", |s| s.word());
    let rows = match deviation.rows {
        Some(rows) => format!(" ({})", counted(rows, "row", "rows")),
        None => String::new(),
    };
    let owner = deviation.owner.as_deref().map_or_else(|| "no owner".to_owned(), |o| printable(o).into_owned());
    let mixed = match deviation.reason.as_deref() {
        Some("mixed") => "; part of it still has to be kept",
        _ => "",
    };
    format!(
        "{over}, due {}: {}{rule}, from {source} {}{rows}; {owner}{mixed}",
        day(deviation.due),
        printable(&late.class),
        day(deviation.trigger_date),
    )
}
