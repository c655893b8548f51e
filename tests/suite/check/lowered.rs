//! The plans that good texts become: `tests/cases/check-plan/*.wave`, in a compact form.

use super::{assert_beside, compile_case};
use std::fmt::Write;
use wavec::plan::{
    Action, Command, Criterion, EnvValue, Item, Need, NeedSource, OnNoGo, Part, Plan, StepId, StepKind,
    Template, Test,
};

#[test]
fn every_good_plan_lowers() {
    insta::glob!("../../cases/lower", "*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let compilation = compile_case(&text);
        let found: Vec<_> = compilation.diagnostics.iter().map(|found| found.code.name()).collect();
        let plan =
            compilation.plan.unwrap_or_else(|| panic!("{}: {:#?}", path.display(), compilation.diagnostics));
        let mut shown = show(&plan);
        if !found.is_empty() {
            let _ = writeln!(shown, "\nsaid: {}", found.join(" "));
        }
        assert_beside(path, &shown);
    });
}

/// A plan in lines: its steps with what they need, and of each task and gate what is not as usual.
pub fn show(plan: &Plan) -> String {
    let mut out = String::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let needs: Vec<String> = step.needs.iter().map(need).collect();
        let line = format!("{at:>3} {:<32} {}", step_name(plan, StepId(at as u32)), needs.join(" "));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for group in &plan.groups {
        let mut facts = Vec::new();
        let items: Vec<&str> = group.items.iter().map(|item| item_name(plan, *item)).collect();
        facts.push(format!("[{}]", items.join(" ")));
        facts.extend(group.workers.map(|workers| format!("workers={workers}")));
        facts.extend(group.left_out.as_ref().map(|why| format!("left out: {why}")));
        facts.extend(group.success.iter().map(|check| criterion(plan, check)));
        if !group.rollback.is_empty() {
            let tasks: Vec<&str> = group.rollback.iter().map(|id| &*plan.task(*id).name).collect();
            facts.push(format!("rollback: {}", tasks.join(" ")));
        }
        let _ = writeln!(out, "{:?} {} {}", group.kind, group.name, facts.join("; "));
    }
    for task in &plan.tasks {
        let mut facts = vec![action(plan, &task.action)];
        facts.extend(task.agent.map(|agent| format!("agent={}", plan.agent(agent).name)));
        facts.extend((!task.claims.is_known).then(|| "claims unknown".to_owned()));
        for claim in &task.claims.claims {
            let section = claim.section.as_ref().map_or_else(String::new, |section| format!("#{section}"));
            let except =
                if claim.except.is_empty() { String::new() } else { format!(" except {:?}", claim.except) };
            facts.push(format!("{} {}{section}{except}", claim.kind.word(), claim.glob));
        }
        facts.extend(
            task.uses.iter().map(|(id, amount)| format!("uses {} {amount}", plan.resources[id.index()].name)),
        );
        facts.extend(task.estimate.map(|estimate| format!("estimate {:?}", estimate.expected())));
        facts.extend(task.timeout.map(|timeout| format!("timeout {timeout:?}")));
        if task.retries.count > 0 {
            let retries = task.retries;
            let feedback = if retries.feedback { " feedback" } else { "" };
            facts.push(format!("retries {} backoff {:?}{feedback}", retries.count, retries.backoff));
        }
        for (name, value) in &task.env {
            facts.push(match value {
                EnvValue::Text(text) => format!("{name}={}", template(plan, text)),
                EnvValue::Secret(id) => format!("{name}=secret {}", plan.secrets[id.index()].name),
            });
        }
        if !task.directory.is_empty() {
            facts.push(format!("in {}", task.directory));
        }
        if *task.shell != ["sh", "-ec"] {
            facts.push(format!("shell {:?}", task.shell));
        }
        if task.isolation != wavec::plan::Isolation::Shared || task.on_failure != wavec::plan::OnFailure::Stop
        {
            facts.push(format!("{:?} {:?}", task.isolation, task.on_failure));
        }
        facts.extend((!task.tags.is_empty()).then(|| format!("tags {}", task.tags.join(","))));
        facts.extend(task.outputs.iter().map(|output| format!("output {}", output.name)));
        facts.extend(task.success.iter().map(|check| criterion(plan, check)));
        facts.extend(task.left_out.as_ref().map(|why| format!("left out: {why}")));
        facts.extend(task.step.is_none().then(|| "no step".to_owned()));
        let _ = writeln!(out, "task {} {}", task.name, facts.join("; "));
    }
    for gate in &plan.gates {
        let mut facts: Vec<String> = gate.checks.iter().map(|check| criterion(plan, check)).collect();
        facts.extend(
            gate.approvals.iter().map(|approval| format!("approve {}", template(plan, &approval.question))),
        );
        facts.push(match gate.on_no_go {
            OnNoGo::Stop => "stop".to_owned(),
            OnNoGo::Continue => "continue".to_owned(),
            OnNoGo::Retry(count) => format!("retry {count}"),
            OnNoGo::SkipTo(step) => format!("skip to {}", step_name(plan, step)),
        });
        facts.extend(gate.left_out.as_ref().map(|why| format!("left out: {why}")));
        let _ = writeln!(out, "gate {} {}", gate.name, facts.join("; "));
    }
    out
}

fn item_name(plan: &Plan, item: Item) -> &str {
    match item {
        Item::Group(id) => &plan.group(id).name,
        Item::Task(id) => &plan.task(id).name,
        Item::Gate(id) => &plan.gate(id).name,
    }
}

fn step_name(plan: &Plan, step: StepId) -> String {
    match plan.step(step).kind {
        StepKind::Enter(id) => format!("enter {}", plan.group(id).name),
        StepKind::Task(id) => plan.task(id).name.to_string(),
        StepKind::Gate(id) => format!("gate {}", plan.gate(id).name),
        StepKind::Success(id) => format!("success {}", plan.group(id).name),
        StepKind::Leave(id) => format!("leave {}", plan.group(id).name),
    }
}

fn need(need: &Need) -> String {
    match need {
        Need::Succeeded(on, source) => {
            let mark = match source {
                NeedSource::Group => "",
                NeedSource::Sequence => "s",
                NeedSource::After => "a",
                NeedSource::Output => "o",
            };
            format!("{}{mark}", on.0)
        }
        Need::AnySucceeded(on) => {
            format!("any({})", on.iter().map(|step| step.0.to_string()).collect::<Vec<_>>().join(" "))
        }
        Need::Finished(on) => format!("finished({})", on.0),
    }
}

fn template(plan: &Plan, template: &Template) -> String {
    let mut out = String::new();
    for part in template.parts() {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Value(value) => {
                let _ = write!(out, "‹{value}›");
            }
            Part::Output(task, index) => {
                let task = plan.task(*task);
                let _ = write!(out, "«{}.{}»", task.name, task.outputs[*index as usize].name);
            }
        }
    }
    format!("{out:?}")
}

fn templates(plan: &Plan, words: &[Template]) -> String {
    format!("[{}]", words.iter().map(|word| template(plan, word)).collect::<Vec<_>>().join(", "))
}

fn action(plan: &Plan, action: &Action) -> String {
    match action {
        Action::Shell(text) => format!("run {}", template(plan, text)),
        Action::Program(words) => format!("run {}", templates(plan, words)),
        Action::Prompt(text) => format!("prompt {}", template(plan, text)),
        Action::PromptFile(text) => format!("prompt file {}", template(plan, text)),
        Action::Wait(time) => format!("wait {time:?}"),
        Action::Approve(approval) => format!("approve {}", template(plan, &approval.question)),
    }
}

fn criterion(plan: &Plan, criterion: &Criterion) -> String {
    let command = |command: &Command| match command {
        Command::Shell(text) => template(plan, text),
        Command::Program(words) => templates(plan, words),
    };
    let test = match &criterion.test {
        Test::Runs { command: run, exits, prints, within } => {
            format!("runs {} exits {exits} prints {prints:?} within {within:?}", command(run))
        }
        Test::Exists(glob) => format!("exists {}", template(plan, glob)),
        Test::Missing(glob) => format!("missing {}", template(plan, glob)),
        Test::Contains { pattern, glob } => format!("contains {pattern:?} in {}", template(plan, glob)),
        Test::Lacks { pattern, glob } => format!("lacks {pattern:?} in {}", template(plan, glob)),
        Test::ValueAt { file, pointer, comparison, number } => {
            format!("value {} at {pointer} {} {number}", template(plan, file), comparison.symbol())
        }
        Test::ValueOf { command: run, comparison, number } => {
            format!("value of {} {} {number}", command(run), comparison.symbol())
        }
        Test::Judged { agent, question } => {
            format!("judged by {} {}", plan.agent(*agent).name, template(plan, question))
        }
        Test::Manual => "manual".to_owned(),
    };
    format!("check {:?} {test}", criterion.title)
}
