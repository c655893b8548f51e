//! The soak and its cancels run: a few seconds, whose curves are not looked at; what is left behind is.

use std::process::Command;

fn soak(arguments: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/soak/soak.py");
    let output = Command::new("python3")
        .args([script, "--wavec", env!("CARGO_BIN_EXE_wavec")])
        .args(arguments)
        .output();
    let Ok(output) = output else {
        eprintln!("there is no python3: left out");
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}");
    Some(said)
}

#[test]
fn a_short_soak_leaves_nothing_behind() {
    let folder = tempfile();
    let (csv, svg) = (folder.join("soak.csv"), folder.join("soak.svg"));
    let path = |path: &std::path::Path| path.to_str().expect("it is text").to_owned();
    let Some(said) = soak(&["--seconds", "6", "--csv", &path(&csv), "--svg", &path(&svg)]) else { return };
    assert!(said.contains("short runs in"), "{said}");
    let csv = std::fs::read_to_string(csv).expect("it was written");
    assert!(csv.lines().count() > 3, "{csv}");
    let svg = std::fs::read_to_string(svg).expect("it was written");
    roxmltree::Document::parse(&svg).expect("the picture is well-formed");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn tasks_that_do_not_want_to_end_are_ended() {
    let Some(said) = soak(&["--cancels", "20"]) else { return };
    assert!(said.contains("20 tasks cancelled") && said.contains("0 times something was wrong"), "{said}");
}

fn tempfile() -> std::path::PathBuf {
    let folder =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
