//! Shapes: headers, bodies, actions, agents and gates that lack something or have too much of it.

use super::{a, list};
use crate::check::model::{Node, NodeKind};
use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::source::Span;

/// A file to run without a header
pub(in crate::check) fn missing_plan(span: Span) -> Diagnostic {
    Diagnostic::new(codes::MISSING_PLAN, "the file does not say what plan it is", span, "`plan` stands first")
        .help("begin the file with `plan NAME \"title\"`")
        .fix(
            "name the plan",
            vec![Edit { span: span.at_start(), text: "plan unnamed\n\n".to_owned() }],
            false,
        )
}

/// A plan in which nothing is done
pub(in crate::check) fn no_task(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(codes::NO_TASK, format!("the plan `{name}` has no task"), span, "nothing to do")
        .help("add a task: `task NAME { run \"…\" }`")
}

/// A library with tasks, waves, settings or a header
pub(in crate::check) fn library_with_work(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(
        codes::LIBRARY_WITH_WORK,
        format!("a library cannot hold `{word}`"),
        span,
        "belongs to a plan, and this file is used by one",
    )
    .help("keep only agents, resources, secrets, criteria and params in a file that is used")
}

/// A wave, block, `rollback` or `finally` with nothing to do
pub(in crate::check) fn empty_group(node: &Node<'_>) -> Diagnostic {
    let word = node.kind.noun();
    let what = match node.kind {
        _ if !node.name.is_empty() => format!("the {word} `{}`", node.name),
        NodeKind::Rollback(_) | NodeKind::Finally(_) => format!("`{word}`"),
        _ => format!("this `{word}` block"),
    };
    Diagnostic::new(
        codes::EMPTY_GROUP,
        format!("{what} has nothing in it to do"),
        node.header(),
        "no task in here",
    )
    .help("give it a task, or remove it")
}

/// A `for` without items
pub(in crate::check) fn empty_for(span: Span, variable: &str) -> Diagnostic {
    Diagnostic::new(codes::EMPTY_GROUP, "this `for` has nothing in it to repeat", span, "no item in here")
        .help(format!("give it a task: `task NAME-{{{{{variable}}}}} {{ … }}`, or remove it"))
}

/// `for x in { … }`
pub(in crate::check) fn for_over_nothing(span: Span) -> Diagnostic {
    Diagnostic::new(codes::EMPTY_GROUP, "this `for` has no values", span, "repeats for each of its values")
        .help("list its values: `for NAME in \"a\", \"b\" { … }`")
}

/// A task without an action, and no agent to read its title
pub(in crate::check) fn missing_action(
    span: Span,
    name: &str,
    has_title: bool,
    agents: &[String],
) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::MISSING_ACTION,
        format!("the task `{name}` does nothing"),
        span,
        match has_title {
            true => "no action, and no agent to do what the title says",
            false => "no action",
        },
    );
    match (has_title, agents) {
        (true, []) => diagnostic.help("give it an action, such as `run \"…\"`, or an agent"),
        (true, agents) => {
            let agent = &agents[0];
            diagnostic.help(format!("give it an action, such as `run \"…\"`, or an agent: `agent {agent}`"))
        }
        (false, _) => diagnostic.help("give it an action: `run`, `prompt`, `wait` or `approve`"),
    }
}

/// An agent's task that says nothing to its agent
pub(in crate::check) fn missing_prompt(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        codes::MISSING_ACTION,
        format!("the task `{name}` tells its agent nothing"),
        span,
        "neither an action nor a title",
    )
    .help("give it a title, which then is its prompt, or a `prompt \"…\"`")
}

/// Two actions in one task
pub(in crate::check) fn second_action(
    span: Span,
    first_span: Span,
    name_span: Span,
    first: &str,
    second: &str,
    name: &str,
) -> Diagnostic {
    let message = match first == second {
        true => format!("the task `{name}` has `{first}` twice"),
        false => format!("the task `{name}` has two actions, `{first}` and `{second}`"),
    };
    Diagnostic::new(codes::SECOND_ACTION, message, span, "the second action")
        .label(first_span, "the first")
        .label(name_span, "one task does one thing")
        .help("make a task of each, one after the other")
}

/// `prompt` where no agent applies
pub(in crate::check) fn missing_agent(span: Span, name: &str, agents: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::MISSING_AGENT,
        format!("the task `{name}` has a prompt, and no agent to read it"),
        span,
        "no agent applies here",
    );
    match agents {
        [] => diagnostic.help("declare an agent, and name it in the task: `agent NAME`"),
        agents => diagnostic.help(format!("name its agent in the task: {}", list(&say(agents), "or"))),
    }
}

fn say(agents: &[String]) -> Vec<String> {
    agents.iter().map(|agent| format!("agent {agent}")).collect()
}

/// `agent` beside `run`
pub(in crate::check) fn idle_agent(span: Span, action: Span, word: &str) -> Diagnostic {
    Diagnostic::new(
        codes::IDLE_AGENT,
        format!("the task names an agent that has nothing to do: its action is `{word}`"),
        span,
        "never called",
    )
    .label(action, format!("done without {}", a("agent")))
    .help("remove the agent, or write a `prompt` in place of the action")
}

/// An agent that does not say how it is called
pub(in crate::check) fn missing_driver(span: Span, name: &str, has_program: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::MISSING_DRIVER,
        format!("the agent `{name}` does not say how it is called"),
        span,
        "no `driver`",
    );
    match has_program {
        true => diagnostic.help("add `driver command`: its `run` is then the program"),
        false => diagnostic.help("add a `driver`, such as `driver claude`, or `driver command` with a `run`"),
    }
}

/// `driver command` without a program
pub(in crate::check) fn driver_without_program(span: Span, driver: &str, agent: &str) -> Diagnostic {
    Diagnostic::new(
        codes::DRIVER_WITHOUT_PROGRAM,
        format!("the agent `{agent}` has `driver {driver}` and names no program"),
        span,
        "calls the program that `run` names",
    )
    .help("name the program: `run \"program --option\"`")
}

/// `run` beside a driver that brings its own program
pub(in crate::check) fn unused_program(span: Span, driver_span: Span, driver: &str) -> Diagnostic {
    Diagnostic::new(
        codes::UNUSED_PROGRAM,
        format!("`driver {driver}` knows its own program"),
        span,
        "never called",
    )
    .label(driver_span, "brings its own program")
    .help("remove the `run`, or write `driver command`")
}

/// Two programs for one agent
pub(in crate::check) fn second_program(span: Span, first: Span, agent: &str) -> Diagnostic {
    Diagnostic::new(codes::SECOND_ACTION, format!("the agent `{agent}` has two programs"), span, "the second")
        .label(first, "the first")
        .help("keep one of them")
}

/// `writes nothing` beside `writes "x"`
pub(in crate::check) fn nothing_beside_something(
    span: Span,
    other: Span,
    kind: &str,
    other_kind: &str,
) -> Diagnostic {
    Diagnostic::new(
        codes::CONTRARY_CLAIMS,
        format!("the task says `{kind} nothing`, and yet it {other_kind} something"),
        span,
        "nothing",
    )
    .label(other, "something")
    .help("remove one of the two")
}

/// A gate without checks and approvals
pub(in crate::check) fn empty_gate(span: Span, question: Option<&str>) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(codes::EMPTY_GATE, "the gate asks nothing and nobody", span, "always open");
    match question {
        Some(question) => {
            diagnostic.help(format!("ask a person: `approve \"{question}\"`, or add a `check`"))
        }
        None => diagnostic.help("give it a `check` or an `approve`, or remove it"),
    }
}

/// `isolation worktree` and `isolation copy` in one plan
pub(in crate::check) fn mixed_isolation(first: Span, second: Span) -> Diagnostic {
    Diagnostic::new(
        codes::MIXED_ISOLATION,
        "some tasks work in worktrees and others in copies",
        second,
        "what is merged here could not be merged there",
    )
    .label(first, "the other kind")
    .help("use one of both in the whole plan; `isolation shared` goes with either")
}
