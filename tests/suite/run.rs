//! The run: its backend with real processes, its criteria, and whole runs under paused time.

mod backend;
mod cases;
mod properties;
mod real;
mod shell;
mod simulated;

/// What a run kept, which has let go of it.
fn let_go<S>(sink: std::sync::Arc<std::sync::Mutex<S>>) -> S {
    std::sync::Arc::into_inner(sink).expect("the run has let go of it").into_inner().expect("no panic")
}
