//! `verify` and `anchor`: whether a record holds together, and noting its head outside.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::End;
use super::args::ListFormat;
use super::keys;
use crate::record::verify::{Checks, Depth, RunCheck, Signature, Verified, verify};
use crate::record::{Event, Record, RunState, Writer};
use crate::report::printable;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The record
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,

    /// A head that was noted outside: it has to be that of a line, or lines were removed or replaced
    ///
    /// Example: --expect-head 41d1…
    #[arg(long, value_name = "HASH")]
    pub expect_head: Option<String>,

    /// Public key that every kept run has to be signed with
    ///
    /// Example: --verify-key audit.key.pub
    #[arg(long, value_name = "FILE")]
    pub verify_key: Option<PathBuf>,

    /// Table for people or JSON lines for programs
    #[arg(long, value_name = "F", default_value = "table")]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct AnchorArgs {
    /// The record
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,

    /// Where the head was noted, in words; kept in the log
    ///
    /// Example: --note 'mailed to audit@, ticket SEC-114'
    #[arg(long, value_name = "TEXT", required_unless_present = "print", conflicts_with = "print")]
    pub note: Option<String>,

    /// The head that was noted, if lines have been added since
    #[arg(long, value_name = "HASH", conflicts_with = "print")]
    pub head: Option<String>,

    /// Print the head and keep nothing
    #[arg(long)]
    pub print: bool,

    /// Private key to sign the anchor's line with
    #[arg(long, value_name = "FILE", conflicts_with = "print")]
    pub sign_key: Option<PathBuf>,
}

/// Runs `verify`.
pub(super) fn run(args: &VerifyArgs) -> Result<End> {
    let key = args.verify_key.as_deref().map(keys::verify_key).transpose()?;
    let expect_head = args.expect_head.as_deref().map(|h| hash("--expect-head", h)).transpose()?;
    let checks = Checks { expect_head, key: key.as_ref(), depth: Depth::Whole };
    let verified = verify(&args.record, &checks)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        ListFormat::Jsonl => lines(&mut out, &verified)?,
        ListFormat::Table => table(&mut out, &verified)?,
    }
    out.flush()?;
    Ok(if verified.is_intact() { End::Fine } else { End::Found })
}

/// 64 lower-case hex digits.
fn hash<'a>(flag: &str, text: &'a str) -> Result<&'a str> {
    match text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        true => Ok(text),
        false => bail!("{flag} {text}: a head has 64 hex digits, as `privascan anchor --print` prints them"),
    }
}

fn signature(check: &RunCheck) -> &'static str {
    match check.signature {
        Signature::Missing => "none",
        Signature::Unchecked => "present, not checked",
        Signature::Good => "good",
        Signature::Foreign => "of another key",
    }
}

/// What is known of the head outside of the record.
fn anchored(verified: &Verified) -> String {
    match &verified.anchor {
        None => "not anchored".to_owned(),
        Some(anchor) => match (anchor.of_line, anchor.runs_since) {
            (None, _) => format!("anchor of line {} differs", anchor.line),
            (Some(line), 0) => format!("anchored up to line {line} ({})", printable(&anchor.place)),
            (Some(line), n) => {
                format!("anchored up to line {line} ({}), {n} runs since are not", printable(&anchor.place))
            }
        },
    }
}

fn plural(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `4 runs, 1 aborted, 52 files, not anchored`
fn counts(verified: &Verified) -> String {
    let mut parts = vec![plural(verified.runs.len() as u64, "run")];
    for state in [RunState::Interrupted, RunState::Aborted, RunState::Open] {
        match verified.count(state) {
            0 => {}
            n => parts.push(format!("{n} {}", state.word())),
        }
    }
    parts.push(plural(verified.files(), "file"));
    let signed = |s: Signature| verified.runs.iter().filter(|r| r.signature == s).count();
    match (signed(Signature::Good), signed(Signature::Unchecked)) {
        (0, 0) => {}
        (0, n) => parts.push(format!("{n} signatures present, not checked")),
        (n, _) => parts.push(format!("{n} signatures good")),
    }
    parts.push(anchored(verified));
    parts.join(", ")
}

fn table(out: &mut dyn Write, verified: &Verified) -> Result<()> {
    let width = verified.runs.iter().map(|r| r.name.len()).max().unwrap_or(3).max(3);
    writeln!(out, "{:<width$}  {:<11}  {:>5}  {:>9}  signature", "run", "state", "files", "rows")?;
    for run in &verified.runs {
        let (name, state) = (printable(&run.name), run.state.word());
        let kept = matches!(run.state, RunState::Completed | RunState::Interrupted);
        match kept {
            true => {
                let (files, rows, signed) = (run.files, run.rows, signature(run));
                writeln!(out, "{name:<width$}  {state:<11}  {files:>5}  {rows:>9}  {signed}")?;
            }
            false => {
                let why = run.reason.as_deref().unwrap_or("at work, or killed");
                writeln!(out, "{name:<width$}  {state:<11}  {:>5}  {:>9}  {}", "-", "-", printable(why))?;
            }
        }
        for note in &run.notes {
            writeln!(out, "  note: {note}")?;
        }
    }
    writeln!(out)?;
    for problem in &verified.problems {
        let run = problem.run.as_deref().map_or_else(String::new, |run| format!("{}: ", printable(run)));
        writeln!(out, "BROKEN  {run}{}: {}", printable(&problem.place), printable(&problem.what))?;
    }
    if verified.unfinished > 0 {
        writeln!(out, "log.jsonl ends with {} bytes of an unfinished line: a crash", verified.unfinished)?;
    }
    if let Some(line) = verified.expected_line {
        let since = verified.lines - line;
        let since =
            if since == 0 { "the last".to_owned() } else { format!("{} follow", plural(since, "line")) };
        writeln!(out, "the expected head is that of line {line}: {since}")?;
    }
    writeln!(out, "head {}", verified.head)?;
    let word = if verified.is_intact() {
        "intact".to_owned()
    } else {
        format!("broken in {}", plural(verified.problems.len() as u64, "place"))
    };
    writeln!(out, "{word}: {}", counts(verified))?;
    Ok(())
}

fn lines(out: &mut dyn Write, verified: &Verified) -> Result<()> {
    for run in &verified.runs {
        let line = json!({
            "record": "verified_run", "run": run.name, "state": run.state.word(), "reason": run.reason,
            "files": run.files, "rows": run.rows, "signature": signature(run), "notes": run.notes,
        });
        writeln!(out, "{line}")?;
    }
    for problem in &verified.problems {
        let line = json!({
            "record": "problem", "run": problem.run, "place": printable(&problem.place),
            "what": printable(&problem.what),
        });
        writeln!(out, "{line}")?;
    }
    let anchor = verified
        .anchor
        .as_ref()
        .map(|a| json!({"line": a.line, "of_line": a.of_line, "place": a.place, "runs_since": a.runs_since}));
    let line = json!({
        "record": "verification", "intact": verified.is_intact(), "runs": verified.runs.len(),
        "completed": verified.count(RunState::Completed), "interrupted": verified.count(RunState::Interrupted),
        "aborted": verified.count(RunState::Aborted), "open": verified.count(RunState::Open),
        "files": verified.files(), "lines": verified.lines, "unfinished_bytes": verified.unfinished,
        "head": verified.head, "expected_line": verified.expected_line, "anchored": verified.is_anchored(),
        "anchor": anchor, "problems": verified.problems.len(),
    });
    writeln!(out, "{line}")?;
    Ok(())
}

/// Runs `anchor`.
pub(super) fn anchor(args: &AnchorArgs) -> Result<End> {
    if args.print {
        writeln!(io::stdout(), "{}", Record::open(&args.record)?.head())?;
        return Ok(End::Fine);
    }
    let note = args.note.as_deref().unwrap_or_default().trim();
    if note.is_empty() {
        bail!("--note: says nothing; say where the head was noted");
    }
    let key = args.sign_key.as_deref().map(keys::sign_key).transpose()?;
    let given = args.head.as_deref().map(|h| hash("--head", h)).transpose()?;
    let now = Timestamp::now();
    let mut writer = Writer::open(&args.record, false, now)?;
    let record = Record::open(&args.record)?;
    let run = record.runs().last().with_context(|| {
        format!("{}: no run to anchor yet; `privascan scan --record` makes one", shown(&args.record))
    })?;
    let head = given.unwrap_or(record.head()).to_owned();
    if record.lines().iter().all(|l| l.hash != head) {
        let mut out = io::stdout().lock();
        writeln!(out, "BROKEN  log.jsonl: no line has the head {head}: lines were removed or replaced")?;
        return Ok(End::Found);
    }
    let event = Event::Anchor { head: head.clone(), place: note.to_owned() };
    let sign = key.as_ref().map(|key| |hash: &str| key.sign(hash));
    let sign = sign.as_ref().map(|sign| sign as &dyn Fn(&str) -> String);
    writer.append(&event, &run.name, now, sign)?;
    writeln!(io::stdout(), "{head}")?;
    Ok(End::Fine)
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}
