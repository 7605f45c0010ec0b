//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::outputs::OutputArgs;

/// Finds personal and confidential data, says what it is and how sensitive, and accounts for everything it looked at.
#[derive(Debug, Parser)]
#[command(name = "privascan", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find and classify personal and confidential data; print a summary, write findings
    #[command(
        after_help = "Exit codes: 0 complete, nothing at or above --fail-on; 1 something at or above it; \
        2 usage, configuration or internal error; 3 incomplete: something failed, was partial or was interrupted"
    )]
    Scan(Box<ScanArgs>),
    /// Hold a policy against a kept run, without the data
    Assess(Box<super::assess::AssessArgs>),
    /// Render a kept run, or a period of runs, for one reader
    Report(super::report::ReportArgs),
    /// What a record is about: its runs with gaps, its items, its disposals
    Population(super::population::PopulationArgs),
    /// Compare a kept run with an independent listing of the store; exit 1 where they differ
    Reconcile(super::reconcile::ReconcileArgs),
    /// Whether a record holds together, from its files alone; exit 1 where it does not
    Verify(super::verify::VerifyArgs),
    /// Keep in the log that its head was noted outside, and print the head
    Anchor(super::verify::AnchorArgs),
    /// Draw from a population so that anyone can draw the same again
    Sample(super::sample::SampleArgs),
    /// Examine one item of a kept run again with the rules that the run kept; exit 1 where something is different
    Reperform(super::reperform::ReperformArgs),
    /// Keep a decision about something that a run found
    Review(super::review::ReviewArgs),
    /// What appeared, went and stayed between two kept runs; exit 1 where they differ
    Diff(super::diff::DiffArgs),
    /// Dispose of what is overdue: plan, approve, apply, verify
    #[cfg(unix)]
    #[command(subcommand)]
    Dispose(super::dispose::DisposeCommand),
    /// Where identifiers of one person occur; they are read from standard input, one a line, and never shown
    #[command(
        after_help = "Exit codes: 0 found nowhere; 1 found; 2 usage, configuration or internal error; \
        3 found nowhere, but something could not be read"
    )]
    Locate(super::locate::LocateArgs),
    /// The detectors: what can be found
    #[command(subcommand)]
    Detectors(DetectorsCommand),
    /// The control tests, and what they say about criteria of frameworks
    #[command(subcommand)]
    Controls(super::controls::ControlsCommand),
    /// The policy file: checking it, drafting one, and the schedules in it
    #[command(subcommand)]
    Policy(super::policy::PolicyCommand),
    /// The formats that can be read
    Formats(ListArgs),
    /// Every table, column and code of the output
    Schema(ListArgs),
    /// Keys for fingerprints and signatures
    #[command(subcommand)]
    Key(KeyCommand),
    /// Plant made-up values of every kind in every format and look for them; exit 1 when one is missed
    Selftest(super::self_test::SelfTestArgs),
    /// Completions for a shell, on standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The manual page, on standard output
    Man,
}

/// A day, as an argument.
pub(super) fn day_of(text: &str) -> Result<jiff::civil::Date, String> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let day = text.parse().ok().filter(|_| plain);
    day.ok_or_else(|| "there is no such day; one is written as 2026-12-31".to_owned())
}

/// How names are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Paths {
    Masked,
    Raw,
    Hashed,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

/// Table for people or JSON lines for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    Table,
    Jsonl,
}

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// Files and folders, or - for standard input; the working directory if none is given
    ///
    /// Example: privascan scan exports/ hr/staff.csv
    #[arg(value_name = "TARGET")]
    pub targets: Vec<PathBuf>,

    #[command(flatten)]
    pub output: OutputArgs,

    /// Keep the run as evidence in this folder: one more run, chained to the last
    ///
    /// Example: --record evidence/
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    /// Hold a policy against what is found; privascan.toml in the working directory, if there is one
    ///
    /// Without a target, the systems that it declares are scanned. Example: --policy privacy.toml
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Take over what the record's last run knows of items whose bytes and rules are the same
    ///
    /// Bytes are compared by SHA-256; the results equal those of a full scan, and the record says which items were
    /// taken over and from which run. Needs a key. Example: --record evidence/ --key-file k --incremental
    #[arg(long, requires = "record")]
    pub incremental: bool,

    /// Sign the run's end line in the record with this Ed25519 key: PKCS#8 PEM, or 64 hex digits
    ///
    /// `privascan key new --sign` makes one. Example: --sign-key audit.key
    #[arg(long, value_name = "FILE", requires = "record")]
    pub sign_key: Option<PathBuf>,

    /// The today of retention arithmetic; recorded
    ///
    /// Example: --as-of 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = day_of)]
    pub as_of: Option<jiff::civil::Date>,

    /// Exit 1 at or above this: a tier, a likelihood, an info type, a category (gov.* too), a control test id, deviation;
    /// repeatable
    ///
    /// Published test values never count. Example: --fail-on restricted --fail-on EMAIL_ADDRESS
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Vec<String>,

    /// Lowest likelihood that is reported: very_unlikely, unlikely, possible, likely, very_likely
    ///
    /// Example: --min-likelihood likely
    #[arg(long, value_name = "L", default_value = "possible")]
    pub min_likelihood: String,

    #[command(flatten)]
    pub knowledge: KnowledgeArgs,

    /// Scan only what matches this glob; the rest is recorded as excluded; repeatable
    ///
    /// Example: --include '*.csv'
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub include: Vec<String>,

    /// Leave out what matches this glob, on record; repeatable
    ///
    /// Example: --exclude 'node_modules/'
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub exclude: Vec<String>,

    /// Leave out what this file lists, in the syntax of .gitignore, on record; repeatable
    ///
    /// Example: --ignore-file .scanignore
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    pub ignore_file: Vec<PathBuf>,

    /// Do not descend into other file systems; they are recorded
    ///
    /// Example: privascan scan / --one-file-system
    #[arg(long, help_heading = "Selection")]
    pub one_file_system: bool,

    /// Name of standard input: gives its format and its place in the results
    ///
    /// Example: privascan scan - --stdin-name q3.csv < q3.csv
    #[arg(long, value_name = "NAME", default_value = "-", help_heading = "Selection")]
    pub stdin_name: String,

    /// Threads that examine items; all processors by default
    ///
    /// Example: --threads 4
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<std::num::NonZeroUsize>,

    /// Containers around an item that are opened
    ///
    /// Example: --max-depth 3
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = "Limits")]
    pub max_depth: usize,

    /// Decoded bytes of one outermost item that are read, all nesting together
    ///
    /// Example: --max-item-bytes 10GiB
    #[arg(long, value_name = "B", default_value = "64GiB", help_heading = "Limits")]
    pub max_item_bytes: bytesize::ByteSize,

    /// Decoded bytes for each stored byte that are believed, after the first 64 MiB
    ///
    /// Example: --max-ratio 1000
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = "Limits")]
    pub max_ratio: u64,

    /// Seconds that one outermost item may take
    ///
    /// Example: --timeout-per-item 60
    #[arg(long, value_name = "S", help_heading = "Limits")]
    pub timeout_per_item: Option<f64>,

    /// Read only the first N rows of each table; such items are partial
    ///
    /// Example: --sample-rows 10000
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub sample_rows: Option<u64>,

    /// Folder for temporary copies of content that needs random access; created 0600 and unlinked at once
    ///
    /// Example: --temp-dir /var/tmp
    #[arg(long, value_name = "D", help_heading = "Limits")]
    pub temp_dir: Option<PathBuf>,

    /// Occurrences kept of each finding: a number or all
    ///
    /// Example: --occurrences all
    #[arg(long, value_name = "N", default_value = "10", help_heading = "Results")]
    pub occurrences: String,

    /// Key for fingerprints: 16 bytes or more, taken as they are but for one line end; or PRIVASCAN_KEY
    ///
    /// Without a key, a random one serves this run and fingerprints cannot be compared with another run's.
    /// Example: --key-file ~/.privascan.key
    #[arg(long, value_name = "F", help_heading = "Results")]
    pub key_file: Option<PathBuf>,

    /// How names of files, entries and fields are printed
    ///
    /// masked hides what was found inside a name. Example: --paths hashed
    #[arg(long, value_name = "HOW", default_value = "masked", help_heading = "Results")]
    pub paths: Paths,

    /// No progress bar on a terminal
    ///
    /// Example: --no-progress
    #[arg(long, help_heading = "Results")]
    pub no_progress: bool,
}

#[derive(Debug, Args)]
pub(super) struct KnowledgeArgs {
    /// Detectors to use: all, ids, info types, categories, ISO countries; !name takes away
    ///
    /// Example: --detectors 'all,!us-npi'
    #[arg(
        long,
        value_name = "LIST",
        default_value = "all",
        value_delimiter = ',',
        help_heading = "Detection"
    )]
    pub detectors: Vec<String>,

    /// Folder of your own detectors (*.toml); one with the id of a built-in detector replaces it
    ///
    /// Example: --patterns detectors/
    #[arg(long, value_name = "DIR", help_heading = "Detection")]
    pub patterns: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DetectorsCommand {
    /// One line per detector
    List(DetectorsListArgs),
    /// One detector whole
    Show(DetectorsShowArgs),
    /// Run all examples and counterexamples; exit 1 when one fails
    Check(DetectorsCheckArgs),
    /// What is found in a text, and why; values are masked
    Test(DetectorsTestArgs),
}

#[derive(Debug, Args)]
pub(super) struct DetectorsListArgs {
    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

#[derive(Debug, Args)]
pub(super) struct DetectorsShowArgs {
    /// Id of the detector
    #[arg(value_name = "ID", required_unless_present = "validators")]
    pub id: Option<String>,
    /// List the validators that detectors can name
    #[arg(long)]
    pub validators: bool,
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

#[derive(Debug, Args)]
pub(super) struct DetectorsCheckArgs {
    /// Also fail where another detector would be reported for an example
    #[arg(long)]
    pub pedantic: bool,
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

#[derive(Debug, Args)]
pub(super) struct DetectorsTestArgs {
    /// The text; standard input without one
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// A new random key
    New(KeyNewArgs),
}

#[derive(Debug, Args)]
pub(super) struct KeyNewArgs {
    /// Write the key to a new file that only you can read; standard output without one
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// A pair to sign kept runs with instead: FILE for --sign-key, FILE.pub for --verify-key
    ///
    /// Example: privascan key new --sign -o audit.key
    #[arg(long)]
    pub sign: bool,
}
