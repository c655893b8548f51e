//! Where agents' programs keep what they need beside their work: settings, sessions, caches. A sandbox leaves these open.

use super::Driver;

/// A place below the user's home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// From the home.
    pub path: &'static str,
    /// The variable that names another place in its stead; or empty.
    pub variable: &'static str,
}

const fn folder(path: &'static str, variable: &'static str) -> Folder {
    Folder { path, variable }
}

/// What any program may use: caches, and the stores of package managers.
pub const COMMON: [Folder; 11] = [
    folder(".cache", "XDG_CACHE_HOME"),
    folder(".local/state", "XDG_STATE_HOME"),
    folder(".npm", "npm_config_cache"),
    folder(".yarn", ""),
    folder(".local/share/pnpm", "PNPM_HOME"),
    folder(".bun", "BUN_INSTALL"),
    folder(".cargo", "CARGO_HOME"),
    folder("go/pkg", "GOMODCACHE"),
    folder(".m2", ""),
    folder(".gradle", "GRADLE_USER_HOME"),
    folder(".ccache", "CCACHE_DIR"),
];

impl Driver {
    /// What its program keeps for itself. Of programs that a plan names nothing is known: all of the others' are theirs.
    pub fn folders(self) -> Vec<Folder> {
        match self {
            Driver::Command | Driver::Acp => {
                let named = Driver::ALL.into_iter().filter(|it| !matches!(it, Driver::Command | Driver::Acp));
                named.flat_map(Driver::folders).collect()
            }
            Driver::Claude => vec![folder(".claude", "CLAUDE_CONFIG_DIR"), folder(".claude.json", "")],
            Driver::Codex => vec![folder(".codex", "CODEX_HOME")],
            Driver::Opencode => vec![
                folder(".local/share/opencode", ""),
                folder(".config/opencode", "OPENCODE_CONFIG_DIR"),
                folder(".opencode", ""),
            ],
            Driver::Gemini => vec![folder(".gemini", "")],
            Driver::Qwen => vec![folder(".qwen", "")],
        }
    }
}
