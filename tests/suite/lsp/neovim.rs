//! A real editor: Neovim, without a screen, with its own client. Left out where Neovim is not installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the script prints when all of it has held.
const DONE: &str = "all is well";

/// Whether a program is there; CI installs those that are asked for.
fn is_there(program: &str) -> bool {
    if Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return true;
    }
    eprintln!("{program} is not installed: left out");
    assert!(std::env::var_os("CI").is_none(), "CI installs {program}");
    false
}

/// A folder of its own, with a home in it.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("wavec-neovim-{name}-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("home")).unwrap();
    folder
}

/// Has Neovim carry a script out in a folder, and removes that.
fn carry_out(script: &str, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/lsp").join(script);
    let mut nvim = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .current_dir(folder)
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
    std::fs::remove_dir_all(folder).unwrap();
    assert!(said.contains(DONE), "{said}");
}

#[test]
fn neovim_edits_a_plan() {
    if is_there("nvim") {
        carry_out("neovim.lua", &folder("plan"));
    }
}

#[test]
fn neovim_colours_folds_and_indents_by_the_grammar() {
    if !is_there("nvim") || !is_there("cc") {
        return;
    }
    let folder = folder("tree");
    let grammar = Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/tree-sitter-wave");
    std::fs::create_dir_all(folder.join("parser")).unwrap();
    std::fs::create_dir_all(folder.join("queries/wave")).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O0", "-I", "src", "src/parser.c", "-o"])
        .arg(folder.join("parser/wave.so"))
        .current_dir(&grammar)
        .status();
    assert!(made.unwrap().success());
    for query in std::fs::read_dir(grammar.join("queries")).unwrap() {
        let query = query.unwrap();
        std::fs::copy(query.path(), folder.join("queries/wave").join(query.file_name())).unwrap();
    }
    carry_out("neovim_tree.lua", &folder);
}
