//! Agents that are defined in files: where the agent programs keep their definitions, and what stands in one.
//!
//! Knows the forms of the files, not the plan. A definition that its own program would refuse, or would pass over without
//! a word, is refused here, before anything runs.

use super::model::AgentFile;
use std::path::Path;

/// A directory of definitions, beside the plan or above it.
pub(super) struct Home {
    pub directory: &'static str,
    /// What the names of its files end with.
    pub ending: &'static str,
    /// The driver that calls what is defined in it.
    pub driver: &'static str,
}

/// Where definitions are looked for; of two of one name in one project directory, the first one counts.
pub(super) const HOMES: &[Home] = &[
    Home { directory: ".claude/agents", ending: ".md", driver: "claude" },
    Home { directory: ".opencode/agent", ending: ".md", driver: "opencode" },
    Home { directory: ".opencode/agents", ending: ".md", driver: "opencode" },
    Home { directory: ".codex/agents", ending: ".toml", driver: "codex" },
    Home { directory: ".gemini/agents", ending: ".md", driver: "gemini" },
];

/// What is wrong with a definition, and what to do about it.
#[derive(Debug)]
pub(super) struct Wrong {
    pub cause: String,
    pub help: String,
}

fn wrong<T>(cause: impl Into<String>, help: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { cause: cause.into(), help: help.into() })
}

/// Reads the definition of the agent `name`.
pub(super) fn definition(home: &Home, path: &Path, name: &str, text: &str) -> Result<AgentFile, Wrong> {
    let mut file =
        AgentFile { path: path.to_string_lossy().into_owned(), driver: home.driver, ..AgentFile::default() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let own = match home.ending {
        ".toml" => table(&mut file, text)?,
        _ => front_matter(&mut file, text)?,
    };
    match own {
        Some(own) if own != name => wrong(
            format!("the `name` in it is `{own}`, by which {} knows it", home.driver),
            format!("name the agent `{own}` in the plan, or write `{name}` in the file"),
        ),
        _ => Ok(file),
    }
}

/// The keys that a file of that driver cannot do without.
fn required(driver: &str) -> &'static [&'static str] {
    match driver {
        "opencode" => &["description"],
        "codex" => &["name", "description", "developer_instructions"],
        "gemini" => &["name", "description"],
        _ => &["name"],
    }
}

/// Markdown with front matter between two lines `---`, and instructions below. Gives the agent's own name.
fn front_matter(file: &mut AgentFile, text: &str) -> Result<Option<String>, Wrong> {
    let keys = required(file.driver).iter().map(|key| format!("`{key}: …`, ")).collect::<String>();
    let help = format!("begin the file with `---`, {keys}and `---`, each on a line of its own");
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return wrong("its first line is not `---`, where the front matter begins", help);
    }
    let mut list: Option<String> = None;
    let mut is_closed = false;
    let mut given: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.trim_end() == "---" {
            is_closed = true;
            break;
        }
        let item = line.trim().strip_prefix("- ");
        if let (Some(key), Some(item)) = (&list, item) {
            add(file, key, item);
            continue;
        }
        let Some((key, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else { continue };
        let value = value.trim();
        if line.starts_with([' ', '\t']) {
            // opencode says of each tool whether it may be used.
            if list.as_deref() == Some("tools") && value == "false" {
                add(file, "disallowedTools", key);
            }
            continue;
        }
        let key = key.trim();
        given.push((key.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
        list = value.is_empty().then(|| key.to_owned());
        let value = value.trim_start_matches('[').trim_end_matches(']');
        match key {
            "tools" | "disallowedTools" => value.split(',').for_each(|item| add(file, key, item)),
            "model" => add(file, key, value),
            _ => {}
        }
    }
    if !is_closed {
        return wrong("its front matter has no closing `---`", help);
    }
    let value_of = |wanted: &str| given.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
    for key in required(file.driver) {
        if value_of(key).is_none_or(String::is_empty) && list.as_deref() != Some(key) {
            return wrong(format!("its front matter has no `{key}`"), help);
        }
    }
    if file.driver == "opencode" && value_of("mode").is_some_and(|mode| mode == "subagent") {
        return wrong(
            "its `mode` is `subagent`, and opencode would call another agent in its place without a word",
            "write `mode: primary` or `mode: all`",
        );
    }
    // opencode goes by the name of the file.
    Ok(value_of("name").filter(|_| file.driver != "opencode").cloned())
}

/// The TOML of codex. Gives the agent's own name.
fn table(file: &mut AgentFile, text: &str) -> Result<Option<String>, Wrong> {
    let help = "give it `name`, `description` and `developer_instructions`";
    let table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            return wrong(format!("its line {line} is no TOML: {}", error.message()), "mend the file");
        }
    };
    let value_of = |key: &str| table.get(key).and_then(toml::Value::as_str).filter(|text| !text.is_empty());
    for key in required(file.driver) {
        if value_of(key).is_none() {
            return wrong(format!("it has no `{key}`"), help);
        }
    }
    file.model = value_of("model").unwrap_or_default().to_owned();
    Ok(value_of("name").map(str::to_owned))
}

fn add(file: &mut AgentFile, key: &str, value: &str) {
    let value = value.trim().trim_matches(['"', '\'']).to_owned();
    match key {
        _ if value.is_empty() => {}
        "tools" => file.tools.push(value),
        "disallowedTools" => file.denied.push(value),
        "model" if value != "inherit" => file.model = value,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(home: usize, name: &str, text: &str) -> Result<AgentFile, String> {
        definition(&HOMES[home], Path::new("c"), name, text).map_err(|wrong| wrong.cause)
    }

    #[test]
    fn front_matter_is_read_in_both_forms_of_a_list() {
        let text =
            "---\nname: coder\ndescription: writes\ntools: Read, Write\nmodel: \"sonnet\"\n---\nDo it.\n";
        let file = read(0, "coder", text).unwrap();
        assert_eq!((file.tools.join("+"), file.model), ("Read+Write".into(), "sonnet".into()));
        let text = "---\nname: coder\ntools:\n  - Read\n  - Edit\nmodel: inherit\n---\n";
        let file = read(0, "coder", text).unwrap();
        assert_eq!((file.tools.join("+"), file.model), ("Read+Edit".into(), String::new()));
        assert!(read(0, "coder", "# A reader's notes\n").is_err());
        assert!(read(0, "x", "---\nname: x\n").is_err());
        assert!(read(0, "coder", "---\nname: critic\n---\n").unwrap_err().contains("`critic`"));
    }

    #[test]
    fn each_program_has_its_own_form() {
        let file =
            read(1, "c", "---\ndescription: x\nmode: all\ntools:\n  write: false\n  bash: true\n---\n")
                .unwrap();
        assert_eq!((file.driver, file.denied.join("+")), ("opencode", "write".into()));
        assert!(read(1, "c", "---\ndescription: x\nmode: subagent\n---\n").unwrap_err().contains("subagent"));
        assert!(read(2, "c", "---\nmode: all\n---\n").unwrap_err().contains("description"));
        let text = "name = \"c\"\ndescription = \"x\"\ndeveloper_instructions = \"y\"\nmodel = \"gpt\"\n";
        let file = read(3, "c", text).unwrap();
        assert_eq!((file.driver, file.model), ("codex", "gpt".into()));
        assert!(read(3, "c", "name = \"c\"\n").unwrap_err().contains("description"));
        assert!(read(3, "c", "name = \n").unwrap_err().contains("line 1"));
        assert!(read(4, "c", "---\nname: c\n---\n").unwrap_err().contains("description"));
    }
}
