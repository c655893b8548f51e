//! What is installed beside the program, under `share/`: of today, and fit for its readers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The files under `share/` are what the program would write; `WAVEC_UPDATE=1` writes them.
#[test]
fn manual_pages_and_completions_are_of_today() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = wavec::cli::installed();
    if std::env::var_os("WAVEC_UPDATE").is_some() {
        let _ = fs::remove_dir_all(root.join("share"));
        for (place, text) in &installed {
            let path = root.join(place);
            fs::create_dir_all(path.parent().expect("it stands in a folder")).expect("it can be made");
            fs::write(path, text).expect("it can be written");
        }
    }
    let old: Vec<&str> = installed
        .iter()
        .filter(|(place, text)| fs::read_to_string(root.join(place)).unwrap_or_default() != *text)
        .map(|(place, _)| place.as_str())
        .collect();
    assert!(old.is_empty(), "{old:?} are old: run with WAVEC_UPDATE=1");
    let expected: BTreeSet<&str> = installed.iter().map(|(place, _)| place.as_str()).collect();
    for entry in ignore::WalkBuilder::new(root.join("share")).build().flatten() {
        let path = entry.path().strip_prefix(root).expect("it is in the repository");
        let name = path.to_str().expect("it is text");
        assert!(entry.path().is_dir() || expected.contains(name), "{name} is left over");
    }
}

/// groff has nothing to complain of, where it is installed.
#[test]
fn manual_pages_are_sound() {
    use std::io::Write;
    for (place, text) in wavec::cli::installed().iter().filter(|(place, _)| place.ends_with(".1")) {
        let child = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-z"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("groff is not installed; the pages are not read");
            return;
        };
        let mut stdin = child.stdin.take().expect("it is a pipe");
        stdin.write_all(text.as_bytes()).expect("it reads the page");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{place}: {said}");
    }
}
