//! `wavec acp-client`: wavec as the client of an agent that speaks the Agent Client Protocol. Called by the `acp` driver, by nobody else.
//!
//! Carries lines between the agent and [`Client`]; what came of it goes into the file that `WAVEC_RESULT_FILE` names.

use super::{Global, output};
use crate::driver::acp::{Client, Permissions};
use crate::error::{Error, Exit, Result};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// How long an agent may take to end once its work is over.
const GRACE: Duration = Duration::from_secs(2);

/// Speak the Agent Client Protocol with an agent
#[derive(clap::Args, Debug)]
#[command(hide = true)]
pub struct Args {
    /// Deny what changes anything
    #[arg(long)]
    read_only: bool,
    /// The session to go on with, where the agent can
    #[arg(long)]
    session: Option<String>,
    /// The agent's program and its arguments
    #[arg(required = true, last = true)]
    program: Vec<String>,
}

/// Carries the command out.
pub fn run(args: Args, _global: &Global) -> Result<Exit> {
    let action = "speak with the agent";
    let variable = |name: &str| {
        std::env::var(name).map_err(|_| {
            Error::new(action, format!("`{name}` is not set"))
                .help("write `driver acp` in a plan")
                .exit(Exit::Usage)
        })
    };
    let (prompt, result) = (variable("WAVEC_PROMPT_FILE")?, variable("WAVEC_RESULT_FILE")?);
    let prompt = std::fs::read_to_string(&prompt).map_err(|cause| Error::new(action, cause).at(prompt))?;
    let list = |name: &str| -> Vec<String> {
        std::env::var(name).unwrap_or_default().lines().map(str::to_owned).collect()
    };
    let permissions =
        Permissions { allow: list("WAVEC_ALLOW"), deny: list("WAVEC_DENY"), is_read_only: args.read_only };
    let directory = std::env::current_dir().map_err(|cause| Error::new(action, cause))?;
    let mut client = Client::new(&directory, prompt.trim_end(), permissions).in_session(args.session);
    let (program, words) =
        args.program.split_first().ok_or_else(|| Error::new(action, "no program is named"))?;
    let child = Command::new(program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // A Ctrl-C reaches it by the protocol, not as a signal.
        .process_group(0)
        .spawn();
    let mut child = child.map_err(|cause| Error::new(format!("start `{program}`"), cause))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Error::new(action, cause))?;
    runtime.block_on(talk(&mut client, &mut child))?;
    let text = client.result();
    std::fs::write(&result, format!("{text}\n")).map_err(|cause| Error::new(action, cause).at(result))?;
    Ok(Exit::Success)
}

async fn talk(client: &mut Client, child: &mut Child) -> Result<()> {
    let failed = |cause: std::io::Error| Error::new("speak with the agent", cause);
    let mut stdin = child.stdin.take();
    let (sender, mut lines) = mpsc::unbounded_channel();
    if let Some(stdout) = child.stdout.take() {
        let read = move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new().spawn(read).map_err(failed)?;
    }
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    say(&mut stdin, &client.greet());
    while !client.is_over() {
        let answers = tokio::select! {
            line = lines.recv() => match line {
                Some(line) => client.hear(&line),
                None => {
                    let code = child.wait().map_err(failed)?.code();
                    client.closed(code);
                    Vec::new()
                }
            },
            _ = interrupt.recv() => client.cancel().into_iter().collect(),
        };
        for answer in answers {
            say(&mut stdin, &answer);
        }
        for line in client.shown.drain(..) {
            output::print(&format!("{line}\n"))?;
        }
    }
    // Its standard input is closed: it has nothing more to wait for.
    drop(stdin);
    let begin = tokio::time::Instant::now();
    while child.try_wait().map_err(failed)?.is_none() {
        if begin.elapsed() > GRACE {
            // Whatever it leaves behind is ended with the job.
            let _ = child.kill();
            child.wait().map_err(failed)?;
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// An agent that hears no more is found out when it is heard.
fn say(stdin: &mut Option<ChildStdin>, message: &Value) {
    if let Some(stdin) = stdin {
        let _ = writeln!(stdin, "{message}").and_then(|()| stdin.flush());
    }
}
