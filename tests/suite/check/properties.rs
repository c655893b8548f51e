//! Properties of arbitrary plans: they lower to steps in order, whatever they name.

use super::compile_case;
use proptest::prelude::*;
use std::fmt::Write;
use wavec::plan::{Need, Plan, StepKind};

/// A plan text from a tape of numbers: waves, blocks, tasks and gates that refer to each other without regard for order.
fn plan_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u16>(), 0..160).prop_map(|tape| {
        let mut writer = Writer { tape: tape.into_iter(), out: "plan p\n".to_owned(), count: 0, waves: 0 };
        writer.items(0, Place::File);
        writer.out.push_str("task end { run \"x\" }\n");
        writer.out
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    File,
    Set,
    Wave,
    Sequence,
}

struct Writer {
    tape: std::vec::IntoIter<u16>,
    out: String,
    count: u32,
    waves: u32,
}

impl Writer {
    fn pick(&mut self, most: u16) -> u16 {
        self.tape.next().map_or(0, |next| next % most)
    }

    fn items(&mut self, depth: u32, place: Place) {
        let count = 1 + self.pick(4);
        for at in 0..count {
            match self.pick(10) {
                0 | 1 if place == Place::File => {
                    self.waves += 1;
                    let name = self.waves;
                    let overlaps = match self.pick(3) {
                        2 if name > 1 => format!(" overlaps w{}", 1 + self.pick(name as u16)),
                        _ => String::new(),
                    };
                    self.group(&format!("wave w{name}{overlaps}"), depth, Place::Wave);
                }
                2 if depth < 3 => self.group("parallel", depth, Place::Set),
                3 if depth < 3 => {
                    let name = self.name("s");
                    self.group(&format!("serial {name}"), depth, Place::Sequence);
                }
                4 if at > 0 && matches!(place, Place::File | Place::Sequence) => self.gate(),
                _ => self.task(),
            }
        }
        if place == Place::Wave && self.pick(3) == 2 {
            self.gate();
        }
    }

    fn name(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", self.count)
    }

    fn group(&mut self, header: &str, depth: u32, place: Place) {
        let _ = writeln!(self.out, "{header} {{");
        if self.pick(6) == 5 {
            self.after();
        }
        self.items(depth + 1, place);
        if place == Place::Wave && self.pick(4) == 3 {
            self.out.push_str("success { check \"s\" runs \"make\" }\n");
        }
        self.out.push_str("}\n");
    }

    fn gate(&mut self) {
        self.out.push_str("gate { check \"g\" runs \"make\" }\n");
    }

    fn after(&mut self) {
        let mode = ["", "", "any of ", "finished "][usize::from(self.pick(4))];
        let target = 1 + self.pick(24);
        let kind = ["t", "t", "w", "s"][usize::from(self.pick(4))];
        let _ = writeln!(self.out, "after {mode}{kind}{target}");
    }

    fn task(&mut self) {
        let name = self.name("t");
        let _ = writeln!(self.out, "task {name} {{ run \"make\"");
        if self.pick(3) == 2 {
            self.after();
        }
        self.out.push_str("}\n");
    }
}

fn needs_come_first(plan: &Plan) {
    for (at, step) in plan.steps.iter().enumerate() {
        for need in &step.needs {
            let on = match need {
                Need::Succeeded(on, _) | Need::Finished(on) => std::slice::from_ref(on),
                Need::AnySucceeded(on) => on,
            };
            assert!(on.iter().all(|on| on.index() < at), "step {at} needs {on:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn steps_come_after_what_they_need(text in plan_text()) {
        let compilation = compile_case(&text);
        prop_assert_eq!(compilation.plan.is_none(), compilation.has_errors());
        if let Some(plan) = compilation.plan {
            needs_come_first(&plan);
            // Every task has its step, every group its two.
            for (id, task) in plan.task_ids().map(|id| (id, plan.task(id))) {
                let step = task.step.expect("a step");
                prop_assert_eq!(plan.step(step).kind, StepKind::Task(id));
            }
            let groups = plan.steps.iter().filter(|step| matches!(step.kind, StepKind::Enter(_) | StepKind::Leave(_)));
            prop_assert_eq!(groups.count(), plan.groups.len() * 2);
        }
    }

    #[test]
    fn no_task_overtakes_a_gate_or_its_sequence(text in plan_text()) {
        // A gate of the file's sequence is before all that stands behind it.
        let compilation = compile_case(&text);
        let Some(plan) = compilation.plan else { return Ok(()) };
        let mut before: Vec<std::collections::HashSet<usize>> = Vec::new();
        for step in &plan.steps {
            let mut all = std::collections::HashSet::new();
            for need in &step.needs {
                if let Need::Succeeded(on, _) = need {
                    all.insert(on.index());
                    all.extend(before[on.index()].iter().copied());
                }
            }
            before.push(all);
        }
        for (at, gate) in plan.steps.iter().enumerate() {
            let StepKind::Gate(id) = gate.kind else { continue };
            // The top item that holds the gate.
            let mut group = plan.gate(id).group;
            let mut top = None;
            while let Some(parent) = plan.group(group).parent {
                top = Some(group);
                group = parent;
            }
            let place = top.map_or(plan.gate(id).span.start, |top| plan.group(top).span.start);
            let end = top.map_or(place, |top| {
                let later = plan.groups[0].items.iter().map(|item| match item {
                    wavec::plan::Item::Group(group) => plan.group(*group).span.start,
                    wavec::plan::Item::Task(task) => plan.task(*task).span.start,
                    wavec::plan::Item::Gate(gate) => plan.gate(*gate).span.start,
                });
                later.filter(|start| *start > plan.group(top).span.start).min().unwrap_or(u32::MAX) - 1
            });
            for task in plan.task_ids().map(|id| plan.task(id)).filter(|task| task.span.start > end) {
                let step = task.step.expect("a step").index();
                prop_assert!(before[step].contains(&at), "{} overtakes {}", task.name, plan.gate(id).name);
            }
        }
    }
}

/// A plan of many waves, in which tasks name each other across waves.
fn large(waves: usize, tasks: usize) -> String {
    let mut out = "plan large\nresource port 4\n".to_owned();
    for wave in 0..waves {
        let _ = writeln!(out, "wave w{wave} {{");
        for task in 0..tasks {
            let _ =
                write!(out, "task t{task} {{ run \"make t{task}\"; uses port; writes \"out/{wave}/{task}\"");
            if task > 0 {
                let _ = write!(out, "; after t{}", task - 1);
            }
            if wave > 0 {
                let _ = write!(out, "; after w{}.t{task}", wave - 1);
            }
            out.push_str(" }\n");
        }
        out.push_str("gate { check \"ok\" runs \"make ok\" }\n}\n");
    }
    out
}

#[test]
fn a_large_plan_is_checked_in_time_that_grows_with_its_size() {
    let time = |tasks: usize| {
        let text = large(20, tasks);
        let start = std::time::Instant::now();
        let sources =
            wavec::source::SourceMap::of(wavec::source::SourceFile::new("plan.wave", text.as_str()));
        let trees = [wavec::syntax::parse(wavec::source::FileId(0), &text).file];
        let parsed = start.elapsed();
        let (memory, options) = (wavec::check::Memory::new(), wavec::compile::Options::default());
        let checked = wavec::check::check(&sources, &trees, &memory, &options, false);
        let plan = wavec::plan::lower(checked.model);
        assert_eq!(plan.tasks.len(), 20 * tasks);
        needs_come_first(&plan);
        (start.elapsed() - parsed).as_secs_f64()
    };
    time(10);
    let (small, great) = (time(50), time(400));
    // Eight times the size; a quadratic step would take sixty-four times as long.
    assert!(great < small * 24.0 + 0.5, "{small} s for 1,000 tasks, {great} s for 8,000");
}

#[test]
fn a_for_over_ten_thousand_values_makes_ten_thousand_tasks() {
    let values: Vec<String> = (0..10_000).map(|value| format!("\"v{value}\"")).collect();
    let text = format!(
        "plan p\nparallel {{ for x in {} {{ task t-{{{{x}}}} {{ run \"make {{{{x}}}}\"; after missing-{{{{x}}}} }} }} }}",
        values.join(", ")
    );
    let compilation = compile_case(&text);
    // One mistake, told once.
    assert_eq!(compilation.diagnostics.len(), 1, "{:#?}", compilation.diagnostics.first());
    let compilation = compile_case(&text.replace("; after missing-{{x}}", ""));
    assert_eq!(compilation.plan.expect("a plan").tasks.len(), 10_000);
}

/// A note with a safe fix: applied, the text says the same without what was redundant.
#[test]
fn a_safe_fix_leaves_nothing_to_say() {
    for (text, mended) in [
        (
            "plan p\ntask a { run \"a\" }\ntask b {\n  run \"b\"\n  after a\n}\n",
            "plan p\ntask a { run \"a\" }\ntask b {\n  run \"b\"\n}\n",
        ),
        (
            "plan p\nparallel {\n  task a { run \"a\" }\n  task b { run \"b\"; after a }\n  task c { run \"c\"; after a, b }\n}\n",
            "plan p\nparallel {\n  task a { run \"a\" }\n  task b { run \"b\"; after a }\n  task c { run \"c\"; after b }\n}\n",
        ),
        (
            "plan p\nparallel {\n  task a { run \"a\" }\n  task b { run \"b\"; after a }\n  task c { run \"c\"; after b, a }\n}\n",
            "plan p\nparallel {\n  task a { run \"a\" }\n  task b { run \"b\"; after a }\n  task c { run \"c\"; after b }\n}\n",
        ),
    ] {
        let compilation = compile_case(text);
        let fixes: Vec<_> = compilation
            .diagnostics
            .iter()
            .filter(|found| found.code == wavec::diagnostic::codes::REDUNDANT_AFTER)
            .filter_map(|found| found.fix.as_ref().filter(|fix| fix.is_safe))
            .collect();
        let [fix] = &fixes[..] else { panic!("{:#?}", compilation.diagnostics) };
        let [edit] = &fix.edits[..] else { panic!("{fix:?}") };
        let mut changed = text.to_owned();
        changed.replace_range(edit.span.range(), &edit.text);
        assert_eq!(changed, mended);
        let left = compile_case(&changed).diagnostics;
        assert!(
            left.iter().all(|found| found.code != wavec::diagnostic::codes::REDUNDANT_AFTER),
            "{left:#?}"
        );
    }
}
