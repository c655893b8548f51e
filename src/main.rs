//! The `wavec` program: see [`wavec::cli`].

/// Reading a plan and starting its tasks make many small values; the system's allocator takes a tenth of a run's time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(wavec::cli::main() as u8)
}
