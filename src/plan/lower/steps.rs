//! The order graph to steps: topologically sorted, each edge once.

use super::{Lower, Made};
use crate::check::model::NodeId;
use crate::check::order::{Need as Edge, Source, VertexId, VertexKind};
use crate::plan::{Need, NeedSource, Step, StepId, StepKind};
use crate::syntax::ast::AfterMode;
use std::collections::HashSet;

impl Lower<'_, '_> {
    pub(super) fn steps(&mut self) {
        let order = &self.model.order;
        let mut in_cleanup = vec![false; self.model.nodes.len()];
        for id in self.model.node_ids() {
            let node = self.model.node(id);
            let outer = node.parent.is_some_and(|parent| in_cleanup[parent.index()]);
            in_cleanup[id.index()] = outer || node.kind.is_cleanup();
        }
        let mut ids: Vec<Option<StepId>> = vec![None; order.vertices.len()];
        for at in &order.sorted {
            let vertex = order.vertex(*at);
            if in_cleanup[vertex.node.index()] {
                continue;
            }
            let Some(kind) = self.step_kind(vertex.node, vertex.kind) else { continue };
            let group = match self.made[vertex.node.index()] {
                Made::Group(group) => group,
                _ => self.group_around(vertex.node),
            };
            let needs = needs(&vertex.needs, &ids);
            ids[at.index()] = Some(StepId(self.plan.steps.len() as u32));
            self.plan.steps.push(Step { kind, group, needs });
        }
        let step = |vertex: &VertexId| ids.get(vertex.index()).copied().flatten();
        self.first = order.first.iter().map(step).collect();
    }

    fn step_kind(&self, node: NodeId, kind: VertexKind) -> Option<StepKind> {
        Some(match (self.made[node.index()], kind) {
            (Made::Group(group), VertexKind::Enter) => StepKind::Enter(group),
            (Made::Group(group), VertexKind::Success) => StepKind::Success(group),
            (Made::Group(group), VertexKind::Leave) => StepKind::Leave(group),
            (Made::Task(task), _) => StepKind::Task(task),
            (Made::Gate(gate), _) => StepKind::Gate(gate),
            _ => return None,
        })
    }
}

/// The needs of a step, one a step that it waits for: what the author wrote counts before what follows from the layout.
fn needs(edges: &[Edge], ids: &[Option<StepId>]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::with_capacity(edges.len());
    let rank = |edge: &Edge| match edge.source {
        Source::After => 0,
        Source::Output => 1,
        Source::Sequence => 2,
        Source::Group => 3,
    };
    // Only what is written can name a step twice: the edges of the layout are each there once.
    let mut written: HashSet<StepId> = HashSet::new();
    let steps = |edge: &Edge| -> Vec<StepId> { edge.to.iter().filter_map(|to| ids[to.index()]).collect() };
    for level in 0..4 {
        for edge in edges.iter().filter(|edge| rank(edge) == level) {
            let on = steps(edge);
            let source = match edge.source {
                Source::Group => NeedSource::Group,
                Source::Sequence => NeedSource::Sequence,
                Source::After => NeedSource::After,
                Source::Output => NeedSource::Output,
            };
            match (edge.mode, &on[..]) {
                (_, []) => {}
                (AfterMode::Any, _) => needs.push(Need::AnySucceeded(on)),
                (AfterMode::Finished, [step]) => needs.push(Need::Finished(*step)),
                (_, [step, ..]) => {
                    let is_new = match level {
                        0 | 1 => written.insert(*step),
                        _ => !written.contains(step),
                    };
                    if is_new {
                        needs.push(Need::Succeeded(*step, source));
                    }
                }
            }
        }
    }
    needs
}
