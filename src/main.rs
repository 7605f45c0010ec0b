//! Runs one command and turns its end into an exit code.

/// Records are made by one thread and dropped by another, which the system's allocator is slow at.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    privascan::cli::main()
}
