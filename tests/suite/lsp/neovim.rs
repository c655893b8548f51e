//! A real editor: Neovim, without a screen, with its own client. Left out where Neovim is not installed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the script prints when all of it has held.
const DONE: &str = "all is well";

#[test]
fn neovim_edits_a_plan() {
    if Command::new("nvim").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("nvim is not installed: left out");
        assert!(std::env::var_os("CI").is_none(), "CI installs Neovim");
        return;
    }
    let folder = std::env::temp_dir().join(format!("wavec-neovim-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("home")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/lsp/neovim.lua");
    let mut nvim = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .current_dir(&folder)
        .env("WAVEC", env!("CARGO_BIN_EXE_wavec"))
        .env("HOME", folder.join("home"))
        .env("XDG_STATE_HOME", folder.join("home"))
        .env("XDG_CACHE_HOME", folder.join("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while nvim.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            nvim.kill().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = nvim.wait_with_output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(said.contains(DONE), "{said}");
}
