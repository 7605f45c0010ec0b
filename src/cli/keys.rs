//! Keys for fingerprints: making them and finding the one to use.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::End;
use super::args::KeyNewArgs;
use crate::classify::Protector;
use crate::classify::protect::MIN_KEY;

const VARIABLE: &str = "PRIVASCAN_KEY";

/// `key new`.
pub(super) fn new(args: &KeyNewArgs) -> Result<End> {
    let key = crate::model::hex(&random()?);
    match &args.output {
        None => writeln!(io::stdout(), "{key}")?,
        Some(path) => {
            let mut options = File::options();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
            writeln!(file, "{key}").with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(End::Fine)
}

/// The key of `--key-file`, else of the environment, else a random one for this run.
pub(super) fn protector(key_file: Option<&Path>) -> Result<Protector> {
    let (key, from) = match (key_file, std::env::var_os(VARIABLE)) {
        (Some(path), _) => {
            let key = std::fs::read(path).with_context(|| format!("--key-file {}", path.display()))?;
            (key, format!("--key-file {}", path.display()))
        }
        (None, Some(value)) => (value.into_encoded_bytes(), VARIABLE.to_owned()),
        (None, None) => {
            return Protector::random(&random()?).context("cannot make a key for this run");
        }
    };
    let key = key.strip_suffix(b"\n").unwrap_or(&key);
    match Protector::with_key(key) {
        Some(protector) => Ok(protector),
        None => bail!(
            "{from}: a key has {MIN_KEY} bytes or more, this one {}; make one with `privascan key new`",
            key.len()
        ),
    }
}

fn random() -> Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| anyhow::anyhow!("the system gives no random numbers: {e}"))?;
    Ok(key)
}
