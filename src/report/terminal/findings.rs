//! Findings on the page: by tier and category, and the places that hold most.

use std::collections::BTreeMap;
use std::io;

use super::super::summary::Tally;
use super::super::text::{counted, left, printable, right, shorten, thousands, width, wrap};
use super::{Page, Style, TIER_WIDTH, WIDTH, spaced};

/// Info types that a place names.
const TYPES: usize = 3;

impl Page<'_> {
    /// One entry per tier, with the matches of each category: the short form.
    pub(super) fn tiers(&mut self) -> io::Result<()> {
        self.section("Findings by tier and category, with matches")?;
        let summary = self.summary;
        let mut tiers: BTreeMap<usize, (String, u64, Vec<String>)> = BTreeMap::new();
        for (at, (group, tally)) in summary.groups.iter().enumerate() {
            // Groups come by tier, so a tier's first one gives it its place.
            let found = tiers.values_mut().find(|(tier, _, _)| *tier == group.tier);
            let category = format!("{}\u{a0}{}", printable(&group.category), thousands(tally.matches));
            match found {
                Some((_, matches, categories)) => {
                    *matches = matches.saturating_add(tally.matches);
                    categories.push(category);
                }
                None => {
                    tiers.insert(at, (group.tier.clone(), tally.matches, vec![category]));
                }
            }
        }
        let mut rows: Vec<(Style, String, u64, String)> = tiers
            .into_values()
            .map(|(tier, n, all)| (tier_style(&tier), printable(&tier).into_owned(), n, all.join(", ")))
            .collect();
        if summary.likely_test.matches > 0 {
            let about = "published test values, not counted".to_owned();
            rows.push((Style::Plain, "likely_test".to_owned(), summary.likely_test.matches, about));
        }
        if rows.is_empty() {
            return self.none();
        }
        let numbers = rows.iter().map(|(_, _, n, _)| width(&thousands(*n))).max().unwrap_or(0).max(5);
        for (style, tier, matches, text) in rows {
            let term = left(&shorten(&tier, TIER_WIDTH), TIER_WIDTH);
            self.entry(style, &term, &right(&thousands(matches), numbers), &text)?;
        }
        Ok(())
    }

    fn none(&mut self) -> io::Result<()> {
        let read = self.summary.ledger.count("scanned") + self.summary.ledger.count("partial");
        self.paragraph(2, if read > 0 { "None in what was read." } else { "None: nothing was read." })
    }

    pub(super) fn findings(&mut self) -> io::Result<()> {
        self.section("Findings by tier and category")?;
        let summary = self.summary;
        if summary.groups.is_empty() && summary.likely_test.findings == 0 {
            return self.none();
        }
        let all = || summary.groups.values().chain([&summary.likely_test, &summary.total]);
        let column = |title: &str, number: fn(&Tally) -> u64| {
            all().map(|t| width(&thousands(number(t)))).max().unwrap_or(0).max(width(title)) + 2
        };
        let widths = [
            column("Findings", |t| t.findings),
            column("Matches", |t| t.matches),
            column("Items", |t| t.items),
        ];
        let titles = ["Findings", "Matches", "Items"].map(str::to_owned);
        self.row(Style::Bold, "Tier", "Category", &titles, &widths)?;
        for (group, tally) in &summary.groups {
            self.tally(
                tier_style(&group.tier),
                &printable(&group.tier),
                &printable(&group.category),
                tally,
                &widths,
            )?;
        }
        if summary.groups.len() > 1 {
            let numbers = numbers(&summary.total);
            self.row(Style::Plain, "together", "", &numbers, &widths)?;
        }
        if summary.likely_test.findings > 0 {
            let about = "test values, not counted above";
            self.tally(Style::Plain, "likely_test", about, &summary.likely_test, &widths)?;
        }
        writeln!(self.out)?;
        self.paragraph(
            2,
            "A finding is one kind of data in one field or text of one item; its matches are how often it stands there.",
        )
    }

    fn tally(
        &mut self,
        style: Style,
        tier: &str,
        category: &str,
        tally: &Tally,
        widths: &[usize; 3],
    ) -> io::Result<()> {
        self.row(style, tier, category, &numbers(tally), widths)?;
        let types = tally.info_types.iter().map(|t| printable(t)).collect::<Vec<_>>().join(", ");
        self.paragraph(TIER_WIDTH + 6, &types)
    }

    fn row(
        &mut self,
        style: Style,
        tier: &str,
        category: &str,
        numbers: &[String; 3],
        widths: &[usize; 3],
    ) -> io::Result<()> {
        let room = (WIDTH - 4 - TIER_WIDTH).saturating_sub(widths.iter().sum()).max(10);
        let tier = left(&shorten(tier, TIER_WIDTH), TIER_WIDTH);
        for (i, line) in wrap(category, room).iter().enumerate() {
            if i > 0 {
                writeln!(self.out, "{:1$}{line}", "", TIER_WIDTH + 4)?;
                continue;
            }
            let numbers: String = numbers.iter().zip(widths).map(|(n, w)| right(n, *w)).collect();
            let line = if matches!(style, Style::Bold) {
                self.paint(style, &format!("{tier}  {}{numbers}", left(line, room)))
            } else {
                format!("{}  {}{numbers}", self.paint(style, &tier), left(line, room))
            };
            writeln!(self.out, "  {line}")?;
        }
        Ok(())
    }

    /// The places that hold most, a line each, at most so many.
    pub(super) fn foremost(&mut self, most: usize) -> io::Result<()> {
        let places = self.summary.places();
        let places = &places[..places.len().min(most)];
        match places.len() {
            0 => return Ok(()),
            1 => self.section("The place that holds it")?,
            n => self.section(&format!("The {n} places that hold most"))?,
        }
        for (i, place) in places.iter().enumerate() {
            let matches = counted(place.matches, "match", "matches");
            let what = format!("{}, {matches}", printable(&place.tier));
            let room = WIDTH - 5 - width(&what) - 2;
            let path = left(&shorten(&printable(&place.path), room), room);
            writeln!(self.out, "  {}. {path}  {what}", i + 1)?;
        }
        Ok(())
    }

    pub(super) fn places(&mut self) -> io::Result<()> {
        let places = self.summary.places();
        if places.is_empty() {
            return Ok(());
        }
        match places.len() {
            1 => self.section("The place that holds it")?,
            n => self.section(&format!("The {n} places that hold most"))?,
        }
        for (i, place) in places.iter().enumerate() {
            writeln!(self.out, "  {}. {}", i + 1, shorten(&printable(&place.path), WIDTH - 5))?;
            let mut what: Vec<_> = place
                .info_types
                .iter()
                .take(TYPES)
                .map(|(name, n)| format!("{}\u{a0}{}", printable(name), thousands(*n)))
                .collect();
            if place.info_types.len() > TYPES {
                what.push(format!("and {} more", place.info_types.len() - TYPES));
            }
            let matches = counted(place.matches, "match", "matches");
            let room = WIDTH - 5 - TIER_WIDTH - 2 - width(&matches) - 2;
            let tier = left(&shorten(&printable(&place.tier), TIER_WIDTH), TIER_WIDTH);
            for (i, line) in wrap(&what.join(", "), room).iter().enumerate() {
                let line = spaced(line);
                if i == 0 {
                    let tier = self.paint(tier_style(&place.tier), &tier);
                    writeln!(self.out, "     {tier}  {}  {matches}", left(&line, room))?;
                } else {
                    writeln!(self.out, "{:1$}{line}", "", TIER_WIDTH + 7)?;
                }
            }
        }
        Ok(())
    }
}

fn numbers(tally: &Tally) -> [String; 3] {
    [tally.findings, tally.matches, tally.items].map(thousands)
}

fn tier_style(tier: &str) -> Style {
    match tier {
        "restricted" => Style::Red,
        "confidential" => Style::Yellow,
        _ => Style::Plain,
    }
}
