//! Source to `Compilation`: parse, check, lower, prove, composed once for the command line and the editor.

mod allowances;
mod messages;

pub use allowances::apply as apply_allowances;
