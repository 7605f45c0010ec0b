//! What the program knows: which detectors are on, which formats it reads, what its output means.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Result, bail};

use super::End;
use super::args::{KnowledgeArgs, ListArgs, ListFormat};
use crate::classify::Taxonomy;
use crate::detect::{Definition, Detectors, builtin, definition};

/// Compiles the chosen detectors. All mistakes in the user's files come in one message.
pub(super) fn load(args: &KnowledgeArgs) -> Result<(Arc<Detectors>, Arc<Taxonomy>)> {
    let taxonomy = Taxonomy::builtin()?;
    let mut all = builtin()?;
    if let Some(dir) = &args.patterns {
        let own = definition::load_dir(dir)?;
        all.retain(|(_, d)| !own.iter().any(|(_, o)| o.id == d.id));
        all.extend(own);
    }
    let chosen = choose(all, &args.detectors, &taxonomy)?;
    let detectors = Detectors::compile(chosen, &|t| taxonomy.has(t)).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(lines.join("\n"))
    })?;
    Ok((Arc::new(detectors), Arc::new(taxonomy)))
}

/// Applies `--detectors`. Decoys are always on: they keep others honest.
fn choose(
    all: Vec<(String, Definition)>,
    list: &[String],
    taxonomy: &Taxonomy,
) -> Result<Vec<(String, Definition)>> {
    let matches = |d: &Definition, name: &str| {
        let category = &taxonomy.category_of(&d.info_type).name;
        name == "all"
            || d.id == name
            || d.info_type == name
            || d.countries.iter().any(|c| c == name)
            || category == name
            || name
                .strip_suffix(".*")
                .is_some_and(|p| category.starts_with(p) && category[p.len()..].starts_with('.'))
    };
    let mut on = vec![list.first().is_some_and(|n| n.starts_with('!')); all.len()];
    for name in list.iter().map(|n| n.trim()).filter(|n| !n.is_empty()) {
        let (name, value) = name.strip_prefix('!').map_or((name, true), |n| (n, false));
        let mut known = false;
        for (i, (_, d)) in all.iter().enumerate() {
            if matches(d, name) {
                known = true;
                on[i] = value;
            }
        }
        if !known {
            bail!(
                "--detectors {name}: no detector id, info type, category or country; see `privascan detectors list`"
            );
        }
    }
    let chosen: Vec<_> =
        all.into_iter().zip(on).filter(|((_, d), on)| *on || d.decoy).map(|(d, _)| d).collect();
    if chosen.iter().all(|(_, d)| d.decoy) {
        bail!("--detectors leaves none; see `privascan detectors list`");
    }
    Ok(chosen)
}

/// `formats`.
pub(super) fn formats(args: &ListArgs) -> Result<End> {
    let mut out = io::stdout().lock();
    for format in crate::read::formats() {
        match args.format {
            ListFormat::Table => {
                writeln!(out, "{:<10} {:<28} {}", format.name, format.extensions.join(" "), format.about)?;
            }
            ListFormat::Jsonl => {
                let line = serde_json::json!({
                    "name": format.name, "extensions": format.extensions, "about": format.about,
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(End::Fine)
}

/// `schema`.
pub(super) fn schema(args: &ListArgs) -> Result<End> {
    crate::report::describe(&mut io::stdout().lock(), args.format == ListFormat::Jsonl)?;
    Ok(End::Fine)
}
