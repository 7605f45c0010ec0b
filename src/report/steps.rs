//! What to do after a run, for the end of the summary.

use super::controls::Controls;
use super::summary::Summary;
use super::terminal::WIDTH;
use super::text::{counted, printable, shell_word, width};
use crate::model::{Reach, Reason, RunRecord};

/// Suggestions at the end.
const STEPS: usize = 4;

/// One suggestion.
pub(super) struct Step {
    pub text: String,
    /// To be typed as it is.
    pub command: Option<String>,
}

/// `roots not reached, so nothing can be said of crm (missing), share (not mounted)`
pub fn not_reached(systems: &[(String, Reach)]) -> String {
    let told = systems.iter().map(|(id, reach)| {
        let word = match reach {
            Reach::Unmounted => "not mounted",
            other => other.word(),
        };
        format!("{} ({word})", printable(id))
    });
    let told: Vec<String> = told.collect();
    let roots = if told.len() == 1 { "root" } else { "roots" };
    format!("{roots} not reached, so nothing can be said of {}", told.join(", "))
}

/// What is worth doing in this state, the most urgent first.
pub(super) fn steps(run: &RunRecord, summary: &Summary, controls: Option<&Controls>) -> Vec<Step> {
    let step = |text: &str, command: Option<String>| Step { text: text.to_owned(), command };
    let unread = |reason: Reason| -> u64 {
        summary.unread.iter().filter(|((_, r), _)| *r == reason).map(|(_, u)| u.items).sum()
    };
    let mut steps = Vec::new();
    if run.interrupted {
        steps.push(step("Run it again to the end: this run was interrupted.", None));
    }
    if !run.unreached.is_empty() {
        let ids: Vec<_> = run.unreached.iter().map(|(id, _)| printable(id)).collect();
        let text = format!("Make these systems readable and run it again: {}.", ids.join(", "));
        steps.push(step(&text, None));
    }
    if let n @ 1.. = unread(Reason::PermissionDenied) {
        let items = counted(n, "item", "items");
        steps.push(step(&format!("Run it as a user who may read everything: {items} refused access."), None));
    }
    if let n @ 1.. = unread(Reason::Encrypted) {
        let items = counted(n, "item is", "items are");
        let text = format!("{items} encrypted: decrypt a copy and scan that, or record why not.");
        steps.push(step(&text, None));
    }
    if summary.unread.keys().any(|(_, reason)| reason.code().starts_with("limit_")) {
        steps.push(step("Raise the limits named above to read what they left out.", None));
    }
    if let Some(controls) = controls {
        steps.extend(governed(run, controls));
    }
    if let Some(place) = summary.places().first().filter(|_| controls.is_none()) {
        let command = target(run, &place.path)
            .map(|path| format!("privascan scan {path} --format jsonl"))
            .filter(|command| width(command) <= WIDTH - 7)
            .unwrap_or_else(|| "privascan scan PATH --format jsonl".to_owned());
        steps.push(step("See each finding of one place, with masked samples and lines:", Some(command)));
    }
    if run.key_id == "random" && summary.total.matches > 0 && controls.is_none() {
        let text = "To compare values with those of another run, make a key and give it with --key-file:";
        steps.push(step(text, Some("privascan key new".to_owned())));
    }
    let tier = summary
        .highest_tier()
        .filter(|_| controls.is_none())
        .filter(|t| matches!(*t, "restricted" | "confidential"));
    if let Some(tier) = tier {
        let text = format!("In a pipeline, stop (exit code 1) when {tier} data is found:");
        steps.push(step(&text, Some(format!("privascan scan --fail-on {tier}"))));
    }
    if unread(Reason::Sampled) > 0 {
        steps.push(step("Leave out --sample-rows to read every row.", None));
    }
    if summary.total.matches == 0 && summary.ledger.bytes_examined > 0 {
        let text = "Look at weaker candidates too, to judge what was left out:";
        steps.push(step(text, Some("privascan scan --min-likelihood unlikely".to_owned())));
    }
    if summary.ledger.discovered == 0 {
        steps.push(step("Check the targets and the --include and --exclude patterns.", None));
    }
    steps.truncate(if controls.is_some() { STEPS + 1 } else { STEPS });
    steps
}

/// What a policy's readers can do.
fn governed(run: &RunRecord, controls: &Controls) -> Vec<Step> {
    let step = |text: &str, command: &str| Step { text: text.to_owned(), command: Some(command.to_owned()) };
    let mut steps = Vec::new();
    // Runs of a record are named by number and time, others at random.
    let kept = run.run_id.contains('-');
    if !kept {
        let text = "Keep runs as evidence; lists, comparisons and periods come from there:";
        steps.push(step(text, "privascan scan SHARE --policy FILE --record evidence"));
    }
    if controls.overdue.deviations > 0 {
        let text = "Hand the overdue list to its owners, with dates and rules:";
        let command = match kept {
            true => "privascan report RECORD --view overdue -o overdue.csv",
            false => "privascan report evidence --view overdue -o overdue.csv",
        };
        steps.push(step(text, command));
    }
    if !controls.undeclared.is_empty() || controls.outside > 0 {
        let text = "Declare what is undeclared, or take it away; then check the policy:";
        steps.push(step(text, "privascan policy check FILE"));
    }
    steps
}

/// The file to name on a command line for an item, if what is printed of it can be typed.
fn target(run: &RunRecord, path: &str) -> Option<String> {
    if !run.targets.is_empty() && run.targets.iter().all(|t| t == "-") {
        return Some("-".to_owned());
    }
    if run.settings.iter().any(|s| s.trim_start_matches('-').starts_with("paths=hashed")) {
        return None;
    }
    shell_word(path.split("!/").next().unwrap_or(path))
}
