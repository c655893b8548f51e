//! Sessions: what a person does, and what the server says to it.

use super::client::{Client, position, told, uri};
use serde_json::{Value, json};

const PLAN: &str = "/w/plan.wave";
const GOOD: &str = "plan p\n\ntask a { run \"x\" }\ntask b { run \"y\" }\n";

fn plain(files: &[(&str, &str)]) -> Client {
    Client::start(json!({}), files)
}

#[test]
fn a_mistake_is_told_while_it_is_typed_and_forgotten_when_mended() {
    let mut client = plain(&[]);
    client.open(PLAN, GOOD);
    client.until(PLAN, &[]);
    client.edit(PLAN, (2, 0), (2, 4), "tsk");
    client.until(PLAN, &["2:0 unknown-word"]);
    client.edit(PLAN, (2, 0), (2, 3), "task");
    client.until(PLAN, &[]);
    assert!(client.end());
}

#[test]
fn a_diagnostic_has_its_code_its_page_its_tag_and_its_other_places() {
    let mut client = plain(&[]);
    client.open(PLAN, "plan p\nagent idle { driver codex }\ntask a { run \"x\" }\ntask a { run \"y\" }\n");
    let params = client.expect("textDocument/publishDiagnostics");
    let found = params["diagnostics"].as_array().unwrap();
    let of = |code: &str| found.iter().find(|it| it["code"] == code).unwrap().clone();
    assert_eq!(of("unused-declaration")["tags"], json!([1]));
    let twice = of("duplicate-name");
    assert_eq!(twice["severity"], 1);
    assert_eq!(twice["codeDescription"]["href"], "wavec:/diagnostics/duplicate-name.md");
    assert_eq!(twice["relatedInformation"][0]["location"]["range"]["start"], position((2, 5)));
    let page = client
        .request("workspace/textDocumentContent", json!({ "uri": "wavec:/diagnostics/duplicate-name.md" }));
    assert!(page.unwrap()["text"].as_str().unwrap().starts_with("# duplicate-name"));
    assert!(client.end());
}

#[test]
fn columns_count_utf16_units_and_lines_may_end_as_they_like() {
    let mut client = plain(&[]);
    // An emoji is two units, a CJK character one.
    client.open(PLAN, "plan p \"🌊 日本\"\r\ntask a { run \"🌊🌊\"  aftr b }\r\n");
    client.until(PLAN, &["1:21 malformed-statement"]);
    client.edit(PLAN, (1, 21), (1, 27), "");
    client.until(PLAN, &[]);
    client.edit(PLAN, (1, 14), (1, 18), "日本");
    client.edit(PLAN, (1, 16), (1, 16), "語");
    let hover = client.at("hover", PLAN, (1, 5)).unwrap();
    assert_eq!(hover["range"], json!({ "start": position((1, 5)), "end": position((1, 6)) }));
    assert!(client.end());
}

#[test]
fn utf8_columns_when_the_client_prefers_them() {
    let capabilities = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
    let mut client = Client::start(capabilities, &[]);
    client.open(PLAN, "plan p\ntask a { run \"🌊\"  aftr b }\n");
    client.until(PLAN, &["1:21 malformed-statement"]);
    assert!(client.end());
}

#[test]
fn a_library_that_is_open_counts_before_the_one_on_disk() {
    let lib = "/w/lib.wave";
    let plan = "plan p\nuse \"lib.wave\"\ntask a { agent coder  prompt \"x\"  writes \"a\" }\n";
    let mut client = plain(&[(lib, "agent coder { driver command  run \"x\" }\n")]);
    client.open(PLAN, plan);
    client.until(PLAN, &[]);
    client.open(lib, "agent builder { driver command  run \"x\" }\n");
    client.until(PLAN, &["2:15 unknown-agent"]);
    client.edit(lib, (0, 6), (0, 13), "coder");
    client.until(PLAN, &[]);
    // Closed without being saved: what is on disk counts again.
    client.edit(lib, (0, 6), (0, 11), "other");
    client.until(PLAN, &["2:15 unknown-agent"]);
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(lib) } }));
    client.until(PLAN, &[]);
    // Changed on disk by somebody else.
    client.files.write(lib, "resource gpu 1\n");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri(lib), "type": 2 }] }));
    client.until(PLAN, &["2:15 unknown-agent"]);
    assert!(client.end());
}

/// The text after edits of the protocol.
fn edited(text: &str, edits: &Value) -> String {
    let mut lines: Vec<Vec<u16>> = text.split('\n').map(|line| line.encode_utf16().collect()).collect();
    let mut edits = edits.as_array().unwrap().clone();
    let key = |edit: &Value| {
        let start = &edit["range"]["start"];
        (start["line"].as_u64().unwrap(), start["character"].as_u64().unwrap())
    };
    edits.sort_by_key(|edit| std::cmp::Reverse(key(edit)));
    for edit in edits {
        let of = |end: &str| {
            let place = &edit["range"][end];
            (place["line"].as_u64().unwrap() as usize, place["character"].as_u64().unwrap() as usize)
        };
        let ((line, column), (last, end)) = (of("start"), of("end"));
        let tail = lines.get(last).map_or(Vec::new(), |line| line[end..].to_vec());
        let mut new: Vec<u16> = lines[line][..column].to_vec();
        new.extend(edit["newText"].as_str().unwrap().encode_utf16());
        new.extend(tail);
        let new = String::from_utf16(&new).unwrap();
        let until = (last + 1).min(lines.len());
        lines.splice(line..until, new.split('\n').map(|line| line.encode_utf16().collect()));
    }
    lines.iter().map(|line| String::from_utf16(line).unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_rename_reaches_every_plan_that_uses_the_library() {
    let lib = ("/w/lib.wave", "agent coder { driver command  run \"x\" }\n");
    let one =
        ("/w/one.wave", "plan one\nuse \"lib.wave\"\ntask a { agent coder  prompt \"x\"  writes \"a\" }\n");
    let two = (
        "/w/two.wave",
        "plan two\nuse \"lib.wave\"\nagent coder2 { driver codex }\ntask b { agent coder }\n",
    );
    let mut client = plain(&[lib, one, two]);
    client.open(one.0, one.1);
    let params = json!({ "position": position((2, 16)), "newName": "builder" });
    let changes = client.of("rename", one.0, params).unwrap();
    let changes = &changes["changes"];
    assert_eq!(edited(lib.1, &changes[uri(lib.0)]), lib.1.replace("coder", "builder"));
    assert_eq!(edited(one.1, &changes[uri(one.0)]), one.1.replace("coder", "builder"));
    assert_eq!(edited(two.1, &changes[uri(two.0)]), two.1.replace("agent coder }", "agent builder }"));
    let refused = client.of("rename", one.0, json!({ "position": position((2, 16)), "newName": "coder2" }));
    assert_eq!(refused.unwrap_err().1, "there is another `coder2` already");
    let refused =
        client.of("rename", one.0, json!({ "position": position((2, 16)), "newName": "two words" }));
    assert!(refused.unwrap_err().1.starts_with("a name has letters"));
    let places = client.of(
        "references",
        one.0,
        json!({ "position": position((2, 16)), "context": { "includeDeclaration": true } }),
    );
    assert_eq!(places.unwrap().as_array().unwrap().len(), 3);
    assert!(client.end());
}

#[test]
fn a_rename_reaches_into_holes() {
    let text = "plan p\ntask a { run \"x\"  output note from stdout }\ntask b { run \"echo {{a.note}}\"  after a }\n";
    let mut client = plain(&[]);
    client.open(PLAN, text);
    let changes =
        client.of("rename", PLAN, json!({ "position": position((1, 5)), "newName": "first" })).unwrap();
    let after = edited(text, &changes["changes"][uri(PLAN)]);
    assert_eq!(
        after,
        "plan p\ntask first { run \"x\"  output note from stdout }\ntask b { run \"echo {{first.note}}\"  after first }\n"
    );
    assert!(client.end());
}

#[test]
fn fixes_are_offered_and_made_all_at_once() {
    let text = "plan p\ntask a { run \"x\" }\ntask b { run \"y\"  after a }\ntask c { run \"z\"  after b }\n";
    let mut client = plain(&[]);
    client.open(PLAN, text);
    client.until(PLAN, &["2:24 redundant-after", "3:24 redundant-after"]);
    let range = json!({ "start": position((2, 0)), "end": position((2, 20)) });
    let all = |only: Value| json!({ "range": range, "context": { "diagnostics": [], "only": only } });
    let found = client.of("codeAction", PLAN, json!({ "range": { "start": position((2, 24)), "end": position((2, 24)) }, "context": { "diagnostics": [] } })).unwrap();
    let titles: Vec<&str> =
        found.as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Remove what says nothing new",
            "Let `redundant-after` stand here, and say why",
            "Mend what can be mended safely (2)"
        ]
    );
    let found = client.of("codeAction", PLAN, all(json!(["source.fixAll"]))).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let after = edited(text, &found[0]["edit"]["changes"][uri(PLAN)]);
    assert!(!after.contains("after"), "{after}");
    assert!(client.end());
}

#[test]
fn formatting_whole_and_while_typing() {
    let text = "plan p\ntask a {run \"x\"\n}\n";
    let mut client = plain(&[]);
    client.open(PLAN, text);
    let edits =
        client.of("formatting", PLAN, json!({ "options": { "tabSize": 2, "insertSpaces": true } })).unwrap();
    assert_eq!(edited(text, &edits), "plan p\n\ntask a {\n  run \"x\"\n}\n");
    let typed =
        json!({ "position": position((2, 1)), "ch": "}", "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.of("onTypeFormatting", PLAN, typed).unwrap();
    assert!(edited(text, &edits).contains("task a {\n  run \"x\"\n}\n"));
    client.open("/w/new.wave", "plan p\nwave w {\n  task a {\n");
    let typed = json!({ "position": position((3, 0)), "ch": "\n", "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.of("onTypeFormatting", "/w/new.wave", typed).unwrap();
    assert_eq!(edits[0]["newText"], "    ");
    client.open("/w/broken.wave", "plan p\ntask {");
    let edits = client.of("formatting", "/w/broken.wave", json!({ "options": {} })).unwrap();
    assert_eq!(edits, Value::Null, "what does not read is left alone");
    assert!(client.end());
}

#[test]
fn a_client_that_asks_for_diagnostics_is_not_told_unasked() {
    let capabilities = json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    });
    let mut client = Client::start(capabilities, &[]);
    client.open(PLAN, "plan p\ntsk a { run \"x\" }\n");
    let report = client.of("diagnostic", PLAN, json!({})).unwrap();
    assert_eq!(report["kind"], "full");
    assert_eq!(told(&report["items"]), ["1:0 unknown-word"]);
    let again = client.of("diagnostic", PLAN, json!({ "previousResultId": report["resultId"] })).unwrap();
    assert_eq!(again["kind"], "unchanged");
    client.edit(PLAN, (1, 0), (1, 3), "task");
    let report = client.of("diagnostic", PLAN, json!({ "previousResultId": report["resultId"] })).unwrap();
    assert_eq!(told(&report["items"]), Vec::<String>::new());
    assert!(client.end());
}

#[test]
fn the_order_is_a_hierarchy() {
    let mut client = plain(&[]);
    client.open(PLAN, "plan p\ntask a { run \"x\"  estimate 1m }\nwave w { task b { run \"y\"  estimate 2m }  task c { run \"z\" } }\n");
    let item = client.at("prepareCallHierarchy", PLAN, (2, 14)).unwrap();
    assert_eq!((item[0]["name"].as_str(), item[0]["detail"].as_str()), (Some("w.b"), Some("1m–3m")));
    let before = client.request("callHierarchy/outgoingCalls", json!({ "item": item[0] })).unwrap();
    assert_eq!(before[0]["to"]["name"], "a");
    let after = client.request("callHierarchy/incomingCalls", json!({ "item": before[0]["to"] })).unwrap();
    let names: Vec<&str> =
        after.as_array().unwrap().iter().map(|it| it["from"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["w.b", "w.c"]);
    assert!(client.end());
}

#[test]
fn symbols_of_the_whole_workspace_are_found_in_closed_files_too() {
    let mut client = plain(&[
        ("/w/sub/other.wave", "plan other\ntask release { run \"x\" }\n"),
        ("/v/out.wave", "plan out\ntask release { run \"x\" }\n"),
    ]);
    let find = |client: &mut Client| -> Vec<String> {
        let found = client.request("workspace/symbol", json!({ "query": "rls" })).unwrap();
        let mut found: Vec<String> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["location"]["uri"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        found
    };
    assert_eq!(find(&mut client), [uri("/w/sub/other.wave")]);
    let added = json!({ "event": { "added": [{ "uri": "file:///v", "name": "v" }], "removed": [] } });
    client.notify("workspace/didChangeWorkspaceFolders", added);
    assert_eq!(find(&mut client), [uri("/v/out.wave"), uri("/w/sub/other.wave")]);
    assert!(client.end());
}

#[test]
fn a_request_that_is_not_wanted_any_more_is_said_to_be() {
    let mut client = plain(&[]);
    client.open(PLAN, GOOD);
    // Not analysed yet: it waits, and is taken back.
    let id = client.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": uri(PLAN) }, "position": position((2, 6)) }),
    );
    client.notify("$/cancelRequest", json!({ "id": id }));
    match client.answer(id) {
        // It was quicker than the word.
        Ok(found) => assert!(!found.is_null()),
        Err((code, _)) => assert_eq!(code, -32800),
    }
    assert!(client.end());
}

#[test]
fn what_is_wrong_with_a_request_ends_nothing() {
    let mut client = Client::new(&[]);
    let early = client.request("textDocument/hover", json!({}));
    assert_eq!(early.unwrap_err().0, -32002);
    client.request("initialize", json!({ "capabilities": {} })).unwrap();
    assert_eq!(client.request("initialize", json!({})).unwrap_err().0, -32600);
    assert_eq!(client.request("no/such", json!({})).unwrap_err().0, -32601);
    for params in [
        Value::Null,
        json!([]),
        json!({ "textDocument": 5 }),
        json!({ "textDocument": { "uri": "file:///nowhere.wave" } }),
    ] {
        for method in [
            "textDocument/hover",
            "textDocument/completion",
            "textDocument/rename",
            "textDocument/codeAction",
        ] {
            assert!(client.request(method, params.clone()).is_err(), "{method} {params}");
        }
    }
    client.notify("textDocument/didChange", json!({ "nonsense": true }));
    client.notify("textDocument/didOpen", json!(7));
    client.notify("no/such/notification", json!({}));
    client.open(PLAN, GOOD);
    let outside = client.at("hover", PLAN, (900, 900)).unwrap();
    assert_eq!(outside, Value::Null);
    client.edit(PLAN, (500, 3), (400, 1), "\ntask c { run \"z\" }\n");
    client.until(PLAN, &[]);
    // Where wavec itself goes wrong, the next request is still answered.
    client.open("/w/broken.wave", "plan x\nuse \"panic.wave\"\ntask a { run \"x\" }\n");
    client.expect("window/logMessage");
    let hover = client.at("hover", PLAN, (2, 6)).unwrap();
    assert!(hover["contents"]["value"].as_str().unwrap().contains("task a"));
    assert!(client.end());
}

#[test]
fn the_newest_text_wins() {
    let mut client = plain(&[]);
    client.open(PLAN, GOOD);
    for _ in 0..200 {
        client.edit(PLAN, (2, 0), (2, 0), "x");
    }
    client.edit(PLAN, (2, 0), (2, 200), "");
    client.until(PLAN, &[]);
    let hover = client.at("hover", PLAN, (2, 5)).unwrap();
    assert!(hover["contents"]["value"].as_str().unwrap().contains("task a"));
    assert!(client.end());
}

#[test]
fn nothing_of_a_plan_is_run() {
    let folder = std::env::temp_dir().join(format!("wavec-lsp-idle-{}", std::process::id()));
    let mark = folder.display();
    let mut client = plain(&[]);
    client.open(
        PLAN,
        &format!("plan p\npreflight {{ check runs \"touch {mark}\" }}\ntask a {{ run \"touch {mark}\" }}\n"),
    );
    client.of("codeLens", PLAN, json!({})).unwrap();
    client.at("hover", PLAN, (2, 5)).unwrap();
    assert!(client.end());
    assert!(!folder.exists());
}

/// What the server asks to be watched: the id of the registration, and its globs.
fn watched(client: &mut Client) -> (Value, String) {
    let params = client.expect("client/registerCapability");
    let registration = &params["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    (registration["id"].clone(), registration["registerOptions"]["watchers"].to_string())
}

#[test]
fn all_that_a_plan_asks_the_disk_for_is_watched() {
    let capabilities = json!({
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true, "relativePatternSupport": true } },
    });
    let far = "/lib/far.wave";
    let mut client = Client::start(capabilities, &[(far, "agent coder { driver command  run \"x\" }\n")]);
    let (_, globs) = watched(&mut client);
    for glob in ["**/*.wave", "**/wavec.toml", "**/.claude/agents/*.md", "**/.codex/agents/*.toml"] {
        assert!(globs.contains(glob), "{glob} is not in {globs}");
    }
    client.open(
        PLAN,
        "plan p\nuse \"../lib/far.wave\"\ntask a { agent coder  prompt \"x\"  writes \"a\" }\ntask b { agent helper  prompt \"x\"  writes \"b\" }\n",
    );
    client.until(PLAN, &["3:15 unknown-agent"]);
    // The library is outside the workspace: its directory is watched too.
    let (id, globs) = watched(&mut client);
    assert_eq!((id, globs.contains("file:///lib")), (json!("outside"), true), "{globs}");
    let changed = |client: &Client, path: &str, kind: u32| {
        let changes = json!({ "changes": [{ "uri": uri(path), "type": kind }] });
        client.notify("workspace/didChangeWatchedFiles", changes);
    };
    let agent = "/w/.opencode/agents/helper.md";
    client.files.write(agent, "---\ndescription: helps\n---\nHelp.\n");
    changed(&client, agent, 1);
    client.until(PLAN, &["2:0 untested-plan"]);
    client.files.write(far, "agent builder { driver command  run \"x\" }\n");
    changed(&client, far, 2);
    while !client.diagnostics(PLAN).contains(&"2:15 unknown-agent".to_owned()) {}
    // Nothing depends on it any more.
    client.edit(PLAN, (1, 0), (2, 0), "agent coder { driver command  run \"x\" }\n");
    assert_eq!(client.expect("client/unregisterCapability")["unregisterations"][0]["id"], "outside");
    assert!(client.end());
}

#[test]
fn a_file_that_a_plan_speaks_of_and_that_comes_or_goes_is_seen() {
    let capabilities = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let mut client = Client::start(capabilities, &[("/w/other.txt", "")]);
    let check = "success { check \"it is made\" exists \"out/report.md\" }";
    client.open(
        PLAN,
        &format!("plan p\nagent coder {{ driver codex }}\ntask a {{ agent coder  prompt \"x\"  writes \"a\" }}\n{check}\n"),
    );
    client.until(PLAN, &["3:10 unwritten-file"]);
    client.files.write("/w/out/report.md", "ok");
    let changes = json!({ "changes": [{ "uri": uri("/w/out/report.md"), "type": 1 }] });
    client.notify("workspace/didChangeWatchedFiles", changes);
    client.until(PLAN, &[]);
    assert!(client.end());
}
