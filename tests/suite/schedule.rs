//! The scheduler: what may start when, and how everything ends.

#[path = "schedule/calibrate.rs"]
mod calibrate;
#[path = "schedule/forecast.rs"]
mod forecast;
#[path = "schedule/machine.rs"]
mod machine;
#[path = "schedule/model.rs"]
mod model;
#[path = "schedule/pictures.rs"]
mod pictures;
#[path = "schedule/plans.rs"]
pub mod plans;
#[path = "schedule/properties.rs"]
pub mod properties;
#[path = "schedule/sampling.rs"]
mod sampling;
#[path = "schedule/search.rs"]
mod search;
#[path = "schedule/simulate.rs"]
mod simulate;
#[path = "schedule/views.rs"]
mod views;
