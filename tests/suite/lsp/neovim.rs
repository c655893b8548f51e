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

/// Where programs are looked for: what stands in the folder first.
fn path(folder: &Path) -> std::ffi::OsString {
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Has Neovim carry a script out in a folder, and removes that.
fn carry_out(script: &str, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/lsp").join(script);
    let mut nvim = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .current_dir(folder)
        .env("WAVEC", env!("CARGO_BIN_EXE_wavec"))
        .env("PATH", path(folder))
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
        if start.elapsed() > Duration::from_secs(180) {
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

/// What `docs/editors.md` says to put into one's settings is put there, and a plan is opened.
#[test]
fn neovim_is_set_up_as_its_page_says() {
    if !is_there("nvim") {
        return;
    }
    let folder = folder("setup");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/editors.md");
    let block = crate::docs::blocks(&page).into_iter().find(|block| block.is("lua"));
    std::fs::write(folder.join("settings.lua"), block.expect("the page has settings for Neovim").text)
        .unwrap();
    std::fs::create_dir(folder.join(".git")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_wavec"), folder.join("wavec")).unwrap();
    carry_out("neovim_setup.lua", &folder);
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
