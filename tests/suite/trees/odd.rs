//! Repositories as they are: names, modes, sizes, submodules, pointers. Each works, or is refused with a word why.

use super::{git, has_event, repository, run};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

#[test]
fn names_of_files_are_bytes() {
    let plan = r#"
wave all {
  task spaces { run "printf 'a\\n' >> 'a b.txt'; printf x > 'line\nbreak.txt'; printf x > 'tab\there'; printf x > '-dash'; printf x > 'quo\"te'"  writes "*" }
  task ends { run "printf x > ' lead'; printf x > 'glob[1]*.txt'; mkdir 'd e'; printf x > 'd e/f'"  creates "**" }
  task bytes { run "printf x > \"$(printf 'caf\\351.txt')\""  creates "**" }
}
"#;
    let plan = plan.replace("wave all {", "serial all {");
    let scratch = repository(&[("a b.txt", "0\n")], &plan);
    // One that is there already is no trouble.
    fs::write(scratch.path().join(OsStr::from_bytes(b"old\xff.txt")), "x").unwrap();
    git(&scratch, "add -A && git commit -q -m odd");
    let outcome = run(&scratch, 3, &["--format", "json"]);
    let names = git(&scratch, "ls-tree -r -z --name-only wavec/1");
    for name in
        ["a b.txt", "line\nbreak.txt", "tab\there", "-dash", "quo\"te", " lead", "glob[1]*.txt", "d e/f"]
    {
        assert!(names.split('\0').any(|known| known == name), "{name:?} in {names:?}");
    }
    assert!(
        has_event(&outcome, &["task_ended", "all.bytes", "whose name is not UTF-8"]),
        "{}",
        outcome.stdout
    );
    assert_eq!(git(&scratch, "show 'wavec/1:a b.txt'"), "0\na\n");
    assert_eq!(scratch.wavec(&["apply", "--partial"]).code, Some(0));
    assert_eq!(scratch.read("line\nbreak.txt"), "x");
}

#[test]
fn work_in_a_submodule_is_refused_and_kept() {
    let plan = r#"
wave all {
  task reads { run "test -z \"$(ls sub)\"; echo x > a.txt"  writes "a.txt" }
  task dives { run "git -c protocol.file.allow=always submodule --quiet update --init; echo mine >> sub/s.txt; echo y > b.txt"  writes "b.txt" }
  task drops { run "echo mine > sub/new.txt; echo z > c.txt"  writes "c.txt" }
}
"#;
    let scratch = repository(&[("a.txt", "a\n"), ("b.txt", "b\n")], plan);
    let made = scratch.shell(
        "git init -q -b main up && echo s > up/s.txt && git -C up add -A && git -C up -c user.name=x -c user.email=x commit -qm s \
         && git -c protocol.file.allow=always submodule --quiet add ./up sub && echo up > .gitignore && git add -A && git commit -qm sub",
    );
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let outcome = run(&scratch, 3, &["--format", "json"]);
    assert!(has_event(&outcome, &["task_ended", "all.reads", "succeeded"]), "{}", outcome.stdout);
    assert!(
        has_event(&outcome, &["task_ended", "all.dives", "worked in the submodule `sub`"]),
        "{}",
        outcome.stdout
    );
    assert!(
        has_event(&outcome, &["task_ended", "all.drops", "worked in the submodule `sub`"]),
        "{}",
        outcome.show()
    );
    let kept = scratch.path().join(".wavec/runs/1/trees/1-all.dives-1/sub/s.txt");
    let dropped = scratch.path().join(".wavec/runs/1/trees/1-all.drops-1/sub/new.txt");
    scratch.wavec(&["clean"]);
    assert_eq!(fs::read_to_string(dropped).unwrap(), "mine\n", "never removed");
    assert_eq!(fs::read_to_string(kept).unwrap(), "s\nmine\n", "never removed");
    let refused =
        scratch.file("p.wave", format!("{}task t {{ run \"true\"  writes \"sub/s.txt\" }}\n", super::HEAD));
    let refused = refused.wavec(&["run", "p.wave"]);
    assert!(refused.stderr.contains("`sub` is a submodule"), "{}", refused.stderr);
}

#[test]
fn pointers_of_lfs_stay_pointers() {
    // As a clone without git-lfs has it: the attribute is there, the program is not.
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n";
    let plan = "task one { run \"cat big.bin; echo x > a.txt\"  creates \"a.txt\" }\n";
    let files = [("big.bin", pointer), (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")];
    let scratch = repository(&files, plan);
    run(&scratch, 0, &["--apply"]);
    assert_eq!(git(&scratch, "show wavec/1:big.bin"), pointer);
    assert_eq!(scratch.read("big.bin"), pointer);
    assert_eq!(git(&scratch, "status --porcelain"), "");
}

#[test]
fn kinds_change_and_files_become_folders() {
    let plan = r#"
serial all {
  task turns { run "rm x; mkdir x; echo y > x/y"  writes "x", "x/**" }
  task links { run "rm l.txt; ln -s x/y l.txt; chmod -x s.sh; mv old.txt 'new name.txt'; printf 'b\\000' > old.bin"  writes "**" }
}
"#;
    let files =
        [("x", "a file\n"), ("l.txt", "l\n"), ("s.sh", "s\n"), ("old.txt", "1\n2\n3\n"), ("old.bin", "a\0b")];
    let scratch = repository(&files, plan);
    git(&scratch, "update-index --chmod=+x s.sh && git commit -q -m mode && git reset -q --hard");
    run(&scratch, 0, &["--apply"]);
    assert_eq!(scratch.read("l.txt"), "y\n");
    let listed = git(&scratch, "ls-tree -r HEAD");
    assert!(listed.contains("120000") && !listed.contains("100755"), "{listed}");
    assert!(listed.contains("new name.txt") && !listed.contains("old.txt"), "{listed}");
    assert_eq!(fs::read(scratch.path().join("old.bin")).unwrap(), b"b\0");
}

#[test]
fn five_thousand_files_are_no_trouble() {
    let plan = r#"
wave all {
  for n in "1", "2", "3" {
    task t{{n}} { run "echo {{n}} > d{{n}}/f1.txt"  writes "d{{n}}/**" }
  }
}
"#;
    let scratch = repository(&[("b.txt", "x\n")], plan);
    for directory in 0..50 {
        fs::create_dir_all(scratch.path().join(format!("d{directory}"))).unwrap();
        for file in 0..100 {
            let path = scratch.path().join(format!("d{directory}/f{file}.txt"));
            fs::write(path, format!("{directory} {file}\n")).unwrap();
        }
    }
    git(&scratch, "add -A && git commit -q -m many");
    let begin = Instant::now();
    run(&scratch, 0, &["-q", "--apply"]);
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    assert_eq!(scratch.read("d2/f1.txt"), "2\n");
    assert_eq!(git(&scratch, "ls-files").lines().count(), 5002);
    assert_eq!(git(&scratch, "worktree list").lines().count(), 1);
}

#[test]
fn two_agents_on_two_sections_merge_clean() {
    let plan = r#"
wave all {
  task sell { agent coder  prompt "sed -i 's/return 1/return 11/' shop.py"  writes "shop.py#Shop.sell" }
  task buy { agent coder  prompt "sed -i 's/return 2/return 22/' shop.py"  writes "shop.py#Shop.buy" }
  task strays { agent coder  prompt "sed -i 's/^LIMIT = 3/LIMIT = 4/; s/return 5/return 55/' shop.py"  writes "shop.py#total" }
  task marked { agent coder  prompt "sed -i 's/^one$/ONE/' routes.cfg"  writes "routes.cfg#first" }
  task other { agent coder  prompt "sed -i 's/^two$/TWO/' routes.cfg"  writes "routes.cfg#second" }
}
"#;
    let shop = "LIMIT = 3\n\n\nclass Shop:\n    def sell(self):\n        return 1\n\n    # Buys.\n    def buy(self):\n        return 2\n\n\ndef total():\n    return 5\n";
    let routes = "# wavec:section first\none\n# wavec:section second\ntwo\n# wavec:end\nrest\n";
    let scratch = repository(&[("shop.py", shop), ("routes.cfg", routes)], plan);
    let outcome = run(&scratch, 3, &["--format", "json"]);
    let wanted = shop.replace("return 1", "return 11").replace("return 2", "return 22");
    assert_eq!(git(&scratch, "show wavec/1:shop.py"), wanted);
    assert_eq!(git(&scratch, "show wavec/1:routes.cfg"), routes.replace("one", "ONE").replace("two", "TWO"));
    let told = "changed `shop.py` outside of `shop.py#total`: line 1, `LIMIT = 4`";
    assert!(has_event(&outcome, &["task_ended", "all.strays", told]), "{}", outcome.stdout);
}

/// Where lines lie side by side, git alone sees a conflict.
#[test]
fn sections_that_touch_merge_clean() {
    let files = [
        ("c.toml", "a = 1\nb = 2\n"),
        ("c.json", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"),
        ("m.md", "# One\nfirst\n"),
        ("r.rs", "fn a() -> u8 { 1 }\nfn b() -> u8 { 2 }\n"),
    ];
    let plan = r#"
wave all {
  task a { agent coder  prompt "sh ./a.sh"  writes "c.toml#a", "c.json#a", "r.rs#a"  creates "m.md#Alpha", "new.md#Alpha" }
  task b { agent coder  prompt "sh ./b.sh"  writes "c.toml#b", "c.json#b", "r.rs#b"  creates "m.md#Beta", "new.md#Beta" }
  task c { agent coder  prompt "sh ./c.sh"  writes "c.toml#c"  writes "d.toml" }
}
"#;
    let of = |old: &str, heading: &str, wait: &str| {
        format!(
            "{wait}\nsed -i 's/{old}/{old}{old}/' c.toml c.json r.rs\nprintf '\\n# {heading}\\ntext of {heading}\\n' >> m.md\nprintf '# {heading}\\nnew\\n' > new.md\n"
        )
    };
    let wait = "until git log wavec/1 --format=%s | grep -q '^all.a$'; do sleep 0.05; done";
    let (a, b) = (of("1", "Alpha", ""), of("2", "Beta", wait));
    let c = format!("{wait}\nsed -i 's/b = 2/b = 3/' c.toml\n");
    let mut files = files.to_vec();
    files.extend([("a.sh", a.as_str()), ("b.sh", b.as_str()), ("c.sh", c.as_str())]);
    let scratch = repository(&files, plan);
    let outcome = run(&scratch, 3, &["--format", "json"]);
    assert!(has_event(&outcome, &["task_ended", "all.c", "outside of `c.toml#c`"]), "{}", outcome.show());
    let shown = |path: &str| git(&scratch, &format!("show wavec/1:{path}"));
    assert_eq!(shown("c.toml"), "a = 11\nb = 22\n", "{}", outcome.show());
    assert_eq!(shown("c.json"), "{\n  \"a\": 11,\n  \"b\": 22\n}\n");
    assert_eq!(shown("r.rs"), "fn a() -> u8 { 11 }\nfn b() -> u8 { 22 }\n");
    assert_eq!(shown("m.md"), "# One\nfirst\n\n# Alpha\ntext of Alpha\n\n# Beta\ntext of Beta\n");
    assert_eq!(shown("new.md"), "# Alpha\nnew\n# Beta\nnew\n");
    assert_eq!(git(&scratch, "log --format=%s wavec/1").lines().count(), 3);
    assert_eq!(git(&scratch, "fsck --no-dangling"), "");
}
