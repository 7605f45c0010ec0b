//! Settings of a scan, as outputs and the record tell them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::args::{Paths, ScanArgs};
use crate::scan::{ScanPlan, printed};

/// What differs from the defaults; never a path, a glob or a key, which may be content.
pub(super) fn changed(args: &ScanArgs) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |on: bool, what: String| all.extend(on.then_some(what));
    let knowledge = &args.knowledge;
    add(knowledge.detectors != ["all"], format!("detectors={}", knowledge.detectors.join(",")));
    add(knowledge.patterns.is_some(), "patterns=own".to_owned());
    add(!args.include.is_empty(), format!("include={} globs", args.include.len()));
    add(!args.exclude.is_empty(), format!("exclude={} globs", args.exclude.len()));
    add(!args.ignore_file.is_empty(), format!("ignore-file={} files", args.ignore_file.len()));
    add(args.one_file_system, "one-file-system".to_owned());
    add(args.max_depth != 8, format!("max-depth={}", args.max_depth));
    add(args.max_item_bytes.as_u64() != 64 << 30, format!("max-item-bytes={}", args.max_item_bytes.as_u64()));
    add(args.max_ratio != 200, format!("max-ratio={}", args.max_ratio));
    let seconds = args.timeout_per_item.unwrap_or_default();
    add(args.timeout_per_item.is_some(), format!("timeout-per-item={seconds}"));
    let rows = args.sample_rows.unwrap_or_default();
    add(args.sample_rows.is_some(), format!("sample-rows={rows}"));
    add(args.occurrences != "10", format!("occurrences={}", args.occurrences));
    add(args.policy.is_some(), "policy=given".to_owned());
    add(args.incremental, "incremental".to_owned());
    add(args.as_of.is_some(), format!("as-of={}", args.as_of.unwrap_or_default()));
    add(!matches!(args.paths, Paths::Masked), format!("paths={:?}", args.paths).to_lowercase());
    all
}

/// Every setting after defaults, by the name of its flag. What was found in globs and names is masked; a key file is
/// not named.
pub(super) fn effective(args: &ScanArgs, plan: &ScanPlan) -> BTreeMap<String, String> {
    let texts = |all: &[String]| printed(plan, all.iter().map(String::as_bytes)).join(" ");
    let files =
        |all: &[PathBuf]| printed(plan, all.iter().map(|p| p.as_os_str().as_encoded_bytes())).join(" ");
    let limits = &plan.limits;
    let number = |n: Option<u64>| n.map_or_else(|| "none".to_owned(), |n| n.to_string());
    let time = limits.time.map_or_else(|| "none".to_owned(), |t| t.as_secs_f64().to_string());
    [
        ("detectors", texts(&args.knowledge.detectors)),
        ("patterns", files(args.knowledge.patterns.as_slice())),
        ("include", texts(&args.include)),
        ("exclude", texts(&args.exclude)),
        ("ignore-file", files(&args.ignore_file)),
        ("one-file-system", args.one_file_system.to_string()),
        ("stdin-name", texts(std::slice::from_ref(&args.stdin_name))),
        ("threads", plan.threads.to_string()),
        ("max-depth", limits.depth.to_string()),
        ("max-entries", limits.entries.to_string()),
        ("max-item-bytes", limits.item_bytes.to_string()),
        ("max-ratio", limits.ratio.to_string()),
        ("max-record-bytes", limits.record_bytes.to_string()),
        ("timeout-per-item", time),
        ("sample-rows", number(limits.sample_rows)),
        ("min-likelihood", plan.min_likelihood.word().to_owned()),
        ("occurrences", args.occurrences.clone()),
        ("paths", format!("{:?}", args.paths).to_lowercase()),
        ("fail-on", args.fail_on.join(" ")),
        ("incremental", "off".to_owned()),
        ("policy", files(args.policy.as_slice())),
        ("allow-incomplete", args.output.allow_incomplete.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
