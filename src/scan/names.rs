//! Names are content: they are searched like text, and what was found in them is hidden wherever they are printed.

use super::ScanPlan;
use crate::detect::{Match, Scratch};
use crate::model::Likelihood;

/// How names are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathStyle {
    /// What was found inside a name is masked.
    #[default]
    Masked,
    /// As they are.
    Raw,
    /// A keyed hash of each.
    Hashed,
}

/// A name, searched and made printable.
pub(super) struct Printed {
    /// What may be printed.
    pub text: String,
    /// What was found in the raw name, at any likelihood.
    pub matches: Vec<Match>,
}

/// Searches `name` and renders it. What is `possible` or more is masked, at whatever likelihood the run reports.
pub(super) fn print(name: &[u8], plan: &ScanPlan, scratch: &mut Scratch) -> Printed {
    let ScanPlan { detectors, taxonomy, protector, .. } = plan;
    let mut matches = Vec::new();
    detectors.search_whole(scratch, name, &mut |m| matches.push(*m));
    let text = match plan.paths {
        PathStyle::Raw => escape(name),
        PathStyle::Hashed => protector.fingerprint("name", name)[..16].to_owned(),
        PathStyle::Masked => {
            let mut out = String::new();
            let mut from = 0;
            for m in matches.iter().filter(|m| Likelihood::of(m.score) >= Likelihood::Possible) {
                out.push_str(&escape(&name[from..m.start]));
                let mask = taxonomy.mask(&detectors.definition(m.detector).info_type);
                out.push_str(&mask.apply(&name[m.start..m.end]));
                from = m.end;
            }
            out.push_str(&escape(&name[from..]));
            out
        }
    };
    Printed { text, matches }
}

/// Bytes that are not UTF-8 become `\xNN`.
pub(super) fn escape(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|b| out.push_str(&format!("\\x{b:02x}")));
    }
    out
}
