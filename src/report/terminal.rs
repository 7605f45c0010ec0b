//! The summary for people, right at 80 columns with or without colour. Whatever came from content is shown escaped.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use super::controls::Controls;
use super::describe::OUTCOMES;
use super::schema::seconds;
use super::sink::{Destination, Sink};
use super::steps::steps;
use super::summary::Summary;
use super::text::{bytes, counted, left, printable, right, shorten, thousands, width, wrap};
use super::{Colour, Options, ReportWriter};
use crate::govern::Assessment;
use crate::govern::outcome::CriterionResult;
use crate::model::{ItemRecord, RunRecord};

mod findings;
mod policy;

/// Columns of the page.
pub(super) const WIDTH: usize = 80;
const TIER_WIDTH: usize = 12;
/// Places that are shown where a policy has more to say.
const PLACES: usize = 3;
/// Targets that the headline names.
const TARGETS: usize = 4;

pub(super) fn open(destination: &Destination, options: Options) -> io::Result<Box<dyn ReportWriter>> {
    Ok(Box::new(Terminal {
        sink: Sink::open(destination)?,
        colour: options.colour,
        controls: None,
        notices: Vec::new(),
    }))
}

struct Terminal {
    sink: Sink,
    colour: Colour,
    controls: Option<Controls>,
    notices: Vec<String>,
}

impl ReportWriter for Terminal {
    fn item(&mut self, _: &ItemRecord) -> io::Result<()> {
        Ok(())
    }

    fn notice(&mut self, text: &str) {
        self.notices.push(text.to_owned());
    }

    fn assessment(&mut self, assessment: &Assessment, criteria: &[CriterionResult]) -> io::Result<()> {
        self.controls = Some(Controls::of(assessment, criteria));
        Ok(())
    }

    fn finish(mut self: Box<Self>, run: &RunRecord, summary: &Summary) -> io::Result<()> {
        let controls = self.controls.as_ref();
        for line in self.notices.iter().flat_map(|text| wrap(&printable(text), WIDTH)) {
            writeln!(self.sink, "{}", paint(self.colour, Style::Red, &line))?;
        }
        render_page(&mut self.sink, run, summary, controls, self.colour)?;
        self.sink.finish()
    }

    fn outputs(&self) -> Vec<PathBuf> {
        self.sink.paths()
    }
}

/// Writes the summary of a run.
pub fn render(out: &mut dyn Write, run: &RunRecord, summary: &Summary, colour: Colour) -> io::Result<()> {
    render_page(out, run, summary, None, colour)
}

/// Writes the summary of a run that a policy was held against.
pub fn render_assessed(
    out: &mut dyn Write,
    run: &RunRecord,
    summary: &Summary,
    assessment: &Assessment,
    criteria: &[CriterionResult],
    colour: Colour,
) -> io::Result<()> {
    render_page(out, run, summary, Some(&Controls::of(assessment, criteria)), colour)
}

fn render_page(
    out: &mut dyn Write,
    run: &RunRecord,
    summary: &Summary,
    controls: Option<&Controls>,
    colour: Colour,
) -> io::Result<()> {
    let mut page = Page { out, colour, run, summary };
    page.headline()?;
    page.items()?;
    match controls {
        None => {
            page.findings()?;
            page.places()?;
            page.unread()?;
        }
        // What the policy says is what its readers came for: the rest is kept short.
        Some(controls) => {
            page.tiers()?;
            page.foremost(PLACES)?;
            page.unread_in_short()?;
            page.policy(controls)?;
        }
    }
    page.next_steps(controls)
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Bold,
    Red,
    Yellow,
}

struct Page<'a> {
    out: &'a mut dyn Write,
    colour: Colour,
    run: &'a RunRecord,
    summary: &'a Summary,
}

impl Page<'_> {
    fn headline(&mut self) -> io::Result<()> {
        let (run, summary) = (self.run, self.summary);
        let ledger = &summary.ledger;
        let read = ledger.count("scanned") + ledger.count("partial");
        let seconds = seconds(run);
        let rate = match seconds > 0.0 {
            true => format!(" ({}/s)", bytes((ledger.bytes_examined as f64 / seconds) as u64)),
            false => String::new(),
        };
        let size = bytes(ledger.bytes_examined);
        let items = counted(ledger.discovered, "item", "items");
        self.styled(
            Style::Bold,
            &format!("Read {} of {items}: {size} in {seconds:.1} s{rate}", thousands(read)),
        )?;
        if !run.targets.is_empty() {
            let mut targets: Vec<_> =
                run.targets.iter().take(TARGETS).map(|t| shorten(&printable(t), 60).into_owned()).collect();
            if run.targets.len() > TARGETS {
                targets.push(format!("and {} more", run.targets.len() - TARGETS));
            }
            self.paragraph(0, &format!("In: {}", targets.join(", ")))?;
        }
        let (partial, failed) = (ledger.count("partial"), ledger.count("failed"));
        if run.interrupted {
            self.alarm("Interrupted: what follows is only what had been read by then.")?;
        }
        let mut missing = Vec::new();
        if partial > 0 {
            missing.push(format!("{} read only in part", counted(partial, "item was", "items were")));
        }
        if failed > 0 {
            missing.push(format!("{} could not be read", counted(failed, "item", "items")));
        }
        if let n @ 1.. = run.unreached.len() as u64 {
            let systems = counted(n, "declared system was", "declared systems were");
            missing.push(format!("{systems} not reached"));
        }
        if !missing.is_empty() {
            self.alarm(&format!("Incomplete: {}.", missing.join(", ")))?;
        }
        let verdict = self.verdict(read, &items, &size);
        self.paragraph(0, &verdict)?;
        if run.key_id == "random" && summary.total.findings + summary.likely_test.findings > 0 {
            self.paragraph(0, "Fingerprints were made with a random key and hold for this run only.")?;
        }
        Ok(())
    }

    /// One sentence that never says more than was looked at.
    fn verdict(&self, read: u64, items: &str, size: &str) -> String {
        let (run, summary) = (self.run, self.summary);
        let terms = format!(
            "likelihood {} and above, with {}",
            run.min_likelihood.word(),
            counted(run.detectors, "detector", "detectors"),
        );
        let tests = match summary.likely_test.matches {
            0 => String::new(),
            n => format!(" but {} in published test values", counted(n, "match", "matches")),
        };
        match summary.highest_tier() {
            Some(tier) => format!(
                "Found {} in {}; the most sensitive is {}. Counted: {terms}.",
                counted(summary.total.matches, "match", "matches"),
                counted(summary.total.items, "item", "items"),
                printable(tier),
            ),
            None if read == 0 => "Nothing was read, so nothing can be said about what is there.".to_owned(),
            None => format!(
                "Nothing found in what was read{tests}: {} of {items}, {size}. Counted: {terms}.",
                thousands(read)
            ),
        }
    }

    fn items(&mut self) -> io::Result<()> {
        self.section("Items by outcome")?;
        let ledger = &self.summary.ledger;
        let numbers = width(&thousands(ledger.discovered)).max(7);
        for (word, _) in OUTCOMES {
            let mut reasons: Vec<_> = ledger
                .by_outcome
                .iter()
                .filter(|((w, reason), _)| *w == word && !reason.is_empty())
                .map(|((_, reason), n)| (*n, *reason))
                .collect();
            reasons.sort_by_key(|(n, reason)| (std::cmp::Reverse(*n), *reason));
            let text = match (word, ledger.count(word)) {
                ("scanned", n) if n > 0 => "wholly read".to_owned(),
                _ => reasons
                    .iter()
                    .map(|(n, reason)| format!("{reason}\u{a0}{}", thousands(*n)))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            let style = match word {
                "failed" if ledger.count(word) > 0 => Style::Red,
                "partial" if ledger.count(word) > 0 => Style::Yellow,
                _ => Style::Plain,
            };
            let term = left(word, TIER_WIDTH - 2);
            self.entry(style, &term, &right(&thousands(ledger.count(word)), numbers), &text)?;
        }
        let total = right(&thousands(ledger.discovered), numbers);
        self.entry(Style::Plain, &left("together", TIER_WIDTH - 2), &total, "")
    }

    fn unread(&mut self) -> io::Result<()> {
        self.section("What was not read, and why")?;
        self.unreached()?;
        if self.summary.unread.is_empty() {
            let text = match (self.summary.ledger.discovered, self.run.unreached.is_empty()) {
                (0, _) => "There was no item to read.",
                (_, true) => "Nothing: every item was wholly read.",
                (_, false) => "Every item that was met was wholly read.",
            };
            return self.paragraph(2, text);
        }
        let numbers =
            self.summary.unread.values().map(|u| width(&thousands(u.items))).max().unwrap_or(0).max(5);
        for (word, style) in [("failed", Style::Red), ("partial", Style::Yellow), ("skipped", Style::Plain)] {
            let mut reasons: Vec<_> = self.summary.unread.iter().filter(|((w, _), _)| *w == word).collect();
            reasons.sort_by_key(|((_, reason), unread)| (std::cmp::Reverse(unread.items), *reason));
            for ((_, reason), unread) in reasons {
                let count = right(&thousands(unread.items), numbers);
                let term = left(&format!("{word}: {}", reason.code()), 27);
                self.entry(style, &term, &count, reason.about())?;
                for path in &unread.examples {
                    writeln!(self.out, "      {}", shorten(&printable(path), WIDTH - 6))?;
                }
                let more = unread.items.saturating_sub(unread.examples.len() as u64);
                if more > 0 {
                    writeln!(self.out, "      and {} more", thousands(more))?;
                }
            }
        }
        Ok(())
    }

    /// Systems whose root was not reached, by reason.
    fn unreached(&mut self) -> io::Result<()> {
        let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (id, reach) in &self.run.unreached {
            let reason = reach.reason().unwrap_or_default();
            by_reason.entry(reason).or_default().push(printable(id).into_owned());
        }
        for (reason, ids) in by_reason {
            let term = left(&format!("system: {reason}"), 25);
            let count = right(&thousands(ids.len() as u64), 3);
            self.entry(Style::Red, &term, &count, &ids.join(", "))?;
        }
        Ok(())
    }

    /// What was not read, with the first path of each reason.
    fn unread_in_short(&mut self) -> io::Result<()> {
        let unread = &self.summary.unread;
        if unread.is_empty() {
            return self.unread();
        }
        self.section("What was not read, and why")?;
        self.unreached()?;
        let numbers = unread.values().map(|u| width(&thousands(u.items))).max().unwrap_or(0) + 1;
        for word in ["failed", "partial", "skipped"] {
            for ((_, reason), unread) in unread.iter().filter(|((w, _), _)| *w == word) {
                let more = match unread.items {
                    0 | 1 => String::new(),
                    n => format!(" and {} more", thousands(n - 1)),
                };
                let term = left(&format!("{word}: {}", reason.code()), 25);
                let room = WIDTH - 2 - 25 - numbers - 2 - width(&more);
                let path = unread.examples.first().map_or("", String::as_str);
                let text = format!("{}{more}", shorten(&printable(path), room)).replace(' ', "\u{a0}");
                self.entry(Style::Plain, &term, &right(&thousands(unread.items), numbers), &text)?;
            }
        }
        Ok(())
    }

    fn next_steps(&mut self, controls: Option<&Controls>) -> io::Result<()> {
        let steps = steps(self.run, self.summary, controls);
        if steps.is_empty() {
            return Ok(());
        }
        self.section("What to do next")?;
        for (i, step) in steps.iter().enumerate() {
            for (j, line) in wrap(&step.text, WIDTH - 5).iter().enumerate() {
                let bullet = if j == 0 { format!("{}.", i + 1) } else { "  ".to_owned() };
                writeln!(self.out, "  {bullet} {line}")?;
            }
            if let Some(command) = &step.command {
                writeln!(self.out, "       {command}")?;
            }
        }
        Ok(())
    }

    fn section(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.styled(Style::Bold, title)
    }

    fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH) {
            let line = self.paint(style, &line);
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    fn alarm(&mut self, text: &str) -> io::Result<()> {
        self.styled(Style::Red, text)
    }

    fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH - indent) {
            writeln!(self.out, "{:indent$}{}", "", spaced(&line))?;
        }
        Ok(())
    }

    /// A term and its number, and text that wraps beside them.
    fn entry(&mut self, style: Style, term: &str, number: &str, text: &str) -> io::Result<()> {
        let indent = 2 + width(term) + width(number) + 2;
        for (i, line) in wrap(text, WIDTH - indent).iter().enumerate() {
            let line = spaced(line);
            let line = match i {
                0 => format!("  {}{number}  {line}", self.paint(style, term)),
                _ => format!("{:indent$}{line}", ""),
            };
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn paint(&self, style: Style, text: &str) -> String {
        paint(self.colour, style, text)
    }
}

fn paint(colour: Colour, style: Style, text: &str) -> String {
    let code = match (colour, style) {
        (Colour::Never, _) | (_, Style::Plain) => return text.to_owned(),
        (_, Style::Bold) => "1",
        (_, Style::Red) => "31",
        (_, Style::Yellow) => "33",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// A no-break space held a name and its number together; a person may copy a plain one.
fn spaced(line: &str) -> String {
    line.replace('\u{a0}', " ")
}
