//! A project with real agent programs and a scripted model: what every test of real programs begins with.
//!
//! The programs are those that `tests/agents/install` installs, each told where its model is as a person would tell it: by its settings
//! in the home directory, and by variables in the plan.

use super::model::Model;
use crate::cli::{Outcome, Scratch};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the programs are; none where they are not installed, which is said.
pub fn programs() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/agents");
    if !root.join("installed").is_file() {
        eprintln!(
            "the agent programs are not installed (tests/agents/install): the tests of real agents are left out"
        );
        return None;
    }
    Some(root.join("node_modules/.bin"))
}

/// A repository, a home directory, and a model.
pub struct Lab {
    pub scratch: Scratch,
    pub home: Scratch,
    pub model: Model,
    programs: PathBuf,
}

impl Lab {
    /// None where the programs are not installed.
    pub fn new() -> Option<Lab> {
        let programs = programs()?;
        let notes = "# One\n\nfirst\n\n# Two\n\nsecond\n\n# Three\n\nthird\n";
        let scratch = Scratch::new().file(".gitignore", "*.log\n").file("notes.md", notes);
        let model = Model::new(scratch.path());
        let url = model.url();
        let gemini = r#"{"security":{"auth":{"selectedType":"gemini-api-key"},"folderTrust":{"enabled":false}},"privacy":{"usageStatisticsEnabled":false},"telemetry":{"enabled":false},"general":{"enableAutoUpdate":false}}"#;
        let qwen = r#"{"security":{"auth":{"selectedType":"openai"}},"privacy":{"usageStatisticsEnabled":false},"telemetry":{"enabled":false},"general":{"enableAutoUpdate":false,"disableAutoUpdate":true}}"#;
        let opencode = serde_json::json!({
            "model": "fake/m", "small_model": "fake/m",
            "provider": { "fake": { "npm": "@ai-sdk/openai-compatible",
                "options": { "baseURL": format!("{url}/v1"), "apiKey": "key-of-opencode" },
                "models": { "m": { "tool_call": true, "cost": { "input": 1, "output": 2 }, "limit": { "context": 100_000, "output": 4000 } } } } }
        });
        let codex = format!(
            "model = \"fake-model\"\nmodel_provider = \"fake\"\n[analytics]\nenabled = false\n[features]\nplugins = false\napps = false\n\
             [model_providers.fake]\nname = \"fake\"\nbase_url = \"{url}/v1\"\nwire_api = \"responses\"\nenv_key = \"MODEL_KEY\"\n\
             request_max_retries = 0\nstream_max_retries = 0\n"
        );
        let home = Scratch::new()
            .file(".gemini/settings.json", gemini)
            .file(".qwen/settings.json", qwen)
            .file(".config/opencode/opencode.json", opencode.to_string())
            .file(".codex/config.toml", codex);
        let lab = Lab { scratch, home, model, programs };
        let made = lab.shell("git init -q -b main . && git config user.name T && git config user.email t@x && git add -A && git commit -q -m start");
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        Some(lab)
    }

    /// The declaration of an agent of a driver, `NAME`, or of its program by the Agent Client Protocol, `NAME-acp`.
    pub fn agent(&self, name: &str, more: &str) -> String {
        let url = self.model.url();
        let (program, driver) = match name.strip_suffix("-acp") {
            Some("gemini") => {
                ("gemini", "acp  run [\"gemini\", \"--acp\", \"-m\", \"gemini-2.5-flash\"]".to_owned())
            }
            Some("opencode") => ("opencode", "acp  run [\"opencode\", \"acp\"]".to_owned()),
            Some(program) => (program, format!("acp  run [\"{program}\", \"--acp\"]")),
            None => (name, name.to_owned()),
        };
        let (model, env): (&str, Vec<(&str, String)>) = match program {
            "claude" => (
                "",
                vec![
                    ("ANTHROPIC_BASE_URL", url),
                    ("ANTHROPIC_API_KEY", "key-of-claude".into()),
                    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".into()),
                    ("CLAUDE_CODE_MAX_RETRIES", "0".into()),
                ],
            ),
            "codex" => ("", vec![("MODEL_KEY", "key-of-codex".into())]),
            "gemini" => (
                "model \"gemini-2.5-flash\"",
                vec![("GOOGLE_GEMINI_BASE_URL", url), ("GEMINI_API_KEY", "key-of-gemini".into())],
            ),
            "qwen" => (
                "",
                vec![
                    ("OPENAI_BASE_URL", format!("{url}/v1")),
                    ("OPENAI_API_KEY", "key-of-qwen".into()),
                    ("OPENAI_MODEL", "fake-model".into()),
                ],
            ),
            _ => (
                "",
                vec![
                    ("OPENCODE_DISABLE_MODELS_FETCH", "1".into()),
                    ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1".into()),
                ],
            ),
        };
        let env: Vec<String> = env
            .iter()
            .filter(|(variable, _)| !more.contains(variable))
            .map(|(variable, value)| format!("  env {variable} \"{value}\"\n"))
            .collect();
        format!("agent {name} {{\n  driver {driver}\n  {model}\n{}  {more}\n}}\n", env.concat())
    }

    /// Writes the plan.
    pub fn plan(self, text: &str) -> Lab {
        self.file("p.wave", text)
    }

    /// Writes a file in the project.
    pub fn file(self, name: &str, text: &str) -> Lab {
        Lab { scratch: self.scratch.file(name, text), ..self }
    }

    fn line(&self, line: &str) -> String {
        format!(
            "export HOME={} PATH={}:$PATH; unset CODEX_HOME CLAUDE_CONFIG_DIR; {line}",
            self.home.path().display(),
            self.programs.display()
        )
    }

    /// Runs a line of shell in the project.
    pub fn shell(&self, line: &str) -> Outcome {
        self.scratch.shell(&self.line(line))
    }

    /// A plan of these agents and tasks in worktrees, and its run with a line an event.
    pub fn run(self, agents: &[(&str, &str)], tasks: &str) -> (Lab, Outcome) {
        let agents: Vec<String> = agents.iter().map(|(name, more)| self.agent(name, more)).collect();
        let plan = format!(
            "plan p\nisolation worktree\ntimeout 5m\non failure continue\n{}wave w {{\n{tasks}}}\n",
            agents.concat()
        );
        let lab = self.plan(&plan);
        let outcome = lab.wavec("run p.wave --format json");
        (lab, outcome)
    }

    /// Runs wavec there.
    pub fn wavec(&self, words: &str) -> Outcome {
        self.shell(&format!("wavec {words}"))
    }

    /// Starts wavec there, and goes on.
    pub fn start(&self, words: &str) -> Child {
        let binary = Path::new(env!("CARGO_BIN_EXE_wavec"));
        let line = self.line(&format!("exec {} {words} > out.log 2>&1", binary.display()));
        Command::new("sh")
            .args(["-c", &line])
            .current_dir(self.scratch.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The events of a task that tell of its attempts' ends, of a run with `--format json`.
    pub fn ends(outcome: &Outcome, task: &str) -> Vec<serde_json::Value> {
        let ends = Lab::events(outcome, "attempt_ended", task);
        assert!(!ends.is_empty(), "{task} has ended: {}{}", outcome.stdout, outcome.stderr);
        ends
    }

    /// The events of a kind that tell of a task.
    pub fn events(outcome: &Outcome, kind: &str, task: &str) -> Vec<serde_json::Value> {
        let lines =
            outcome.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter(|it| it["event"] == kind && it["task"] == task).collect()
    }

    /// How a task's attempts ended, in words: `done`, or the class of the agent's error.
    pub fn how(outcome: &Outcome, task: &str) -> Vec<String> {
        let word = |end: &serde_json::Value| {
            let end = &end["end"];
            end["class"].as_str().or(end["end"].as_str()).unwrap_or_default().to_owned()
        };
        Lab::ends(outcome, task).iter().map(word).collect()
    }

    /// A file as wavec's branch has it.
    pub fn merged(&self, path: &str) -> String {
        self.shell(&format!("git show wavec/1:{path}")).stdout
    }

    /// The processes whose environment or words name this project or its home: what a run has left behind.
    pub fn left_behind(&self) -> Vec<String> {
        let home = format!("HOME={}", self.home.path().display());
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let is_ours = |pid: &u32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|it| it == home.as_bytes())
        };
        let told = |pid: u32| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            format!("{pid}: {}", String::from_utf8_lossy(&words).replace('\0', " "))
        };
        pids.filter(is_ours).map(told).collect()
    }

    /// Nothing is left of a run, at once or very soon.
    pub fn assert_clean(&self, after: &str) {
        let begin = Instant::now();
        loop {
            let left = self.left_behind();
            if left.is_empty() {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(2), "left behind {after}: {left:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
