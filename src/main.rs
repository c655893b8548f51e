//! The `wavec` program: see [`wavec::cli`].

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(wavec::cli::main() as u8)
}
