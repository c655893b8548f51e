//! Requests and their answers: each is one question to [`crate::ide`].
//!
//! Those that need only the text are answered apart from the others, so that what is typed waits for nothing.

mod names;
mod order;
mod text;

use super::capabilities::Client;
use super::documents::Overlay;
use super::server::Event;
use super::work;
use crate::check::{Loader, normal};
use crate::ide::{Analysis, Planned};
use crate::source::{ColumnUnit, FileId, SourceFile};
use crossbeam_channel::{Receiver, Sender};
use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Request, RequestId, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request with all that its answer is made of.
pub struct Question {
    /// The request.
    pub request: Request,
    /// What is known.
    pub snapshot: Snapshot,
    /// Set when the client does not want the answer any more.
    pub is_unwanted: Arc<AtomicBool>,
}

/// What is known at one moment.
pub struct Snapshot {
    /// The newest analysis of each open file.
    pub analyses: BTreeMap<PathBuf, Arc<Analysis>>,
    /// The last plan without errors of each open file.
    pub planned: BTreeMap<PathBuf, Arc<Planned>>,
    /// The documents and what is around them.
    pub overlay: Overlay,
    /// The folders of the workspace.
    pub folders: Vec<PathBuf>,
    /// What the client can do.
    pub client: Client,
}

/// Why a request has no answer.
struct Refused {
    code: ErrorCode,
    why: String,
}

type Answer = Result<Value, Refused>;

fn refused(code: ErrorCode, why: impl Into<String>) -> Refused {
    Refused { code, why: why.into() }
}

/// Answers that were made of closed files, kept while those do not change.
#[derive(Default)]
struct Closed {
    analyses: BTreeMap<PathBuf, Arc<Analysis>>,
}

/// Answers until nobody asks any more.
pub fn answer(questions: &Receiver<Question>, events: &Sender<Event>) {
    let mut closed = Closed::default();
    for question in questions {
        let id = question.request.id.clone();
        let response = if question.is_unwanted.load(Ordering::Relaxed) {
            Response::new_err(id, ErrorCode::RequestCanceled as i32, "canceled".to_owned())
        } else {
            let made = catch_unwind(AssertUnwindSafe(|| respond(&question, &mut closed)));
            made.unwrap_or_else(|panic| {
                Response::new_err(id, ErrorCode::InternalError as i32, work::told(&*panic))
            })
        };
        if events.send(Event::Answered(response)).is_err() {
            return;
        }
    }
}

fn respond(question: &Question, closed: &mut Closed) -> Response {
    let id: RequestId = question.request.id.clone();
    match dispatch(question, closed) {
        Ok(value) => Response::new_ok(id, value),
        Err(refused) => Response::new_err(id, refused.code as i32, refused.why),
    }
}

/// The requests that are answered here, and whether each needs the text alone.
const METHODS: &[(&str, bool)] = &[
    ("textDocument/completion", true),
    ("textDocument/signatureHelp", true),
    ("textDocument/formatting", true),
    ("textDocument/rangeFormatting", true),
    ("textDocument/onTypeFormatting", true),
    ("textDocument/documentSymbol", true),
    ("textDocument/foldingRange", true),
    ("textDocument/selectionRange", true),
    ("textDocument/semanticTokens/full", true),
    ("textDocument/semanticTokens/range", true),
    ("textDocument/documentLink", true),
    ("workspace/textDocumentContent", true),
    ("textDocument/hover", false),
    ("textDocument/definition", false),
    ("textDocument/references", false),
    ("textDocument/documentHighlight", false),
    ("textDocument/prepareRename", false),
    ("textDocument/rename", false),
    ("textDocument/codeAction", false),
    ("textDocument/codeLens", false),
    ("textDocument/inlayHint", false),
    ("textDocument/prepareCallHierarchy", false),
    ("callHierarchy/incomingCalls", false),
    ("callHierarchy/outgoingCalls", false),
    ("workspace/symbol", false),
];

/// Whether a request of that name is answered here.
pub fn is_known(method: &str) -> bool {
    METHODS.iter().any(|(known, _)| *known == method)
}

/// Whether it needs no analysis.
pub fn is_of_text(method: &str) -> bool {
    METHODS.iter().any(|(known, is_of_text)| *known == method && *is_of_text)
}

/// Whether its answer has much of the order and the time in it.
pub fn is_of_order(method: &str) -> bool {
    matches!(
        method,
        "textDocument/hover"
            | "textDocument/codeLens"
            | "textDocument/inlayHint"
            | "textDocument/prepareCallHierarchy"
            | "callHierarchy/incomingCalls"
            | "callHierarchy/outgoingCalls"
    )
}

/// The document that a request is about.
pub fn path_of(params: &Value) -> Option<PathBuf> {
    let uri = params.pointer("/textDocument/uri").or_else(|| params.pointer("/item/uri"))?;
    Some(super::uri::to_path(uri.as_str()?))
}

fn dispatch(question: &Question, closed: &mut Closed) -> Answer {
    let Question { request, snapshot, .. } = question;
    let params = &request.params;
    match request.method.as_str() {
        "workspace/symbol" => return names::workspace_symbols(snapshot, closed, params),
        "workspace/textDocumentContent" => return text::page(params),
        "callHierarchy/incomingCalls" => return order::calls(snapshot, closed, params, true),
        "callHierarchy/outgoingCalls" => return order::calls(snapshot, closed, params, false),
        _ => {}
    }
    let path = path_of(params).ok_or_else(|| refused(ErrorCode::InvalidParams, "which document?"))?;
    let asked = Asked { snapshot, params, source: snapshot.source(&path)?, path };
    match request.method.as_str() {
        "textDocument/completion" => text::completion(&asked),
        "textDocument/signatureHelp" => text::signature(&asked),
        "textDocument/formatting" => text::formatting(&asked),
        "textDocument/rangeFormatting" => text::range_formatting(&asked),
        "textDocument/onTypeFormatting" => text::typed_formatting(&asked),
        "textDocument/documentSymbol" => text::symbols(&asked),
        "textDocument/foldingRange" => text::folds(&asked),
        "textDocument/selectionRange" => text::selections(&asked),
        "textDocument/semanticTokens/full" | "textDocument/semanticTokens/range" => text::tokens(&asked),
        "textDocument/documentLink" => text::links(&asked),
        "textDocument/hover" => names::hover(&asked, closed),
        "textDocument/definition" => names::definition(&asked, closed),
        "textDocument/references" => names::references(&asked, closed),
        "textDocument/documentHighlight" => names::highlights(&asked, closed),
        "textDocument/prepareRename" => names::prepare_rename(&asked, closed),
        "textDocument/rename" => names::rename(&asked, closed),
        "textDocument/codeAction" => order::actions(&asked, closed),
        "textDocument/codeLens" => order::lenses(&asked, closed),
        "textDocument/inlayHint" => order::hints(&asked, closed),
        "textDocument/prepareCallHierarchy" => order::prepare(&asked, closed),
        method => Err(refused(ErrorCode::MethodNotFound, format!("there is no `{method}` here"))),
    }
}

/// A request about a document.
struct Asked<'q> {
    snapshot: &'q Snapshot,
    params: &'q Value,
    path: PathBuf,
    source: SourceFile,
}

impl Asked<'_> {
    fn unit(&self) -> ColumnUnit {
        self.snapshot.client.unit
    }

    fn place(&self, pointer: &str) -> Result<usize, Refused> {
        let value = self.params.pointer(pointer).cloned();
        let position: Option<lsp::Position> = value.and_then(|value| serde_json::from_value(value).ok());
        let position =
            position.ok_or_else(|| refused(ErrorCode::InvalidParams, format!("no place at `{pointer}`")))?;
        Ok(super::convert::offset(&self.source, position, self.unit()))
    }

    fn offset(&self) -> Result<usize, Refused> {
        self.place("/position")
    }

    /// The analyses in which the document stands and its id in each: its own first.
    fn analyses(&self, closed: &mut Closed) -> Vec<(Arc<Analysis>, FileId)> {
        let own = self.snapshot.analysis(&self.path, closed);
        let others = self.snapshot.analyses.iter().filter(|(path, _)| **path != self.path);
        let all = std::iter::once(own).chain(others.map(|(_, analysis)| Arc::clone(analysis)));
        all.filter_map(|analysis| analysis.file(&self.path).map(|file| (Arc::clone(&analysis), file)))
            .collect()
    }

    fn planned(&self, analysis: &Analysis) -> Option<Arc<Planned>> {
        let root = analysis.sources.files().next().map(|(_, file)| file.path())?;
        analysis.planned.clone().or_else(|| self.snapshot.planned.get(root).cloned())
    }
}

impl Snapshot {
    fn source(&self, path: &Path) -> Result<SourceFile, Refused> {
        if let Some(document) = self.overlay.documents.get(path) {
            return Ok(document.source.clone());
        }
        let text = self.overlay.read(path);
        let text =
            text.map_err(|error| refused(ErrorCode::InvalidParams, format!("{}: {error}", path.display())))?;
        Ok(SourceFile::new(path, text))
    }

    /// What is known of a file as the first of a plan; of a closed one it is found out.
    fn analysis(&self, path: &Path, closed: &mut Closed) -> Arc<Analysis> {
        if let Some(analysis) = self.analyses.get(path) {
            return Arc::clone(analysis);
        }
        if let Some(known) = closed.analyses.get(path) {
            let is_same =
                |file: &SourceFile| self.overlay.read(file.path()).is_ok_and(|text| text == file.text());
            if known.sources.files().all(|(_, file)| is_same(file)) {
                return Arc::clone(known);
            }
        }
        let text = self.overlay.read(path).unwrap_or_default();
        let analysis = Arc::new(work::analyze_names(&self.overlay, path, &text));
        closed.analyses.insert(path.to_path_buf(), Arc::clone(&analysis));
        analysis
    }

    /// The analyses of every plan and library of the workspace, open ones first.
    fn everywhere(&self, closed: &mut Closed) -> Vec<Arc<Analysis>> {
        let mut paths: Vec<PathBuf> = self.overlay.documents.keys().cloned().collect();
        for folder in &self.folders {
            for path in self.overlay.world.plans_under(folder).into_iter().take(MOST_FILES) {
                let path = normal(&path);
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        paths.iter().map(|path| self.analysis(path, closed)).collect()
    }
}

/// So many files of a folder are looked at.
const MOST_FILES: usize = 2_000;
