//! Names that the plan declares: items, agents, resources, values, outputs.

use super::{CompletionKind, Offer};
use crate::ide::files::directory;
use crate::ide::index::{Symbol, SymbolKind};
use crate::source::{FileId, Span};
use std::collections::HashSet;

impl Offer<'_> {
    fn of_kind(&mut self, wanted: SymbolKind, kind: CompletionKind) {
        let index = self.known.index;
        let mut seen = HashSet::new();
        for (_, symbol) in index.all().filter(|(_, symbol)| symbol.kind == wanted) {
            if seen.insert(&symbol.name) {
                let docs = symbol.docs.clone();
                self.add(kind, &symbol.name, symbol.detail.clone()).docs = docs;
            }
        }
    }

    pub(super) fn resources(&mut self) {
        self.of_kind(SymbolKind::Resource, CompletionKind::Name);
    }

    pub(super) fn secrets(&mut self) {
        self.of_kind(SymbolKind::Secret, CompletionKind::Name);
    }

    pub(super) fn criteria(&mut self) {
        self.of_kind(SymbolKind::Criterion, CompletionKind::Name);
    }

    pub(super) fn params(&mut self) {
        self.of_kind(SymbolKind::Param, CompletionKind::Value);
    }

    /// Agents that the plan declares, and those that files beside it define.
    pub(super) fn agents(&mut self) {
        self.of_kind(SymbolKind::Agent, CompletionKind::Agent);
        let mut known: HashSet<String> = self.found.iter().map(|item| item.label.clone()).collect();
        let start = directory(self.known.path);
        for ancestor in start.ancestors().take(16) {
            for (home, ending) in crate::check::agents::homes() {
                for name in self.known.loader.list(&ancestor.join(home)).unwrap_or_default() {
                    if let Some(name) = name.strip_suffix(ending)
                        && known.insert(name.to_owned())
                    {
                        self.add(CompletionKind::Agent, name, format!("from {home}/{name}{ending}"));
                    }
                }
            }
            if self.known.loader.exists(&ancestor.join(".git")) {
                break;
            }
        }
    }

    /// What `after` may name: no item that the place stands in, is in it, or already waits for it.
    pub(super) fn items(&mut self, fits: impl Fn(&Symbol) -> bool) {
        let context = self.context;
        let index = self.known.index;
        // The item that the place belongs to, by the names of what stands around.
        let own: Vec<&str> = context.names.iter().map(|(_, name)| name.as_str()).collect();
        let qualified = own.join(".");
        let chosen: HashSet<&str> = context.before.iter().copied().collect();
        let later: HashSet<String> = self.later(&own).into_iter().map(str::to_owned).collect();
        // Without a plan, what stands behind in the file comes later: but for waves that overlap.
        let has_overlaps = index.symbols.iter().any(|symbol| symbol.detail.contains(" overlaps "));
        let is_unplanned = self.known.planned.is_none() && !has_overlaps;
        let end = context.outer_end.filter(|_| is_unplanned && !own.is_empty()).unwrap_or(usize::MAX);
        let mut count: std::collections::HashMap<&str, u32> = std::collections::HashMap::new();
        for (_, symbol) in index.all().filter(|(_, symbol)| symbol.kind.is_item()) {
            *count.entry(symbol.name.as_str()).or_default() += 1;
        }
        for (_, symbol) in index.all().filter(|(_, symbol)| {
            symbol.kind.is_item() && !symbol.is_cleanup && (symbol.span.start as usize) < end && fits(symbol)
        }) {
            let is_pattern = symbol.name.contains("{{");
            for name in &symbol.names {
                let holds = |outer: &str, inner: &str| {
                    inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
                };
                if holds(name, &qualified)
                    || (!qualified.is_empty() && holds(&qualified, name))
                    || later.contains(name)
                {
                    continue;
                }
                let own_name =
                    if is_pattern { name.rsplit('.').next().unwrap_or(name) } else { &symbol.name };
                let is_unique = count.get(symbol.name.as_str()) == Some(&1);
                let label = if is_unique { own_name } else { name.as_str() };
                if chosen.contains(label) {
                    continue;
                }
                let kind = match symbol.kind {
                    SymbolKind::Task => CompletionKind::Task,
                    _ => CompletionKind::Group,
                };
                let docs = symbol.docs.clone();
                let is_near = own.len() > 1 && holds(&own[..own.len() - 1].join("."), name);
                let item = self.add(kind, label, symbol.detail.clone());
                item.docs = docs;
                item.rank = if is_near { 0 } else { 1 };
            }
        }
    }

    /// What waits for the item whose names these are, or for the nearest around it that the last plan knows.
    fn later(&self, names: &[&str]) -> HashSet<&str> {
        let Some(planned) = self.known.planned else { return HashSet::new() };
        let mut outwards = (1..=names.len()).rev().map(|count| names[..count].join("."));
        outwards.find(|name| planned.knows(name)).map_or_else(HashSet::new, |name| planned.later(&name))
    }

    /// The outputs of tasks that neither are the one around nor wait for it.
    fn outputs(&mut self) {
        let own: Vec<&str> = self.context.names.iter().map(|(_, name)| name.as_str()).collect();
        let later: HashSet<String> = self.later(&own).into_iter().map(str::to_owned).collect();
        let own = own.join(".");
        let index = self.known.index;
        for (_, symbol) in index.all().filter(|(_, symbol)| symbol.kind == SymbolKind::Output) {
            for name in symbol.names.iter().take(20) {
                let task = name.rsplit_once('.').map_or("", |(task, _)| task);
                if task != own && !later.contains(task) {
                    self.add(CompletionKind::Name, name, symbol.detail.clone());
                }
            }
        }
    }

    /// In `{{…`: values, and outputs. Gives whether the cursor is in a hole.
    pub(super) fn hole(&mut self) -> bool {
        use crate::ide::context::ContextKind;
        if !matches!(self.context.kind, ContextKind::Text(true) | ContextKind::Word) {
            return false;
        }
        let line = self.text[..self.offset].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.text[line..self.offset];
        let Some(open) = line.rfind("{{") else { return false };
        let typed = line[open + 2..].trim_start();
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !typed.chars().all(is_letter) || line[..open].ends_with('\\') {
            return false;
        }
        self.replace = Span::new(FileId(0), self.offset - typed.len(), self.offset);
        let keyword = self.context.word.map_or("", |word| word.keyword);
        if matches!(keyword, "plan" | "use" | "param" | "secret" | "resource") {
            // What is declared takes no hole.
            return true;
        }
        // Elsewhere a value must be known before anything runs.
        let takes_outputs = self.context.kind != ContextKind::Word
            && matches!(keyword, "run" | "prompt" | "approve" | "check" | "criterion" | "env");
        for name in self.context.variables.iter().rev() {
            self.add(CompletionKind::Value, name, "the value of this turn").rank = 0;
        }
        self.params();
        if takes_outputs {
            self.outputs();
        }
        if typed.contains('.') && !self.found.iter().any(|item| item.label.starts_with(typed)) {
            // No task is called so; one of those that are was meant.
            let wanted = typed.rsplit('.').next().unwrap_or("");
            self.found
                .retain(|item| item.label.rsplit_once('.').is_some_and(|(_, own)| own.starts_with(wanted)));
            self.found.iter_mut().for_each(|item| typed.clone_into(&mut item.filter));
        }
        if !self.text[self.offset..].trim_start_matches(' ').starts_with("}}") {
            for item in &mut self.found {
                item.insert.push_str("}}");
            }
        }
        true
    }
}
