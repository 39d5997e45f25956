//! Parses the command line and calls one function.

use std::process::ExitCode;

/// Many threads take and give back memory; the allocator of the C library keeps several times as much of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    meldpunt::cli::run()
}
