//! Reports: what a person and a program see of a run, all from its entries.

use crate::journal::Folder;
use crate::schedule::plans::{self, gate, task, wave};
use std::path::Path;
use std::sync::Arc;
use wavec::event::progress::Progress;
use wavec::event::*;
use wavec::plan::{Criterion, GateId, GroupId, Plan, TaskId, Template, Test};
use wavec::report::live::{Key, Moment, Prompt, Size, frame};
use wavec::report::{Look, RunPlace, Verbosity, forecast, json, lines, log, summary, words};

/// 2026-10-17 14:03:07 UTC.
const BEGIN: i64 = 1_792_245_787_000;

fn the_plan() -> Arc<Plan> {
    let mut plan = plans::plan([
        wave(
            "foundations",
            [task("foundations.schema").minutes(30), task("foundations.client"), gate("foundations.gate")],
        ),
        wave("endpoints", [task("endpoints.charge").minutes(30), task("endpoints.refund").minutes(30)]),
        wave("ship", [task("ship.review").minutes(15), gate("ship.gate")]),
    ]);
    plan.name = "checkout".into();
    plan.groups[1].title = "Schema and client".into();
    let criterion = |title: &str| Criterion {
        title: title.into(),
        test: Test::Exists(Template::literal("x")),
        shell: Vec::new().into(),
        span: plans::span(),
    };
    plan.gates[0].checks = vec![criterion("it builds"), criterion("no stubs left")];
    plan.groups[0].success = vec![criterion("error rate")];
    plan.tasks[2].success = vec![criterion("tests pass")];
    Arc::new(plan)
}

/// A run, told entry by entry: seconds since its beginning, and what happened.
struct Story {
    entries: Vec<Entry>,
}

impl Story {
    fn new() -> Story {
        let mut story = Story { entries: Vec::new() };
        story.at(0, Event::RunStarted { pid: 100, session: 1, workers: Some(4) });
        story.at(0, Event::GroupStarted { group: GroupId(0) });
        story
    }

    fn at(&mut self, second: i64, event: Event) -> &mut Story {
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Entry { seq, at: BEGIN + second * 1000, event });
        self
    }

    fn starts(&mut self, second: i64, task: u32, attempt: u32) -> &mut Story {
        let task = TaskId(task);
        self.at(second, Event::AttemptStarting { task, attempt });
        self.at(second, Event::AttemptRunning { task, attempt, pid: Some(4000 + task.0) })
    }

    fn ends(&mut self, second: i64, task: u32, attempt: u32, end: AttemptEnd) -> &mut Story {
        let usage = Usage { input_tokens: None, output_tokens: Some(1200), money: Some(40_000) };
        let task = TaskId(task);
        let milliseconds = 2500;
        self.at(second, Event::AttemptEnded { task, attempt, end, milliseconds, usage })
    }

    fn over(&mut self, second: i64, task: u32, outcome: Outcome, reason: &str) -> &mut Story {
        self.at(second, Event::TaskEnded { task: TaskId(task), outcome, reason: reason.into() })
    }

    fn check(
        &mut self,
        second: i64,
        owner: CheckOwner,
        index: u32,
        verdict: Verdict,
        evidence: &str,
    ) -> &mut Story {
        self.at(
            second,
            Event::CheckEnded {
                owner,
                index,
                verdict,
                evidence: evidence.into(),
                milliseconds: 1200,
                usage: Usage::default(),
            },
        )
    }

    fn foundations(&mut self) -> &mut Story {
        let succeeded = Outcome::Succeeded;
        self.at(0, Event::GroupStarted { group: GroupId(1) });
        self.starts(0, 0, 1).starts(0, 1, 1);
        self.ends(60, 1, 1, AttemptEnd::Done).over(60, 1, succeeded, "");
        self.ends(65, 0, 1, AttemptEnd::Exit { code: 1 });
        let reason = "exit code 1".to_string();
        self.at(65, Event::RetryScheduled { task: TaskId(0), attempt: 2, milliseconds: 10_000, reason });
        self.starts(75, 0, 2).ends(130, 0, 2, AttemptEnd::Done).over(130, 0, succeeded, "");
        self.at(130, Event::GateStarted { gate: GateId(0) });
        let owner = CheckOwner::Gate(GateId(0));
        self.check(132, owner, 0, Verdict::Pass, "").check(132, owner, 1, Verdict::Pass, "");
        self.at(132, Event::GateEnded { gate: GateId(0), decision: Decision::Go, reason: String::new() });
        self.at(132, Event::GroupEnded { group: GroupId(1), outcome: succeeded, reason: String::new() })
    }

    fn endpoints(&mut self) -> &mut Story {
        self.at(132, Event::GroupStarted { group: GroupId(2) }).starts(132, 2, 1).starts(133, 3, 1)
    }

    fn failure(&mut self) -> &mut Story {
        self.ends(200, 2, 1, AttemptEnd::Done);
        self.check(201, CheckOwner::Task(TaskId(2), 1), 0, Verdict::Fail, "exit code 101, wanted 0");
        self.over(201, 2, Outcome::Failed, "criterion `tests pass` failed");
        self.at(201, Event::StopRequested { reason: "a task failed".into(), is_cancel: false });
        self.ends(230, 3, 1, AttemptEnd::Done).over(230, 3, Outcome::Succeeded, "");
        self.over(230, 4, Outcome::NotRun, "endpoints.charge failed");
        let failed = |group| Event::GroupEnded {
            group: GroupId(group),
            outcome: Outcome::Failed,
            reason: "endpoints.charge failed".into(),
        };
        self.at(230, failed(2)).at(230, failed(0));
        self.at(
            230,
            Event::RunEnded { outcome: RunOutcome::Failed, reason: "endpoints.charge failed".into() },
        )
    }

    fn question(&mut self) -> &mut Story {
        self.ends(230, 2, 1, AttemptEnd::Done).over(230, 2, Outcome::Succeeded, "");
        self.ends(230, 3, 1, AttemptEnd::Done).over(230, 3, Outcome::Succeeded, "");
        self.at(
            230,
            Event::GroupEnded { group: GroupId(2), outcome: Outcome::Succeeded, reason: String::new() },
        );
        self.at(230, Event::GroupStarted { group: GroupId(3) });
        self.starts(230, 4, 1).ends(240, 4, 1, AttemptEnd::Done).over(240, 4, Outcome::Succeeded, "");
        self.at(240, Event::GateStarted { gate: GateId(1) });
        let question = "The reviewer says: fine, but mind the cache. Release?".to_string();
        let owner = ApprovalOwner::Gate(GateId(1));
        self.at(
            240,
            Event::ApprovalAsked { owner, index: 0, question, deadline: Some(BEGIN + 4 * 3_600_000) },
        )
    }

    fn progress(&self) -> Progress {
        Progress::replay(the_plan(), &self.entries)
    }
}

/// Where the logs are that the stories speak of: `endpoints.charge` has one.
fn place(folder: &Folder) -> RunPlace {
    let logs = folder.0.join("runs/3");
    std::fs::create_dir_all(logs.join("endpoints.charge")).expect("a folder for logs");
    let text =
        "compiling\n\x1b[31mtest charge::works ... FAILED\x1b[0m\n10%\r50%\r100%\n\nerror: 1 test failed\n";
    std::fs::write(logs.join("endpoints.charge/1.log"), text).expect("a log");
    RunPlace {
        run: 3,
        logs,
        attempt_log: |logs, task, attempt| logs.join(&*task.name).join(format!("{attempt}.log")),
        check_log: |logs, _, _, index| logs.join(format!("check-{index}.log")),
        forecast: Some(900_000),
    }
}

fn shown(folder: &Folder, lines: Vec<String>) -> String {
    lines.join("\n").replace(&folder.0.display().to_string(), ".wavec") + "\n"
}

fn as_lines(name: &str, story: &Story, verbosity: Verbosity) -> String {
    let folder = Folder::new(name);
    let place = place(&folder);
    let look = Look { verbosity, ..Look::plain() };
    let mut progress = Progress::new(the_plan());
    let names = lines::name_width(&progress);
    let mut all = Vec::new();
    for entry in &story.entries {
        progress.apply(entry);
        all.extend(lines::lines(&progress, &place, &look, names, entry));
    }
    shown(&folder, all)
}

fn snapshot(name: &str, text: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../cases/report");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn lines_of_a_failed_run() {
    let mut story = Story::new();
    story.foundations().endpoints().failure();
    snapshot("lines-failed", as_lines("lines-failed", &story, Verbosity::Normal));
    snapshot("lines-failed-quiet", as_lines("lines-quiet", &story, Verbosity::Quiet));
    snapshot("lines-failed-verbose", as_lines("lines-verbose", &story, Verbosity::Verbose));
}

#[test]
fn lines_of_a_question() {
    let mut story = Story::new();
    story.foundations().endpoints().question();
    let owner = ApprovalOwner::Gate(GateId(1));
    let (by, reason) = ("ann".to_string(), "mind the cache first".to_string());
    story.at(300, Event::ApprovalAnswered { owner, index: 0, answer: Answer::Rejected, by, reason });
    let reason = "rejected by ann: mind the cache first".to_string();
    story.at(300, Event::GateEnded { gate: GateId(1), decision: Decision::NoGo, reason });
    snapshot("lines-question", as_lines("lines-question", &story, Verbosity::Normal));
}

fn as_summary(name: &str, story: &Story) -> String {
    let folder = Folder::new(name);
    let place = place(&folder);
    shown(&folder, summary::lines(&story.progress(), &place, &Look::plain()))
}

#[test]
fn summaries() {
    let mut failed = Story::new();
    failed.foundations().endpoints().failure();
    snapshot("summary-failed", as_summary("summary-failed", &failed));

    let mut waiting = Story::new();
    waiting.foundations().endpoints().question();
    waiting.at(241, Event::RunEnded { outcome: RunOutcome::Waiting, reason: "ship.gate asks".into() });
    snapshot("summary-waiting", as_summary("summary-waiting", &waiting));

    let mut good = Story::new();
    good.foundations().endpoints().question();
    let owner = ApprovalOwner::Gate(GateId(1));
    let (by, reason) = ("ann".to_string(), String::new());
    good.at(
        300,
        Event::ApprovalAnswered { owner, index: 0, answer: Answer::Approved, by, reason: reason.clone() },
    );
    good.at(300, Event::GateEnded { gate: GateId(1), decision: Decision::Go, reason: reason.clone() });
    good.check(301, CheckOwner::Group(GroupId(0)), 0, Verdict::Pass, "0.2 < 0.5");
    good.at(301, Event::RunEnded { outcome: RunOutcome::Succeeded, reason });
    snapshot("summary-succeeded", as_summary("summary-succeeded", &good));
}

fn as_frame(name: &str, story: &Story, second: i64, size: Size, prompt: Option<&Prompt>) -> String {
    let folder = Folder::new(name);
    let place = place(&folder);
    let progress = story.progress();
    let now = BEGIN + second * 1000;
    let last_line = |path: &Path| log::tail(path, 1, 200).pop();
    let remaining = Some(forecast::remaining(&progress, now));
    let moment = Moment { now, size, prompt, last_line: &last_line, remaining };
    let look = Look { width: size.columns, ..Look::plain() };
    let lines = frame(&progress, &place, &look, &moment);
    assert!(lines.len() < size.rows, "{} lines for {} rows", lines.len(), size.rows);
    for line in &lines {
        let width = unicode_width::UnicodeWidthStr::width(line.as_str());
        assert!(width < size.columns, "{width} columns: {line}");
    }
    shown(&folder, lines)
}

const WIDE: Size = Size { columns: 100, rows: 30 };

#[test]
fn frames_of_the_live_view() {
    let mut story = Story::new();
    snapshot("frame-begin", as_frame("frame-begin", &story, 1, WIDE, None));
    story.foundations().endpoints();
    snapshot("frame-running", as_frame("frame-running", &story, 200, WIDE, None));
    snapshot("frame-small", as_frame("frame-small", &story, 200, Size { columns: 40, rows: 6 }, None));
    story.failure();
    story.entries.truncate(story.entries.len() - 8);
    snapshot("frame-stopping", as_frame("frame-stopping", &story, 210, WIDE, None));
}

#[test]
fn a_question_is_asked_and_answered_in_place() {
    let mut story = Story::new();
    story.foundations().endpoints().question();
    let mut prompt = Prompt::first(&story.progress()).expect("a question is open");
    snapshot("frame-question", as_frame("frame-question", &story, 250, WIDE, Some(&prompt)));
    for char in "xn why not?".chars() {
        assert_eq!(prompt.key(Key::Char(char)), None);
    }
    assert_eq!(prompt.key(Key::Backspace), None);
    snapshot("frame-answering", as_frame("frame-answering", &story, 250, WIDE, Some(&prompt)));
    assert_eq!(prompt.key(Key::Enter), Some((Answer::Rejected, "why not".to_string())));
    assert_eq!(prompt.key(Key::Escape), None);
    assert_eq!(prompt.key(Key::Enter), None, "Enter alone says nothing");
}

#[test]
fn json_gives_names_and_a_version() {
    let mut story = Story::new();
    story.foundations().endpoints().failure();
    let mut text = String::new();
    let mut progress = Progress::new(the_plan());
    for entry in &story.entries {
        progress.apply(entry);
        text += &json::line(&progress, 3, entry);
        text.push('\n');
    }
    let schema =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/event.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for line in text.lines() {
        let event = serde_json::from_str(line).unwrap();
        assert!(schema.is_valid(&event), "{line}");
    }
    snapshot("json", text);
}

#[test]
fn a_screen_redraws_in_place_and_gives_the_cursor_back() {
    use wavec::report::screen::Screen;
    let mut out = Vec::new();
    {
        let mut screen = Screen::new(&mut out);
        let lines = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        screen.draw(&[], &lines(&["one", "two"]), 80).unwrap();
        screen.draw(&[], &lines(&["one", "two"]), 80).unwrap();
        screen.draw(&lines(&["kept"]), &lines(&["three"]), 80).unwrap();
        screen.clear(&[], 80).unwrap();
    }
    let text = String::from_utf8(out).unwrap().replace('\x1b', "ESC");
    assert_eq!(text.matches("one").count(), 1, "the same is not drawn twice");
    assert!(text.contains("ESC[2A\rkeptESC[K\r\nthree"), "{text}");
    assert!(text.trim_end().ends_with("ESC[?25h"), "{text}");
}

#[test]
fn a_log_shows_what_its_program_showed() {
    let folder = Folder::new("log");
    let path = folder.0.join("x.log");
    let line = "x".repeat(30_000);
    let text = format!("{line}\nfirst\n\x1b]0;title\x07second\x1b[2K\nthird \u{202e}evil\tendÿ\r\n\n");
    std::fs::write(&path, text).unwrap();
    assert_eq!(log::tail(&path, 2, 60), ["second", "third evil endÿ"]);
    assert_eq!(log::tail(&folder.0.join("none"), 2, 60), Vec::<String>::new());
}

#[test]
fn words_are_short_and_clear() {
    let durations = [0, 420, 9_940, 9_960, 59_900, 63_000, 3_600_000, 90_000_000];
    let texts: Vec<String> = durations.iter().map(|ms| words::duration(*ms)).collect();
    assert_eq!(texts, ["0.0 s", "0.4 s", "9.9 s", "10 s", "1m 00s", "1m 03s", "1h 00m", "1d 1h"]);
    assert_eq!(words::about(400_000), "7 min");
    assert_eq!(words::list(&["a", "b", "c"], 5), "a, b and c");
    assert_eq!(words::list(&["a", "b", "c"], 2), "a, b and 1 more");
    assert_eq!(words::cut("añb漢字", 4), "añb…");
    // A mark that widens what stands before it.
    assert_eq!(words::cut("*\u{fe0f}*\u{fe0f}*\u{fe0f}", 5), "*\u{fe0f}*\u{fe0f}…");
    assert_eq!(words::cut("*\u{fe0f}*\u{fe0f}*\u{fe0f}", 4), "*\u{fe0f}*…");
}
