//! Where agents' programs keep what they need beside their work: settings, sessions, caches. A sandbox leaves these open.

use super::Driver;
use std::path::{Path, PathBuf};

/// A place below the user's home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// From the home.
    pub path: &'static str,
    /// The variable that names another place in its stead; or empty. One of the `XDG_…` names the place of more folders than this one.
    pub variable: &'static str,
}

impl Folder {
    /// Where it is: by the value of its variable, if it has one, and by the home.
    pub fn place(self, value: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
        let Some(value) = value else { return home.map(|home| home.join(self.path)) };
        let base = match self.variable {
            "XDG_CACHE_HOME" => ".cache",
            "XDG_CONFIG_HOME" => ".config",
            "XDG_DATA_HOME" => ".local/share",
            "XDG_STATE_HOME" => ".local/state",
            _ => self.path,
        };
        match Path::new(self.path).strip_prefix(base) {
            Ok(below) if !below.as_os_str().is_empty() => Some(value.join(below)),
            _ => Some(value.to_path_buf()),
        }
    }
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
                folder(".local/share/opencode", "XDG_DATA_HOME"),
                folder(".config/opencode", "XDG_CONFIG_HOME"),
                folder(".config/opencode", "OPENCODE_CONFIG_DIR"),
                folder(".opencode", ""),
            ],
            Driver::Gemini => vec![folder(".gemini", "")],
            Driver::Qwen => vec![folder(".qwen", "")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_names_the_folder_or_the_place_of_folders() {
        let (home, other) = (Some(Path::new("/h")), Some(Path::new("/o")));
        let told = |path: &'static str, variable: &'static str, value| {
            folder(path, variable).place(value, home).unwrap().display().to_string()
        };
        assert_eq!(told(".local/share/opencode", "XDG_DATA_HOME", None), "/h/.local/share/opencode");
        assert_eq!(told(".local/share/opencode", "XDG_DATA_HOME", other), "/o/opencode");
        assert_eq!(told(".config/opencode", "OPENCODE_CONFIG_DIR", other), "/o");
        assert_eq!(told(".cache", "XDG_CACHE_HOME", other), "/o");
        assert_eq!(told(".codex", "CODEX_HOME", other), "/o");
    }
}
