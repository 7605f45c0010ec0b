//! Writes the demo data of `testdata/demo`, the same bytes each time.
//!
//! ```text
//! cargo run --example make_testdata -- testdata/demo            writes
//! cargo run --example make_testdata -- testdata/demo --check    compares; exits 1 on a difference
//! ```

#[path = "make_testdata/crm.rs"]
mod crm;
#[path = "make_testdata/finance.rs"]
mod finance;
#[path = "make_testdata/hr.rs"]
mod hr;
#[path = "make_testdata/letters.rs"]
mod letters;
#[path = "make_testdata/pack.rs"]
mod pack;
#[path = "make_testdata/technical.rs"]
mod technical;
#[path = "../tests/common/values.rs"]
mod values;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use values::Rng;

/// Changing it changes every made-up value.
const SEED: u64 = 20_260_302;

/// The company whose share this is.
const DOMAIN: &str = "larkspur-logistics.co";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The files to be written, by path.
#[derive(Default)]
struct Share(BTreeMap<String, Vec<u8>>);

impl Share {
    /// Adds a file.
    fn add(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), content.into());
    }
}

/// A generator for one file.
fn rng(path: &str) -> Rng {
    Rng::named(SEED, path)
}

fn main() -> ExitCode {
    let mut check = false;
    let mut folder = None;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--check" => check = true,
            _ if folder.is_none() && !arg.starts_with('-') => folder = Some(arg),
            _ => return usage(),
        }
    }
    let Some(folder) = folder else { return usage() };
    match share().and_then(|share| act(&share, Path::new(&folder), check)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(n) => {
            eprintln!("{n} files differ: run `cargo run --example make_testdata -- {folder}`");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("make_testdata: {e}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: make_testdata FOLDER [--check]");
    ExitCode::from(2)
}

fn share() -> Result<Share> {
    let mut share = Share::default();
    hr::add(&mut share);
    crm::add(&mut share)?;
    finance::add(&mut share)?;
    technical::add(&mut share)?;
    letters::add(&mut share);
    Ok(share)
}

/// Writes the share, or compares it with what stands there; gives the number of differences.
fn act(share: &Share, folder: &Path, check: bool) -> Result<usize> {
    let mut differences = 0;
    if check {
        for path in found(folder, folder)? {
            if !share.0.contains_key(&path) {
                println!("extra    {path}");
                differences += 1;
            }
        }
    }
    for (path, content) in &share.0 {
        let file = folder.join(path);
        if check {
            let word = match fs::read(&file) {
                Ok(found) if found == *content => continue,
                Ok(_) => "differs ",
                Err(_) => "missing ",
            };
            println!("{word} {path}");
            differences += 1;
        } else {
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&file, content)?;
        }
    }
    let bytes: usize = share.0.values().map(Vec::len).sum();
    println!("{} files, {bytes} bytes, seed {SEED}", share.0.len());
    Ok(differences)
}

/// Every file under `folder`, relative to `root`, with `/`.
fn found(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            paths.extend(found(root, &path)?);
        } else {
            let parts: Vec<_> = path.strip_prefix(root)?.iter().map(|p| p.to_string_lossy()).collect();
            paths.push(parts.join("/"));
        }
    }
    Ok(paths)
}
