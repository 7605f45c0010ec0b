//! `controls list`, `show`: the control tests, and what they say about criteria.

use std::io::{self, Write};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::End;
use super::args::ListFormat;
use crate::govern::criteria::{Criterion, Framework, Rating};
use crate::govern::{CONTROL_TESTS, ControlTest, Criteria};
use crate::report::wrap;

/// Columns of a terminal that everyone has.
const WIDTH: usize = 80;

#[derive(Debug, Subcommand)]
pub(super) enum ControlsCommand {
    /// One line per control test, then one per criterion
    List(ControlsListArgs),
    /// One control test or criterion whole
    Show(ControlsShowArgs),
}

#[derive(Debug, Args)]
pub(super) struct ControlsListArgs {
    /// Table for people or JSON lines for programs
    ///
    /// Example: privascan controls list --format jsonl
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,

    /// Only criteria of this framework, and control tests that bear on one of them; repeatable
    ///
    /// Example: --framework soc2 --framework gdpr
    #[arg(long = "framework", value_name = "F")]
    pub frameworks: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ControlsShowArgs {
    /// A control test (RET-01) or a criterion (P4.2, soc2:P4.2)
    #[arg(value_name = "ID")]
    pub id: String,
}

pub(super) fn run(command: &ControlsCommand) -> Result<End> {
    let criteria = Criteria::builtin()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match command {
        ControlsCommand::List(args) => list(&criteria, args, &mut out)?,
        ControlsCommand::Show(args) => show(&criteria, &args.id, &mut out)?,
    }
    out.flush()?;
    Ok(End::Fine)
}

fn list(criteria: &Criteria, args: &ControlsListArgs, out: &mut impl Write) -> Result<()> {
    let names: Vec<&str> = criteria.frameworks().iter().map(|f| f.name.as_str()).collect();
    if let Some(name) = args.frameworks.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("--framework {name}: no such framework; there are {}", names.join(", "));
    }
    let wanted = |name: &str| args.frameworks.is_empty() || args.frameworks.iter().any(|f| f == name);
    let frameworks: Vec<&Framework> = criteria.frameworks().iter().filter(|f| wanted(&f.name)).collect();
    let links = |test: &ControlTest| -> Vec<String> {
        let mut links = criteria.links_of(test.id);
        links.retain(|link| link.split_once(':').is_some_and(|(framework, _)| wanted(framework)));
        links
    };
    let tests: Vec<(&ControlTest, Vec<String>)> = CONTROL_TESTS
        .iter()
        .map(|test| (*test, links(test)))
        .filter(|(_, links)| !links.is_empty())
        .collect();
    match args.format {
        ListFormat::Table => table(&tests, &frameworks, out)?,
        ListFormat::Jsonl => {
            for (test, links) in &tests {
                let line = serde_json::json!({
                    "test_id": test.id, "family": test.family(), "checks": test.checks, "criteria": links,
                    "not_evaluated_when": reasons(criteria, test),
                });
                writeln!(out, "{line}")?;
            }
            for (framework, criterion) in
                frameworks.iter().flat_map(|f| f.criteria.iter().map(move |c| (f, c)))
            {
                let link = |l: &crate::govern::criteria::Link| serde_json::json!({ "test_id": l.test_id, "strength": l.strength.word() });
                let line = serde_json::json!({
                    "criterion": framework.full_id(criterion), "framework": framework.name,
                    "edition": framework.edition, "rating": criterion.rating.word(),
                    "paraphrase": criterion.paraphrase, "cannot_say": criterion.cannot_say,
                    "links": criterion.links.iter().map(link).collect::<Vec<_>>(),
                    "evidence": criterion.evidence, "note": criterion.note,
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

fn table(
    tests: &[(&ControlTest, Vec<String>)],
    frameworks: &[&Framework],
    out: &mut impl Write,
) -> io::Result<()> {
    for (test, _) in tests {
        under(out, &format!("{:<8}", test.id), test.checks)?;
    }
    for framework in frameworks {
        writeln!(out)?;
        under(out, "", &format!("{} ({}): {}", framework.title, framework.edition, framework.name))?;
        let width = framework.criteria.iter().map(|c| c.id.len()).max().unwrap_or(0);
        for criterion in &framework.criteria {
            let head = format!("  {:<width$}  {:<11}", criterion.id, criterion.rating.word());
            under(out, &head, &criterion.paraphrase)?;
        }
    }
    let count: usize = frameworks.iter().map(|f| f.criteria.len()).sum();
    writeln!(
        out,
        "\n{} control tests, {count} criteria; `privascan controls show ID` tells more",
        tests.len()
    )
}

/// Why the test may say nothing, what holds for all tests of its kind included.
fn reasons(criteria: &Criteria, test: &ControlTest) -> Vec<&'static str> {
    let mut reasons = test.not_evaluated_when.to_vec();
    if test.family() != "MON" {
        let by_class = criteria.described(test.id).is_some_and(|d| d.per.iter().any(|per| per == "class"));
        reasons.extend(["coverage", "self-test"]);
        reasons.extend(by_class.then_some("detector-off"));
    }
    let mut seen = std::collections::BTreeSet::new();
    reasons.retain(|reason| seen.insert(*reason));
    reasons
}

fn show(criteria: &Criteria, id: &str, out: &mut impl Write) -> Result<()> {
    if let Some(test) = CONTROL_TESTS.iter().find(|t| t.id.eq_ignore_ascii_case(id)) {
        return Ok(show_test(criteria, test, out)?);
    }
    match criteria.find(id).as_slice() {
        [] => bail!("no control test or criterion `{id}`; see `privascan controls list`"),
        [(framework, criterion)] => Ok(show_criterion(framework, criterion, out)?),
        several => {
            let ids: Vec<String> = several.iter().map(|(f, c)| f.full_id(c)).collect();
            bail!("`{id}` is a criterion of several frameworks; write one of {}", ids.join(", "))
        }
    }
}

fn show_test(criteria: &Criteria, test: &ControlTest, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", test.id)?;
    field(out, "checks", test.checks)?;
    if let Some(described) = criteria.described(test.id) {
        field(out, "population", &described.population)?;
        field(out, "deviation", &described.deviates)?;
        field(out, "results", &format!("one per {}", described.per.join(" and ")))?;
    }
    let reasons = reasons(criteria, test);
    let when = if reasons.is_empty() { "never".to_owned() } else { format!("for {}", reasons.join(", ")) };
    field(out, "not evaluated", &when)?;
    let links = criteria.strengths_of(test.id);
    let heads =
        [(Rating::Tests, "tests"), (Rating::TestsPart, "tests part of"), (Rating::Supports, "supports")];
    for (strength, head) in heads {
        let linked = links.iter().filter(|(_, s)| *s == strength).map(|(id, _)| id.as_str());
        list_field(out, head, &linked.collect::<Vec<_>>())?;
    }
    writeln!(out)?;
    under(out, "", "A result is about what was read in one run. It is no opinion on any criterion.")
}

fn show_criterion(framework: &Framework, criterion: &Criterion, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", framework.full_id(criterion))?;
    field(out, "framework", &format!("{}; edition: {}", framework.title, framework.edition))?;
    field(out, "asks", &criterion.paraphrase)?;
    let rating = criterion.rating;
    field(out, "rating", &format!("{}: {}", rating.word(), rating.meaning()))?;
    let heads =
        [(Rating::Tests, "tested by"), (Rating::TestsPart, "in part by"), (Rating::Supports, "supported by")];
    for (strength, head) in heads {
        let linked = criterion.links.iter().filter(|l| l.strength == strength).map(|l| l.test_id.as_str());
        list_field(out, head, &linked.collect::<Vec<_>>())?;
    }
    if let Some(evidence) = &criterion.evidence {
        field(out, "evidence", evidence)?;
    }
    field(out, "cannot say", &criterion.cannot_say)?;
    if let Some(note) = &criterion.note {
        field(out, "note", note)?;
    }
    field(out, "source", &format!("{}; checked on {}", framework.source, framework.checked_on))
}

fn field(out: &mut impl Write, name: &str, text: &str) -> io::Result<()> {
    under(out, &format!("  {name:<15}"), text)
}

fn list_field(out: &mut impl Write, name: &str, items: &[&str]) -> io::Result<()> {
    if items.is_empty() { Ok(()) } else { field(out, name, &items.join(", ")) }
}

/// `head`, and the text beside it in as many lines as it takes.
fn under(out: &mut impl Write, head: &str, text: &str) -> io::Result<()> {
    for (i, line) in wrap(text, WIDTH.saturating_sub(head.len())).iter().enumerate() {
        let head = if i == 0 { head.to_owned() } else { " ".repeat(head.len()) };
        writeln!(out, "{head}{line}")?;
    }
    Ok(())
}
