//! Confining what a job may write, by Landlock: itself and all that it starts, for good.
//!
//! What is forbidden is the thread's that starts a process, and the process inherits it; so a thread is made for that, confined, and
//! ends. Nothing runs between fork and exec. Reading, executing and the network are not touched. Knows paths, not tasks.

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use std::path::PathBuf;

/// The kernel's interface that is asked for: making, removing, writing, moving and cutting files. Later ones add what is no writing.
const WANTED: ABI = ABI::V3;

/// Whether the kernel here can confine at all.
pub fn is_there() -> bool {
    // Tests ask what happens without.
    if cfg!(debug_assertions) && std::env::var_os("WAVEC_WITHOUT_LANDLOCK").is_some() {
        return false;
    }
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_write(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}

/// Starts something that can write below these paths and nowhere else. Those that are not there are left out; an `Err` says why it
/// could not be confined.
pub fn confined<T: Send>(writes: &[PathBuf], start: impl FnOnce() -> T + Send) -> Result<T, String> {
    let rules = path_beneath_rules(writes, AccessFs::from_write(WANTED));
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_write(WANTED))
        .and_then(Ruleset::create)
        .and_then(|ruleset| ruleset.add_rules(rules))
        .map_err(|error| format!("its writes could not be confined: {error}"))?;
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name("wavec-sandbox".into()).spawn_scoped(scope, move || {
                let status = ruleset
                    .restrict_self()
                    .map_err(|error| format!("its writes could not be confined: {error}"))?;
                match status.ruleset {
                    RulesetStatus::NotEnforced => {
                        Err("its writes could not be confined: the kernel does not".into())
                    }
                    _ => Ok(start()),
                }
            });
        let thread = thread.map_err(|error| format!("its writes could not be confined: {error}"))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
