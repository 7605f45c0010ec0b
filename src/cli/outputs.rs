//! Writers for what a command reports: `--format`, `-o`, `--quiet`, `--color`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;

use super::args::When;
use crate::report::{self, Colour, Destination, Options, ReportWriter};

/// Where results go.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Output format: table, jsonl, csv, parquet or arrow
    ///
    /// Goes to standard output, or to an -o whose extension says nothing. Example: --format jsonl
    #[arg(long, value_name = "F")]
    pub format: Option<String>,

    /// Write findings to a file, or all tables to a folder; repeatable
    ///
    /// The extension gives the format; csv, parquet and arrow files hold the findings, a FOLDER/ one file per table.
    /// Example: -o findings.parquet -o all/ --format csv
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub outputs: Vec<PathBuf>,

    /// Exit 0 instead of 3 when something could not be read
    ///
    /// Example: --allow-incomplete
    #[arg(long, help_heading = "Results")]
    pub allow_incomplete: bool,

    /// No summary and no progress; errors only
    ///
    /// Example: --quiet -o findings.jsonl
    #[arg(short, long, help_heading = "Results")]
    pub quiet: bool,

    /// Colour of the summary
    ///
    /// Example: --color never
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Results")]
    pub color: When,
}

/// A writer for each `-o`, and one for standard output: `--format` if no `-o` needed it, else the summary.
pub(super) fn open_writers(args: &OutputArgs) -> Result<Vec<Box<dyn ReportWriter>>> {
    let options = Options {
        colour: match args.color {
            When::Always => Colour::Always,
            When::Auto if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() => {
                Colour::Always
            }
            _ => Colour::Never,
        },
    };
    let mut format_used = false;
    let mut writers = Vec::new();
    for path in &args.outputs {
        let destination = Destination::of(path);
        let by_name = match destination {
            Destination::File(_) => report::format_of(path).map(|f| f.name),
            _ => None,
        };
        let format = match (by_name, &args.format) {
            (Some(name), _) => name,
            (None, Some(name)) => {
                format_used = true;
                name
            }
            (None, None) => bail!(
                "-o {}: its extension names no format; add one such as .jsonl or .parquet, or say --format",
                path.display()
            ),
        };
        writers.push(open(format, &destination, path, options)?);
    }
    let format = args.format.as_deref().filter(|_| !format_used).unwrap_or("table");
    let explicit = args.format.is_some() && !format_used;
    if explicit || !args.quiet {
        writers.push(open(format, &Destination::Stdout, Path::new("-"), options)?);
    }
    Ok(writers)
}

fn open(format: &str, to: &Destination, path: &Path, options: Options) -> Result<Box<dyn ReportWriter>> {
    report::open(format, to, options).map_err(|e| {
        let folder_missing = e.kind() == io::ErrorKind::NotFound;
        let hint = if folder_missing { "; make the folder first" } else { "" };
        match folder_missing && !e.to_string().contains("cannot write") {
            true => anyhow!("cannot write {}: {e}{hint}", path.display()),
            false => anyhow!("{e}{hint}"),
        }
    })
}
