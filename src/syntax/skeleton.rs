//! A tree as text, without places and plain comments: two layouts of one plan have one skeleton.
//!
//! For tests, and for the formatter's promise to change no meaning.

use super::ast::*;
use std::fmt::Write;

/// The skeleton of a file: a statement a line, bodies indented.
pub fn skeleton(file: &File<'_>) -> String {
    let mut out = String::new();
    body(&mut out, file, &file.body, 0);
    out
}

fn body(out: &mut String, file: &File<'_>, body: &Body<'_>, depth: usize) {
    for statement in &body.statements {
        for doc in file.docs(statement) {
            let _ = writeln!(out, "{:1$}## {doc}", "", depth * 2);
        }
        let _ = writeln!(out, "{:1$}{2}", "", depth * 2, line(&statement.kind));
        if let Some(inner) = statement.kind.body() {
            self::body(out, file, inner, depth + 1);
        }
    }
}

/// Words with blanks between.
struct Line(String);

impl Line {
    fn of(word: &str) -> Line {
        Line(word.to_owned())
    }

    fn word(mut self, word: impl AsRef<str>) -> Line {
        self.0.push(' ');
        self.0.push_str(word.as_ref());
        self
    }

    fn name(self, name: &Name<'_>) -> Line {
        self.word(name.text)
    }

    fn name_if(self, name: &Option<Name<'_>>) -> Line {
        self.pair_if("", name.as_ref().map(|name| name.text.to_owned()))
    }

    fn text(self, value: &Text<'_>) -> Line {
        self.word(text(value))
    }

    fn text_if(self, value: Option<&Text<'_>>) -> Line {
        self.pair_if("", value.map(text))
    }

    fn list(self, words: impl IntoIterator<Item = String>) -> Line {
        let words: Vec<String> = words.into_iter().collect();
        self.word(words.join(", "))
    }

    fn pair_if(self, keyword: &str, value: Option<String>) -> Line {
        match value {
            Some(value) if keyword.is_empty() => self.word(value),
            Some(value) => self.word(keyword).word(value),
            None => self,
        }
    }

    fn word_if(self, is_said: bool, word: &str) -> Line {
        if is_said { self.word(word) } else { self }
    }
}

fn line(kind: &StatementKind<'_>) -> String {
    use StatementKind::*;
    let word = super::vocabulary::of(kind).map_or("junk", |word| word.keyword);
    let line = Line::of(word);
    let line = match kind {
        Plan { name, title } => line.name(name).text_if(title.as_deref()),
        Use { path: value }
        | Directory(value)
        | Shell(value)
        | Because(value)
        | Model(value)
        | Instructions(value)
        | Id(value) => line.text(value),
        Param(param) => line
            .name(&param.name)
            .word(format!("{:?}", param.kind.value))
            .list(param.choices.iter().map(text))
            .pair_if("=", param.default.as_ref().map(value))
            .text_if(param.doc.as_ref()),
        Agent { name, .. } => line.name(name).word("{}"),
        Secret { name, source, value } => line.name(name).word(format!("{source:?}")).text(value),
        Resource { name, capacity } => line.name(name).word(number(capacity)),
        Criterion { name, title, test } => {
            line.name(name).text_if(title.as_deref()).pair_if("", test.as_deref().map(self::test))
        }
        Assert(claim) => line.word(assert(claim)),
        Preflight(_) | Success(_) | Rollback(_) | Finally(_) => line,
        Wave(wave) => {
            line.name(&wave.name).text_if(wave.title.as_ref()).list(wave.overlaps.iter().map(reference))
        }
        Block(block) => line.name_if(&block.name).text_if(block.title.as_ref()),
        For { variable, values, .. } => line.name(variable).word("in").list(values.iter().map(text)),
        Task(task) => line.name(&task.name).text_if(task.title.as_deref()),
        Gate(gate) => line.name_if(&gate.name).text_if(gate.title.as_ref()),
        Workers(value) | Priority(value) | Instances(value) => line.word(number(value)),
        AgentRef(name) | Driver(name) => line.name(name),
        Timeout(value) | Wait(value) => line.word(duration(value)),
        Retries { count, backoff, feedback } => line
            .word(number(count))
            .pair_if("backoff", backoff.as_deref().map(duration))
            .word_if(feedback.is_some(), "feedback"),
        Budget(amounts) | Cost(amounts) => line.list(amounts.iter().map(amount)),
        Isolation(kind) => line.word(format!("{:?}", kind.value)),
        OnFailure(kind) => line.word(format!("{:?}", kind.value)),
        Env { name, value } => match &**value {
            EnvValue::Text(value) => line.name(name).text(value),
            EnvValue::Secret(secret) => line.name(name).word("from secret").name(secret),
        },
        When { param, is_equal, value: compared } => {
            line.name(param).word(if *is_equal { "==" } else { "!=" }).word(value(compared))
        }
        Tags(names) => line.list(names.iter().map(|name| name.text.to_owned())),
        After { mode, names } => {
            line.word(format!("{mode:?}")).list(names.iter().map(|name| reference(&name)))
        }
        Run(run) => line.word(command(run)),
        Prompt { is_file, text } => line.word_if(*is_file, "file").text(text),
        Approve(approve) => {
            line.text(&approve.question).pair_if("by", approve.by.as_ref().map(text)).pair_if(
                "within",
                approve.within.as_ref().map(|(time, otherwise)| format!("{} {otherwise:?}", duration(time))),
            )
        }
        Claim(claim) => line
            .word_if(claim.is_nothing, "nothing")
            .list(claim.paths.iter().map(text))
            .word_if(!claim.except.is_empty(), "except")
            .list(claim.except.iter().map(text)),
        Estimate(estimate) => line
            .word(duration(&estimate.least))
            .pair_if("", estimate.likeliest.as_ref().map(duration))
            .word(duration(&estimate.most)),
        Uses(uses) => line.list(uses.iter().map(|one| {
            let amount = one.amount.as_ref().map(|amount| format!(" {}", number(amount)));
            format!("{}{}", one.resource.text, amount.unwrap_or_default())
        })),
        Output { name, source } => match &**source {
            OutputSource::Stdout(_) => line.name(name).word("stdout"),
            OutputSource::File(path) => line.name(name).text(path),
        },
        MayChangeNothing | Junk => line,
        Allow(tools) | Deny(tools) => line.list(tools.iter().map(text)),
        Check(check) => line.text_if(check.title.as_ref()).pair_if("", check.test.as_ref().map(test)),
        OnNoGo(decision) => match &decision.value {
            super::ast::OnNoGo::Stop => line.word("stop"),
            super::ast::OnNoGo::Continue => line.word("continue"),
            super::ast::OnNoGo::Retry(times) => line.word("retry").word(number(times)),
            super::ast::OnNoGo::SkipTo(name) => line.word("skip to").word(reference(name)),
        },
    };
    line.0.trim_end().to_owned()
}

fn text(text: &Text<'_>) -> String {
    if let Some(plain) = text.plain() {
        return format!("{plain:?}");
    }
    let parts = text.parts().iter().map(|part| match part {
        TextPart::Literal(literal) => format!("{literal:?}"),
        TextPart::Hole(hole) => format!("{{{{{}}}}}", reference(hole)),
    });
    parts.collect::<Vec<String>>().join("+")
}

fn reference(reference: &Reference<'_>) -> String {
    reference.text.to_owned()
}

fn number(number: &Number) -> String {
    number.value.to_string()
}

fn duration(duration: &Duration) -> String {
    format!("{}ms", duration.milliseconds)
}

fn amount(amount: &Amount) -> String {
    if amount.least == amount.most {
        format!("{:?}", amount.least)
    } else {
        format!("{:?}..{:?}", amount.least, amount.most)
    }
}

fn value(value: &Value<'_>) -> String {
    match value {
        Value::Text(value) => text(value),
        Value::Number(value) => number(value),
        Value::Flag(value) => value.value.to_string(),
        Value::Duration(value) => duration(value),
    }
}

fn command(command: &Command<'_>) -> String {
    match command {
        Command::Shell(shell) => text(shell),
        Command::Program(program) => {
            format!("[{}]", program.words.iter().map(text).collect::<Vec<String>>().join(", "))
        }
    }
}

fn assert(claim: &Assert<'_>) -> String {
    let compare = |what: &str, comparison: &Spanned<Comparison>, bound: String| {
        format!("{what} {} {bound}", comparison.value.symbol())
    };
    match claim {
        Assert::Makespan(comparison, bound) => compare("makespan", comparison, duration(bound)),
        Assert::Speedup(comparison, bound) => compare("speedup", comparison, number(bound)),
        Assert::Cost(comparison, bound) => compare("cost", comparison, amount(bound)),
        Assert::Workers(comparison, bound) => compare("workers", comparison, number(bound)),
        Assert::Before(left, right) => format!("{} before {}", reference(left), reference(right)),
        Assert::Alongside(left, right) => format!("{} alongside {}", reference(left), reference(right)),
    }
}

fn test(test: &Test<'_>) -> String {
    match &test.kind {
        TestKind::Runs { command: run, exits, prints, within } => {
            Line::of("runs")
                .word(command(run))
                .pair_if("exits", exits.as_ref().map(number))
                .pair_if("prints", prints.as_ref().map(text))
                .pair_if("within", within.as_ref().map(duration))
                .0
        }
        TestKind::Exists(glob) => Line::of("exists").text(glob).0,
        TestKind::Missing(glob) => Line::of("missing").text(glob).0,
        TestKind::Contains { pattern, glob } => Line::of("contains").text(pattern).word("in").text(glob).0,
        TestKind::Lacks { pattern, glob } => Line::of("lacks").text(pattern).word("in").text(glob).0,
        TestKind::ValueAt { file, pointer, comparison, number: bound } => {
            Line::of("value")
                .text(file)
                .word("at")
                .text(pointer)
                .word(comparison.value.symbol())
                .word(number(bound))
                .0
        }
        TestKind::ValueOf { command: run, comparison, number: bound } => {
            Line::of("value of").word(command(run)).word(comparison.value.symbol()).word(number(bound)).0
        }
        TestKind::Judged { agent, question } => Line::of("judged by").name(agent).text(question).0,
        TestKind::Manual => "manual".to_owned(),
        TestKind::Named(name) => name.text.to_owned(),
    }
}
