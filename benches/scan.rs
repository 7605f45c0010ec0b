//! Whole scans, by the program itself: many small files, one large file, the demo share; at one thread and at all.

mod corpus;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LARGE: usize = 64 << 20;
const SMALL: usize = 2 << 10;
const FILES: u64 = 4_000;

/// Scans `target` and waits for the end. The exit code is not looked at: findings are what is measured.
fn scan(target: &Path, threads: usize) -> io::Result<()> {
    Command::new(env!("CARGO_BIN_EXE_privascan"))
        .args(["scan", "--format", "jsonl", "--no-progress", "--threads", &threads.to_string()])
        .arg(target)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(drop)
}

/// Makes the folders to scan, with how many bytes each holds.
fn targets(root: &Path) -> io::Result<Vec<(&'static str, PathBuf, u64)>> {
    let mut targets = Vec::new();
    for name in ["csv", "log"] {
        let folder = root.join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("large.{name}")), corpus::corpus(name, LARGE))?;
        targets.push((if name == "csv" { "large_csv" } else { "large_log" }, folder, LARGE as u64));
    }
    let folder = root.join("small");
    let text = corpus::corpus("prose", SMALL * 64);
    for n in 0..FILES {
        let part = (n as usize % 64) * SMALL;
        let inner = folder.join(format!("{:02}", n % 40));
        fs::create_dir_all(&inner)?;
        fs::write(inner.join(format!("{n}.txt")), &text[part..part + SMALL])?;
    }
    targets.push(("small_files", folder, FILES * SMALL as u64));
    Ok(targets)
}

fn scans(c: &mut Criterion) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let root = match tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")) {
        Ok(root) => root,
        Err(e) => return eprintln!("scan: not run: {e}"),
    };
    let targets = match targets(root.path()) {
        Ok(targets) => targets,
        Err(e) => return eprintln!("scan: not run: {e}"),
    };
    let mut group = c.benchmark_group("scan");
    group.sample_size(10);
    for (name, folder, bytes) in targets {
        group.throughput(Throughput::Bytes(bytes));
        for n in [1, threads] {
            group.bench_function(format!("{name}/{n}"), |b| b.iter(|| scan(&folder, n)));
            if threads == 1 {
                break;
            }
        }
    }
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo");
    group.throughput(Throughput::Elements(1));
    group.bench_function("demo", |b| b.iter(|| scan(&demo, threads)));
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
