//! `sample`: a draw from a population that anyone can make again.
//!
//! Every member has the key SHA-256 over the bytes of `SEED:ID`, in lower-case hex; the sample is the members with the
//! N smallest keys, in the order of their keys. So it is drawn without replacement, each member is as likely as any other, and a sample of N is
//! the beginning of a larger one with the same seed.

use std::io::{self, Write};

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::End;
use super::args::ListFormat;
use super::population::{Of, Period, line, population, table};
use crate::model::hex;

#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    /// The record; for items and disposals also which run of it
    #[arg(value_name = "RECORD[@RUN]")]
    pub record: String,

    /// Population to draw from
    ///
    /// Example: --of items
    #[arg(long, value_name = "WHAT")]
    pub of: Of,

    /// Any text; the same one draws the same sample
    ///
    /// Members are ordered by SHA-256 over `SEED:ID`: printf '%s' 'SEED:ID' | sha256sum. Example: --seed audit-2026
    #[arg(long, value_name = "S")]
    pub seed: String,

    /// How many to draw; all if there are no more
    #[arg(long, value_name = "N")]
    pub n: std::num::NonZeroUsize,

    /// First and last day, as for population
    ///
    /// Example: --period 2026-01-01..2026-06-30
    #[arg(long, value_name = "A..B")]
    pub period: Option<Period>,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

/// What a member is ordered by.
fn key(seed: &str, id: &str) -> String {
    hex(&Sha256::digest(format!("{seed}:{id}")))
}

/// Runs the command.
pub(super) fn run(args: &SampleArgs) -> Result<End> {
    let (mut columns, rows) = population(&args.record, args.of, args.period)?;
    let Some(id) = columns.iter().position(|c| *c == args.of.id()) else {
        bail!("--of {}: its members have no id", args.of.word());
    };
    let size = rows.len();
    let mut drawn: Vec<(String, Vec<Value>)> =
        rows.into_iter().map(|row| (key(&args.seed, row[id].as_str().unwrap_or_default()), row)).collect();
    // Stable: entries with one id stay in the order of the population.
    drawn.sort_by(|a, b| a.0.cmp(&b.0));
    drawn.truncate(args.n.get());
    columns.splice(0..0, ["draw", "key"]);
    let rows = (1u64..).zip(drawn).map(|(draw, (key, mut row))| {
        row.splice(0..0, [json!(draw), json!(key)]);
        row
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        ListFormat::Jsonl => {
            let head = json!({
                "record": "sample", "of": args.of.word(), "population": size, "seed": args.seed, "n": args.n,
                "drawn": rows.len(), "method": "smallest SHA-256 over SEED:ID",
            });
            writeln!(out, "{head}")?;
            for row in rows {
                writeln!(out, "{}", line("sampled", &columns, row)?)?;
            }
        }
        ListFormat::Table => {
            table(&mut out, &columns, &rows)?;
            let (drawn, of) = (rows.len(), args.of.word());
            let seed = crate::report::printable(&args.seed);
            writeln!(
                out,
                "\n{drawn} drawn of a population of {size} {of}, seed {seed}, by the smallest SHA-256 over SEED:ID"
            )?;
        }
    }
    out.flush()?;
    Ok(End::Fine)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_is_what_sha256sum_prints() {
        // printf '%s' 'audit-2026:000001' | sha256sum
        let key = super::key("audit-2026", "000001");
        assert_eq!(key, "f18b35641c2ac4ac4a30097a2fab5c952c8050986f0b5fa3c42d7bbb0d645e4c");
    }
}
