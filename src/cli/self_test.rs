//! `selftest`: whether this binary finds what it says it finds.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;

use super::End;
use super::args::{KnowledgeArgs, ListFormat};
use super::knowledge;
use crate::scan::ScanPlan;
use crate::scan::self_test::{self, Effort, Matrix};

#[derive(Debug, Args)]
pub(super) struct SelfTestArgs {
    /// Decides the order of the planted values and what stands beside them
    ///
    /// Example: --seed 20261124
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Formats to plant values in; all by default
    ///
    /// Example: --formats csv,parquet
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub formats: Vec<String>,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,

    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

/// Runs the command: exit 1 when a kind was missed in a format.
pub(super) fn run(args: &SelfTestArgs) -> Result<End> {
    let (detectors, taxonomy) = knowledge::load(&args.knowledge)?;
    let known: Vec<&str> = self_test::formats().collect();
    if let Some(unknown) = args.formats.iter().find(|f| !known.contains(&f.as_str())) {
        bail!("--formats {unknown}: values can be planted in {}", known.join(", "));
    }
    let wanted: BTreeSet<String> = match args.formats.is_empty() {
        true => known.iter().map(|f| (*f).to_owned()).collect(),
        false => args.formats.iter().cloned().collect(),
    };
    let plan = ScanPlan::of(detectors, Arc::clone(&taxonomy))?;
    let matrix = self_test::self_test(&plan, &wanted, args.seed, Effort::Whole);
    let mut out = io::stdout().lock();
    match args.format {
        ListFormat::Table => table(&mut out, &matrix)?,
        ListFormat::Jsonl => lines(&mut out, &matrix)?,
    }
    let holds = matrix.pairs.iter().all(|p| p.holds()) && matrix.false_alarms == 0;
    Ok(if holds { End::Fine } else { End::Found })
}

fn table(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    let kinds: BTreeSet<&str> = matrix.pairs.iter().map(|p| p.info_type.as_str()).collect();
    writeln!(out, "{:<10} {:>6} {:>8} {:>8} {:>8}", "format", "kinds", "missed", "planted", "found")?;
    for format in self_test::formats() {
        let pairs = || matrix.pairs.iter().filter(|p| p.format == format);
        if pairs().next().is_none() {
            continue;
        }
        let missed = pairs().filter(|p| !p.holds()).count();
        let (planted, found) = pairs().fold((0, 0), |(p, f), pair| (p + pair.planted, f + pair.found));
        writeln!(out, "{format:<10} {:>6} {missed:>8} {planted:>8} {found:>8}", pairs().count())?;
    }
    for pair in matrix.pairs.iter().filter(|p| !p.holds()) {
        writeln!(out, "missed: {} in {}", pair.info_type, pair.format)?;
    }
    let missed = matrix.pairs.iter().filter(|p| !p.holds()).count();
    writeln!(
        out,
        "{} kinds, {} pairs of kind and format, {missed} missed; {} decoys, {} taken; seed {}",
        kinds.len(),
        matrix.pairs.len(),
        matrix.decoys,
        matrix.false_alarms,
        matrix.seed
    )
}

fn lines(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    for pair in &matrix.pairs {
        let line = serde_json::json!({
            "record": "self_test_pair",
            "info_type": pair.info_type,
            "format": pair.format,
            "planted": pair.planted,
            "found": pair.found,
            "holds": pair.holds(),
        });
        writeln!(out, "{line}")?;
    }
    let line = serde_json::json!({
        "record": "self_test",
        "tool_version": env!("CARGO_PKG_VERSION"),
        "seed": matrix.seed,
        "pairs": matrix.pairs.len(),
        "missed": matrix.pairs.iter().filter(|p| !p.holds()).count(),
        "decoys": matrix.decoys,
        "false_alarms": matrix.false_alarms,
    });
    writeln!(out, "{line}")
}
