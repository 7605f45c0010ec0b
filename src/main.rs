//! Runs one command and turns its end into an exit code.

fn main() -> std::process::ExitCode {
    privascan::cli::main()
}
