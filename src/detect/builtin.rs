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
    "credentials.toml",
    "decoys.toml",
    "fields.toml",
    "financial.toml",
    "government/ae.toml",
    "government/ar.toml",
    "government/at.toml",
    "government/au.toml",
    "government/be.toml",
    "government/bg.toml",
    "government/br.toml",
    "government/ca.toml",
    "government/ch.toml",
    "government/cl.toml",
    "government/cn.toml",
    "government/co.toml",
    "government/cz.toml",
    "government/de.toml",
    "government/dk.toml",
    "government/ec.toml",
    "government/ee.toml",
    "government/es.toml",
    "government/fi.toml",
    "government/fr.toml",
    "government/gb.toml",
    "government/gr.toml",
    "government/hk.toml",
    "government/hr.toml",
    "government/hu.toml",
    "government/id.toml",
    "government/ie.toml",
    "government/il.toml",
    "government/in.toml",
    "government/is.toml",
    "government/it.toml",
    "government/jp.toml",
    "government/kr.toml",
    "government/lt.toml",
    "government/lu.toml",
    "government/lv.toml",
    "government/mx.toml",
    "government/my.toml",
    "government/ng.toml",
    "government/nl.toml",
    "government/no.toml",
    "government/nz.toml",
    "government/pe.toml",
    "government/pl.toml",
    "government/pt.toml",
    "government/ro.toml",
    "government/ru.toml",
    "government/sa.toml",
    "government/se.toml",
    "government/sg.toml",
    "government/si.toml",
    "government/sk.toml",
    "government/th.toml",
    "government/tr.toml",
    "government/tw.toml",
    "government/ua.toml",
    "government/us.toml",
    "government/uy.toml",
    "government/za.toml",
    "health.toml",
    "network.toml",
    "person.toml",
    "tokens.toml",
    "tokens_cloud.toml",
    "vehicle.toml",
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
