//! Help for tests that speak to the program as a user does.

// Each test file uses a part of this.
#![allow(dead_code)]

#[cfg(all(feature = "archives", feature = "tabular"))]
pub mod pack;
pub mod values;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What the program said and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; −1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Fails the test with everything the program said unless it ended with `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// The objects of JSON lines on standard output whose `record` is `kind`.
    pub fn records(&self, kind: &str) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|value| value["record"] == kind)
            .collect()
    }
}

/// The program that cargo built for this test.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_privascan"))
}

/// The folder of this package.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The demo share.
pub fn demo() -> PathBuf {
    package().join("testdata/demo")
}

/// The program, in `dir`, without the settings of whoever runs the test.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(dir).env_remove("PRIVASCAN_KEY").env("NO_COLOR", "1").env("COLUMNS", "100");
    command
}

/// Runs the program in `dir` with nothing on standard input.
pub fn run_in(dir: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> io::Result<Ran> {
    run_with(dir, args, b"")
}

/// Runs the program in the package's folder.
pub fn run(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> io::Result<Ran> {
    run_in(package(), args)
}

/// Runs the program in `dir` with `input` on standard input.
pub fn run_with(
    dir: &Path,
    args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    input: &[u8],
) -> io::Result<Ran> {
    let mut child = command(dir)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // From a thread of its own, so that neither side waits for the other to read.
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                // A program that needs no input may close it.
                let _ = stdin.write_all(input);
            }
        });
        let output = child.wait_with_output()?;
        Ok(Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    })
}

/// A folder that goes when the test ends, with these files in it.
pub fn folder(files: &[(&str, &[u8])]) -> io::Result<TempDir> {
    let dir = tempfile::tempdir()?;
    for (path, content) in files {
        let file = dir.path().join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, content)?;
    }
    Ok(dir)
}
