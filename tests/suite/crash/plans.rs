//! Plans whose tasks leave a trace of each beginning and end: wide, deep, gated, retried, approved, outputs handed on.

use std::fmt::Write;

/// Random numbers that are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// The shapes.
pub const SHAPES: [&str; 7] = ["wide", "deep", "gated", "retried", "approved", "handed-on", "mixed"];

/// A task's command between its two traces.
fn work(middle: &str) -> String {
    format!(
        "echo s $WAVEC_TASK $WAVEC_ATTEMPT >> effects; {middle}echo e $WAVEC_TASK $WAVEC_ATTEMPT >> effects"
    )
}

fn pause(dice: &mut Dice) -> &'static str {
    ["", "", "sleep 0.02; ", "sleep 0.05; "][dice.roll(4) as usize]
}

fn task(text: &mut String, name: &str, dice: &mut Dice, extra: &str) {
    let _ = writeln!(text, "task {name} {{ run \"{}\"{extra} }}", work(pause(dice)));
}

/// What fails the first time that it is tried, whoever tries it.
fn once(name: &str) -> String {
    format!("test -e once-{name} || {{ touch once-{name}; exit 1; }}")
}

fn retried(text: &mut String, name: &str, dice: &mut Dice) {
    let middle = format!("{}; {}", once(name), pause(dice));
    let _ = writeln!(text, "task {name} {{ run \"{}\"; retries 3 }}", work(&middle));
}

fn approved(text: &mut String, dice: &mut Dice) {
    text.push_str("wave w {\n");
    task(text, "a", dice, "");
    text.push_str("task ask { approve \"Really?\" }\n");
    task(text, "b", dice, "; after ask");
    text.push_str("gate { approve \"Go on?\" }\n}\n");
    text.push_str("wave x {\n");
    task(text, "c", dice, "; success { check \"seen\" manual }");
    text.push_str("}\n");
}

fn handed_on(text: &mut String, dice: &mut Dice) {
    let says = |middle: &str| format!("{}; echo said by $WAVEC_TASK", work(middle));
    let _ =
        writeln!(text, "task top {{ run \"{}\"; output it from stdout }}\nparallel {{", says(pause(dice)));
    let width = 2 + dice.roll(3);
    let mut joined = String::new();
    for number in 0..width {
        let middle = format!("echo {number}: {{{{top.it}}}} > part-{number}; {}", pause(dice));
        let _ = writeln!(
            text,
            "task part{number} {{ run \"{}\"; output it from \"part-{number}\" }}",
            work(&middle)
        );
        let _ = write!(joined, "echo {{{{part{number}.it}}}} >> joined.new; ");
    }
    let join = format!("rm -f joined.new; {joined}mv joined.new joined; ");
    let _ = writeln!(text, "}}\ntask join {{ run \"{}\" }}", work(&join));
}

fn gated(text: &mut String, dice: &mut Dice, prefix: &str) {
    let _ = writeln!(text, "wave {prefix}one {{");
    for number in 0..2 + dice.roll(2) {
        task(text, &format!("t{number}"), dice, "");
    }
    let on = ["stop", "retry up to 3"][dice.roll(2) as usize];
    let test = if on == "stop" { "test -s effects".to_owned() } else { once(&format!("{prefix}gate")) };
    let _ = writeln!(text, "gate {{ check runs \"{test}\"; on no-go {on} }}\n}}\nwave {prefix}two {{");
    for number in 0..1 + dice.roll(3) {
        task(text, &format!("u{number}"), dice, "");
    }
    text.push_str("success { check \"effects are there\" exists \"effects\" }\n}\n");
}

/// The text of a plan of that shape.
pub fn text(shape: &str, seed: u64) -> String {
    let dice = &mut Dice::new(seed);
    let mut text = format!("plan {shape}\nworkers {}\n", 1 + dice.roll(4));
    match shape {
        "wide" => {
            text.push_str("parallel {\n");
            for number in 0..4 + dice.roll(6) {
                task(&mut text, &format!("t{number}"), dice, "");
            }
            text.push_str("}\n");
        }
        "deep" => {
            for number in 0..3 + dice.roll(4) {
                task(&mut text, &format!("t{number}"), dice, "");
            }
        }
        "gated" => gated(&mut text, dice, ""),
        "retried" => {
            text.push_str("parallel {\n");
            for number in 0..2 + dice.roll(3) {
                retried(&mut text, &format!("r{number}"), dice);
            }
            text.push_str("}\n");
            task(&mut text, "last", dice, "");
        }
        "approved" => approved(&mut text, dice),
        "handed-on" => handed_on(&mut text, dice),
        _ => {
            gated(&mut text, dice, "g");
            text.push_str("wave m {\n");
            retried(&mut text, "again", dice);
            task(&mut text, "later", dice, "; after again");
            text.push_str("gate { approve \"Go on?\" }\n}\n");
            handed_on(&mut text, dice);
            text.push_str("finally {\n");
            task(&mut text, "clean", dice, "");
            text.push_str("}\n");
        }
    }
    text
}
