//! Peak memory of the program on files far larger than it: a table, and the same without a line end.
//!
//! Not a measurement of time. `PRIVASCAN_BENCH_BYTES` is the size of each file, 3 GiB if unset. The files are written
//! under the target folder and deleted.

mod corpus;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    // `cargo test --benches` runs this too, without the word, and does not mean it.
    if !std::env::args().any(|arg| arg == "--bench") {
        eprintln!("memory: not run: use `cargo bench --bench memory`");
        return std::process::ExitCode::SUCCESS;
    }
    match unix::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("memory: {e}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("memory: not run: peak memory is asked for by wait4, which this system does not have");
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, Write};
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    use super::corpus;

    /// What is written again and again. Small, because a child's peak counts the parent's pages at the fork.
    const CHUNK: usize = 1 << 20;

    pub fn run() -> Result<(), Box<dyn std::error::Error>> {
        let bytes = match std::env::var("PRIVASCAN_BENCH_BYTES") {
            Ok(text) => text.parse()?,
            Err(_) => 3 << 30,
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        println!("{:<10} {:>8} {:>10} {:>10} {:>8}  exit", "file", "threads", "MiB", "peak MiB", "seconds");
        for name in ["csv", "one_line"] {
            // Gone when it goes out of scope, whatever happens.
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
            let file = folder.path().join(if name == "csv" { "large.csv" } else { "large.txt" });
            write(&file, &corpus::corpus(name, CHUNK), bytes)?;
            for n in [1, threads] {
                let started = Instant::now();
                let (code, peak) = wait(spawn(&file, n)?)?;
                println!(
                    "{name:<10} {n:>8} {:>10} {:>10.1} {:>8.1}  {code}",
                    bytes >> 20,
                    peak as f64 / f64::from(1 << 20),
                    started.elapsed().as_secs_f64(),
                );
            }
        }
        Ok(())
    }

    fn write(path: &Path, chunk: &[u8], bytes: u64) -> io::Result<()> {
        let mut file = File::create(path)?;
        let mut left = bytes;
        while left > 0 {
            let n = left.min(chunk.len() as u64);
            file.write_all(&chunk[..n as usize])?;
            left -= n;
        }
        Ok(())
    }

    fn spawn(file: &Path, threads: usize) -> io::Result<Child> {
        Command::new(env!("CARGO_BIN_EXE_privascan"))
            .args(["scan", "--format", "jsonl", "--no-progress", "--threads", &threads.to_string()])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
    }

    /// Exit code and peak resident set in bytes.
    #[allow(unsafe_code)]
    fn wait(child: Child) -> io::Result<(i32, u64)> {
        let mut status = 0;
        // SAFETY: both pointers are to values of this frame, and an all-zero `rusage` is a valid one.
        let (pid, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            (libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage), usage)
        };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
        let code = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 };
        Ok((code, usage.ru_maxrss as u64 * unit))
    }
}
