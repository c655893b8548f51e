//! Source to `Compilation`: parse, check, lower, prove, composed once for the command line and the editor.
