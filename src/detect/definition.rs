//! The TOML schema of a detector, and loading built-in and user files.
//!
//! A definition is knowledge; what it means to search for it is in `compile` and `search`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::Likelihood;

/// One `[[detector]]` table. `patterns/README.md` explains each field to people who write them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// kebab-case, unique, permanent.
    pub id: String,
    /// What it finds: an info type of `taxonomy.toml`.
    pub info_type: String,
    /// One line for people.
    pub about: String,
    /// ISO 3166 alpha-2 codes; empty means anywhere.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Bounded regex without anchors or word boundaries: `boundary` says where a match may begin and end.
    pub pattern: String,
    /// Letters match in either case.
    #[serde(default)]
    pub ignore_case: bool,
    /// `\w`, `\p{L}` and letter classes mean Unicode; otherwise ASCII bytes.
    #[serde(default)]
    pub unicode: bool,
    /// How a match is found.
    #[serde(default)]
    pub anchor: Anchor,
    /// A class of bytes (inside of `[…]`) that may follow the pattern, as many as there are up to `extend_max`.
    pub extend: Option<String>,
    /// Limit for `extend`, in bytes.
    #[serde(default)]
    pub extend_max: u16,
    /// What may not stand directly around a match.
    #[serde(default)]
    pub boundary: Boundary,
    /// Names of validators; all must accept.
    #[serde(default)]
    pub validators: Vec<String>,
    /// Names of validators that recognise published test or documentation values.
    #[serde(default)]
    pub likely_test: Vec<String>,
    /// Published test values, compared by letters and digits only.
    #[serde(default)]
    pub test_values: Vec<String>,
    /// Level when pattern and validators fit and nothing else is known.
    #[serde(deserialize_with = "likelihood", serialize_with = "likelihood_word")]
    pub likelihood: Likelihood,
    /// Whether a hotword or fitting field name must be there.
    #[serde(default)]
    pub context: Context,
    /// Words near by that speak for it.
    #[serde(default)]
    pub hotwords: Vec<String>,
    /// Words near by that speak against it.
    #[serde(default)]
    pub negative_hotwords: Vec<String>,
    /// How near, in bytes before and after the match; hotwords never count across a line end.
    #[serde(default = "default_window")]
    pub hotword_window: u16,
    /// Names of fields that hold it.
    #[serde(default)]
    pub field_names: Vec<String>,
    /// Names of fields that never hold it.
    #[serde(default)]
    pub negative_field_names: Vec<String>,
    /// What equality of two values means.
    #[serde(default)]
    pub normalize: Normalize,
    /// Found and used to resolve overlaps, but never reported: UUIDs, hashes, time stamps that look like ids.
    #[serde(default)]
    pub decoy: bool,
    /// Texts in which it must find exactly the part between `⟦` and `⟧`; without marks, the whole text.
    pub examples: Vec<String>,
    /// Texts in which it must find nothing.
    pub counterexamples: Vec<String>,
    /// Standards or official pages.
    #[serde(default)]
    pub references: Vec<String>,
}

/// Where a match begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// At a start: a letter or digit after something else, or one of `+ ( -` after something that is neither a letter, a digit nor itself.
    #[default]
    Start,
    /// The whole of a cell whose field's name fits; nowhere else. For values that only their field gives away.
    Cell,
    /// Around an `@`: begins with the letters, digits and `. _ % + -` (at most 64) before it.
    At,
}

/// What may not stand directly before and after a match.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// No ASCII letter or digit.
    Word,
    /// As `word`, and a match that begins with a digit is not joined to a digit before it by one of `. - / : +`, one
    /// that ends with a digit not to a digit after it by one of `. - /`: no part of a longer number, version or address.
    #[default]
    Number,
    /// Nothing is asked.
    None,
}

/// Whether surroundings must speak for a match.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// A hotword or field name raises the likelihood.
    #[default]
    Optional,
    /// Without a hotword or field name there is no match.
    Required,
}

/// The form in which two values are compared and fingerprinted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Normalize {
    /// ASCII letters and digits only, upper case.
    #[default]
    Compact,
    /// As written, lower case.
    Lower,
    /// As written.
    Verbatim,
}

fn default_window() -> u16 {
    64
}

fn likelihood<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Likelihood, D::Error> {
    let word = String::deserialize(d)?;
    Likelihood::parse(&word).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "`{word}` is no likelihood; use very_unlikely, unlikely, possible, likely or very_likely"
        ))
    })
}

/// Why a detector file is refused: the file, and what to mend.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {what}")]
pub struct DefinitionError {
    /// File name as the user knows it.
    pub file: String,
    /// What is wrong, where, and how to fix it.
    pub what: String,
}

fn likelihood_word<S: serde::Serializer>(likelihood: &Likelihood, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(likelihood.word())
}

/// Definitions as one TOML text, from which [`parse`] makes the same ones: detectors with the same digest.
pub fn to_toml<'a>(definitions: impl Iterator<Item = &'a Definition>) -> Result<String, toml::ser::Error> {
    let file = DetectorFile { detector: definitions.cloned().collect() };
    toml::to_string(&file)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct DetectorFile {
    #[serde(default)]
    detector: Vec<Definition>,
}

/// The detectors of one TOML text.
pub fn parse(file: &str, text: &str) -> Result<Vec<Definition>, DefinitionError> {
    toml::from_str::<DetectorFile>(text)
        .map(|f| f.detector)
        .map_err(|e| DefinitionError { file: file.to_owned(), what: one_line(&e, text) })
}

fn one_line(e: &toml::de::Error, text: &str) -> String {
    let line = e.span().map(|s| text[..s.start].matches('\n').count() + 1);
    let message = e.message().replace('\n', "; ");
    line.map_or(message.clone(), |line| format!("line {line}: {message}"))
}

/// The detectors of every `*.toml` in a folder of the user's, by file name.
pub fn load_dir(dir: &Path) -> Result<Vec<(String, Definition)>, DefinitionError> {
    let fail = |what: String| DefinitionError { file: dir.display().to_string(), what };
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>())
        .map_err(|e| fail(format!("cannot list the folder: {e}")))?;
    files.retain(|p| p.extension().is_some_and(|x| x == "toml"));
    files.sort();
    if files.is_empty() {
        return Err(fail("holds no .toml file".to_owned()));
    }
    let mut all = Vec::new();
    for path in files {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|e| DefinitionError { file: file.clone(), what: format!("cannot be read: {e}") })?;
        all.extend(parse(&file, &text)?.into_iter().map(|d| (file.clone(), d)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_survive_being_written() {
        let all: Vec<Definition> =
            crate::detect::builtin().expect("sound").into_iter().map(|(_, definition)| definition).collect();
        let again = parse("copy", &to_toml(all.iter()).expect("written")).expect("parsed");
        assert_eq!(all.len(), again.len());
        for (one, other) in all.iter().zip(&again) {
            // The digest is made of this form.
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
    }
}
