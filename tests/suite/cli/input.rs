//! Bad and large input, closed pipes, files that may not be read: a clear word or it works, and nothing is lost.

use super::Scratch;

const SOUND: &str = "plan release\n\ntask build { run \"make\" }\n";

#[test]
fn ten_megabytes_of_braces_are_one_clear_error() {
    let scratch = Scratch::new().file("braces.wave", "{".repeat(10_000_000));
    let outcome = scratch.wavec(&["check", "braces.wave"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.len() < 20_000, "{} bytes", outcome.stderr.len());
}

#[test]
fn a_line_of_a_megabyte_is_not_printed_whole() {
    let text = format!("plan release\ntask build {{ run \"{}\" retrys 2 }}\n", "x".repeat(1_000_000));
    let outcome = Scratch::new().file("long.wave", text).wavec(&["check", "long.wave"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.len() < 4_000, "{} bytes", outcome.stderr.len());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let scratch = Scratch::new();
    let outcome =
        scratch.shell("wavec completions bash | head -c 1 > /dev/null; wavec explain | true; echo done");
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("done\n", ""));
}

#[test]
fn a_plan_that_may_not_be_read_says_so() {
    let scratch = Scratch::new().file("secret.wave", SOUND);
    let outcome =
        scratch.shell("chmod 000 secret.wave; test -r secret.wave && echo readable; wavec check secret.wave");
    if outcome.stdout.contains("readable") {
        eprintln!("skipped: this user may read every file");
        return;
    }
    assert_eq!(outcome.code, Some(5));
    assert!(
        outcome.stderr.contains("could not read the plan `secret.wave`: permission denied"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn formatting_keeps_the_rights_of_the_file_and_leaves_nothing_beside_it() {
    let scratch = Scratch::new().file("a.wave", "plan   release\ntask b { run 'x' }\n");
    let outcome = scratch.shell(
        "chmod 640 a.wave; ln -s a.wave b.wave; wavec fmt b.wave; stat -c '%a %F' a.wave b.wave; ls -A",
    );
    assert_eq!(
        outcome.stdout, "640 regular file\n777 symbolic link\n.git\na.wave\nb.wave\n",
        "{}",
        outcome.stderr
    );
    assert!(scratch.read("a.wave").starts_with("plan release\n"));
}

#[test]
fn the_first_plan_of_new_is_sound_formatted_and_runs() {
    let scratch = Scratch::new();
    assert_eq!(scratch.wavec(&["new", "release"]).code, Some(0));
    let check = scratch.wavec(&["check", "--deny", "warnings", "release.wave"]);
    assert_eq!(check.code, Some(0), "{}", check.stderr);
    assert_eq!(scratch.wavec(&["fmt", "--check", "release.wave"]).code, Some(0));
    let run = scratch.wavec(&["run", "release.wave"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert_eq!(scratch.read("out/whole.txt"), "hello world\n");
}
