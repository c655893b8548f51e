//! The language server, as a client sees it: sessions replayed over the protocol, in memory and over bytes.

mod client;
mod neovim;
mod recorded;
mod sessions;
mod wire;
