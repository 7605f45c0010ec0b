//! `policy import`: rules from a data contract.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use super::super::End;
use crate::classify::Taxonomy;
use crate::govern::lint::{self, Known, Level};
use crate::govern::odcs::{self, Imported};
use crate::report::printable;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// An Open Data Contract (ODCS v3), YAML or JSON; its `slaProperties` say for how long data is kept
    ///
    /// Example: privascan policy import --odcs orders.odcs.yaml
    #[arg(long, value_name = "CONTRACT")]
    pub odcs: PathBuf,
    /// Add the rules to this policy; standard output without it
    ///
    /// Example: --into privascan.toml
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<End> {
    let taxonomy = Taxonomy::builtin()?;
    let shown = args.odcs.display().to_string();
    let contract = contract(&args.odcs)?;
    let imported = odcs::import(&contract, &taxonomy).map_err(|why| anyhow!("{shown}: {why}"))?;
    for what in &imported.left_out {
        writeln!(io::stderr(), "privascan: {}: {}", printable(&shown), printable(what)).unwrap_or_default();
    }
    match &args.into {
        None => {
            let mut out = io::stdout().lock();
            writeln!(out, "# From {}", printable(&shown))?;
            out.write_all(imported.toml.trim_end().as_bytes())?;
            writeln!(out)?;
        }
        Some(policy) => add(policy, &shown, &imported, &taxonomy)?,
    }
    Ok(End::Fine)
}

/// Parses YAML, which JSON is too. The parser has budgets for depth and aliases.
fn contract(path: &Path) -> Result<serde_json::Value> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut text = String::new();
    file.take(super::LARGEST).read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
    // In YAML 1.1 a bare `y` is true; in contracts it is the unit of years.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).map_err(|e| {
        let place = e.location().map_or_else(String::new, |l| format!(":{}:{}", l.line(), l.column()));
        let said = e.without_snippet().to_string();
        let said = said.lines().next().unwrap_or_default().trim_end_matches([':', ' ']).to_owned();
        anyhow!("{shown}{place}: this is not YAML: {said}")
    })
}

/// Adds the rules at the end of a policy, if it still fits together then.
fn add(path: &Path, contract: &str, imported: &Imported, taxonomy: &Taxonomy) -> Result<()> {
    let shown = path.display();
    let before = String::from_utf8(super::read(path)?).map_err(|_| anyhow!("{shown}: not UTF-8"))?;
    let errors = |text: &str| {
        let mut problems = lint::check(text, Known::of(taxonomy)).problems;
        problems.retain(|p| p.level == Level::Error);
        problems
    };
    let known = errors(&before);
    if !known.is_empty() {
        bail!("{shown}:{}; nothing was added", lint::in_one_line(&known));
    }
    let end = if before.ends_with('\n') || before.is_empty() { "" } else { "\n" };
    let after = format!("{before}{end}\n# From {}\n{}\n", printable(contract), imported.toml.trim_end());
    if let Some(first) = errors(&after).first() {
        bail!(
            "{shown}: with these rules it would not fit together: {}; {}; nothing was added",
            first.says,
            first.fix
        );
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Written beside it and renamed: the policy is whole at any time.
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(after.as_bytes())?;
        file.as_file().set_permissions(path.metadata()?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)
    });
    written.with_context(|| format!("cannot write {shown}"))?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: added rules {} and classes {}; say who owns them, and check it",
        printable(&shown.to_string()),
        printable(&imported.rules.join(", ")),
        printable(&imported.classes.join(", "))
    )?;
    Ok(())
}
