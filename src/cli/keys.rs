//! Keys for fingerprints: making them and finding the one to use.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::End;
use super::args::KeyNewArgs;
use crate::classify::Protector;
use crate::classify::protect::MIN_KEY;
use crate::record::sign::{SignKey, VerifyKey};

const VARIABLE: &str = "PRIVASCAN_KEY";

/// Bytes that a key file may have.
const MAX_KEY_FILE: u64 = 64 << 10;

/// `key new`.
pub(super) fn new(args: &KeyNewArgs) -> Result<End> {
    match (&args.output, args.sign) {
        (None, true) => bail!("--sign makes two files; name the private one with -o FILE"),
        (Some(path), true) => {
            let key = SignKey::from_seed(&random()?);
            let mut public = path.clone().into_os_string();
            public.push(".pub");
            let public = Path::new(&public);
            if public.exists() {
                bail!("{} exists already; name another file", public.display());
            }
            write_new(path, &key.to_pem()?, 0o600)?;
            write_new(public, &key.public().to_pem()?, 0o644)?;
            writeln!(io::stdout(), "{}", public.display())?;
        }
        (None, false) => writeln!(io::stdout(), "{}", crate::model::hex(&random()?))?,
        (Some(path), false) => write_new(path, &format!("{}\n", crate::model::hex(&random()?)), 0o600)?,
    }
    Ok(End::Fine)
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// The private key of `--sign-key`.
pub(super) fn sign_key(path: &Path) -> Result<SignKey> {
    let text = key_text("--sign-key", path)?;
    SignKey::parse(&text).with_context(|| format!("--sign-key {}", path.display()))
}

/// The public key of `--verify-key`.
pub(super) fn verify_key(path: &Path) -> Result<VerifyKey> {
    let text = key_text("--verify-key", path)?;
    VerifyKey::parse(&text).with_context(|| format!("--verify-key {}", path.display()))
}

fn key_text(flag: &str, path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_FILE).read_to_string(&mut text));
    read.with_context(|| format!("{flag} {}", path.display()))?;
    Ok(text)
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
