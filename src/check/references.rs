//! The pass over what items refer to: `after`, `overlaps`, resources, secrets, criteria, params and outputs.

use super::model::{After, Model, NodeId, NodeKind, OutputUse, ScopeId};
use super::names::{Found, NamePart, name_parts};
use super::{Findings, Input, messages, params, texts};
use crate::diagnostic::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, EnvValue, StatementKind, TestKind};
use crate::syntax::vocabulary;
use std::collections::HashMap;

/// Resolves every reference of every item, and fills in what the order is made of.
pub(super) fn references<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    criteria(model, findings);
    for id in model.node_ids() {
        let kind = model.node(id).kind;
        if let NodeKind::Wave(wave) = kind {
            overlaps(model, findings, id, wave);
        }
        titles(model, findings, id);
        let body = model.node(id).body();
        let mut names: HashMap<&'a str, Span> = HashMap::new();
        for statement in &body.statements {
            statement_of(model, findings, id, statement);
            if let StatementKind::Output { name, .. } = &statement.kind
                && let Some(first) = names.insert(name.text, name.span())
            {
                findings.add(messages::duplicate_output(name.span(), first, name.text));
            }
        }
    }
    asserts(model, input, findings);
    ids(model, findings);
}

fn statement_of<'a>(
    model: &mut Model<'a>,
    findings: &mut Findings,
    id: NodeId,
    statement: &'a ast::Statement<'a>,
) {
    let place = model.node(id).kind.place();
    if !vocabulary::of(&statement.kind).is_some_and(|word| word.may_stand_in(place)) {
        return;
    }
    match &statement.kind {
        StatementKind::After { mode, names } => after(model, findings, id, statement, *mode, names),
        StatementKind::Uses(uses) => uses.iter().for_each(|used| self::uses(model, findings, id, used)),
        StatementKind::Env { value, .. } => {
            if let EnvValue::Secret(name) = &**value {
                secret(model, findings, id, name);
            }
        }
        StatementKind::When { param, value, .. } => params::when(model, findings, id, param, value),
        StatementKind::Check(check) => cited(model, findings, id, check),
        StatementKind::Success(inner) | StatementKind::Preflight(inner) => {
            for statement in &inner.statements {
                if let StatementKind::Check(check) = &statement.kind {
                    cited(model, findings, id, check);
                }
            }
        }
        _ => {}
    }
    let kind = model.node(id).kind;
    let is_late = kind.is_task() || kind.is_gate();
    let mut shown: Vec<(&'a ast::Text<'a>, texts::Time)> = Vec::new();
    match &statement.kind {
        // Items look after themselves; declarations have been looked at.
        StatementKind::Agent { .. } | StatementKind::Criterion { .. } | StatementKind::For { .. } => {}
        StatementKind::Preflight(inner) => {
            for statement in &inner.statements {
                texts::of_statement(&statement.kind, false, &mut |text, _| {
                    shown.push((text, texts::Time::Before("preflight")));
                });
            }
        }
        // A group's criteria are tested when its items are done: outputs may stand in them.
        kind => texts::of_statement(kind, is_late, &mut |text, time| {
            if text.has_holes() {
                shown.push((text, time));
            }
        }),
    }
    if shown.is_empty() {
        return;
    }
    let mut used: Vec<OutputUse> = Vec::new();
    for (text, time) in shown {
        texts::holes(model, findings, id, text, time, |task, span| used.push(OutputUse { task, span }));
    }
    model.nodes[id.index()].uses_outputs.extend(used);
}

/// Titles are shown before anything runs; a title that is the prompt is asked when its task starts.
fn titles<'a>(model: &mut Model<'a>, findings: &mut Findings, id: NodeId) {
    let node = model.node(id);
    let title = match node.kind {
        NodeKind::Plan(_) => model.header.and_then(|header| header.title),
        NodeKind::Wave(wave) => wave.title.as_ref(),
        NodeKind::Block(block) => block.title.as_ref(),
        NodeKind::Gate(gate) => gate.title.as_ref(),
        NodeKind::Task(task) => task.title.as_deref(),
        NodeKind::Rollback(_) | NodeKind::Finally(_) => None,
    };
    let Some(title) = title else { return };
    let is_prompt = node.kind.is_task() && !super::actions::has_action(node.body());
    let time = if is_prompt { texts::Time::Start } else { texts::Time::Before("a title") };
    let mut used: Vec<OutputUse> = Vec::new();
    texts::holes(model, findings, id, title, time, |task, span| used.push(OutputUse { task, span }));
    model.nodes[id.index()].uses_outputs.extend(used);
}

/// The declared criteria: their texts stand by themselves, outside every item.
fn criteria<'a>(model: &mut Model<'a>, findings: &mut Findings) {
    for index in 0..model.criteria.len() {
        let criterion = &model.criteria[index];
        let (title, test) = (criterion.title, criterion.test);
        let mut shown = Vec::new();
        if let Some(test) = test {
            texts::of_test(&test.kind, &mut |text, _| shown.push(text));
        }
        shown.extend(title);
        for text in shown {
            texts::early(model, findings, ScopeId(0), text, "a criterion that is shared");
        }
    }
}

/// The value names in the holes of a name: each is known.
pub(super) fn name_holes<'a>(
    model: &Model<'a>,
    findings: &mut Findings,
    scope: ScopeId,
    name: &ast::Name<'a>,
) -> bool {
    let mut is_known = true;
    for part in name_parts(name.text) {
        let NamePart::Hole(hole) = part else { continue };
        if model.variable(scope, hole).is_some() {
            continue;
        }
        match model.param_names.get(hole) {
            Some(index) => {
                findings.used.params.insert(*index);
            }
            None => {
                is_known = false;
                if model.is_half_read(hole) {
                    continue;
                }
                let known = texts::value_names(model, scope);
                let near = suggest::nearest(hole, known.iter().copied());
                findings.add_to_order(messages::unknown_value(name.span(), hole, near));
            }
        }
    }
    is_known
}

/// The item that a reference means; told where there is none or more than one.
pub(super) fn resolve<'a>(
    model: &Model<'a>,
    findings: &mut Findings,
    from: NodeId,
    reference: &ast::Reference<'a>,
) -> Option<NodeId> {
    if reference.is_plain()
        && let Some(id) = model.item_around(from, reference.text)
    {
        return Some(id);
    }
    let scope = model.node(from).scope;
    let mut is_known = true;
    for part in reference.parts() {
        is_known &= name_holes(model, findings, scope, &part);
    }
    if !is_known {
        return None;
    }
    let written = || model.parts(scope, reference).join(".");
    match model.item(from, reference) {
        Found::One(id) => Some(id),
        Found::Several(several) => {
            findings.add_to_order(messages::ambiguous(model, reference.span(), &written(), &several));
            None
        }
        Found::Nothing => {
            let written = written();
            if model.is_half_read(&written) {
                return None;
            }
            let near = near_items(model, findings, &written, |_| true);
            let other = other_kind(model, &written);
            let finding = match (other, near.is_empty()) {
                (Some((kind, place)), _) => {
                    messages::name_of_other_kind(reference.span(), &written, kind, place)
                }
                _ => {
                    let finding = messages::unknown_item(reference.span(), &written, &near);
                    let place =
                        near.first().filter(|_| near.len() == 1).and_then(|near| model.called(near).first());
                    match place {
                        Some(item) => finding.label(model.place(*item), format!("`{}` is here", near[0])),
                        None => finding,
                    }
                }
            };
            findings.add_to_order(finding);
            None
        }
    }
}

/// What else has this name: an agent, a resource, and so on.
fn other_kind(model: &Model<'_>, name: &str) -> Option<(&'static str, Span)> {
    if let Some(index) = model.agent_names.get(name) {
        return Some(("agent", model.agents[*index].span));
    }
    if let Some(index) = model.resource_names.get(name) {
        return Some(("resource", model.resources[*index].name.span()));
    }
    if let Some(index) = model.criterion_names.get(name) {
        return Some(("criterion", model.criteria[*index].name.span()));
    }
    if let Some(index) = model.param_names.get(name) {
        return Some(("param", model.params[*index].declaration.name.span()));
    }
    let index = model.secret_names.get(name)?;
    Some(("secret", model.secrets[*index].name.span()))
}

/// Names of items like one that is not there, by which the place may call them.
pub(super) fn near_items(
    model: &Model<'_>,
    findings: &mut Findings,
    name: &str,
    fits: impl Fn(&NodeKind<'_>) -> bool,
) -> Vec<String> {
    if !findings.may_search() {
        return Vec::new();
    }
    let is_fit = |ids: &[NodeId]| ids.iter().any(|id| fits(&model.node(*id).kind));
    let own = name.rsplit('.').next().unwrap_or(name);
    let known = model.members.names(&model.nodes).filter(|(_, ids)| is_fit(ids)).map(|(name, _)| name);
    let near = suggest::near(own, known);
    near.iter()
        .map(|near| {
            let ids = model.called(near);
            let id = ids.iter().copied().find(|id| fits(&model.node(*id).kind)).unwrap_or(ids[0]);
            // What was written with a dot is answered with one.
            if name.contains('.') || ids.len() > 1 { model.qualified(id) } else { (*near).to_owned() }
        })
        .collect()
}

fn after<'a>(
    model: &mut Model<'a>,
    findings: &mut Findings,
    id: NodeId,
    statement: &'a ast::Statement<'a>,
    mode: ast::AfterMode,
    names: &ast::References<'a>,
) {
    let mut targets: Vec<(NodeId, Span)> = Vec::new();
    let here = model.cleanup_of(id);
    for reference in names.iter() {
        let Some(target) = resolve(model, findings, id, &reference) else { continue };
        let span = reference.span();
        let there = model.cleanup_of(target);
        if target == id {
            let written = model.parts(model.node(id).scope, &reference).join(".");
            let name = written.rsplit('.').next().unwrap_or(&written);
            let others = model.called(name).iter().filter(|other| **other != id);
            let others: Vec<String> = others.map(|other| model.qualified(*other)).collect();
            findings.add_to_order(messages::after_itself(model.node(id), span, &others));
        } else if here != there {
            findings.add_to_order(messages::after_cleanup(model, id, target, span));
        } else if model.holds(target, id) {
            findings.add_to_order(messages::after_container(model, id, target, span));
        } else if model.holds(id, target) {
            findings.add_to_order(messages::after_member(model, id, target, span));
        } else if let Some((_, first)) = targets.iter().find(|(other, _)| *other == target) {
            findings.add(messages::after_twice(span, *first, &model.shown(target)));
        } else {
            targets.push((target, span));
        }
    }
    if !targets.is_empty() {
        let own = &mut model.nodes[id.index()].after;
        let mut all = std::mem::take(own).into_vec();
        all.reserve_exact(1);
        all.push(After { mode, targets: targets.into(), span: statement.span });
        *own = all.into();
    }
}

fn overlaps<'a>(model: &mut Model<'a>, findings: &mut Findings, id: NodeId, wave: &'a ast::Wave<'a>) {
    let mut found: Vec<(NodeId, Span)> = Vec::new();
    for reference in &wave.overlaps {
        let Some(target) = resolve(model, findings, id, reference) else { continue };
        let span = reference.span();
        if target == id {
            findings.add_to_order(messages::overlaps_itself(model.node(id), span));
        } else if !matches!(model.node(target).kind, NodeKind::Wave(_)) {
            findings.add_to_order(messages::overlaps_no_wave(model, target, span));
        } else if target > id {
            findings.add_to_order(messages::overlaps_later(model, id, target, span));
        } else if let Some((_, first)) = found.iter().find(|(other, _)| *other == target) {
            findings.add(messages::overlaps_twice(span, *first, &model.shown(target)));
        } else {
            found.push((target, span));
        }
    }
    if !found.is_empty() {
        model.nodes[id.index()].inside_mut().overlaps = found;
    }
}

fn uses<'a>(model: &Model<'a>, findings: &mut Findings, id: NodeId, used: &'a ast::Use<'a>) {
    let scope = model.node(id).scope;
    if !name_holes(model, findings, scope, &used.resource) {
        return;
    }
    let name = model.filled(scope, used.resource.text);
    let Some(index) = model.resource_names.get(&name).copied() else {
        if model.is_half_read(&name) {
            return;
        }
        let known = model.resources.iter().map(|resource| resource.name.text);
        let near = suggest::nearest(&name, known);
        if let Some(index) = near.and_then(|near| model.resource_names.get(near)) {
            findings.used.resources.insert(*index);
        }
        findings.add(messages::unknown_resource(used.resource.span(), &name, near));
        return;
    };
    findings.used.resources.insert(index);
    let resource = &model.resources[index];
    let Some(amount) = used.amount else { return };
    if amount.is_whole && amount.value > f64::from(resource.capacity) {
        findings.add(messages::above_capacity(amount.span, amount.value as u64, resource));
    }
}

fn secret<'a>(model: &Model<'a>, findings: &mut Findings, id: NodeId, name: &'a ast::Name<'a>) {
    let wanted = model.filled(model.node(id).scope, name.text);
    if let Some(index) = model.secret_names.get(&wanted) {
        findings.used.secrets.insert(*index);
        return;
    }
    if model.is_half_read(&wanted) {
        return;
    }
    let near = suggest::nearest(&wanted, model.secrets.iter().map(|secret| secret.name.text));
    if let Some(index) = near.and_then(|near| model.secret_names.get(near)) {
        findings.used.secrets.insert(*index);
    }
    findings.add(messages::unknown_secret(name.span(), &wanted, near));
}

fn cited<'a>(model: &Model<'a>, findings: &mut Findings, id: NodeId, check: &'a ast::Check<'a>) {
    let Some(ast::Test { kind: TestKind::Named(name), .. }) = &check.test else { return };
    let scope = model.nodes.get(id.index()).map_or(ScopeId(0), |node| node.scope);
    let wanted = model.filled(scope, name.text);
    if let Some(index) = model.criterion_names.get(&wanted) {
        findings.used.criteria.insert(*index);
        return;
    }
    if model.is_half_read(&wanted) {
        return;
    }
    let near = suggest::nearest(&wanted, model.criteria.iter().map(|criterion| criterion.name.text));
    if let Some(index) = near.and_then(|near| model.criterion_names.get(near)) {
        findings.used.criteria.insert(*index);
    }
    findings.add(messages::unknown_criterion(name.span(), &wanted, near));
}

fn asserts<'a>(model: &Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    for statement in &input.trees[0].body.statements {
        let StatementKind::Assert(assert) = &statement.kind else { continue };
        if let ast::Assert::Before(first, second) | ast::Assert::Alongside(first, second) = &**assert {
            for reference in [first, second] {
                let Some(item) = resolve(model, findings, NodeId::PLAN, reference) else { continue };
                if let Some(cleanup) = model.cleanup_of(item) {
                    findings.add(messages::assert_on_cleanup(model, item, cleanup, reference.span()));
                }
            }
        }
    }
}

/// The author's own ids, each once in the plan.
fn ids<'a>(model: &Model<'a>, findings: &mut Findings) {
    let mut known: HashMap<String, Span> = HashMap::new();
    for id in model.node_ids() {
        let node = model.node(id);
        for statement in &node.body().statements {
            let StatementKind::Id(text) = &statement.kind else { continue };
            let value = model.text(node.scope, text).into_owned();
            match known.get(&value) {
                Some(first) => {
                    findings.add(messages::duplicate_id(text.span(), *first, &value, *first == text.span()));
                }
                None => {
                    known.insert(value, text.span());
                }
            }
        }
    }
}
