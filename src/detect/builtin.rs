//! The detectors that are part of the binary.

use super::definition::{Definition, DefinitionError, parse};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../patterns/", $name)))),+]
    };
}

/// Every file of `patterns/` with detectors, by name. A test compares the list with the folder.
const FILES: &[(&str, &str)] = files![
    "contact.toml",
];

/// The built-in definitions, each with its file.
pub fn builtin() -> Result<Vec<(String, Definition)>, DefinitionError> {
    let mut all = Vec::new();
    for (file, text) in FILES {
        all.extend(parse(file, text)?.into_iter().map(|d| ((*file).to_owned(), d)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_file_is_embedded() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
        let mut found: Vec<String> = walkdir::WalkDir::new(&root)
            .into_iter()
            .map(|e| e.expect("readable"))
            .filter(|e| e.path().extension().is_some_and(|x| x == "toml"))
            .map(|e| e.path().strip_prefix(&root).expect("below").display().to_string())
            .filter(|name| name != "taxonomy.toml")
            .collect();
        found.sort();
        let mut embedded: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        embedded.sort();
        assert_eq!(embedded, found);
    }
}
