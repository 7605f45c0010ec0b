//! The disposal certificate: what the register says was done, and what a scan found of it, with its coverage.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::govern::ControlOutcome;
use crate::govern::registers::DisposalEntry;
use crate::govern::verified::{Said, Verified};

/// What a certificate says and what it does not.
pub const SENTENCE: &str =
    "Absence verified in the listed stores at the stated time; media sanitization not tested.";
/// The same where something was found or is tolerated, or something could not be compared or said.
pub const LIMITED: &str = "Absence was verified only where this certificate says so, in the listed stores at the stated time; \
                           media sanitization not tested.";

/// One store that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Store {
    /// Declared system.
    pub system: String,
    /// Its root as declared.
    pub root: String,
    /// `reached`, or why not.
    pub reach: String,
}

/// Everything about a batch of disposals.
#[derive(Clone, Debug)]
pub struct Certificate<'a> {
    /// Id of the run that verified.
    pub run_id: String,
    /// When that run began.
    pub verified_at: Timestamp,
    /// Its today.
    pub as_of: Date,
    /// Version of the tool.
    pub tool_version: &'a str,
    /// Name and version of the policy.
    pub policy: String,
    /// SHA-256 of it, hex.
    pub policy_digest: String,
    /// Which key fingerprints are of.
    pub key_id: String,
    /// Where it was looked.
    pub stores: Vec<Store>,
    /// Items by outcome, with the reason: `partial (encrypted)`.
    pub coverage: Vec<(String, u64)>,
    /// The disposals.
    pub entries: Vec<Verified<'a>>,
}

impl Certificate<'_> {
    /// The sentence that the certificate ends with.
    pub fn sentence(&self) -> &'static str {
        let all = self.entries.iter().all(|e| e.outcome() == ControlOutcome::Pass && !e.is_limited());
        if all && !self.entries.is_empty() { SENTENCE } else { LIMITED }
    }

    /// As JSON, indented.
    pub fn json(&self) -> serde_json::Result<String> {
        let entries = self.entries.iter().map(|entry| {
            let mut fields = fields(entry.entry)?;
            fields.insert("absent_at_source".to_owned(), value(&entry.absent));
            fields.insert("residual_copies".to_owned(), value(&entry.copies));
            fields.insert("copies_tolerated".to_owned(), entry.tolerated.into());
            fields.insert("copies_looked_for".to_owned(), entry.how().into());
            Ok(Value::Object(fields))
        });
        let entries: Vec<Value> = entries.collect::<serde_json::Result<_>>()?;
        let coverage: Map<String, Value> =
            self.coverage.iter().map(|(outcome, n)| (outcome.clone(), (*n).into())).collect();
        let whole = json!({
            "certificate": "disposal-certificate/1",
            "verified_by_run": self.run_id,
            "verified_at": self.verified_at.to_string(),
            "as_of": self.as_of.to_string(),
            "tool": "privascan",
            "tool_version": self.tool_version,
            "policy": self.policy,
            "policy_digest": self.policy_digest,
            "key_id": self.key_id,
            "stores": self.stores,
            "coverage": coverage,
            "entries": entries,
            "statement": self.sentence(),
        });
        serde_json::to_string_pretty(&whole).map(|text| text + "\n")
    }

    /// As Markdown.
    pub fn markdown(&self) -> serde_json::Result<String> {
        let mut out = String::from("# Disposal certificate\n\n");
        let line = |out: &mut String, name: &str, said: &str| {
            // Writing to a string does not fail.
            writeln!(out, "- {name}: {}", plain(said)).unwrap_or_default();
        };
        line(&mut out, "Verified by run", &self.run_id);
        line(&mut out, "Verified at", &self.verified_at.to_string());
        line(&mut out, "As of", &self.as_of.to_string());
        line(&mut out, "Tool", &format!("privascan {}", self.tool_version));
        line(&mut out, "Policy", &format!("{}, SHA-256 {}", self.policy, self.policy_digest));
        line(&mut out, "Fingerprint key", &self.key_id);
        out.push_str("\n## Stores\n\n");
        for store in &self.stores {
            line(&mut out, &plain(&store.system), &format!("{} ({})", store.root, store.reach));
        }
        out.push_str("\n## Coverage\n\n");
        for (outcome, items) in &self.coverage {
            line(&mut out, outcome, &items.to_string());
        }
        writeln!(out, "\n## {} disposals", self.entries.len()).unwrap_or_default();
        for entry in &self.entries {
            writeln!(out, "\n### {}\n", plain(&entry.entry.id)).unwrap_or_default();
            for (name, value) in fields(entry.entry)?.iter().filter(|(name, _)| *name != "id") {
                let said = match value {
                    Value::String(text) => text.clone(),
                    Value::Array(all) if name == "record_fingerprints" => format!("{} kept", all.len()),
                    Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
                    other => other.to_string(),
                };
                line(&mut out, name, &said);
            }
            line(&mut out, "Absent at its source (DSP-02)", &words(&entry.absent));
            line(&mut out, "Residual copies (DSP-03)", &words(&entry.copies));
            line(&mut out, "Copies looked for", &entry.how());
        }
        writeln!(out, "\n{}", self.sentence()).unwrap_or_default();
        Ok(out)
    }
}

/// What the register says, without what it says nothing about.
fn fields(entry: &DisposalEntry) -> serde_json::Result<Map<String, Value>> {
    let fields = match serde_json::to_value(entry)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    Ok(fields.into_iter().filter(|(_, value)| !empty(value)).collect())
}

fn value(said: &Said) -> Value {
    json!({"outcome": said.outcome.word(), "reason": said.reason, "detail": said.detail, "path": said.path})
}

fn words(said: &Said) -> String {
    let parts = [said.reason.as_deref(), said.path.as_deref(), said.detail.as_deref()];
    let more: Vec<&str> = parts.into_iter().flatten().collect();
    match more.is_empty() {
        true => said.outcome.word().to_owned(),
        false => format!("{} ({})", said.outcome.word(), more.join(": ")),
    }
}

/// Text without what Markdown or a terminal would take for more than text.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push_str(&format!("\\\\x{:02x}", u32::from(c))),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
