//! Bytes to matches. A pure function of bytes: knows no paths, files, formats or columns.
//!
//! [`Detectors`] is compiled once and shared; each thread has a [`Scratch`] of its own.

mod automaton;
mod builtin;
pub mod check;
mod compile;
mod context;
pub mod definition;
mod fields;
mod filter;
mod masks;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod properties;
mod search;
mod starts;
pub mod validators;

use crate::model::{Cell, TextWindow};

pub use builtin::builtin;
use compile::Compiled;
pub use context::DetectorSet;
pub use definition::{Definition, DefinitionError};
pub use fields::FieldContext;
pub use search::{LOWEST_SCORE, Match, Scratch};

/// How many bytes around its start decide about a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectorReach {
    /// Before the owned range of a window.
    pub behind: usize,
    /// After it.
    pub ahead: usize,
}

/// A set of detectors, compiled: immutable, to be shared between threads.
pub struct Detectors {
    compiled: Compiled,
}

impl Detectors {
    /// Compiles definitions, each with the name of the file it came from; or says everything that is wrong.
    pub fn compile(
        definitions: Vec<(String, Definition)>,
        is_info_type: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Vec<DefinitionError>> {
        compile::compile(definitions, is_info_type).map(|compiled| Self { compiled })
    }

    /// The definition behind [`Match::detector`].
    pub fn definition(&self, detector: u16) -> &Definition {
        &self.compiled.detectors[usize::from(detector)].def
    }

    /// All definitions, by id: position is [`Match::detector`].
    pub fn definitions(&self) -> impl ExactSizeIterator<Item = &Definition> {
        self.compiled.detectors.iter().map(|d| &d.def)
    }

    /// SHA-256 over all definitions, hex.
    pub fn digest(&self) -> &str {
        &self.compiled.digest
    }

    /// How much of the text a window has to show around its owned range.
    pub fn reach(&self) -> DetectorReach {
        let around = context::MAX_WINDOW + 64;
        DetectorReach { behind: search::COMPONENT_SPAN + around, ahead: self.compiled.longest + around }
    }

    /// Buffers for one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch::new(&self.compiled)
    }

    /// What the name of a field says.
    pub fn field_context(&self, name: &[u8]) -> FieldContext {
        self.compiled.fields.context(name)
    }

    /// Searches the next window of one text. `found` gets every match exactly once, over all windows of the text in
    /// ascending order. Returns how far the text is settled, in this window's coordinates: later matches start there or after.
    pub fn search(
        &self,
        scratch: &mut Scratch,
        window: &TextWindow<'_>,
        found: &mut dyn FnMut(&Match),
    ) -> usize {
        self.compiled.text(scratch, window, found)
    }

    /// Searches a whole text, independent of windows in progress.
    pub fn search_whole(&self, scratch: &mut Scratch, text: &[u8], found: &mut dyn FnMut(&Match)) {
        let carried = scratch.set_aside();
        let window = TextWindow { bytes: text, owned: 0..text.len(), offset: 0, last: true, located: true };
        self.compiled.text(scratch, &window, found);
        scratch.put_back(carried);
    }

    /// What one detector finds in a whole text, before other detectors are heard.
    pub fn search_alone(&self, scratch: &mut Scratch, text: &[u8], detector: u16) -> Vec<Match> {
        self.compiled.alone(scratch, text, detector)
    }

    /// Searches cells joined by newlines; `fields` by [`crate::model::FieldId`].
    pub fn search_cells(
        &self,
        scratch: &mut Scratch,
        text: &[u8],
        cells: &[Cell],
        fields: &[FieldContext],
        found: &mut dyn FnMut(&Match),
    ) {
        self.compiled.cells(scratch, text, cells, fields, found);
    }
}
