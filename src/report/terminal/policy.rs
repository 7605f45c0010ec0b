//! What a policy says, on the page.

use std::io;

use super::super::controls::{Controls, Late, Sum, numbered};
use super::super::text::{counted, left, printable, right, shorten, thousands, width};
use super::super::words;
use super::{Page, Style, WIDTH};
use crate::govern::ControlOutcome;

impl Page<'_> {
    pub(super) fn policy(&mut self, controls: &Controls) -> io::Result<()> {
        self.section(&format!("What the policy says, as of {}", controls.as_of))?;
        let outcomes =
            ControlOutcome::ALL.map(|o| format!("{}\u{a0}{}", thousands(controls.count(o)), o.word()));
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
        let of = format!("{} of {} evaluated", thousands(evaluated), counted(population, "item", "items"));
        match (deviations, evaluated) {
            (0, 0) => return self.paragraph(2, &format!("Nothing can be said: {of}.")),
            (0, _) => return self.paragraph(2, &format!("No item{held}, in {of}.")),
            (n, _) => self.paragraph(2, &format!("{}{held}, in {of}.", counted(n, "item", "items")))?,
        }
        for (i, late) in controls.latest.iter().enumerate() {
            let days = late.deviation.days_over.unwrap_or(0).unsigned_abs();
            let over = match late.items {
                1 => counted(days, "day over", "days over"),
                n => format!("{}, {}", counted(n, "item", "items"), counted(days, "day over", "days over")),
            };
            let room = WIDTH - 5 - width(&over) - 2;
            let path = left(&shorten(&printable(&late.path), room), room);
            writeln!(self.out, "  {}. {path}  {over}", i + 1)?;
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
        self.section("Undeclared (COL-01): items with categories of no class that is allowed there")?;
        let names = controls.undeclared.keys().map(|s| width(&printable(s))).max().unwrap_or(0).clamp(8, 24);
        for (system, categories) in &controls.undeclared {
            let term = left(&shorten(&printable(system), names), names);
            let room = 2 * (WIDTH - names - 4) - 12;
            self.entry(Style::Plain, &term, "", &numbered(categories.iter(), room))?;
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
            let about = words::deviation(&sum.test);
            let room = WIDTH.saturating_sub(2 + 8 + numbers + 2 + about.len() + 2);
            let places = numbered(sum.places.iter().map(|(name, n)| (name, n)), room);
            let text = if places.is_empty() || width(&places) > room {
                about.to_owned()
            } else {
                format!("{about}: {places}")
            };
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
            let about = words::reason(&silent.reason);
            let room = 2 * (WIDTH - 4 - terms - numbers) - about.len() - 12;
            let tests = numbered(silent.tests.iter(), room);
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
        let title = format!("Criteria of {} that are tested, all or a part", printable(&controls.framework));
        self.section(&title)?;
        let all: Vec<(String, &String)> =
            controls.criteria.iter().map(|(ids, said)| (ids.join(", "), said)).collect();
        let terms = all.iter().map(|(ids, _)| width(ids)).max().unwrap_or(0).min(24);
        for (ids, said) in all {
            self.entry(Style::Plain, &left(&shorten(&printable(&ids), terms), terms), "", said)?;
        }
        Ok(())
    }
}

/// `visitor, visitors-1y: record-date 2016-01-10, due 2017-01-10, facilities`
fn lateness(late: &Late) -> String {
    let deviation = &late.deviation;
    let day = |day: Option<jiff::civil::Date>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let name =
        |name: Option<&str>, none: &str| name.map_or_else(|| none.to_owned(), |n| printable(n).into_owned());
    let mixed = match deviation.reason.as_deref() {
        Some("mixed") => "; part of it still to be kept",
        _ => "",
    };
    format!(
        "{}, {}: {} {}, due {}, {}{mixed}",
        printable(&late.class),
        name(deviation.rule.as_deref(), "no rule"),
        deviation.trigger_source.map_or("date", |s| s.word()),
        day(deviation.trigger_date),
        day(deviation.due),
        name(deviation.owner.as_deref(), "no owner"),
    )
}
