//! `detectors list`, `show`, `check`, `test`.

use std::io::{self, Read, Write};

use anyhow::{Result, bail};

use super::End;
use super::args::{DetectorsCheckArgs, DetectorsListArgs, DetectorsShowArgs, DetectorsTestArgs, ListFormat};
use super::knowledge::load;
use crate::detect::validators::VALIDATORS;
use crate::detect::{Definition, check::check as run_examples};
use crate::model::Likelihood;

/// `detectors list`.
pub(super) fn list(args: &DetectorsListArgs) -> Result<End> {
    let (detectors, taxonomy) = load(&args.knowledge)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let shown: Vec<&Definition> = detectors.definitions().filter(|d| !d.decoy).collect();
    for d in &shown {
        let category = &taxonomy.category_of(&d.info_type).name;
        let (examples, likelihood) = (d.examples.len() + d.counterexamples.len(), d.likelihood.word());
        match args.format {
            ListFormat::Table => {
                let countries = d.countries.join(",");
                writeln!(out, "{:<30} {:<26} {:<20} {}", d.id, d.info_type, category, countries)?;
            }
            ListFormat::Jsonl => {
                let line = serde_json::json!({
                    "id": d.id, "info_type": d.info_type, "category": category, "countries": d.countries,
                    "validators": d.validators, "likelihood": likelihood, "examples": examples,
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    if args.format == ListFormat::Table {
        writeln!(out, "\n{} detectors; `privascan detectors show ID` tells more", shown.len())?;
    }
    out.flush()?;
    Ok(End::Fine)
}

/// `detectors show`.
pub(super) fn show(args: &DetectorsShowArgs) -> Result<End> {
    let mut out = io::stdout().lock();
    if args.validators {
        for v in VALIDATORS.iter().flat_map(|room| room.iter()) {
            writeln!(out, "{:<28} passes {:>6.2} % by chance; {}", v.name, v.pass_rate * 100.0, v.about)?;
        }
        return Ok(End::Fine);
    }
    let id = args.id.as_deref().unwrap_or_default();
    let (detectors, taxonomy) = load(&args.knowledge)?;
    let Some(d) = detectors.definitions().find(|d| d.id == id) else {
        bail!("no detector `{id}`; see `privascan detectors list`");
    };
    let category = taxonomy.category_of(&d.info_type);
    let or_none = |list: &[String]| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let fields = [
        ("about", d.about.clone()),
        ("info type", d.info_type.clone()),
        ("category", format!("{} ({})", category.name, category.tier)),
        ("flags", or_none(&category.flags)),
        ("countries", if d.countries.is_empty() { "any".to_owned() } else { d.countries.join(", ") }),
        ("pattern", d.pattern.clone()),
        ("validators", or_none(&d.validators)),
        ("likelihood", format!("{} when nothing else is known", d.likelihood.word())),
        ("context", format!("{:?}", d.context).to_lowercase()),
        ("hotwords", or_none(&d.hotwords)),
        ("against", or_none(&d.negative_hotwords)),
        ("field names", or_none(&d.field_names)),
        ("examples", format!("{} and {} counterexamples", d.examples.len(), d.counterexamples.len())),
        ("references", or_none(&d.references)),
    ];
    writeln!(out, "{}", d.id)?;
    for (name, value) in fields {
        writeln!(out, "  {name:<12} {value}")?;
    }
    Ok(End::Fine)
}

/// `detectors check`.
pub(super) fn check(args: &DetectorsCheckArgs) -> Result<End> {
    let (detectors, _) = load(&args.knowledge)?;
    let failures = run_examples(&detectors, args.pedantic);
    let mut out = io::stdout().lock();
    for failure in &failures {
        writeln!(out, "{}: {:?}: {}", failure.detector, failure.text, failure.what)?;
    }
    let examples: usize = detectors.definitions().map(|d| d.examples.len() + d.counterexamples.len()).sum();
    let n = detectors.definitions().len();
    writeln!(out, "{n} detectors, {examples} examples and counterexamples, {} failed", failures.len())?;
    Ok(if failures.is_empty() { End::Fine } else { End::Found })
}

/// `detectors test`.
pub(super) fn test(args: &DetectorsTestArgs) -> Result<End> {
    let (detectors, taxonomy) = load(&args.knowledge)?;
    let text = match &args.text {
        Some(text) => text.clone().into_bytes(),
        None => {
            let mut text = Vec::new();
            io::stdin().lock().read_to_end(&mut text)?;
            text
        }
    };
    let mut found = Vec::new();
    detectors.search_whole(&mut detectors.scratch(), &text, &mut |m| found.push(*m));
    let mut out = io::stdout().lock();
    for m in &found {
        let d = detectors.definition(m.detector);
        let mask = taxonomy.mask(&d.info_type).apply(&text[m.start..m.end]);
        let (score, word) = (m.score, Likelihood::of(m.score).word());
        let signals = m.signals.words().join(", ");
        writeln!(
            out,
            "{}..{} {} ({}) {word} {score:.2} [{signals}] {}",
            m.start,
            m.end,
            d.info_type,
            d.id,
            crate::report::printable(&mask)
        )?;
    }
    if found.is_empty() {
        writeln!(
            out,
            "nothing found in {} bytes by {} detectors",
            text.len(),
            detectors.definitions().len()
        )?;
    }
    Ok(End::Fine)
}
