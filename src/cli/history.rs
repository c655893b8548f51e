//! What earlier runs of the project teach about a plan's estimates.
//!
//! A forecast does without where nothing was run yet, and says so where the journal cannot be read.

use super::loader::{STDIN, directory_of};
use super::{output, stage};
use crate::error::Result;
use crate::journal::{Journal, root_of};
use crate::plan::Plan;
use crate::schedule::calibrate::{Calibration, Corrections};
use std::path::Path;
use std::sync::Arc;

/// A plan in the light of its past.
pub struct Past {
    /// The plan, its estimates corrected where there is something to correct them by.
    pub plan: Arc<Plan>,
    /// How.
    pub corrections: Option<Corrections>,
}

/// The plan of a file, corrected by the runs of its project unless they are to be ignored.
pub fn past(plan: &Arc<Plan>, path: &Path, is_ignored: bool) -> Result<Past> {
    let as_written = || Past { plan: Arc::clone(plan), corrections: None };
    if is_ignored {
        return Ok(as_written());
    }
    let calibration = match calibration(path) {
        Ok(calibration) => calibration,
        Err(error) => {
            output::say(&format!("warning: {error}; the forecast is by the plan's own words\n"))?;
            return Ok(as_written());
        }
    };
    Ok(match calibration.corrected(plan) {
        Some((plan, corrections)) => Past { plan: Arc::new(plan), corrections: Some(corrections) },
        None => as_written(),
    })
}

fn calibration(path: &Path) -> Result<Calibration> {
    let path = if path == Path::new(STDIN) { Path::new(".") } else { path };
    let directory = stage::absolute(&directory_of(path).join("."))?;
    let samples = match Journal::open_existing(&root_of(&directory))? {
        Some(journal) => journal.samples()?,
        None => Vec::new(),
    };
    Ok(Calibration::learn(&samples))
}
