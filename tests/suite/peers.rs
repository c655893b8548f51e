//! The benchmarks against peers run: small, once, and whatever they measure is not looked at.

use std::process::Command;

#[test]
fn the_peers_run() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/peers.py");
    let output = Command::new("python3")
        .args([
            script, "--short", "-n", "12", "--only", "wavec", "--only", "ninja", "--only", "make", "--wavec",
        ])
        .arg(env!("CARGO_BIN_EXE_wavec"))
        .output();
    let Ok(output) = output else {
        eprintln!("there is no python3: left out");
        return;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    for shape in ["independent", "chain", "waves", "dag"] {
        assert!(text(&output.stdout).contains(&format!("\n{shape}, ")), "{}", text(&output.stdout));
    }
}
