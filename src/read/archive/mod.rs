//! Archives and compressed streams: each entry is handed on as an item of its own, with all limits over it.
//!
//! Nothing here is ever written under a name from an archive, and no declared size is believed.

mod compressed;
mod guard;
mod holes;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

use std::io::Read;

use super::{Format, ReadContext, ReadError, go};
use crate::model::{Body, ContentVisitor, Gap, ItemMeta, Reason};

/// The formats of this file.
pub const FORMATS: &[Format] = &[
    compressed::GZIP,
    compressed::ZSTD,
    compressed::BZIP2,
    compressed::XZ,
    compressed::LZIP,
    zip::FORMAT,
    tar::FORMAT,
];

/// Whether entries of a container at this depth may be opened; if not, the container gets the gap.
fn may_open(cx: &ReadContext<'_>, visitor: &mut dyn ContentVisitor) -> bool {
    let open = cx.depth < cx.budget.limits.depth;
    if !open {
        visitor
            .gap(Gap::new(Reason::LimitDepth, format!("{} containers deep; entries not opened", cx.depth)));
    }
    open
}

/// Called before each entry: stops when the run or the item has to, and once nothing more may be decoded.
fn before_entry(cx: &ReadContext<'_>, entries: u64) -> Result<(), ReadError> {
    if let Some(stop) = cx.budget.stop() {
        return Err(stop.into());
    }
    if entries > cx.budget.limits.entries {
        let limit = cx.budget.limits.entries;
        return Err(
            Gap::new(Reason::LimitEntries, format!("entries after the first {limit} not opened")).into()
        );
    }
    if !cx.budget.spend(0) {
        return Err(
            Gap::new(Reason::LimitBytes, format!("entries from number {entries} on not opened")).into()
        );
    }
    Ok(())
}

/// Hands a comment on, without trailing padding, unless it is empty.
fn comment(visitor: &mut dyn ContentVisitor, text: &[u8]) {
    let text = text.trim_ascii();
    if !text.is_empty() {
        visitor.comment(text);
    }
}

/// Hands on what stands where nothing of the container should: behind its end, or before its beginning.
fn trailing_bytes(rest: impl Read, visitor: &mut dyn ContentVisitor) -> Result<(), ReadError> {
    const HOW: &str = "trailing-bytes";
    visitor.residue(Some(HOW));
    let flow = visitor.entry(HOW.as_bytes(), ItemMeta::default(), Body::stream(rest));
    visitor.residue(None);
    go(flow)
}

/// Gives a reader's gap to the visitor, so that only a stop is left to pass on.
fn settle(result: Result<(), ReadError>, visitor: &mut dyn ContentVisitor) -> Result<(), ReadError> {
    match result {
        Err(ReadError::Gap(gap)) => {
            visitor.gap(gap);
            Ok(())
        }
        other => other,
    }
}
