//! What the server says that it can do, and what the client said that it can.

use crate::ide::tokens::{KINDS, MODIFIERS};
use crate::source::ColumnUnit;
use serde_json::{Value, json};

/// What the client can do.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// What its columns count.
    pub unit: ColumnUnit,
    /// Whether it asks for diagnostics, and can be told to ask again.
    pub pulls: bool,
    /// Whether it understands places to fill in.
    pub has_snippets: bool,
    /// Whether it can be asked to watch files.
    pub watches: bool,
    /// Whether a place to watch may be told with the directory that it is in.
    pub has_relative_patterns: bool,
    /// Whether it can be told to ask again for hints and lenses.
    pub refreshes: bool,
    /// Whether it offers `wavec.run` and `wavec.plan`.
    pub has_commands: bool,
}

impl Client {
    /// As the client introduced itself.
    pub fn of(params: &Value) -> Client {
        let has = |pointer: &str| params.pointer(pointer).and_then(Value::as_bool).unwrap_or(false);
        let encodings = params.pointer("/capabilities/general/positionEncodings").and_then(Value::as_array);
        let is_utf8 = encodings.is_some_and(|all| all.first().and_then(Value::as_str) == Some("utf-8"));
        Client {
            unit: if is_utf8 { ColumnUnit::Utf8 } else { ColumnUnit::Utf16 },
            pulls: params.pointer("/capabilities/textDocument/diagnostic").is_some()
                && has("/capabilities/workspace/diagnostics/refreshSupport"),
            has_snippets: has("/capabilities/textDocument/completion/completionItem/snippetSupport"),
            watches: has("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
            has_relative_patterns: has(
                "/capabilities/workspace/didChangeWatchedFiles/relativePatternSupport",
            ),
            refreshes: has("/capabilities/workspace/inlayHint/refreshSupport")
                && has("/capabilities/workspace/codeLens/refreshSupport"),
            has_commands: has("/initializationOptions/commands"),
        }
    }
}

/// What the server can do.
pub fn server(client: &Client) -> Value {
    let encoding = if client.unit == ColumnUnit::Utf8 { "utf-8" } else { "utf-16" };
    let mut capabilities = json!({
        "positionEncoding": encoding,
        "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
        "hoverProvider": true,
        "completionProvider": { "triggerCharacters": ["{", "\"", "/", ".", "(", " "] },
        "signatureHelpProvider": { "triggerCharacters": [" "] },
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "documentSymbolProvider": true,
        "workspaceSymbolProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix", "source.fixAll", "source.fixAll.wavec"] },
        "codeLensProvider": {},
        "documentLinkProvider": {},
        "documentFormattingProvider": true,
        "documentRangeFormattingProvider": true,
        "documentOnTypeFormattingProvider": { "firstTriggerCharacter": "}", "moreTriggerCharacter": ["\n"] },
        "renameProvider": { "prepareProvider": true },
        "foldingRangeProvider": true,
        "selectionRangeProvider": true,
        "callHierarchyProvider": true,
        "inlayHintProvider": true,
        "semanticTokensProvider": {
            "legend": { "tokenTypes": KINDS, "tokenModifiers": MODIFIERS },
            "full": true,
            "range": true,
        },
        "workspace": {
            "workspaceFolders": { "supported": true, "changeNotifications": true },
            "textDocumentContent": { "schemes": [super::uri::PAGES] },
        },
    });
    if client.pulls {
        capabilities["diagnosticProvider"] =
            json!({ "identifier": "wavec", "interFileDependencies": true, "workspaceDiagnostics": false });
    }
    json!({
        "capabilities": capabilities,
        "serverInfo": { "name": "wavec", "version": env!("CARGO_PKG_VERSION") },
    })
}
